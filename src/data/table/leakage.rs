//! Features that may leak the target.

use std::collections::HashMap;

use ndarray::{ArrayView1, ArrayView2};

use crate::data::schema::column::ColumnKind;
use crate::data::table::Dataset;
use crate::targets::Targets;

/// With fewer rows, a column could be right about all of them by chance.
const MIN_ROWS: usize = 50;
/// The share of rows whose class a column has to predict to be suspected.
const ALMOST_ALL: f64 = 0.999;
/// If the most frequent class has this share of the rows, no column is suspected.
const ONE_SIDED: f64 = 0.99;
/// The correlation with a target from which a column is suspected.
const SAME: f64 = 0.9999;
/// Consecutive rows of one class, in the order of a column, that chance does not explain.
const LONG_RUN: usize = 20;
/// This many are enough if they are all rows of their class.
const WHOLE_CLASS: usize = 5;
/// With fewer rows per distinct number on average, equal numbers say little about the class.
const ROWS_PER_NUMBER: usize = 5;

impl Dataset {
    /// The features that may leak the target, each with its strength; none if there are fewer than
    /// 50 rows.
    ///
    /// For classes, the strength is the share of the training file's rows whose class the feature
    /// predicts, if that is at least 99.9 %. A value predicts the class that most of the other rows with
    /// it have; numbers with fewer than 5 rows on average do so only where they have several classes. A
    /// number also predicts the class if, with all rows in the order of the feature, it is in a run of at
    /// least 20 rows of one class, or of at least 5 rows that are all rows of their class.
    ///
    /// For values, it is the correlation with a target, if its magnitude is at least 0.9999.
    pub fn suspected_leaks(&self) -> Option<Vec<(String, f64)>> {
        if self.rows() < MIN_ROWS {
            return None;
        }
        let features = self.schema.features().enumerate();
        let suspected = features.filter_map(|(index, (name, feature))| {
            let column: Vec<f64> = (0..self.rows()).map(|row| self.main.features.value(row, index)).collect();
            let strength = match &self.main.targets {
                Targets::Classes(_) => self.share_given_away(&column, feature.kind),
                Targets::Values(targets)
                    if matches!(feature.kind, ColumnKind::Numeric | ColumnKind::Date) =>
                {
                    strongest_correlation(&column, targets.view())
                }
                Targets::Values(_) => None,
            };
            Some((name.clone(), strength?))
        });
        Some(suspected.collect())
    }

    /// The share of the rows whose class a feature predicts, if it is suspicious.
    fn share_given_away(&self, column: &[f64], kind: ColumnKind) -> Option<f64> {
        let rows = column.len();
        let counts = self.class_counts();
        let largest = counts.iter().copied().max().unwrap_or(rows);
        if largest as f64 >= ONE_SIDED * rows as f64 {
            return None;
        }
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by(|&left, &right| column[left].total_cmp(&column[right]));
        let same = |left: &usize, right: &usize| column[*left].to_bits() == column[*right].to_bits();
        let groups: Vec<&[usize]> = order.chunk_by(same).collect();
        let are_ordered = matches!(kind, ColumnKind::Numeric | ColumnKind::Date);
        let repeat = !are_ordered || ROWS_PER_NUMBER * groups.len() <= rows;
        let runs = groups.chunk_by(|left, right| {
            let class = self.only_class(left);
            are_ordered && class.is_some() && class == self.only_class(right)
        });
        let right = runs.map(|run| match self.only_class(run[0]) {
            Some(class) if are_ordered && is_long(run, counts[class as usize]) => rows_of(run),
            Some(_) if !repeat => 0,
            _ => run.iter().map(|group| self.right_by_others(group)).sum(),
        });
        let right: usize = right.sum();
        let share = right as f64 / rows as f64;
        (share >= ALMOST_ALL).then_some(share)
    }

    /// The class of all rows of a group, if it is the same.
    fn only_class(&self, group: &[usize]) -> Option<u32> {
        let labels = self.main.labels();
        let class = labels[*group.first()?];
        group.iter().all(|&row| labels[row] == class).then_some(class)
    }

    /// How many rows of a group have the class that most of its other rows have.
    fn right_by_others(&self, group: &[usize]) -> usize {
        let mut counts: HashMap<u32, usize> = HashMap::new();
        for &row in group {
            *counts.entry(self.main.labels()[row]).or_default() += 1;
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

/// Whether consecutive groups of one class, which has `of_class` rows, are longer than chance explains.
fn is_long(run: &[&[usize]], of_class: usize) -> bool {
    rows_of(run) >= LONG_RUN.min(of_class).max(WHOLE_CLASS)
}

fn rows_of(groups: &[&[usize]]) -> usize {
    groups.iter().map(|group| group.len()).sum()
}

/// The correlation of largest magnitude between a column and one of the targets, if it is suspicious.
/// Rows where the column is missing are left out.
fn strongest_correlation(column: &[f64], targets: ArrayView2<'_, f64>) -> Option<f64> {
    let correlation = |target: ArrayView1<'_, f64>| {
        let pairs: Vec<(f64, f64)> = column
            .iter()
            .zip(target)
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
    let all = targets.columns().into_iter().map(correlation).filter(|correlation| correlation.is_finite());
    all.max_by(|left, right| left.abs().total_cmp(&right.abs())).filter(|strongest| strongest.abs() >= SAME)
}
