//! What a config says about a column.

use std::fmt;
use std::ops::Bound;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::data::dates::date_format::DateFormat;
use crate::data::schema::column::{ColumnKind, Role};
use crate::data::schema::numeric::NumericEncodings;
use crate::settings::{Allowed, Configurable, NAME, Range, TextFormat, inline_table, settings};

settings! {
    /// A type in `[data.columns]`: a kind of feature, or another role.
    pub enum ColumnType {
        /// A feature of numbers.
        Numeric = "numeric";
        /// A feature of categories.
        Categorical = "categorical";
        /// A feature of two values.
        Boolean = "boolean";
        /// A feature of dates or times.
        Date = "date";
        /// See [`Role::Label`].
        Label = "label";
        /// See [`Role::Target`].
        Target = "target";
        /// See [`Role::Weight`].
        Weight = "weight";
        /// See [`Role::Group`].
        Group = "group";
        /// See [`Role::Split`].
        Split = "split";
        /// See [`Role::Id`].
        Id = "id";
        /// See [`Role::Ignore`].
        Ignore = "ignore";
    }
}

impl ColumnType {
    /// The role, and the kind of a feature.
    pub(crate) fn meaning(self) -> (Role, Option<ColumnKind>) {
        match self {
            Self::Numeric => (Role::Feature, Some(ColumnKind::Numeric)),
            Self::Categorical => (Role::Feature, Some(ColumnKind::Categorical)),
            Self::Boolean => (Role::Feature, Some(ColumnKind::Boolean)),
            Self::Date => (Role::Feature, Some(ColumnKind::Date)),
            Self::Label => (Role::Label, None),
            Self::Target => (Role::Target, None),
            Self::Weight => (Role::Weight, None),
            Self::Group => (Role::Group, None),
            Self::Split => (Role::Split, None),
            Self::Id => (Role::Id, None),
            Self::Ignore => (Role::Ignore, None),
        }
    }
}

/// The entry of a column in `[data.columns]`: a [`ColumnType`], or a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnSpec {
    /// `type`; inferred by default.
    pub column_type: Option<ColumnType>,
    /// What is done about missing values; `data.missing` by default.
    pub missing: Option<MissingPolicy>,
    /// Whether one more input says where the value is missing; `data.missing_indicator` by default.
    pub indicator: Option<bool>,
    /// Cells that mean a missing value; `data.missing_markers` by default.
    pub missing_markers: Option<Vec<String>>,
    /// What the inputs of a number are; `data.numeric` by default.
    pub numeric: Option<NumericEncodings>,
    /// How its dates are written; `%Y-%m-%d` by default.
    pub format: Option<DateFormat>,
}

/// What is done about the missing values of a feature. Statistics are those of the training rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingPolicy {
    /// They are an error.
    Refuse,
    /// Replaced by the mean; by the most frequent category in a categorical column.
    Mean,
    /// Replaced by the median; by the most frequent category in a categorical column.
    Median,
    /// Replaced by the most frequent value; the smallest one of several.
    MostFrequent,
    /// The row is left out.
    DropRow,
    /// Replaced by a constant.
    Constant(Constant),
}

/// A replacement for missing values: a number, or a category.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the type says it")]
pub enum Constant {
    Number(f64),
    Text(String),
}

settings! {
    /// More about a column than its type; also `name = { type = .., missing = .. }`.
    pub(crate) struct ColumnTable {
        /// What the column is.
        column_type as "type": Option<ColumnType>, absent("inferred");
        /// What to do with missing values in it.
        missing: Option<MissingPolicy>, absent("as for all columns");
        /// Whether to add an input that is 1 where its value is missing.
        indicator: Option<bool>, absent("as for all columns");
        /// Cells in it that mean a missing value; with `[]`, `NA` is a value like others.
        missing_markers: Option<Vec<String>>, absent("as for all columns"), is(MARKERS);
        /// What the inputs of its numbers are.
        numeric: Option<NumericEncodings>, absent("as for all columns");
        /// How its dates are written, such as `%d.%m.%Y` or `%Y-%m-%dT%H:%M`; of the types `date`, `id` and `ignore`.
        format: Option<DateFormat>, absent("`%Y-%m-%d`");
    }
}

/// Markers of missing values.
pub(crate) const MARKERS: Allowed = Allowed::List {
    of: &Allowed::Text(&TextFormat { description: "a string", accepts: |_| true }),
    min: 0,
    max: usize::MAX,
};

impl Configurable for ColumnSpec {
    const ALLOWED: Allowed = Allowed::Either(&[ColumnType::ALLOWED, ColumnTable::ALLOWED]);
}

impl Configurable for MissingPolicy {
    const ALLOWED: Allowed = Allowed::Either(&[
        Allowed::Choice(&["refuse", "mean", "median", "most_frequent", "drop_row"]),
        inline_table! { "{ constant = value }":
            /// Replaces missing values: a number, or a category.
            constant: Allowed::Either(&[FINITE, NAME])
        },
    ]);
}

/// Within the range of `f32`, like the numbers of a file.
const FINITE: Allowed =
    Allowed::Number(Range { low: Bound::Included(-f32::MAX as f64), high: Bound::Included(f32::MAX as f64) });

impl Serialize for ColumnSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { column_type, missing, indicator, missing_markers, numeric, format } = self.clone();
        match column_type {
            Some(word) if *self == Self { column_type, ..Self::default() } => word.serialize(serializer),
            _ => ColumnTable { column_type, missing, indicator, missing_markers, numeric, format }
                .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ColumnSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrTable;

        impl<'de> Visitor<'de> for WordOrTable {
            type Value = ColumnSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the type of a column, or a table")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<ColumnSpec, E> {
                let word = serde::de::value::StrDeserializer::new(word);
                ColumnType::deserialize(word)
                    .map(|word| ColumnSpec { column_type: Some(word), ..ColumnSpec::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ColumnSpec, A::Error> {
                let table = ColumnTable::deserialize(MapAccessDeserializer::new(map))?;
                let ColumnTable { column_type, missing, indicator, missing_markers, numeric, format } = table;
                Ok(ColumnSpec { column_type, missing, indicator, missing_markers, numeric, format })
            }
        }

        deserializer.deserialize_any(WordOrTable)
    }
}

impl Serialize for Constant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Constant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;

        impl Visitor<'_> for NumberOrText {
            type Value = Constant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a text")
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Constant, E> {
                Ok(Constant::Number(number))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Constant, E> {
                Ok(Constant::Number(number as f64))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Constant, E> {
                Ok(Constant::Number(number as f64))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Constant, E> {
                Ok(Constant::Text(text.to_owned()))
            }
        }

        deserializer.deserialize_any(NumberOrText)
    }
}
