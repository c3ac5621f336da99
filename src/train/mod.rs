//! The training loop: step, epoch, early stopping, events.

pub(crate) mod batch_plan;
pub(crate) mod checkpoint_rule;
pub(crate) mod early_stopping;
pub(crate) mod error;
pub(crate) mod evaluate;
pub(crate) mod event;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod spec;
pub(crate) mod state;
pub(crate) mod step;
pub(crate) mod tensor_rules;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod trainer;
pub(crate) mod with_dtype;

pub use crate::train::batch_plan::{BatchPlan, BatchPlanError, Remainder, RemainderHandling};
pub use crate::train::checkpoint_rule::CheckpointRule;
pub use crate::train::early_stopping::Improvement;
pub use crate::train::error::{Error, NetworkError, PredictionError};
pub use crate::train::evaluate::Evaluator;
pub use crate::train::event::{EvaluatedRows, Event, NetworkAt, Observer, SavePart, SavePoint};
pub use crate::train::record::{EpochRecord, Outcome, Quality, Score, StepRecord};
pub use crate::train::run::{StepLog, TrainResult, train};
pub use crate::train::spec::{Dtype, EarlyStopping, Metric, TrainingSpec};
pub use crate::train::state::fork::forked;
pub use crate::train::state::{RunPlace, RunState, StateFault, StateTensor};
pub use crate::train::step::workers::{StepTeam, Workers};
pub(crate) use crate::train::trainer::build_network;
pub use crate::train::trainer::{Trained, resume_prepared, train_network, train_prepared};
pub(crate) use crate::train::with_dtype::with_dtype;
