//! What is read from each cell of a file.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::data::csv::missing::Markers;
use crate::data::csv::number::quantity;
use crate::data::dates::date_format::DateFormat;
use crate::data::error::ErrorKind;
use crate::data::error::phrases::Advice;
use crate::data::schema::opposites::truth;

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
    /// Numbered by the rules.
    pub(crate) markers: Vec<Markers>,
}

/// What is read from a cell. The indices are those of the values or texts of the row, and of the missing
/// markers.
#[derive(Clone, Debug)]
pub(crate) enum CellRule {
    Number {
        value: usize,
        missing: OnMissing,
        markers: u32,
        /// Whether what may be a code is refused, such as `02139` or `3E9`.
        refuses_codes: bool,
    },
    /// A word, or a date, as its number in the vocabulary.
    Category {
        value: usize,
        missing: OnMissing,
        markers: u32,
        // Boxed, since the rules of all columns should stay in the cache of the processor.
        words: Box<Vocabulary>,
    },
    /// The trimmed text.
    Text { text: usize, missing: OnMissing, markers: u32 },
    /// The cell as it is.
    Verbatim { text: usize },
    /// Nothing; the cell may hold anything.
    Skip,
}

/// What to do about a cell that is not a date, whatever the others are.
pub(crate) const CORRECT_DATE: &str = "correct it or the format, or put it under data.missing_markers if it means a \
                                       missing value";

/// What to do about a cell that is not a boolean.
const USE_WORDS: &str = "use true or false, yes or no (or these in another language), t or f, y or n, 1 or 0";

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

/// Texts in the order of their numbers; those that are the same number are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct NumberedTexts {
    texts: HashMap<String, u32>,
    /// By the bits of a text that is a number.
    quantities: HashMap<u64, u32>,
}

impl NumberedTexts {
    pub(crate) fn new<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        let mut all = Self::default();
        for (text, number) in texts.into_iter().zip(0..) {
            if let Some(quantity) = quantity(text) {
                all.quantities.entry(quantity.to_bits()).or_insert(number);
            }
            all.texts.insert(text.clone(), number);
        }
        all
    }

    /// The number of a trimmed text, in any spelling if it is a number.
    pub(crate) fn get(&self, text: &str) -> Option<u32> {
        let by_quantity = || match self.quantities.is_empty() {
            true => None,
            false => self.quantities.get(&quantity(text)?.to_bits()),
        };
        self.texts.get(text).or_else(by_quantity).copied()
    }
}

/// The words that a column may contain.
#[derive(Clone, Debug)]
pub(crate) enum Vocabulary {
    /// Numbered categories; all unknown words share the next number.
    Categories(NumberedTexts),
    /// Words for 0 and 1; others are an error.
    Boolean,
    /// Dates in this format, as seconds since 1970-01-01 00:00; whatever else is an error.
    Dates(DateFormat),
}

impl Vocabulary {
    /// Numbers these categories in order.
    pub(crate) fn categories<'a>(names: impl IntoIterator<Item = &'a String>) -> Self {
        Self::Categories(NumberedTexts::new(names))
    }

    /// The number of a trimmed word; none if it is not allowed.
    pub(crate) fn number(&self, word: &str) -> Option<f64> {
        match self {
            Self::Categories(known) => Some(known.get(word).map_or(known.texts.len() as f64, f64::from)),
            Self::Boolean => {
                let by_word = truth(word).map(|is_true| f64::from(u8::from(is_true)));
                by_word.or_else(|| quantity(word).filter(|value| [0.0, 1.0].contains(value)))
            }
            Self::Dates(format) => format.read(word),
        }
    }

    /// Whether a trimmed word is a missing value.
    pub(crate) fn is_missing(&self, word: &str, markers: &Markers) -> bool {
        markers.in_texts(word) || (matches!(self, Self::Dates(_)) && markers.in_numbers(word))
    }

    /// Why a word has no number.
    #[cold]
    pub(crate) fn fault(&self, word: &str) -> ErrorKind {
        match self {
            Self::Dates(format) => ErrorKind::NotADate {
                text: word.to_owned(),
                format: format.clone(),
                advice: Advice::Config(CORRECT_DATE),
            },
            Self::Categories(_) | Self::Boolean => {
                ErrorKind::NotBoolean { text: word.to_owned(), advice: Advice::Cell(USE_WORDS) }
            }
        }
    }
}

impl CellRule {
    /// Whether a missing value drops the row, which has these values.
    fn drops(&self, row: &[f64]) -> bool {
        matches!(*self, Self::Number { value, missing: OnMissing::DropRow, .. }
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
