//! Counts of the cells of a column, from which its kind is inferred.

use std::collections::HashMap;

use crate::data::csv::missing::Markers;
use crate::data::csv::number::{Notation, is_numeric};
use crate::data::csv::number_format::NumberFormat;

/// Counts of the cells of a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnStats {
    /// The distinct texts of the column with their type and count; not all of them if `is_cut`.
    pub(crate) texts: HashMap<String, (CellType, usize)>,
    /// Whether there are more distinct texts than the limit.
    pub(crate) is_cut: bool,
    /// How numbers are written.
    pub(crate) format: NumberFormat,
    counts: [usize; CellType::ALL.len()],
    /// The numbers among the texts over the limit.
    pub(crate) beyond: NumberSum,
}

/// Statistics of some numbers.
#[derive(Clone, Debug)]
pub(crate) struct NumberSum {
    pub(crate) count: usize,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) sum: f64,
    pub(crate) are_whole: bool,
    /// Cells that look like numbers but cannot be parsed.
    pub(crate) unreadable: usize,
}

/// The type of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellType {
    /// Missing in a column of any kind.
    Missing,
    /// Missing in a numeric column, a word in others.
    MissingNumber,
    /// A number, or what looks like one.
    Number,
    /// A number of digits only.
    Digits,
    /// Digits after a 0: a code.
    Padded,
    /// Digits, `E`, digits: a number or a code.
    Exponent,
    Word,
}

impl CellType {
    pub(crate) const ALL: [Self; 7] = [
        Self::Missing,
        Self::MissingNumber,
        Self::Number,
        Self::Digits,
        Self::Padded,
        Self::Exponent,
        Self::Word,
    ];

    /// Whether the cell is a number, or looks like one.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Number | Self::Digits | Self::Padded | Self::Exponent)
    }
}

impl ColumnStats {
    /// The number of cells of this type.
    pub(crate) fn count(&self, cell_type: CellType) -> usize {
        self.counts[cell_type as usize]
    }

    /// The number of cells that are numbers, or look like them.
    pub(crate) fn numbers(&self) -> usize {
        CellType::ALL.iter().filter(|kind| kind.is_number()).map(|&kind| self.count(kind)).sum()
    }

    /// The number of cells.
    pub(crate) fn cells(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Whether the numbers are codes: digits only, some of which start with a 0, or all of them like `3E9`.
    pub(crate) fn are_codes(&self) -> bool {
        let [numbers, padded, exponent, other] = [
            self.numbers(),
            self.count(CellType::Padded),
            self.count(CellType::Exponent),
            self.count(CellType::Number),
        ];
        numbers > 0 && other == 0 && (padded > 0 || exponent == numbers)
    }

    /// The texts of this type that were kept and the number of their cells, the most frequent first.
    pub(crate) fn texts_of(&self, wanted: CellType) -> Vec<(String, usize)> {
        let texts = self.texts.iter().filter(|(_, (cell_type, _))| *cell_type == wanted);
        let mut texts: Vec<(String, usize)> =
            texts.map(|(text, (_, count))| (text.clone(), *count)).collect();
        texts.sort_unstable_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        texts
    }

    /// Adds a trimmed cell; at most `limit` distinct texts are kept.
    pub(crate) fn add(&mut self, text: &str, markers: &Markers, limit: usize) {
        if let Some((cell_type, count)) = self.texts.get_mut(text) {
            *count += 1;
            self.counts[*cell_type as usize] += 1;
            return;
        }
        self.format = markers.format;
        let cell_type = cell_type(text, markers);
        self.counts[cell_type as usize] += 1;
        if self.texts.len() < limit {
            self.texts.insert(text.to_owned(), (cell_type, 1));
        } else {
            self.is_cut = true;
            self.beyond.add_text(markers.number(text), cell_type, 1);
        }
    }

    /// Adds the cells of a later chunk. Returns the bytes that its new texts take, each with `overhead` besides
    /// its characters.
    pub(crate) fn merge(&mut self, other: Self, limit: usize, overhead: usize) -> usize {
        let mut bytes = 0;
        self.is_cut |= other.is_cut;
        self.beyond.merge(&other.beyond);
        if !other.format.is_plain() {
            self.format = other.format;
        }
        // Sorted, so that always the same texts are kept if there are too many.
        let mut texts: Vec<(String, (CellType, usize))> = other.texts.into_iter().collect();
        texts.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        for (text, (cell_type, count)) in texts {
            let is_full = self.texts.len() >= limit;
            match self.texts.get_mut(&text) {
                Some((_, sum)) => *sum += count,
                None if is_full => {
                    self.is_cut = true;
                    self.beyond.add_text(self.format.number(&text), cell_type, count);
                }
                None => {
                    bytes += text.len() + overhead;
                    self.texts.insert(text, (cell_type, count));
                }
            }
        }
        for (sum, count) in self.counts.iter_mut().zip(other.counts) {
            *sum += count;
        }
        bytes
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

    fn add_text(&mut self, number: Option<f64>, cell_type: CellType, count: usize) {
        match number {
            Some(value) if cell_type.is_number() => self.add(value, count),
            None if cell_type.is_number() => self.unreadable += count,
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

fn cell_type(text: &str, markers: &Markers) -> CellType {
    if markers.in_texts(text) {
        CellType::Missing
    } else if is_numeric(text) || markers.number(text).is_some() {
        match Notation::of(text) {
            Notation::Padded => CellType::Padded,
            Notation::Exponent => CellType::Exponent,
            Notation::Digits => CellType::Digits,
            Notation::Other => CellType::Number,
        }
    } else if text.is_empty() || markers.in_numbers(text) {
        CellType::MissingNumber
    } else {
        CellType::Word
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::number::number;

    fn stats(texts: &[&str], limit: usize) -> ColumnStats {
        let mut stats = ColumnStats::default();
        texts.iter().for_each(|text| stats.add(text, &Markers::new(None, NumberFormat::default()), limit));
        stats
    }

    #[test]
    fn counts_of_two_chunks_merge_to_those_of_the_whole() {
        let (first, second) = (["1", "a", "", "1"], ["2.5", "1", "a", "3", "NA", "2.5"]);
        // With a limit that no text exceeds, and with some that even one chunk exceeds.
        for limit in [10, 3, 2] {
            let mut merged = stats(&first, limit);
            merged.merge(stats(&second, limit), limit, 0);
            let whole = stats(&[&first[..], &second].concat(), limit);
            let numbers = |stats: &ColumnStats| {
                let kept = stats.texts.iter().filter(|(_, (cell_type, _))| cell_type.is_number());
                let mut sum = stats.beyond.clone();
                kept.for_each(|(text, (_, count))| sum.add(number(text).expect("a number"), *count));
                (sum.count, sum.low, sum.high, sum.sum, sum.are_whole)
            };
            assert_eq!(numbers(&merged), (6, 1.0, 3.0, 11.0, false), "{limit}");
            assert_eq!(numbers(&merged), numbers(&whole), "{limit}");
            assert_eq!((merged.counts, merged.is_cut), (whole.counts, whole.is_cut), "{limit}");
            assert_eq!(merged.is_cut, limit < 10);
            assert_eq!(merged.texts.get("1"), Some(&(CellType::Digits, 3)));
        }
        // Where the first chunk has all texts that the second one kept.
        let mut merged = stats(&["1", "a"], 2);
        assert_eq!(merged.merge(stats(&["a", "1", "b"], 2), 2, 10), 0);
        assert!(merged.is_cut);
    }
}
