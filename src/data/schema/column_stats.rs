//! What stands in one column.

use std::collections::HashMap;

use crate::data::csv::missing::Markers;
use crate::data::csv::number::{is_numeric, number};

/// What stands in a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnSurvey {
    /// The different texts of the column with what they are and how often they occur; not all of
    /// them if `is_cut`.
    pub(crate) texts: HashMap<String, (Sort, usize)>,
    /// Whether there are more different texts than are kept.
    pub(crate) is_cut: bool,
    counts: [usize; 4],
    /// The numbers among the texts that are not kept.
    pub(crate) beyond: NumberSum,
}

/// What some numbers add up to.
#[derive(Clone, Debug)]
pub(crate) struct NumberSum {
    pub(crate) count: usize,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) sum: f64,
    pub(crate) are_whole: bool,
    /// Cells that are meant as numbers and cannot be read.
    pub(crate) unreadable: usize,
}

/// What a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Missing, whatever the column is.
    Missing,
    /// Missing among numbers, a word like any other among words.
    MissingNumber,
    /// A number, or meant as one.
    Number,
    Word,
}

impl ColumnSurvey {
    /// The number of cells of this sort.
    pub(crate) fn count(&self, sort: Sort) -> usize {
        self.counts[sort as usize]
    }

    /// Adds a cell, trimmed, of whose different texts `most` are kept.
    pub(crate) fn add(&mut self, text: &str, markers: &Markers, most: usize) {
        if let Some((sort, count)) = self.texts.get_mut(text) {
            *count += 1;
            self.counts[*sort as usize] += 1;
            return;
        }
        let sort = sort(text, markers);
        self.counts[sort as usize] += 1;
        if self.texts.len() < most {
            self.texts.insert(text.to_owned(), (sort, 1));
        } else {
            self.is_cut = true;
            self.beyond.add_text(text, sort, 1);
        }
    }

    /// Adds what stands below.
    pub(crate) fn merge(&mut self, other: Self, most: usize) {
        self.is_cut |= other.is_cut;
        self.beyond.merge(&other.beyond);
        // In an order that is always the same, as not all may be kept.
        let mut texts: Vec<(String, (Sort, usize))> = other.texts.into_iter().collect();
        texts.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        for (text, (sort, count)) in texts {
            let is_full = self.texts.len() >= most;
            match self.texts.get_mut(&text) {
                Some((_, sum)) => *sum += count,
                None if is_full => {
                    self.is_cut = true;
                    self.beyond.add_text(&text, sort, count);
                }
                None => {
                    self.texts.insert(text, (sort, count));
                }
            }
        }
        for (sum, count) in self.counts.iter_mut().zip(other.counts) {
            *sum += count;
        }
    }
}

impl Default for NumberSum {
    fn default() -> Self {
        let (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { count: 0, low, high, sum: 0.0, are_whole: true, unreadable: 0 }
    }
}

impl NumberSum {
    /// Adds a number that occurs `count` times.
    pub(crate) fn add(&mut self, value: f64, count: usize) {
        self.count += count;
        self.low = self.low.min(value);
        self.high = self.high.max(value);
        self.sum += value * count as f64;
        self.are_whole &= value.fract() == 0.0;
    }

    fn add_text(&mut self, text: &str, sort: Sort, count: usize) {
        match number(text) {
            Some(value) if sort == Sort::Number => self.add(value, count),
            None if sort == Sort::Number => self.unreadable += count,
            _ => {}
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
        self.sum += other.sum;
        self.are_whole &= other.are_whole;
        self.unreadable += other.unreadable;
    }
}

fn sort(text: &str, markers: &Markers) -> Sort {
    if markers.in_texts(text) {
        Sort::Missing
    } else if is_numeric(text) {
        Sort::Number
    } else if text.is_empty() || markers.in_numbers(text) {
        Sort::MissingNumber
    } else {
        Sort::Word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(texts: &[&str], most: usize) -> ColumnSurvey {
        let mut survey = ColumnSurvey::default();
        texts.iter().for_each(|text| survey.add(text, &Markers::new(None), most));
        survey
    }

    #[test]
    fn surveys_of_two_pieces_are_that_of_the_whole() {
        let (first, second) = (["1", "a", "", "1"], ["2.5", "1", "a", "3", "NA", "2.5"]);
        // Where there is room for all texts, and where even those of a piece are too many.
        for most in [10, 3, 2] {
            let mut merged = survey(&first, most);
            merged.merge(survey(&second, most), most);
            let whole = survey(&[&first[..], &second].concat(), most);
            let numbers = |survey: &ColumnSurvey| {
                let kept = survey.texts.iter().filter(|(_, (sort, _))| *sort == Sort::Number);
                let mut sum = survey.beyond.clone();
                kept.for_each(|(text, (_, count))| sum.add(number(text).expect("a number"), *count));
                (sum.count, sum.low, sum.high, sum.sum, sum.are_whole)
            };
            assert_eq!(numbers(&merged), (6, 1.0, 3.0, 11.0, false), "{most}");
            assert_eq!(numbers(&merged), numbers(&whole), "{most}");
            assert_eq!((merged.counts, merged.is_cut), (whole.counts, whole.is_cut), "{most}");
            assert_eq!(merged.is_cut, most < 10);
            assert_eq!(merged.texts.get("1"), Some(&(Sort::Number, 3)));
        }
        // Where all that the second piece has kept is there already.
        let mut merged = survey(&["1", "a"], 2);
        merged.merge(survey(&["a", "1", "b"], 2), 2);
        assert!(merged.is_cut);
    }
}
