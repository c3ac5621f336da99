//! What the cells of a feature were like in the training rows, and cells that are not like that.

use std::fmt;

use crate::data::dates::date_format::DateFormat;
use crate::data::dates::date_part::DatePart;
use crate::data::transform::encoding::{Encoding, ValueEncoding};
use crate::text::{Count, Quoted, QuotedCounts};

/// What the cells of a feature were like in the training rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Usual {
    /// All had this number; for a boolean, 0 or 1.
    Constant(f64),
    /// None was missing (false), or all were (true), and the feature has an indicator of missing values.
    Missing(bool),
    /// They were between these two different numbers.
    Range(f64, f64),
}

/// Cells of a column that are unlike those of the training rows.
#[derive(Clone, Debug, PartialEq)]
pub struct UnusualCells {
    /// The name of the column.
    pub column: String,
    /// What those of the training rows were like.
    pub usual: Usual,
    /// The number of unusual cells.
    pub cells: u64,
    /// The number in the first one, seconds for a date; NaN if it is missing.
    pub first: f64,
    /// How its dates are written, in a column of dates.
    pub dates: Option<DateFormat>,
}

/// Counts unusual cells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CellCheck {
    watched: Vec<Watched>,
}

/// A property of a feature of which unusual cells are counted.
#[derive(Clone, Debug, PartialEq)]
struct Watched {
    /// The index of the feature among the features.
    feature: usize,
    column: String,
    usual: Usual,
    dates: Option<DateFormat>,
}

/// For each watched property, the number of unusual cells and the first one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct UnusualCounts(Vec<(u64, f64)>);

impl Usual {
    /// Whether a cell with this value, NaN if it is missing, is unlike those of the training rows. A number
    /// counts if it is farther from their range than the range is wide.
    #[inline]
    pub fn is_unusual(self, value: f64) -> bool {
        match self {
            Self::Constant(constant) => !value.is_nan() && value != constant,
            Self::Missing(is_missing) => value.is_nan() != is_missing,
            Self::Range(low, high) => {
                let width = high - low;
                value < low - width || value > high + width
            }
        }
    }
}

impl CellCheck {
    /// For the features of `encoding`.
    pub(crate) fn new(encoding: &Encoding) -> Self {
        let constants = |input: usize| {
            let constant = encoding.constant.iter().find(|constant| constant.input == input)?;
            Some(constant.value)
        };
        let mut watched = Vec::new();
        let mut input = 0;
        for (index, (name, feature)) in encoding.features().enumerate() {
            let dates = match &feature.values {
                ValueEncoding::Date { format, .. } => Some(format.clone()),
                _ => None,
            };
            let mut watch = |usual: Usual| {
                watched.push(Watched {
                    feature: index,
                    column: name.to_owned(),
                    usual,
                    dates: dates.clone(),
                });
            };
            match (&feature.values, constants(input)) {
                // The categories that the training rows did not have are counted apart.
                (ValueEncoding::Categorical { .. }, _) | (ValueEncoding::Boolean { .. }, None) => {}
                (
                    ValueEncoding::Numeric { .. }
                    | ValueEncoding::Boolean { .. }
                    | ValueEncoding::Date { .. },
                    Some(value),
                ) => {
                    watch(Usual::Constant(value));
                }
                (ValueEncoding::Numeric { range, .. }, None) => {
                    range.iter().for_each(|range| watch(Usual::Range(range.low, range.high)));
                }
                // The parts of a date that repeat are never outside of their range.
                (ValueEncoding::Date { parts, range, .. }, None) if parts.contains(&DatePart::Day) => {
                    watch(Usual::Range(range.low, range.high));
                }
                (ValueEncoding::Date { .. }, None) => {}
            }
            input += feature.values.inputs();
            if feature.indicator {
                constants(input).into_iter().for_each(|value| watch(Usual::Missing(value == 1.0)));
                input += 1;
            }
        }
        Self { watched }
    }

    /// The features with what was usual for them.
    pub(crate) fn watched(&self) -> impl Iterator<Item = (usize, Usual)> {
        self.watched.iter().map(|watched| (watched.feature, watched.usual))
    }

    /// Counts none.
    pub(crate) fn counts(&self) -> UnusualCounts {
        UnusualCounts(vec![(0, f64::NAN); self.watched.len()])
    }

    /// Adds the cells of a row.
    pub(crate) fn add(&self, values: &[f64], counts: &mut UnusualCounts) {
        for (Watched { feature, usual, .. }, (cells, first)) in self.watched.iter().zip(&mut counts.0) {
            let value = values[*feature];
            if usual.is_unusual(value) {
                if *cells == 0 {
                    *first = value;
                }
                *cells += 1;
            }
        }
    }

    /// The columns with unusual cells.
    pub(crate) fn found(&self, counts: &UnusualCounts) -> Vec<UnusualCells> {
        let found = self.watched.iter().zip(&counts.0).filter(|(_, (cells, _))| *cells > 0);
        let found = found.map(|(watched, &(cells, first))| UnusualCells {
            column: watched.column.clone(),
            usual: watched.usual,
            cells,
            first,
            dates: watched.dates.clone(),
        });
        found.collect()
    }
}

