//! Pairs of columns that can replace each other, so that the importance of each is too low.
//!
//! | columns | association, from 0 to 1 |
//! |---|---|
//! | two numbers | absolute value of Spearman's rank correlation |
//! | a number and categories | correlation ratio of the ranks, corrected for the number of categories |
//! | categories | Cramer's V with the correction of Bergsma (2013) |

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView1};

use crate::data::{ColumnKind, Encoding};

/// From here on a pair is reported.
const STRONG: f64 = 0.8;
/// Rows that are looked at, evenly spaced.
const MAX_ROWS: usize = 1000;
/// Columns that are looked at: pairs grow with their square.
const MAX_COLUMNS: usize = 1000;

/// Two columns that can replace each other.
#[derive(Clone, Debug, PartialEq)]
pub struct AssociatedColumns {
    /// Their names.
    pub columns: [String; 2],
    /// From 0 to 1.
    pub association: f64,
}

/// A column in the form that is compared.
enum Compared {
    /// Ranks with mean 0 and variance 1; missing values at 0.
    Ranks(Vec<f64>),
    /// Numbers of categories, below a count.
    Groups(Vec<usize>, usize),
}

/// The pairs of features that are strongly associated, the strongest first.
pub(crate) fn associated(features: &Array2<f64>, encoding: &Encoding) -> Vec<AssociatedColumns> {
    let step = features.nrows().div_ceil(MAX_ROWS).max(1);
    let described: Vec<_> = encoding.features().take(MAX_COLUMNS).collect();
    let compared: Vec<Option<Compared>> = described
        .iter()
        .zip(features.columns())
        .map(|((_, feature), cells)| Compared::of(feature.kind(), cells, step))
        .collect();
    let mut found = Vec::new();
    for (right, second) in compared.iter().enumerate() {
        for (left, first) in compared[..right].iter().enumerate() {
            let (Some(first), Some(second)) = (first, second) else { continue };
            let association = association(first, second);
            if association >= STRONG {
                let columns = [left, right].map(|index| described[index].0.to_owned());
                found.push(AssociatedColumns { columns, association });
            }
        }
    }
    found.sort_by(|left, right| right.association.total_cmp(&left.association));
    found
}

impl Compared {
    /// None of a column with one value.
    fn of(kind: ColumnKind, cells: ArrayView1<'_, f64>, step: usize) -> Option<Self> {
        let cells: Vec<f64> = cells.iter().step_by(step).copied().collect();
        match kind {
            ColumnKind::Categorical => {
                let mut numbers = BTreeMap::new();
                let groups = cells
                    .iter()
                    .map(|cell| {
                        let next = numbers.len();
                        *numbers.entry(cell.to_bits()).or_insert(next)
                    })
                    .collect();
                (1 < numbers.len()).then_some(Self::Groups(groups, numbers.len()))
            }
            ColumnKind::Numeric | ColumnKind::Boolean | ColumnKind::Date => {
                standardized_ranks(&cells).map(Self::Ranks)
            }
        }
    }
}

/// Mean ranks of ties.
fn standardized_ranks(cells: &[f64]) -> Option<Vec<f64>> {
    let mut order: Vec<usize> = (0..cells.len()).filter(|&row| !cells[row].is_nan()).collect();
    order.sort_by(|&left, &right| cells[left].total_cmp(&cells[right]));
    let n = order.len() as f64;
    let mut ranks = vec![0.0; cells.len()];
    let mut before = 0;
    for ties in order.chunk_by(|&left, &right| cells[left] == cells[right]) {
        let rank = before as f64 + (ties.len() - 1) as f64 / 2.0 - (n - 1.0) / 2.0;
        ties.iter().for_each(|&row| ranks[row] = rank);
        before += ties.len();
    }
    let variance = ranks.iter().map(|rank| rank * rank).sum::<f64>() / cells.len() as f64;
    (variance > 0.0).then(|| ranks.into_iter().map(|rank| rank / variance.sqrt()).collect())
}

