//! `[data]` of a config.

use std::fmt;
use std::path::PathBuf;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::dialect::Mark;
use super::shown::Shown;

/// Where the data are and how to read them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataSpec {
    /// CSV file, `.gz` and `.zst` are decompressed; or `-`, standard input. Relative to the config
    /// file as written, absolute once checked.
    pub path: PathBuf,
    /// The column with the class.
    pub label: ColumnRef,
    /// Whether the first line names the columns; without, they are called `c0`, `c1`, ...
    pub header: bool,
    /// The names of the columns of files without header; empty for the numbered ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub column_names: Vec<String>,
    /// The character between fields.
    pub delimiter: char,
    /// The character around fields.
    pub quote: Mark,
    /// What comment lines start with; without, a line that starts with `#` is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Mark>,
    /// Columns that are neither features nor label.
    pub ignore: Vec<ColumnRef>,
    /// Share of the rows held back for validation, stratified by class; 0 for none.
    pub valid: f64,
    /// Share of the rows held back for a last test, stratified by class; 0 for none.
    pub test: f64,
    /// A file of its own for validation, with the same columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_path: Option<PathBuf>,
    /// A file of its own for the last test, with the same columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_path: Option<PathBuf>,
    /// What is done to each feature, fitted on the training rows only.
    pub scale: Scale,
}

impl Default for DataSpec {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            label: ColumnRef::Index(-1),
            header: true,
            column_names: Vec::new(),
            delimiter: ',',
            quote: Mark(Some('"')),
            comment: None,
            ignore: Vec::new(),
            valid: 0.0,
            test: 0.0,
            valid_path: None,
            test_path: None,
            scale: Scale::Standardize,
        }
    }
}

/// What is done to each feature. A constant column becomes 0 under all but `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Mean 0 and (biased) standard deviation 1.
    Standardize,
    /// Mean 0.
    Center,
    /// Smallest 0 and, but for the rounding of the last digit, largest 1.
    MinMax,
    /// As it is.
    None,
}

/// A column by name, or by place from 0; -1 is the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the type says it")]
pub enum ColumnRef {
    Name(String),
    Index(i64),
}

impl fmt::Display for ColumnRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{}", Shown(name)),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

impl Serialize for ColumnRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => serializer.serialize_str(name),
            Self::Index(index) => serializer.serialize_i64(*index),
        }
    }
}

impl<'de> Deserialize<'de> for ColumnRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = ColumnRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column name or index")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<ColumnRef, E> {
                Ok(ColumnRef::Name(value.to_owned()))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<ColumnRef, E> {
                Ok(ColumnRef::Index(value))
            }
        }

        deserializer.deserialize_any(Either)
    }
}
