//! Columns that give away what is to be learnt.

use std::collections::HashMap;

use super::Kind;
use super::schema::Truth;
use super::table::Table;

/// Rows from which a column that is always right cannot be so by chance.
const ENOUGH_ROWS: usize = 50;
/// Share of the rows for which a column has to give the class away.
const ALMOST_ALL: f64 = 0.999;
/// Share of the most frequent class from which nothing has to be given away to be right.
const ONE_SIDED: f64 = 0.99;
/// Correlation from which a column says the same as the target.
const SAME: f64 = 0.9999;
/// Rows with neighbouring numbers that are looked at together.
const NEIGHBOURS: usize = 20;

impl Table {
    /// The features that are suspected to say what is to be learnt, with how well they do.
    ///
    /// With classes: the share of the training file's rows whose class is that of most other rows
    /// with the same value of the feature, if that is 99.9 % or more; rows with a number are
    /// compared to those with the same or, where most numbers differ, to the 19 nearest. With
    /// values: the correlation with a target, if that is 0.9999 or more, whatever its sign.
    /// None if there are too few rows to tell.
    pub fn suspected_leaks(&self) -> Option<Vec<(String, f64)>> {
        if self.rows() < ENOUGH_ROWS {
            return None;
        }
        let features = self.schema.features().enumerate();
        let suspected = features.filter_map(|(index, (name, feature))| {
            let column: Vec<f64> = (0..self.rows()).map(|row| self.main.raw.value(row, index)).collect();
            let strength = match &self.schema.truth {
                Truth::Classes(_) => self.share_given_away(&column, feature.kind),
                Truth::Values(targets) if feature.kind == Kind::Numeric => {
                    strongest_correlation(&column, &self.main.targets, targets.len())
                }
                Truth::Values(_) => None,
            };
            Some((name.clone(), strength?))
        });
        Some(suspected.collect())
    }

    /// The share of the rows whose class a feature gives away, if it is suspicious.
    fn share_given_away(&self, column: &[f64], kind: Kind) -> Option<f64> {
        let rows = column.len();
        let largest = self.class_counts().into_iter().max().unwrap_or(rows);
        if largest as f64 >= ONE_SIDED * rows as f64 {
            return None;
        }
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by(|&left, &right| column[left].total_cmp(&column[right]));
        let same = |left: &usize, right: &usize| column[*left].to_bits() == column[*right].to_bits();
        let exact: Vec<&[usize]> = order.chunk_by(same).collect();
        let most_differ = kind == Kind::Numeric && 5 * exact.len() > rows;
        let groups = if most_differ { order.chunks(NEIGHBOURS).collect() } else { exact };
        let right: usize = groups.into_iter().map(|group| self.right_by_others(group)).sum();
        let share = right as f64 / rows as f64;
        (share >= ALMOST_ALL).then_some(share)
    }

    /// How many rows of a group have the class that most of the others have.
    fn right_by_others(&self, group: &[usize]) -> usize {
        let mut counts: HashMap<u32, usize> = HashMap::new();
        for &row in group {
            *counts.entry(self.main.labels[row]).or_default() += 1;
        }
        let is_right = |class: &u32, count: usize| {
            counts.iter().all(|(other, &others)| other == class || others < count.saturating_sub(1))
        };
        counts
            .iter()
            .filter(|&(class, &count)| count > 1 && is_right(class, count))
            .map(|(_, count)| count)
            .sum()
    }
}

/// The correlation of largest size between a column and one of `width` targets, if it is
/// suspicious. Rows without a value do not count.
fn strongest_correlation(column: &[f64], targets: &[f64], width: usize) -> Option<f64> {
    let correlation = |target: usize| {
        let pairs: Vec<(f64, f64)> = column
            .iter()
            .zip(targets.iter().skip(target).step_by(width))
            .map(|(&value, &target)| (value, target))
            .filter(|(value, _)| !value.is_nan())
            .collect();
        let n = pairs.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
        let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let sum =
            |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|pair| of(pair.0 - x, pair.1 - y)).sum::<f64>();
        sum(&|dx, dy| dx * dy) / (sum(&|dx, _| dx * dx) * sum(&|_, dy| dy * dy)).sqrt()
    };
    let all = (0..width).map(correlation).filter(|correlation| correlation.is_finite());
    all.max_by(|left, right| left.abs().total_cmp(&right.abs())).filter(|strongest| strongest.abs() >= SAME)
}
