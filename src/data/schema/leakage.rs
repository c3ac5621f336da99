//! Columns that give away what is to be learnt.

use std::collections::HashMap;

use crate::data::Kind;
use crate::data::schema::TargetColumns;
use crate::data::table::Dataset;

/// Rows from which a column that is always right cannot be so by chance.
const ENOUGH_ROWS: usize = 50;
/// Share of the rows for which a column has to give the class away.
const ALMOST_ALL: f64 = 0.999;
/// Share of the most frequent class from which nothing has to be given away to be right.
const ONE_SIDED: f64 = 0.99;
/// Correlation from which a column says the same as the target.
const SAME: f64 = 0.9999;
/// Rows in a row of one class, in the order of a column, that are there by more than chance.
const LONG_RUN: usize = 20;
/// Where they are all of their class, so many are enough.
const WHOLE_CLASS: usize = 5;
/// Rows with the same number, on average, that say whether it tells the class.
const SAME_NUMBER: usize = 5;

impl Dataset {
    /// The features that are suspected to say what is to be learnt, with how well they do.
    ///
    /// With classes: the share of the training file's rows whose class the feature tells, if that is
    /// 99.9 % or more. A value tells the class that most of its other rows have; numbers with fewer
    /// than 5 rows on average do so only where they have several classes. A number also tells the
    /// class if, in the order of the numbers, it is in a run of 20 rows or more of one class, or of 5
    /// or more that are the whole class.
    ///
    /// With values: the correlation with a target, if that is 0.9999 or more, whatever its sign.
    /// None if there are too few rows to tell.
    pub fn suspected_leaks(&self) -> Option<Vec<(String, f64)>> {
        if self.rows() < ENOUGH_ROWS {
            return None;
        }
        let features = self.schema.features().enumerate();
        let suspected = features.filter_map(|(index, (name, feature))| {
            let column: Vec<f64> = (0..self.rows()).map(|row| self.main.raw.value(row, index)).collect();
            let strength = match &self.schema.truth {
                TargetColumns::Classes(_) => self.share_given_away(&column, feature.kind),
                TargetColumns::Values(targets) if feature.kind == Kind::Numeric => {
                    strongest_correlation(&column, &self.main.targets, targets.len())
                }
                TargetColumns::Values(_) => None,
            };
            Some((name.clone(), strength?))
        });
        Some(suspected.collect())
    }

    /// The share of the rows whose class a feature gives away, if it is suspicious.
    fn share_given_away(&self, column: &[f64], kind: Kind) -> Option<f64> {
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
        let are_ordered = kind == Kind::Numeric;
        let repeat = !are_ordered || SAME_NUMBER * groups.len() <= rows;
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

    /// The class of all rows of a group.
    fn only_class(&self, group: &[usize]) -> Option<u32> {
        let labels = &self.main.labels;
        let class = labels[*group.first()?];
        group.iter().all(|&row| labels[row] == class).then_some(class)
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

/// Whether groups, all of a class with `of_class` rows, have more rows than chance puts in a row.
fn is_long(run: &[&[usize]], of_class: usize) -> bool {
    rows_of(run) >= LONG_RUN.min(of_class).max(WHOLE_CLASS)
}

fn rows_of(groups: &[&[usize]]) -> usize {
    groups.iter().map(|group| group.len()).sum()
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
