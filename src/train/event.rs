//! Events emitted by the training loop.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::train::{EpochRecord, Outcome, StepRecord};

/// Something that happened in a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Training is about to begin.
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
    /// The last event of a run.
    RunEnded(&'a Outcome),
}

/// Receives the events of a run, and can end it. `()` ignores them; a pair of observers is one as well.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use bntrain::{Event, Observer};
///
/// /// Ends the run once the mean loss of an epoch is below a bound.
/// struct LossBelow(f64);
///
/// impl Observer for LossBelow {
///     fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
///         match event {
///             // There is no training loss before the first step.
///             Event::EpochEnded(epoch) if epoch.train_loss.is_some_and(|loss| loss < self.0) => {
///                 ControlFlow::Break(())
///             }
///             _ => ControlFlow::Continue(()),
///         }
///     }
/// }
/// ```
pub trait Observer {
    /// Receives `event`. [`ControlFlow::Break`] ends the run before its next step, with
    /// [`Outcome::Interrupted`].
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()>;
}

/// Ignores all events.
impl Observer for () {
    fn on(&mut self, _: &Event<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Ends the run once the flag is set, by a signal handler or another thread.
impl Observer for &AtomicBool {
    fn on(&mut self, _: &Event<'_>) -> ControlFlow<()> {
        if self.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        (**self).on(event)
    }
}

/// Both receive every event; the run ends if either ends it.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        either(self.0.on(event), self.1.on(event))
    }
}

/// All receive every event; the run ends if one of them ends it.
impl Observer for Vec<Box<dyn Observer + '_>> {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        let mut flow = ControlFlow::Continue(());
        for observer in self {
            flow = either(flow, observer.on(event));
        }
        flow
    }
}

fn either(left: ControlFlow<()>, right: ControlFlow<()>) -> ControlFlow<()> {
    if left.is_break() { left } else { right }
}
