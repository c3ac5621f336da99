//! What is taken from the cells of a file, column by column.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::data::csv::missing::Markers;

/// How the records of a file are read.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Of the columns of the file.
    pub(crate) takes: Vec<Take>,
    /// Of the values of a row: those of features, then targets, then the weight.
    pub(crate) values: Vec<Value>,
    /// How many of the values are of features.
    pub(crate) features: usize,
    /// The value that is the weight of the row, which is not negative.
    pub(crate) weight: Option<usize>,
    /// Of the texts of a row: what a missing one is.
    pub(crate) texts: Vec<Gap>,
    pub(crate) markers: Markers,
}

/// What is taken from a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    /// A number, as this value of the row.
    Number(usize),
    /// A known word, whose number becomes this value of the row.
    Word(usize),
    /// The text, as this one of the row.
    Text(usize),
    /// What stands there, be it what it may, as this text of the row.
    Raw(usize),
    /// Nothing; it may hold anything.
    Nothing,
}

/// A value of a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Value {
    pub(crate) gap: Gap,
    /// For the value of a [`Take::Word`].
    pub(crate) words: Words,
}

/// What a missing value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Gap {
    /// An error.
    #[default]
    #[serde(rename = "Fault")]
    Refuse,
    /// NaN, or as it stands where texts are read.
    Kept,
    /// NaN, which drops the row.
    DropsRow,
}

/// The words that a column may hold.
#[derive(Clone, Debug)]
pub(crate) enum Words {
    /// Numbered categories; all others get the number behind the last one.
    Categories(HashMap<String, u32>),
    /// Words for 0 and 1; all others are a fault.
    Boolean,
}

impl Default for Words {
    fn default() -> Self {
        Self::Categories(HashMap::new())
    }
}

/// Words for no, each with its opposite.
pub(crate) const OPPOSITES: [(&str, &str); 5] =
    [("false", "true"), ("no", "yes"), ("f", "t"), ("n", "y"), ("0", "1")];

impl Words {
    /// These categories in this order.
    pub(crate) fn categories<'a>(names: impl IntoIterator<Item = &'a String>) -> Self {
        Self::Categories(names.into_iter().cloned().zip(0..).collect())
    }

    /// The number of a word, trimmed; none if it is not allowed.
    pub(crate) fn number(&self, word: &str) -> Option<f64> {
        match self {
            Self::Categories(numbers) => {
                Some(numbers.get(word).map_or(numbers.len() as f64, |&number| f64::from(number)))
            }
            Self::Boolean => OPPOSITES.iter().find_map(|(no, yes)| {
                let is = |meaning: &str| word.eq_ignore_ascii_case(meaning);
                if is(yes) { Some(1.0) } else { is(no).then_some(0.0) }
            }),
        }
    }
}

impl Layout {
    /// Whether a row with these values is left out.
    #[inline]
    pub(crate) fn drops(&self, row: &[f64]) -> bool {
        let drops = |(value, rule): (&f64, &Value)| value.is_nan() && rule.gap == Gap::DropsRow;
        row.iter().zip(&self.values).any(drops)
    }

    /// Whether a value of a row may be missing and drop it.
    pub(crate) fn may_drop(&self) -> bool {
        self.values.iter().any(|value| value.gap == Gap::DropsRow)
    }

    /// Whether the weight of a row is negative.
    #[inline]
    pub(crate) fn is_negative(&self, row: &[f64]) -> bool {
        self.weight.is_some_and(|weight| row[weight] < 0.0)
    }

    /// The column of the file with this text.
    pub(crate) fn column_of_text(&self, text: usize) -> Option<usize> {
        self.takes.iter().position(|take| *take == Take::Text(text))
    }
}
