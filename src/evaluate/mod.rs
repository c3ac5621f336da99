//! A trained network on rows whose truth is known: what it answers, and how good that is under each
//! choice of the statistics that batch norm normalises by.

mod answers;
mod evaluation;
mod inputs;
mod json;
mod statistics;

pub use answers::{Meaning, answers};
pub use evaluation::{Evaluation, Question, UnderStatistics, evaluate};
pub use inputs::Inputs;
pub use statistics::{EvaluationError, Statistics};
