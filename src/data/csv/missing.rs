//! Which cells are missing values, and which are numbers.
//!
//! Whether a missing value is refused, leaves out its row or is filled in, and with what, is its column's
//! [`MissingPolicy`](crate::data::MissingPolicy).

use crate::data::csv::number::{quantity, trim};
use crate::data::csv::number_format::NumberFormat;
use crate::data::spec::DataSpec;

/// What other programs write for a missing number.
const IN_NUMBERS: [&str; 12] =
    ["", "na", "n/a", "#n/a", "nan", "<na>", "null", "nil", "none", "?", "-", "missing"];
/// What they write for a missing text. Fewer words, since `none` is a category in many tables.
const IN_TEXTS: [&str; 7] = ["", "?", "na", "n/a", "#n/a", "nan", "null"];

/// `missing_markers` of a config, or the usual words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Markers {
    /// As given, and the empty cell; none for the usual words, whatever their case.
    words: Option<Vec<String>>,
    /// Those of `words` that are numbers.
    numbers: Vec<f64>,
    /// How numbers are written.
    pub(crate) format: NumberFormat,
    /// Whether that is with a decimal point and nothing else.
    pub(crate) is_plain: bool,
}

/// How the cells of a file are read, unless a column has own markers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CellFormat<'s> {
    pub(crate) markers: Option<&'s [String]>,
    pub(crate) numbers: NumberFormat,
}

impl<'s> CellFormat<'s> {
    /// As a config says.
    pub(crate) fn of(spec: &'s DataSpec) -> Self {
        let numbers = NumberFormat::new(spec.decimal, spec.thousands, &spec.number_signs);
        Self { markers: spec.missing_markers.as_deref(), numbers }
    }
}

/// Whether a text is missing where no other markers are given.
pub(crate) fn is_missing_text(text: &str) -> bool {
    IN_TEXTS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

impl Markers {
    /// `words`, trimmed like cells, or the usual ones.
    pub(crate) fn new(words: Option<&[String]>, format: NumberFormat) -> Self {
        let words: Option<Vec<String>> = words
            .map(|words| words.iter().map(|word| trim(word).to_owned()).chain([String::new()]).collect());
        let numbers = words.iter().flatten().filter_map(|word| format.number(word)).collect();
        Self { words, numbers, format, is_plain: format.is_plain() }
    }

    /// The number in a cell, spaces and tabs around it trimmed.
    #[inline]
    pub(crate) fn number(&self, cell: &str) -> Option<f64> {
        self.format.number(cell)
    }

    /// The number in a cell, if that is not a missing value.
    pub(crate) fn value(&self, cell: &str) -> Option<f64> {
        self.number(cell).filter(|value| !self.holds(*value))
    }

    /// Whether this, trimmed, is a missing value in a column of numbers.
    pub(crate) fn in_numbers(&self, text: &str) -> bool {
        self.contains(text, &IN_NUMBERS)
    }

    /// Whether this, trimmed, is a missing value in a column of texts, or a missing label.
    pub(crate) fn in_texts(&self, text: &str) -> bool {
        self.contains(text, &IN_TEXTS)
    }

    /// Whether this number is a missing value, such as -999.
    #[inline]
    pub(crate) fn holds(&self, value: f64) -> bool {
        !self.numbers.is_empty() && self.numbers.contains(&value)
    }

    /// The markers of all columns, the first of which are those of columns without own ones; and of each column
    /// the number of its markers. `usual` are those of the file, `own` those of each column.
    pub(crate) fn of_columns<'o>(
        usual: CellFormat<'_>,
        own: impl IntoIterator<Item = Option<&'o Vec<String>>>,
    ) -> (Vec<Self>, Vec<u32>) {
        let mut all = vec![Self::new(usual.markers, usual.numbers)];
        let numbers = own.into_iter().map(|own| match own {
            None => 0,
            Some(words) => {
                all.push(Self::new(Some(words), usual.numbers));
                all.len() as u32 - 1
            }
        });
        let numbers = numbers.collect();
        (all, numbers)
    }

    fn contains(&self, text: &str, usual: &[&str]) -> bool {
        match &self.words {
            Some(words) => {
                words.iter().any(|word| word == text) || quantity(text).is_some_and(|value| self.holds(value))
            }
            None => usual.iter().any(|word| word.eq_ignore_ascii_case(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_markers_ignore_case_and_are_fewer_in_text_columns() {
        let usual = Markers::new(None, NumberFormat::default());
        for word in ["", "NA", "n/a", "?", "NULL", "NaN"] {
            assert!(usual.in_numbers(word) && usual.in_texts(word), "{word:?}");
        }
        for word in ["none", "-", "Missing"] {
            assert!(usual.in_numbers(word) && !usual.in_texts(word), "{word:?}");
        }
        assert!(!usual.holds(-999.0));
    }

    #[test]
    fn configured_markers_match_exactly_and_numbers_by_value() {
        let own = Markers::new(
            Some(&["x".to_owned(), "-999".to_owned(), " NA ".to_owned()]),
            NumberFormat::default(),
        );
        assert!(own.in_numbers("x") && own.in_texts("NA"));
        assert!(own.in_numbers("") && own.in_texts("") && !own.in_texts("na"));
        assert!(own.holds(-999.0) && !own.holds(999.0));
        // A number is the same in all spellings, a code is not a number.
        let spellings = ["-999", "-999.0", "-9.99e2"].map(|text| own.in_texts(text));
        assert_eq!((spellings, own.in_texts("-0999")), ([true; 3], true));
        let codes = Markers::new(Some(&["7".to_owned()]), NumberFormat::default());
        assert_eq!(["7", "7.00", "007", "7E0"].map(|text| codes.in_texts(text)), [true, true, false, false]);
    }
}
