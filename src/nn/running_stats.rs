//! How running statistics are updated from batches.

use crate::settings::{Allowed, Configurable, range, settings};

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The weight `u` of a new batch in `running = (1 - u) * running + u * batch`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunningUpdate {
    /// A constant in `0..=1`. PyTorch's `momentum = 0.1` is 0.1, Keras' `momentum = 0.99` is 0.01.
    Constant(f64),
    /// `1 / t` at the `t`-th batch: the plain mean of all batches so far.
    Cumulative,
}

impl RunningUpdate {
    /// The weight of the `batch`-th batch, from 1.
    ///
    /// With [`RunningStart::FirstBatch`] a constant `u` becomes `u / (1 - (1 - u)^t)`, which is 1
    /// for the first batch and tends to `u`: the running value is always a weighted mean of batches, like
    /// the bias-corrected moments of Adam.
    pub fn weight(self, batch: u64, start: RunningStart) -> f64 {
        match (self, start) {
            (Self::Cumulative, _) => 1.0 / batch as f64,
            (Self::Constant(update), RunningStart::FirstBatch) if update > 0.0 => {
                update / (1.0 - (1.0 - update).powf(batch as f64))
            }
            (Self::Constant(update), _) => update,
        }
    }
}

settings! {
    /// Running statistics before the first batch.
    pub enum RunningStart {
        /// The first batch replaces mean 0 and variance 1, which therefore never count. In a deep network
        /// with small weights, whose variances are far below 1, evaluation is otherwise wrong for the first
        /// epochs.
        FirstBatch = "first_batch";
        /// Mean 0 and variance 1 count like a batch before the first, as in PyTorch and Keras.
        Standard = "standard";
    }
}

impl Configurable for RunningUpdate {
    const ALLOWED: Allowed =
        Allowed::Either(&[Allowed::Number(range!(0..=1)), Allowed::Choice(&["cumulative"])]);
}

impl Serialize for RunningUpdate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Constant(update) => serializer.serialize_f64(*update),
            Self::Cumulative => serializer.serialize_str("cumulative"),
        }
    }
}

impl<'de> Deserialize<'de> for RunningUpdate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = RunningUpdate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or \"cumulative\"")
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
                Ok(RunningUpdate::Constant(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
                Ok(RunningUpdate::Constant(value as f64))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
                match value {
                    "cumulative" => Ok(RunningUpdate::Cumulative),
                    _ => Err(E::custom("not a number or \"cumulative\"")),
                }
            }
        }

        deserializer.deserialize_any(Either)
    }
}

settings! {
    /// Which variance of a batch the running variance follows.
    pub enum RunningVariance {
        /// Divided by `n - 1`, as in the paper and in PyTorch.
        Unbiased = "unbiased";
        /// Divided by `n`, as in Keras and in the CS231n assignment.
        Biased = "biased";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The running value after some batches, from a start of 1.
    fn after(update: RunningUpdate, start: RunningStart, batches: &[f64]) -> f64 {
        (1..).zip(batches).fold(1.0, |running, (batch, value)| {
            let weight = update.weight(batch, start);
            (1.0 - weight) * running + weight * value
        })
    }

    #[test]
    fn the_first_batch_replaces_the_initial_value_or_is_averaged_with_it() {
        let update = RunningUpdate::Constant(0.25);
        assert_eq!(after(update, RunningStart::Standard, &[5.0]), 2.0);
        assert_eq!(after(update, RunningStart::FirstBatch, &[5.0]), 5.0);
        // Weights 1/4 * (3/4)^k, divided by their sum.
        let corrected = after(update, RunningStart::FirstBatch, &[5.0, 2.0, 8.0]);
        let expected = (5.0 * 0.5625 + 2.0 * 0.75 + 8.0) / (0.5625 + 0.75 + 1.0);
        assert!((corrected - expected).abs() < 1e-14, "{corrected} {expected}");
    }

    #[test]
    fn updates_of_0_and_1_and_cumulative_ones_are_exact() {
        for start in [RunningStart::FirstBatch, RunningStart::Standard] {
            assert_eq!(after(RunningUpdate::Constant(0.0), start, &[5.0, 7.0]), 1.0);
            assert_eq!(after(RunningUpdate::Constant(1.0), start, &[5.0, 7.0]), 7.0);
            assert_eq!(after(RunningUpdate::Cumulative, start, &[5.0, 7.0]), 6.0);
        }
    }
}
