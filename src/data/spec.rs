//! `[data]` of a config.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::data::csv::number_format::NumberSign;
use crate::data::schema::column_spec::{ColumnSpec, ColumnType, MARKERS, MissingPolicy};
use crate::data::schema::numeric::NumericEncodings;
use crate::data::source::paths::DataPaths;
use crate::data::spec_check;
use crate::data::table::byte_size::Bytes;
use crate::settings::{Allowed, Configurable, NAME, TextFormat, inline_table, one_or_more, settings};
use crate::targets::Task;
use crate::text::Quoted;

/// The most lines before a table, as in the range of the setting.
pub(crate) const MAX_SKIP_ROWS: usize = 1_000_000;
/// The most lines after a table, likewise.
pub(crate) const MAX_SKIP_FOOTER: usize = 1_000;

settings! {
    /// Where the data are and how to read them. Paths are relative to the config file.
    pub struct DataSpec {
        /// CSV file, or several as one table, by a pattern such as `part-*.csv` or a list; `.gz` and `.zst` are
        /// decompressed, `-` is standard input.
        path: DataPaths;
        /// Column with the class; all others are features.
        label: Option<ColumnRef>, absent("the one that `columns` names");
        /// Columns with the values to predict, in place of `label`.
        target: ColumnRefs, absent("those that `columns` names");
        /// Labels to rename, such as `{ "yes." = "yes" }`.
        label_names: BTreeMap<String, String>, absent("none");
        /// Lines before the table, such as a title, that are skipped.
        skip_rows: Option<usize>, absent("none"), range(0..=1_000_000);
        /// Lines after the table, such as totals, that are skipped.
        skip_footer: Option<usize>, absent("none"), range(0..=1_000);
        /// Whether the first line names the columns; otherwise they are `c0`, `c1`, ...
        header: bool = true;
        /// Names of all columns, for files without a header.
        column_names: Vec<String>, absent("`c0`, `c1`, ..."), is(Allowed::non_empty_list(&NAME));
        /// Character between fields.
        delimiter: Option<char>,
            absent("`\",\"`; a file with more columns at another one is refused"), is(DELIMITER);
        /// Character around fields; doubled inside of them.
        quote: Mark = Mark(Some('"'));
        /// Lines that start with it are skipped.
        comment: Option<Mark>, absent("none, and a line that starts with # is refused");
        /// Character before the decimals of numbers.
        decimal: Option<char>, absent("`\".\"`"), is(Allowed::Choice(&[".", ","]));
        /// Character between groups of three digits of numbers; a space is also one that does not break a line.
        thousands: Option<char>, absent("none"), is(Allowed::Choice(&[",", ".", " ", "'", "’", "_"]));
        /// Signs in numbers: `percent` (`12%` is 0.12), `currency` (`5 €` is 5), `parentheses` (`(5)` is -5), `minus`
        /// (U+2212).
        number_signs: Vec<NumberSign>, absent("none");
        /// Columns that are neither features nor label.
        ignore: Vec<ColumnRef> = Vec::new();
        /// Cells that mean a missing value, as written, but numbers in any spelling; an empty one always does. With
        /// `[]`, `NA` is a value like others.
        missing_markers: Option<Vec<String>>, absent("the usual words, such as `NA`, `null` and `?`"),
            is(MARKERS);
        /// What to do with missing values of features: refuse them; replace them by the mean, the median, the
        /// most frequent value or a constant; or drop their rows. Computed on the training rows.
        missing: MissingPolicy = MissingPolicy::Refuse;
        /// Whether to add an input for each feature that is 1 where its value is missing.
        missing_indicator: bool = false;
        /// Most inputs for the categories of a column; the rarest beyond it share one more.
        max_categories: usize = 50, range(1..=1_000_000_000);
        /// What columns are, by name: `numeric`, `categorical`, `boolean` and `date` features, `label`, `target`,
        /// `weight` (of the row in the loss), `group` (its rows are in the same split), `split` (says `train`,
        /// `valid` or `test`), `id` (not a feature; identifies the rows of predictions), `ignore`.
        columns: BTreeMap<String, ColumnSpec>, absent("inferred");
        /// Most memory for the rows of a file; larger files go to a temporary file next to them, with the same
        /// results.
        memory: Bytes = Bytes(4 << 30);
        /// What decides the split of a row: drawn at random by the seed; a hash of the seed and these
        /// columns, which stays the same when rows are added; or the order of a column, such as the date, of which
        /// the last rows are held out, the very last for the test.
        split_by: SplitBy = SplitBy::Rows;
        /// Fraction of the rows to hold out for validation, stratified by class; whole groups if there is a
        /// group column.
        valid: f64 = 0.0, range(0.0..1.0);
        /// Fraction of the rows to hold out for a final test, chosen likewise.
        test: f64 = 0.0, range(0.0..1.0);
        /// Separate validation file, in place of `valid`; or several, as for `path`.
        valid_path: Option<DataPaths>, absent("none");
        /// Separate test file, in place of `test`; or several, as for `path`.
        test_path: Option<DataPaths>, absent("none");
        /// How to scale each feature, fitted on the training rows: mean 0 and standard deviation 1, mean 0,
        /// minimum 0 and maximum 1, or not at all.
        scale: ScalingMethod = ScalingMethod::Standardize;
        /// How scaled numbers far from those of the training rows are bounded; only under the scalings
        /// `standardize` and `min_max`.
        clip: ClipMethod = ClipMethod::Smooth;
        /// What the inputs of each numeric feature are, in place of `scale`: standardized, the normal quantile of its
        /// rank, piecewise linear in intervals, or a list of them. Fitted on the training rows.
        numeric: Option<NumericEncodings>, absent("the number scaled by `scale`");
        /// Most intervals of the piecewise-linear encoding, between quantiles of the training rows.
        intervals: usize = 16, range(2..=1_000);
    }
}