fn association(first: &Compared, second: &Compared) -> f64 {
    match (first, second) {
        (Compared::Ranks(first), Compared::Ranks(second)) => {
            (first.iter().zip(second).map(|(x, y)| x * y).sum::<f64>() / first.len() as f64).abs()
        }
        (Compared::Ranks(ranks), Compared::Groups(groups, count))
        | (Compared::Groups(groups, count), Compared::Ranks(ranks)) => {
            correlation_ratio(ranks, groups, *count)
        }
        (Compared::Groups(first, rows), Compared::Groups(second, columns)) => {
            cramers_v(first, *rows, second, *columns)
        }
    }
}

/// `sqrt(1 - (1 - eta^2) (n - 1) / (n - count))`.
fn correlation_ratio(ranks: &[f64], groups: &[usize], count: usize) -> f64 {
    let n = ranks.len() as f64;
    let mut sums = vec![(0.0, 0.0); count];
    for (rank, &group) in ranks.iter().zip(groups) {
        sums[group].0 += rank;
        sums[group].1 += 1.0;
    }
    let explained: f64 = sums.iter().map(|(sum, rows)| sum * sum / rows).sum::<f64>() / n;
    let freedom = n - count as f64;
    if freedom < 1.0 { 0.0 } else { (1.0 - (1.0 - explained) * (n - 1.0) / freedom).max(0.0).sqrt() }
}

/// With `phi^2 = chi^2 / n`: `sqrt(max(0, phi^2 - (r - 1) (c - 1) / (n - 1)) / (min(r', c') - 1))`, where
/// `r' = r - (r - 1)^2 / (n - 1)` and `c'` likewise.
fn cramers_v(first: &[usize], rows: usize, second: &[usize], columns: usize) -> f64 {
    let n = first.len() as f64;
    let mut cells: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    let (mut of_rows, mut of_columns) = (vec![0.0; rows], vec![0.0; columns]);
    for (&row, &column) in first.iter().zip(second) {
        *cells.entry((row, column)).or_default() += 1.0;
        of_rows[row] += 1.0;
        of_columns[column] += 1.0;
    }
    let squares =
        cells.iter().map(|(&(row, column), count)| count * count / (of_rows[row] * of_columns[column]));
    let phi = squares.sum::<f64>() - 1.0;
    let (r, c) = (rows as f64, columns as f64);
    let corrected = (phi - (r - 1.0) * (c - 1.0) / (n - 1.0)).max(0.0);
    let size = |count: f64| count - (count - 1.0).powi(2) / (n - 1.0);
    let most = size(r).min(size(c)) - 1.0;
    if most <= 0.0 { 0.0 } else { (corrected / most).min(1.0).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn associations_are_those_of_small_tables() {
        let ranks = |cells: &[f64]| Compared::Ranks(standardized_ranks(cells).expect("a spread"));
        // Spearman: 1 - 6 * (1 + 1 + 0 + 1 + 1) / (5 * 24) = 0.8.
        let found = association(&ranks(&[1.0, 2.0, 3.0, 4.0, 5.0]), &ranks(&[20.0, 10.0, 30.0, 600.0, 40.0]));
        assert!((found - 0.8).abs() < 1e-12, "{found}");
        // Any monotone function, also a falling one.
        let falling = association(&ranks(&[1.0, 2.0, 3.0]), &ranks(&[9.0, 8.0, -100.0]));
        assert!((falling - 1.0).abs() < 1e-12);
        let cycle = |n: usize, count: usize| Compared::Groups((0..n).map(|row| row % count).collect(), count);
        assert!((association(&cycle(60, 3), &cycle(60, 3)) - 1.0).abs() < 1e-12);
        assert_eq!(association(&cycle(60, 3), &cycle(60, 4)), 0.0);
        // Groups that have the ranks of their own.
        let steps: Vec<f64> = (0..60).map(|row| f64::from(row % 3)).collect();
        assert!((association(&cycle(60, 3), &ranks(&steps)) - 1.0).abs() < 1e-12);
        assert!(standardized_ranks(&[2.0, 2.0, f64::NAN]).is_none());
    }
}
