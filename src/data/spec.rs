//! `[data]` of a config.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::data::schema::column_spec::{ColumnSpec, ColumnType, MissingPolicy};
use crate::data::table::byte_size::Bytes;
use crate::targets::Task;
use crate::text::Quoted;

/// Where the data are and how to read them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataSpec {
    /// CSV file, `.gz` and `.zst` are decompressed; or `-`, standard input. Relative to the config
    /// file as written, absolute once checked.
    pub path: PathBuf,
    /// The column with the class, unless `columns` says which one it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<ColumnRef>,
    /// The columns with the values to be learnt, in place of `label`; none for classes.
    #[serde(skip_serializing_if = "ColumnRefs::is_empty")]
    pub target: ColumnRefs,
    /// Labels that are read as another name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub label_names: BTreeMap<String, String>,
    /// Whether the first line names the columns; without, they are called `c0`, `c1`, ...
    pub header: bool,
    /// The names of the columns of files without header; empty for the numbered ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub column_names: Vec<String>,
    /// The character between fields; without, a comma, and a file that another one fits better is
    /// refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The character around fields.
    pub quote: Mark,
    /// What comment lines start with; without, a line that starts with `#` is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Mark>,
    /// Columns that are neither features nor label.
    pub ignore: Vec<ColumnRef>,
    /// Cells that mean a missing value, exactly as written; none for the usual words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_markers: Option<Vec<String>>,
    /// How missing values of features are handled.
    pub missing: MissingPolicy,
    /// Whether each feature has one more input that is 1 where its value is missing.
    pub missing_indicator: bool,
    /// Inputs for the categories of a column; the rarest beyond it share one more. At least 1.
    pub max_categories: usize,
    /// What is known of columns, by name; the rest is inferred.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, ColumnSpec>,
    /// Bytes that the rows of a file may take in memory; more of them are kept in a cache file next to it.
    pub memory: Bytes,
    /// What decides which rows are held back.
    pub split_by: SplitBy,
    /// Share of the rows held back for validation, stratified by class; 0 for none.
    pub valid: f64,
    /// Share of the rows held back for a last test, stratified by class; 0 for none.
    pub test: f64,
    /// A separate file for validation, with the same columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_path: Option<PathBuf>,
    /// A separate file for the last test, with the same columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_path: Option<PathBuf>,
    /// What is done to each feature, fitted on the training rows only.
    pub scale: ScalingMethod,
}

impl Default for DataSpec {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            label: None,
            target: ColumnRefs::default(),
            label_names: BTreeMap::new(),
            header: true,
            column_names: Vec::new(),
            delimiter: None,
            quote: Mark(Some('"')),
            comment: None,
            ignore: Vec::new(),
            missing_markers: None,
            missing: MissingPolicy::Refuse,
            missing_indicator: false,
            max_categories: 50,
            columns: BTreeMap::new(),
            memory: Bytes(4 << 30),
            split_by: SplitBy::Rows,
            valid: 0.0,
            test: 0.0,
            valid_path: None,
            test_path: None,
            scale: ScalingMethod::Standardize,
        }
    }
}

/// What decides which rows are held back, where shares are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitBy {
    /// The seed draws rows, stratified by class; whole groups if there is a column of groups.
    Rows,
    /// A hash of seed and these columns, so that rows stay where they are when others are added.
    HashOf(Vec<ColumnRef>),
}

impl DataSpec {
    /// The character between fields.
    pub fn delimiter(&self) -> char {
        self.delimiter.unwrap_or(',')
    }

    /// The files: the training file, then those of their own for validation and for the test.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        [Some(&self.path), self.valid_path.as_ref(), self.test_path.as_ref()]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
    }

    /// Whether classes or values are learnt.
    pub fn task(&self) -> Task {
        let is_target = |column: &ColumnSpec| column.column_type == Some(ColumnType::Target);
        match self.target.is_empty() && !self.columns.values().any(is_target) {
            true => Task::Classification,
            false => Task::Regression,
        }
    }
}

/// What is done to each feature. A constant column becomes 0 under all but `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScalingMethod {
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
            Self::Name(name) => write!(f, "{}", Quoted(name)),
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

/// Columns; in a config one of them or a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnRefs(pub Vec<ColumnRef>);

impl ColumnRefs {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for ColumnRefs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            all => all.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ColumnRefs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = ColumnRefs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column name or index, or a list of them")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<ColumnRefs, E> {
                Ok(ColumnRefs(vec![ColumnRef::Name(value.to_owned())]))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<ColumnRefs, E> {
                Ok(ColumnRefs(vec![ColumnRef::Index(value)]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<ColumnRefs, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(values)).map(ColumnRefs)
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}

/// A character that a file gives a meaning, or none; in a config a string of at most one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub Option<char>);

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.map(String::from).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (char, None) => Ok(Self(char)),
            _ => Err(Error::invalid_value(Unexpected::Str(&text), &"at most one character")),
        }
    }
}