/// How held-out rows are chosen, if there are shares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitBy {
    /// The seed draws rows, stratified by class; whole groups if there is a column of groups.
    Rows,
    /// A hash of seed and these columns, so that rows stay where they are when others are added.
    HashOf(Vec<ColumnRef>),
    /// The order of numbers or dates in this column: the first rows are for training, the last for the test.
    OrderOf(ColumnRef),
}

impl DataSpec {
    /// For classification: `label`, and the default of everything else.
    pub fn label(column: impl Into<String>) -> Self {
        Self { label: Some(ColumnRef::Name(column.into())), ..Self::default() }
    }

    /// For regression: `target`, and the default of everything else.
    pub fn target(column: impl Into<String>) -> Self {
        Self { target: ColumnRefs(vec![ColumnRef::Name(column.into())]), ..Self::default() }
    }

    /// The character between fields.
    pub fn delimiter(&self) -> char {
        self.delimiter.unwrap_or(',')
    }

    /// What has the training rows, then what has the validation and test rows, if that is separate.
    pub fn paths(&self) -> impl Iterator<Item = &DataPaths> {
        [Some(&self.path), self.valid_path.as_ref(), self.test_path.as_ref()].into_iter().flatten()
    }

    /// All files, as far as they can be found.
    pub(crate) fn known_files(&self) -> Vec<PathBuf> {
        self.paths().flat_map(DataPaths::known_files).collect()
    }

    /// Classification or regression.
    pub fn task(&self) -> Task {
        let is_target = |column: &ColumnSpec| column.column_type == Some(ColumnType::Target);
        match self.target.is_empty() && !self.columns.values().any(is_target) {
            true => Task::Classification,
            false => Task::Regression,
        }
    }
}

settings! {
    /// How features are scaled. A constant column becomes 0 under all except `None`.
    pub enum ScalingMethod {
        /// Mean 0 and (biased) standard deviation 1.
        Standardize = "standardize";
        /// Mean 0.
        Center = "center";
        /// Smallest 0 and, except for the rounding of the last digit, largest 1.
        MinMax = "min_max";
        /// Not at all.
        None = "none";
    }
}

settings! {
    /// How scaled numbers are bounded.
    pub enum ClipMethod {
        /// Up to 3 they stay as they are; beyond, they bend smoothly towards 6, which none reaches.
        Smooth = "smooth";
        /// Not at all: a number that hardly varied in the training rows may become huge in others.
        None = "none";
    }
}

/// A column by name, or by index from 0; -1 is the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the type says it")]
pub enum ColumnRef {
    Name(String),
    Index(i64),
}

impl Configurable for ColumnRef {
    const ALLOWED: Allowed = Allowed::Column;
}

impl Configurable for ColumnRefs {
    const ALLOWED: Allowed = Allowed::Either(&[Allowed::Column, Allowed::non_empty_list(&Allowed::Column)]);
}

impl Configurable for SplitBy {
    const ALLOWED: Allowed = Allowed::Either(&[
        Allowed::Choice(&["rows"]),
        inline_table! { "{ hash_of = [columns] }":
            /// Columns that identify the rows; not the label.
            hash_of: Allowed::non_empty_list(&Allowed::Column)
        },
        inline_table! { "{ order_of = column }":
            /// Column of numbers, or of dates such as 2024-01-31 or in its `format`; not the label.
            order_of: Allowed::Column
        },
    ]);
}

/// A delimiter in a config.
const DELIMITER: Allowed = Allowed::Text(&TextFormat {
    description: spec_check::DELIMITER,
    accepts: |text| is_one(text, spec_check::is_delimiter),
});

impl Configurable for Mark {
    const ALLOWED: Allowed = Allowed::Text(&TextFormat {
        description: spec_check::MARK,
        accepts: |text| text.is_empty() || is_one(text, spec_check::is_mark),
    });
}

/// Whether a text is one character of this kind.
fn is_one(text: &str, is_allowed: fn(char) -> bool) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_allowed) && chars.next().is_none()
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
        one_or_more::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for ColumnRefs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_more::deserialize(deserializer, "a column name or index, or a list of them").map(Self)
    }
}

/// A quote or comment mark, or none; in a config a string of at most one character.
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
