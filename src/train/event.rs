//! Events emitted by the training loop.

use std::any::Any;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::kernel::real::Real;
use crate::nn::{Network, Workspace};
use crate::train::{EpochRecord, Outcome, RunState, StepRecord};

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
    /// The network before the first step, and after each; also where a run goes on that was interrupted.
    Network(NetworkAt<'a>),
    /// Some training rows went through the network in evaluation mode, for the record of the epoch that ends.
    Evaluated(EvaluatedRows<'a>),
    /// An epoch was trained and evaluated; epoch 0 is the evaluation before training.
    EpochEnded(&'a EpochRecord),
    /// The run can be saved here, after a step or an epoch or at its end, to go on later.
    Resumable(SavePoint<'a>),
    /// The last event of a run.
    RunEnded(&'a Outcome),
}

/// A network between two steps.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct NetworkAt<'a> {
    /// Steps done.
    pub step: u64,
    /// Whether the run goes on here after an interruption, so that this was seen before.
    pub is_resumed: bool,
    pub(crate) network: &'a dyn Any,
}

/// The activations of some rows in evaluation mode.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct EvaluatedRows<'a> {
    pub(crate) workspace: &'a dyn Any,
}

impl NetworkAt<'_> {
    /// The network; none if it is of the other precision.
    pub fn network<F: Real>(&self) -> Option<&Network<F>> {
        self.network.downcast_ref()
    }
}

impl EvaluatedRows<'_> {
    /// The outputs of the layers; none if they are of the other precision.
    pub fn workspace<F: Real>(&self) -> Option<&Workspace<F>> {
        self.workspace.downcast_ref()
    }
}

impl fmt::Debug for NetworkAt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkAt").field("step", &self.step).finish_non_exhaustive()
    }
}

impl fmt::Debug for EvaluatedRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EvaluatedRows").finish_non_exhaustive()
    }
}

/// A place where a run can be saved.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct SavePoint<'a> {
    /// What has just ended.
    pub ended: SavePart,
    pub(crate) state: &'a dyn Fn() -> RunState,
}

/// The part of a run before a [`SavePoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavePart {
    /// A step.
    Step,
    /// An epoch and its evaluation.
    Epoch,
    /// The run, however it ended.
    Run,
}

impl SavePoint<'_> {
    /// A copy of everything that the run needs to go on.
    pub fn state(&self) -> RunState {
        (self.state)()
    }
}

impl fmt::Debug for SavePoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavePoint").field("ended", &self.ended).finish_non_exhaustive()
    }
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
