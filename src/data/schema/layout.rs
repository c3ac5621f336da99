//! What is read from each cell of a file.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::data::csv::missing::Markers;

/// How the records of a file become rows of values and texts.
#[derive(Debug)]
pub(crate) struct RowLayout {
    /// One rule for each column of the file.
    pub(crate) cells: Vec<CellRule>,
    /// The number of values of a row: those of features, then targets, then the weight.
    pub(crate) values: usize,
    /// The number of values that are of features.
    pub(crate) features: usize,
    /// The value that is the weight of the row; it must not be negative.
    pub(crate) weight: Option<usize>,
    /// The number of texts of a row.
    pub(crate) texts: usize,
    pub(crate) markers: Markers,
}

/// What is read from a cell. The indices are those of the values or texts of the row.
#[derive(Clone, Debug)]
pub(crate) enum CellRule {
    Number {
        value: usize,
        missing: OnMissing,
    },
    /// A word, as its number in the vocabulary.
    Category {
        value: usize,
        missing: OnMissing,
        // Boxed, since the rules of all columns should stay in the cache of the processor.
        words: Box<Vocabulary>,
    },
    /// The trimmed text.
    Text {
        text: usize,
        missing: OnMissing,
    },
    /// The cell as it is.
    Verbatim {
        text: usize,
    },
    /// Nothing; the cell may hold anything.
    Skip,
}

/// What is done about a missing value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OnMissing {
    /// It is an error.
    #[default]
    Refuse,
    /// It becomes NaN, or stays as it is among texts.
    Keep,
    /// The row is left out.
    DropRow,
}

/// The words that a column may contain.
#[derive(Clone, Debug)]
pub(crate) enum Vocabulary {
    /// Numbered categories; all unknown words share the next number.
    Categories(HashMap<String, u32>),
    /// Words for 0 and 1; others are an error.
    Boolean,
}

/// Words for 0, each with its opposite.
pub(crate) const OPPOSITES: [(&str, &str); 5] =
    [("false", "true"), ("no", "yes"), ("f", "t"), ("n", "y"), ("0", "1")];

impl Vocabulary {
    /// Numbers these categories in order.
    pub(crate) fn categories<'a>(names: impl IntoIterator<Item = &'a String>) -> Self {
        Self::Categories(names.into_iter().cloned().zip(0..).collect())
    }

    /// The number of a trimmed word; none if it is not allowed.
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

impl CellRule {
    /// Whether a missing value drops the row, which has these values.
    fn drops(&self, row: &[f64]) -> bool {
        matches!(*self, Self::Number { value, missing: OnMissing::DropRow }
            | Self::Category { value, missing: OnMissing::DropRow, .. } if row[value].is_nan())
    }
}

impl RowLayout {
    /// Whether a missing value drops the row, which has these values.
    #[inline]
    pub(crate) fn drops(&self, row: &[f64]) -> bool {
        self.cells.iter().any(|rule| rule.drops(row))
    }

    /// Whether some missing values drop their row.
    pub(crate) fn may_drop(&self) -> bool {
        let all_missing = vec![f64::NAN; self.values];
        self.drops(&all_missing)
    }

    /// Whether the weight of a row is 0, so that the row is left out.
    #[inline]
    pub(crate) fn is_without_weight(&self, row: &[f64]) -> bool {
        self.weight.is_some_and(|weight| row[weight] == 0.0)
    }

    /// Whether the weight of a row is negative.
    #[inline]
    pub(crate) fn is_negative(&self, row: &[f64]) -> bool {
        self.weight.is_some_and(|weight| row[weight] < 0.0)
    }

    /// The column of the file with this text.
    pub(crate) fn column_of_text(&self, wanted: usize) -> Option<usize> {
        self.cells.iter().position(|rule| matches!(*rule, CellRule::Text { text, .. } if text == wanted))
    }
}
