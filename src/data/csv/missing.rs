//! Which cells are missing values.

use crate::data::csv::number::{number, trim};

/// What other programs write for a missing number.
const IN_NUMBERS: [&str; 11] = ["", "na", "n/a", "#n/a", "<na>", "null", "nil", "none", "?", "-", "missing"];
/// What they write for a missing text. Fewer words, since `none` is a category in many tables.
const IN_TEXTS: [&str; 7] = ["", "?", "na", "n/a", "#n/a", "nan", "null"];

/// `missing_markers` of a config, or the usual words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Markers {
    /// As given, and the empty cell; none for the usual words, whatever their case.
    words: Option<Vec<String>>,
    /// Those of `words` that are numbers.
    numbers: Vec<f64>,
}

impl Markers {
    /// `words`, trimmed like cells, or the usual ones.
    pub(crate) fn new(words: Option<&[String]>) -> Self {
        let words: Option<Vec<String>> = words
            .map(|words| words.iter().map(|word| trim(word).to_owned()).chain([String::new()]).collect());
        let numbers = words.iter().flatten().filter_map(|word| number(word)).collect();
        Self { words, numbers }
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

    fn contains(&self, text: &str, usual: &[&str]) -> bool {
        match &self.words {
            Some(words) => words.iter().any(|word| word == text),
            None => usual.iter().any(|word| word.eq_ignore_ascii_case(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_markers_ignore_case_and_are_fewer_in_text_columns() {
        let usual = Markers::new(None);
        for word in ["", "NA", "n/a", "?", "NULL"] {
            assert!(usual.in_numbers(word) && usual.in_texts(word), "{word:?}");
        }
        for word in ["none", "-", "Missing"] {
            assert!(usual.in_numbers(word) && !usual.in_texts(word), "{word:?}");
        }
        assert!(usual.in_texts("NaN") && !usual.in_numbers("NaN"));
        assert!(!usual.holds(-999.0));
    }

    #[test]
    fn configured_markers_match_exactly_and_numbers_by_value() {
        let own = Markers::new(Some(&["x".to_owned(), "-999".to_owned(), " NA ".to_owned()]));
        assert!(own.in_numbers("x") && own.in_texts("NA"));
        assert!(own.in_numbers("") && own.in_texts("") && !own.in_texts("na"));
        assert!(own.holds(-999.0) && !own.holds(999.0));
    }
}