impl UnusualCounts {
    /// Adds those of the next rows.
    pub(crate) fn append(&mut self, next: &Self) {
        if self.0.is_empty() {
            self.0.clone_from(&next.0);
            return;
        }
        for ((cells, first), (more, next_first)) in self.0.iter_mut().zip(&next.0) {
            if *cells == 0 {
                *first = *next_first;
            }
            *cells += more;
        }
    }

    /// Adds `cells` for a watched property, the first of which is `first`.
    pub(crate) fn set(&mut self, watched: usize, cells: u64, first: f64) {
        self.0[watched] = (cells, first);
    }
}

/// A number with at most twelve digits: 19.9 % are 0.199, not 0.19899999999999998.
fn without_rounding(value: f64) -> String {
    format!("{value:.11e}").parse().map_or_else(|_| value.to_string(), |rounded: f64| rounded.to_string())
}

impl fmt::Display for UnusualCells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, usual, cells, first, dates } = self;
        let shown =
            |value: f64| dates.as_ref().map_or_else(|| without_rounding(value), |format| format.write(value));
        let first = shown(*first);
        write!(
            f,
            "{} of column {} ",
            Count(usize::try_from(*cells).unwrap_or(usize::MAX), "cell"),
            Quoted(column)
        )?;
        let verb = if *cells == 1 { ["differs", "is"] } else { ["differ", "are"] };
        match usual {
            Usual::Constant(constant) => write!(
                f,
                "{} from the only value in the training rows, {}, such as {first}: the column has no effect",
                verb[0],
                shown(*constant)
            ),
            Usual::Missing(false) => write!(
                f,
                "{} missing, and none was in the training rows: they are filled in, but not indicated",
                verb[1]
            ),
            Usual::Missing(true) => {
                write!(f, "{} not missing, but all were in the training rows", verb[1])
            }
            Usual::Range(low, high) => write!(
                f,
                "{} far outside the range of the training rows, {} to {}, such as {first}",
                verb[1],
                shown(*low),
                shown(*high)
            ),
        }
    }
}

/// A sentence for each column, or, for more than three columns of a kind, one for all of them.
pub(crate) fn unusual_notes(found: &[UnusualCells]) -> Vec<String> {
    type IsKind = fn(&Usual) -> bool;
    let kinds: [(IsKind, &str); 3] = [
        (
            |usual| matches!(usual, Usual::Constant(_)),
            "cells that differ from the only value in the training rows, and have no effect",
        ),
        (
            |usual| matches!(usual, Usual::Missing(_)),
            "missing values in columns that had none in the training rows: they are filled in, but not indicated",
        ),
        (|usual| matches!(usual, Usual::Range(..)), "cells far outside the range of the training rows"),
    ];
    let mut notes = Vec::new();
    for (is_kind, what) in kinds {
        let of_kind: Vec<&UnusualCells> = found.iter().filter(|cells| is_kind(&cells.usual)).collect();
        if of_kind.len() <= 3 {
            notes.extend(of_kind.iter().map(ToString::to_string));
        } else {
            let counts = of_kind.iter().map(|found| (found.column.clone(), found.cells as usize));
            notes.push(format!("{what}: {}", QuotedCounts(&counts.collect::<Vec<_>>())));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_not_shown() {
        let shown = [19.9 / 100.0, 0.1 + 0.2, 5.0, -1.7e12, 123_456_789.0].map(without_rounding);
        assert_eq!(shown, ["0.199", "0.3", "5", "-1700000000000", "123456789"]);
    }

    #[test]
    fn cells_are_unusual_beyond_twice_the_range() {
        let range = Usual::Range(17.0, 90.0);
        assert_eq!(
            [-56.0, -56.1, 163.0, 163.1, f64::NAN].map(|x| range.is_unusual(x)),
            [false, true, false, true, false]
        );
        assert_eq!(
            [2023.0, 2024.0, f64::NAN].map(|x| Usual::Constant(2023.0).is_unusual(x)),
            [false, true, false]
        );
        assert_eq!([1.0, f64::NAN].map(|x| Usual::Missing(false).is_unusual(x)), [false, true]);
        assert_eq!([1.0, f64::NAN].map(|x| Usual::Missing(true).is_unusual(x)), [true, false]);
    }

    #[test]
    fn many_columns_are_one_note() {
        let found = |columns: usize| -> Vec<UnusualCells> {
            let cells = |column: usize| UnusualCells {
                column: format!("p{column}"),
                usual: Usual::Range(0.0, 1.5),
                cells: 1 + column as u64,
                first: -9.0,
                dates: None,
            };
            (0..columns).map(cells).collect()
        };
        assert_eq!(
            unusual_notes(&found(2)),
            [
                "1 cell of column \"p0\" is far outside the range of the training rows, 0 to 1.5, such as -9",
                "2 cells of column \"p1\" are far outside the range of the training rows, 0 to 1.5, such as -9"
            ]
        );
        let all = "cells far outside the range of the training rows: \"p0\" (1), \"p1\" (2), \"p2\" (3), \"p3\" (4)";
        assert_eq!(unusual_notes(&found(4)), [all]);
    }
}
