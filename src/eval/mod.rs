//! A trained network on rows whose truth is known: what it answers, and how good that is under each
//! choice of the statistics that batch norm normalises by.

pub(crate) mod evaluation;
pub(crate) mod inputs;
pub(crate) mod json;
pub(crate) mod norm_stats;
pub(crate) mod predictions;

pub use crate::eval::evaluation::{Evaluation, Question, UnderStatistics, evaluate};
pub use crate::eval::inputs::Inputs;
pub use crate::eval::norm_stats::{EvaluationError, Statistics};
pub use crate::eval::predictions::{Meaning, answers};
