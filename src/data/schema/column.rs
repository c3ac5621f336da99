//! What the columns of a file are for, and what stands in them.

use std::fmt;
use std::ops::Bound;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::settings::{Allowed, Configurable, NAME, Range, inline_table, settings};

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Goes into the network.
    Feature,
    /// The class to be learnt.
    Label,
    /// A value to be learnt.
    Target,
    /// How much the row counts.
    Weight,
    /// Rows with the same text here stay together when rows are held back.
    Group,
    /// Says of each row whether it is for training, validation or the test.
    Split,
    /// Names the row; not learnt from, and carried into predictions.
    Id,
    /// Not read; may hold anything.
    Ignore,
}

/// What the cells of a feature are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Numbers.
    Numeric,
    /// Texts, each of which is a category.
    Categorical,
    /// One of two words, such as yes and no.
    Boolean,
}

/// What the columns of a role are called in messages.
pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Label => "label",
        Role::Target => "target",
        Role::Weight => "weight",
        Role::Group => "group",
        Role::Split => "split",
        Role::Id => "id",
        Role::Ignore | Role::Feature => "same",
    }
}

settings! {
    /// A word for a column in `[data.columns]`: a kind of feature, or another role.
    pub enum ColumnType {
        /// A feature of numbers.
        Numeric = "numeric";
        /// A feature of categories.
        Categorical = "categorical";
        /// A feature of two values.
        Boolean = "boolean";
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
    pub(crate) fn meaning(self) -> (Role, Option<Kind>) {
        match self {
            Self::Numeric => (Role::Feature, Some(Kind::Numeric)),
            Self::Categorical => (Role::Feature, Some(Kind::Categorical)),
            Self::Boolean => (Role::Feature, Some(Kind::Boolean)),
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

/// What `[data.columns]` says about a column: a [`ColumnType`], or a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnSpec {
    /// `type`; inferred where it is not given.
    pub column_type: Option<ColumnType>,
    /// What becomes of missing values; as for all columns where it is not given.
    pub missing: Option<Missing>,
    /// Whether a column of its own says where values were missing; as for all columns where it is
    /// not given.
    pub indicator: Option<bool>,
}

/// What becomes of the missing values of a feature. All that is computed is computed on the
/// training rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// They are an error.
    Refuse,
    /// Replaced by the mean; by the most frequent category in a categorical column.
    Mean,
    /// Replaced by the median; by the most frequent category in a categorical column.
    Median,
    /// Replaced by the most frequent value, the smallest of several.
    MostFrequent,
    /// Their rows are left out.
    DropRow,
    /// Replaced by this.
    Constant(Constant),
}

/// What stands in for missing values: a number, or a category.
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
        missing: Option<Missing>, absent("as for all columns");
        /// Whether to add an input that is 1 where its value is missing.
        indicator: Option<bool>, absent("as for all columns");
    }
}

impl Configurable for ColumnSpec {
    const ALLOWED: Allowed = Allowed::Either(&[ColumnType::ALLOWED, ColumnTable::ALLOWED]);
}

impl Configurable for Missing {
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
        let Self { column_type, missing, indicator } = self.clone();
        match column_type {
            Some(word) if missing.is_none() && indicator.is_none() => word.serialize(serializer),
            _ => ColumnTable { column_type, missing, indicator }.serialize(serializer),
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
                let ColumnTable { column_type, missing, indicator } = table;
                Ok(ColumnSpec { column_type, missing, indicator })
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
