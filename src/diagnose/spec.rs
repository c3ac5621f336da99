//! The settings of diagnostics.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::settings::{Allowed, Configurable, range, settings};

settings! {
    /// A look inside the networks while they are trained, see [diagnostics](diagnostics.md). It changes no bit of the
    /// training.
    pub struct DiagnoseSpec {
        /// How much is measured: `"cheap"` takes about the time of one and a half training steps for each
        /// measurement; `"full"` adds losses along the gradient, curvature and noise, and may take longer than the training.
        level: DiagnoseLevel = DiagnoseLevel::Off;
        /// When: after each `"epoch"`, or a number of steps. The state before training is always measured.
        every: DiagnoseEvery = DiagnoseEvery::Epoch;
    }
}

settings! {
    /// How much is measured.
    pub enum DiagnoseLevel {
        /// Nothing.
        Off = "off";
        /// Activations, gradients and updates.
        Cheap = "cheap";
        /// Also the landscape around the network, and the noise of its gradient.
        Full = "full";
    }
}

/// When a run is measured, besides before its first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiagnoseEvery {
    /// After each epoch.
    Epoch,
    /// After this many steps, at least one.
    Steps(u64),
}

impl DiagnoseSpec {
    /// Whether nothing is measured.
    pub(crate) fn is_off(&self) -> bool {
        self.level == DiagnoseLevel::Off
    }
}

impl DiagnoseEvery {
    /// Whether to measure after `step`, 0 being the state before training.
    pub(crate) fn is_due(self, step: u64, steps_per_epoch: u64) -> bool {
        step.is_multiple_of(match self {
            Self::Epoch => steps_per_epoch,
            Self::Steps(steps) => steps,
        })
    }
}

impl Configurable for DiagnoseEvery {
    const ALLOWED: Allowed =
        Allowed::Either(&[Allowed::Integer(range!(1..=1_000_000_000)), Allowed::Choice(&["epoch"])]);
}

impl Serialize for DiagnoseEvery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Epoch => serializer.serialize_str("epoch"),
            Self::Steps(steps) => serializer.serialize_u64(*steps),
        }
    }
}

impl<'de> Deserialize<'de> for DiagnoseEvery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = DiagnoseEvery;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of steps or \"epoch\"")
            }

            fn visit_u64<E: Error>(self, steps: u64) -> Result<DiagnoseEvery, E> {
                match steps {
                    0 => Err(E::custom("at least 1")),
                    _ => Ok(DiagnoseEvery::Steps(steps)),
                }
            }

            fn visit_i64<E: Error>(self, steps: i64) -> Result<DiagnoseEvery, E> {
                self.visit_u64(u64::try_from(steps).unwrap_or(0))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<DiagnoseEvery, E> {
                match text {
                    "epoch" => Ok(DiagnoseEvery::Epoch),
                    _ => Err(E::custom("not a number of steps or \"epoch\"")),
                }
            }
        }

        deserializer.deserialize_any(Either)
    }
}
