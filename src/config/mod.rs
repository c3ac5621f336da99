//! A TOML file, checked completely, to a plan.
//!
//! A text becomes a tree in which every value knows its line ([`parse`]); `--set` changes the tree; every key is
//! checked against the settings that the code declares; then rules over several keys are checked. The result is a
//! [`Plan`]. All problems are reported at once, see [`ConfigError`].

pub(crate) mod difference;
pub(crate) mod document;
pub(crate) mod error;
pub(crate) mod grid;
pub(crate) mod load;
pub(crate) mod overrides;
pub(crate) mod plan;
pub(crate) mod problems;
pub(crate) mod schema;
pub(crate) mod template;
#[cfg(test)]
mod tests;
pub(crate) mod write;

pub(crate) use crate::config::difference::{ChangedKey, changed_keys, decisive_settings, has_effect};
pub(crate) use crate::config::document::inline::inline;
pub(crate) use crate::config::document::key_path::split_setting;
pub use crate::config::error::{ConfigError, ConfigErrorKind, Problem, SyntaxFault};
pub(crate) use crate::config::load::parse_stored;
pub use crate::config::load::{load, parse};
pub(crate) use crate::config::plan::fewer_points_note;
pub use crate::config::plan::size::SIZE_LIMIT;
pub(crate) use crate::config::plan::spec::MAX_LAYERS;
pub use crate::config::plan::{
    ComparePlan, ComparedMeasure, GridAxis, Plan, ReportSpec, SearchPlan, SeedPlan, SeededPart, TuneAxis,
    TunePlan, TuneRange, UntilClear, Vary, load_search,
};
pub(crate) use crate::config::schema::hints::unknown_word;
pub use crate::config::schema::reference::{reference, reference_text};
pub use crate::config::template::{TargetGuess, kept_class, template};
