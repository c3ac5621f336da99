//! The training loop, what it reports, and when it stops.

mod evaluate;
mod event;
mod patience;
mod preflight;
mod record;
mod run;
mod step;

pub use evaluate::Evaluator;
pub use event::{Event, Observer};
pub use preflight::{Misfit, Preflight, preflight};
pub use record::{EpochRecord, Outcome, Quality, Score, StepRecord};
pub use run::{Trained, train};
