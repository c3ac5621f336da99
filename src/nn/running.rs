//! How running statistics follow the batches.

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
    /// `u` for the `batch`-th batch, from 1.
    pub fn weight(self, batch: u64) -> f64 {
        match self {
            Self::Constant(update) => update,
            Self::Cumulative => 1.0 / batch as f64,
        }
    }
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

/// Which variance of a batch the running variance follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunningVariance {
    /// Divided by `n - 1`, as in the paper and in PyTorch.
    Unbiased,
    /// Divided by `n`, as in Keras and in the CS231n assignment.
    Biased,
}
