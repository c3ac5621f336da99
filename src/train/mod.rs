//! The training loop, what it reports, and when it stops.

pub(crate) mod batch_plan;
pub(crate) mod early_stopping;
pub(crate) mod evaluate;
pub(crate) mod event;
pub(crate) mod record;
pub(crate) mod spec;
pub(crate) mod step;
pub(crate) mod trainer;
pub(crate) mod with_dtype;

pub use crate::train::batch_plan::{Misfit, Preflight, preflight};
pub use crate::train::evaluate::Evaluator;
pub use crate::train::event::{Event, Observer};
pub use crate::train::record::{EpochRecord, Outcome, Quality, Score, StepRecord};
pub use crate::train::spec::{Dtype, EarlyStopping, Metric, TrainingSpec};
pub use crate::train::trainer::{Trained, train};
pub(crate) use crate::train::with_dtype::with_dtype;
