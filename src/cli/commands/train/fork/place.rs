//! Where a fork begins.

use std::fmt;

use serde_json::{Value, json};

use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::report::ForkStart;
use crate::train::RunPlace;

/// After an epoch, or after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForkPlace {
    Epoch(u64),
    Step(u64),
}

impl ForkPlace {
    /// The one that is given.
    pub(crate) fn new(epoch: Option<u64>, step: Option<u64>) -> Result<Self, CliError> {
        let place = match (epoch, step) {
            (_, Some(step)) => Self::Step(step),
            (epoch, None) => Self::Epoch(epoch.unwrap_or_default()),
        };
        match place {
            Self::Epoch(0) | Self::Step(0) => {
                let message = "a fork from the start is another training; use `bntrain train` with --set";
                Err(CliError::new(exit_code::USAGE, message))
            }
            place => Ok(place),
        }
    }

    /// Whether a run at `place` is here.
    pub(crate) fn is(self, place: &RunPlace) -> bool {
        match self {
            Self::Epoch(epoch) => place.epoch == epoch && place.batch == 0,
            Self::Step(step) => place.step == step,
        }
    }

    /// Whether a run at `place` has come past it.
    pub(crate) fn is_before(self, place: &RunPlace) -> bool {
        match self {
            Self::Epoch(epoch) => (place.epoch, place.batch) > (epoch, 0),
            Self::Step(step) => place.step > step,
        }
    }

    /// The same, for the report.
    pub(crate) fn start(self) -> ForkStart {
        match self {
            Self::Epoch(epoch) => ForkStart { epoch: Some(epoch), step: None },
            Self::Step(step) => ForkStart { epoch: None, step: Some(step) },
        }
    }

    pub(crate) fn json(self) -> Value {
        match self {
            Self::Epoch(epoch) => json!({ "epoch": epoch }),
            Self::Step(step) => json!({ "step": step }),
        }
    }
}

impl fmt::Display for ForkPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epoch(epoch) => write!(f, "epoch {epoch}"),
            Self::Step(step) => write!(f, "step {step}"),
        }
    }
}
