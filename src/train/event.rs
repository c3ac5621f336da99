//! Facts that the loop emits; what becomes of them is the observers' business.

use crate::train::{EpochRecord, Outcome, StepRecord};

/// Something that happened in a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The first step is about to be taken.
    RunStarted {
        /// Epochs planned.
        epochs: u64,
        /// Steps in each.
        steps_per_epoch: u64,
    },
    /// A step was taken.
    StepEnded(StepRecord),
    /// An epoch was trained and evaluated; epoch 0 is the evaluation before training.
    EpochEnded(&'a EpochRecord),
    /// Nothing more will come.
    RunEnded(&'a Outcome),
}

/// Whoever wants to know.
pub trait Observer: Send {
    /// Takes note of `event`.
    ///
    /// # Errors
    ///
    /// Where the observer cannot do its work, such as on a full disk; the run then ends.
    fn on(&mut self, event: &Event<'_>) -> std::io::Result<()>;
}

/// All of them, each called whatever the others return; the first error counts.
impl Observer for Vec<Box<dyn Observer + '_>> {
    fn on(&mut self, event: &Event<'_>) -> std::io::Result<()> {
        let mut result = Ok(());
        for observer in self {
            result = result.and(observer.on(event));
        }
        result
    }
}
