//! A trained network on labelled rows: its predictions and metrics, under each choice of the statistics
//! that batch norm normalises by.

pub(crate) mod evaluation;
pub(crate) mod inputs;
#[cfg(feature = "model")]
pub(crate) mod json;
pub(crate) mod mean;
pub(crate) mod norm_stats;
pub(crate) mod predictions;

pub use crate::eval::evaluation::{EvalInput, Evaluation, UnderStatistics, evaluate};
pub use crate::eval::inputs::EvalRows;
pub use crate::eval::mean::mean_predictions;
pub use crate::eval::norm_stats::{EvaluationError, Statistics};
pub use crate::eval::predictions::{OutputKind, predict_rows};
