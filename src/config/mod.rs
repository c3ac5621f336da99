//! From TOML as written to a plan that can be trained.
//!
//! A text becomes a tree in which every value knows its line ([`parse`]); `--set` changes the
//! tree; one table of keys says what may stand in it; rules over several keys follow; what is left
//! is a [`Plan`]. Everything that is wrong is reported at once, see [`ConfigError`].

mod axes;
mod check;
mod compare;
mod document;
mod draft;
mod error;
mod excerpt;
mod hints;
mod keys;
mod kinds;
mod lines;
mod load;
mod model;
mod overrides;
mod plan;
mod points;
mod problems;
mod reference;
mod resolve;
mod rules;
mod size;
mod stack;
mod starter;
mod syntax;
mod tree;
mod write;

#[cfg(test)]
mod tests;

pub use error::{ConfigError, ConfigErrorKind, Problem, SyntaxFault};
pub use load::{load, parse};
pub use plan::{ComparePlan, Dtype, EarlyStopping, GridAxis, Metric, Plan, TrainingPlan};
pub use reference::reference;
pub use size::SIZE_LIMIT;
pub use starter::{Learnt, starter};
pub(crate) use write::inline;
