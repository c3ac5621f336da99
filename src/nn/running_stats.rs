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
    /// `1 / t` at the `t`-th batch: the plain mean of all batches so far. With [`RunningStart::Standard`] and
    /// [`RunningStart::Zero`] the start counts as a batch, so it is `1 / (t + 1)`.
    Cumulative,
}

impl RunningUpdate {
    /// The weight of the `batch`-th batch, from 1.
    ///
    /// With [`RunningStart::FirstBatch`] a constant `u` becomes `u / (1 - (1 - u)^t)`, which is exactly 1
    /// for the first batch and tends to `u`: the running value is always a weighted mean of batches, like
    /// the bias-corrected moments of Adam. It is always in `0..=1`.
    pub fn weight(self, batch: u64, start: RunningStart) -> f64 {
        let t = batch as f64;
        match (self, start) {
            (Self::Constant(update), RunningStart::FirstBatch) if update > 0.0 => match batch {
                0 | 1 => 1.0,
                // Without the digits that 1 - (1 - u) loses for a small u; rounding may still exceed 1.
                _ => (update / -(t * (-update).ln_1p()).exp_m1()).min(1.0),
            },
            (Self::Constant(update), _) => update,
            (Self::Cumulative, RunningStart::FirstBatch) => 1.0 / t,
            (Self::Cumulative, RunningStart::Standard | RunningStart::Zero) => 1.0 / (t + 1.0),
        }
    }
}

/// `(1 - weight) * running + weight * batch`; with a weight of 1 the value of the batch to the bit. Between two
/// values that are not negative it is not negative.
pub(crate) fn moved(running: f64, batch: f64, weight: f64) -> f64 {
    if weight == 1.0 { batch } else { (1.0 - weight) * running + weight * batch }
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
        /// Mean 0 and variance 0 count like a batch before the first, as in the CS231n assignment: after `t`
        /// batches the running variance is too small by the factor `1 - (1 - u)^t`.
        Zero = "zero";
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
    use proptest::prelude::*;

    use super::*;

    /// The running value after some batches, from a start of 1.
    fn after(update: RunningUpdate, start: RunningStart, batches: &[f64]) -> f64 {
        (1..)
            .zip(batches)
            .fold(1.0, |running, (batch, value)| moved(running, *value, update.weight(batch, start)))
    }

    #[test]
    fn other_types_are_refused() {
        let message = serde_json::from_str::<RunningUpdate>("[]").expect_err("a list").to_string();
        assert!(message.contains("expected a number or \"cumulative\""), "{message}");
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
        }
        assert_eq!(after(RunningUpdate::Cumulative, RunningStart::FirstBatch, &[5.0, 7.0]), 6.0);
        // The initial 1 counts like a batch.
        let standard = after(RunningUpdate::Cumulative, RunningStart::Standard, &[5.0, 7.0, 9.0]);
        assert!((standard - 5.5).abs() < 1e-14, "{standard}");
    }

    /// Of every update that has three decimals, and of tiny ones.
    fn updates() -> impl Iterator<Item = f64> {
        (1..=1000).map(|thousandth| f64::from(thousandth) / 1000.0).chain([1e-17, 1e-300, 5e-324])
    }

    #[test]
    fn after_the_first_batch_the_running_value_is_that_of_the_batch() {
        for update in updates().map(RunningUpdate::Constant).chain([RunningUpdate::Cumulative]) {
            for value in [0.0, -0.0, 1.0 / 3.0, 1e-300, 1e38] {
                let first = after(update, RunningStart::FirstBatch, &[value]);
                assert_eq!(first.to_bits(), value.to_bits(), "{update:?} {value}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_running_value_is_a_mean_of_the_batches(
            update in prop_oneof![0.0..=1.0_f64, (0_u32..=1000).prop_map(|n| f64::from(n) / 1000.0), 1e-20..1e-10_f64],
            standard in any::<bool>(),
            cumulative in any::<bool>(),
            batches in prop::collection::vec(prop_oneof![Just(0.0), 0.0..1e-9_f64, 0.0..1e3_f64], 1..50),
        ) {
            let start = if standard { RunningStart::Standard } else { RunningStart::FirstBatch };
            let update = if cumulative { RunningUpdate::Cumulative } else { RunningUpdate::Constant(update) };
            for batch in 1..=50 {
                prop_assert!((0.0..=1.0).contains(&update.weight(batch, start)));
            }
            let running = after(update, start, &batches);
            let counts_start = standard || update == RunningUpdate::Constant(0.0);
            let highest = batches.iter().fold(if counts_start { 1.0 } else { 0.0 }, |high, &batch| batch.max(high));
            prop_assert!((0.0..=highest * (1.0 + 1e-12)).contains(&running), "{running}");
        }
    }

    #[test]
    fn a_variance_that_is_always_0_is_exactly_0() {
        for update in updates().map(RunningUpdate::Constant).chain([RunningUpdate::Cumulative]) {
            assert_eq!(after(update, RunningStart::FirstBatch, &[0.0; 5]).to_bits(), 0, "{update:?}");
        }
    }
}
