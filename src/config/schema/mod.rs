//! The table of all keys: what may be written, what it may be, what it is otherwise.
//!
//! Checks, hints and the reference are all made from it, so that what is documented is what is
//! enforced.

pub(crate) mod check;
pub(crate) mod data;
pub(crate) mod experiment;
pub(crate) mod hints;
pub(crate) mod kinds;
pub(crate) mod layers;
pub(crate) mod model;
pub(crate) mod optimizer;
pub(crate) mod reference;
#[cfg(test)]
mod tests;
pub(crate) mod training;

use std::ops::Bound;

pub(crate) use crate::config::schema::data::{COLUMN, DATA};
pub(crate) use crate::config::schema::experiment::{COMPARE, DEFAULT_NORMS, DEFAULT_SEEDS};
pub(crate) use crate::config::schema::layers::{INIT, LAYERS};
pub(crate) use crate::config::schema::model::MODEL;
pub(crate) use crate::config::schema::optimizer::OPTIMIZER;
pub(crate) use crate::config::schema::training::{EARLY_STOPPING, SCHEDULE, TRAINING};

/// A table of a config.
pub(crate) struct Section {
    /// As in a config: `[data]`, `[[layers]]`; for an inline table, how it is written.
    pub(crate) title: &'static str,
    /// The `type` where none is written; none where one has to be, and where there are no types.
    pub(crate) default_type: Option<&'static str>,
    /// One for each `type`; a single one named `""` where there are no types.
    pub(crate) variants: &'static [Variant],
}

/// The keys of a table of one `type`.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) keys: &'static [Key],
}

/// One key.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: Standard,
    pub(crate) doc: &'static str,
}

/// What a key is where it is not written.
pub(crate) enum Standard {
    /// It has to be written.
    Required,
    /// This, in TOML.
    Value(&'static str),
    /// It stays away; what that means, in words.
    Absent(&'static str),
}

/// What a value may be.
pub(crate) enum Kind {
    Boolean,
    Integer {
        least: i64,
        most: i64,
    },
    Number {
        low: Bound<f64>,
        high: Bound<f64>,
    },
    Path,
    Delimiter,
    /// A number of bytes with its unit.
    Bytes,
    /// A character that marks a quote or a comment, or none.
    Mark,
    /// Any text but an empty one.
    Name,
    /// Any text.
    Text,
    Column,
    Choice(&'static [&'static str]),
    List {
        of: &'static Self,
        least: usize,
        most: usize,
    },
    /// Alternatives of different TOML types.
    Either(&'static [Self]),
    Table(&'static Section),
    /// A table whose keys are names that a file or a person gives.
    Map(&'static Self),
    Grid,
}

/// The root of every config.
pub(crate) static ROOT: Section = Section {
    title: "a config",
    default_type: None,
    variants: &[Variant {
        name: "",
        doc: "",
        keys: &[
            Key { name: "data", kind: Kind::Table(&DATA), default: Standard::Required, doc: "" },
            Key { name: "model", kind: Kind::Table(&MODEL), default: Standard::Absent(""), doc: "" },
            Key { name: "optimizer", kind: Kind::Table(&OPTIMIZER), default: Standard::Required, doc: "" },
            Key { name: "training", kind: Kind::Table(&TRAINING), default: Standard::Value("{}"), doc: "" },
            Key { name: "compare", kind: Kind::Table(&COMPARE), default: Standard::Absent(""), doc: "" },
            Key { name: "layers", kind: LAYER_LIST, default: Standard::Absent(""), doc: "" },
        ],
    }],
};

/// More layers than any network here has; a bound on what a small file can ask for.
pub(crate) const MOST_LAYERS: usize = 1000;

const LAYER_LIST: Kind = Kind::List { of: &Kind::Table(&LAYERS), least: 1, most: MOST_LAYERS };

/// Large enough for any count here, small enough that a product of two fits 64 bits.
const MOST: i64 = 1_000_000_000;

const COUNT: Kind = Kind::Integer { least: 1, most: MOST };
const COUNT_OR_ZERO: Kind = Kind::Integer { least: 0, most: MOST };
const SEED: Kind = Kind::Integer { least: 0, most: i64::MAX };
/// Bounded by what the network needs in memory, which depends on more than one key.
const UNITS: Kind = Kind::Integer { least: 1, most: i64::MAX };
/// Within the range of `f32`, so that it can stand among the numbers of a file.
const FINITE: Kind =
    Kind::Number { low: Bound::Included(-f32::MAX as f64), high: Bound::Included(f32::MAX as f64) };
const POSITIVE: Kind = Kind::Number { low: Bound::Excluded(0.0), high: Bound::Unbounded };
const NOT_NEGATIVE: Kind = Kind::Number { low: Bound::Included(0.0), high: Bound::Unbounded };
const SHARE: Kind = Kind::Number { low: Bound::Included(0.0), high: Bound::Included(1.0) };
const SHARE_BELOW_ONE: Kind = Kind::Number { low: Bound::Included(0.0), high: Bound::Excluded(1.0) };

impl Section {
    /// The variant of this `type`.
    pub(crate) fn variant(&self, name: &str) -> Option<&'static Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// Whether there is a `type`.
    pub(crate) fn is_typed(&self) -> bool {
        self.variants.iter().all(|variant| !variant.name.is_empty())
    }

    /// The names of the types.
    pub(crate) fn types(&self) -> impl Iterator<Item = &'static str> {
        self.variants.iter().map(|variant| variant.name)
    }
}

impl Variant {
    /// The key of this name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}
