//! From TOML as written to a plan that can be trained.
//!
//! A text becomes a tree in which every value knows its line ([`parse`]); `--set` changes the
//! tree; one table of keys says what may stand in it; rules over several keys follow; what is left
//! is a [`Plan`]. Everything that is wrong is reported at once, see [`ConfigError`].

pub(crate) mod document;
pub(crate) mod draft;
pub(crate) mod error;
pub(crate) mod experiment;
pub(crate) mod grid;
pub(crate) mod load;
pub(crate) mod model;
pub(crate) mod overrides;
pub(crate) mod plan;
pub(crate) mod problems;
pub(crate) mod resolve;
pub(crate) mod rules;
pub(crate) mod schema;
pub(crate) mod size;
pub(crate) mod stack;
pub(crate) mod template;
#[cfg(test)]
mod tests;

pub(crate) use crate::config::document::write::inline;
pub use crate::config::error::{ConfigError, ConfigErrorKind, Problem, SyntaxFault};
pub use crate::config::load::{load, parse};
pub use crate::config::plan::{ComparePlan, GridAxis, Plan};
pub use crate::config::schema::reference::reference;
pub use crate::config::size::SIZE_LIMIT;
pub use crate::config::template::{Learnt, starter};
