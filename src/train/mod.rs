//! The training loop, what it reports, and when it stops.

mod event;
mod record;

pub use event::{Event, Observer};
pub use record::{EpochRecord, Outcome, Score, StepRecord};
