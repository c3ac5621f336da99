//! Partial dependence: the mean prediction over all rows when a column has the same value in each of them.
//!
//! Source: Friedman, "Greedy function approximation: a gradient boosting machine", 2001, section 8.2.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use ndarray::s;

use crate::data::{DateFormat, FeatureEncoding, ValueEncoding};
use crate::explain::importance::weighted_means;
use crate::explain::in_parallel;
use crate::explain::rows::AskedRows;
use crate::kernel::real::Real;
use crate::targets::Task;

/// Values of a number at most.
const MAX_NUMBERS: usize = 21;
/// Categories at most, the most frequent ones.
const MAX_CATEGORIES: usize = 30;
/// The quantiles between which a number varies.
const QUANTILES: (f64, f64) = (0.05, 0.95);

/// The mean prediction for each value of a column.
#[derive(Clone, Debug)]
pub struct PartialDependence {
    /// Its name.
    pub column: String,
    /// What is predicted: the second of two classes, else every class or target.
    pub outputs: Vec<String>,
    /// What makes them comparable: the standard deviation of each target in the training rows, 1 for probabilities.
    pub units: Vec<f64>,
    /// Whether these are probabilities of classes, or values.
    pub task: Task,
    /// Upwards for numbers; in the order of the model for categories.
    pub points: Vec<DependencePoint>,
    /// Categories that are left out, since there are more frequent ones.
    pub left_out: usize,
}

/// The mean prediction for a value.
#[derive(Clone, Debug)]
pub struct DependencePoint {
    /// The value as text.
    pub label: String,
    /// The value if it is a number.
    pub number: Option<f64>,
    /// The number of rows that have it.
    pub rows: usize,
    /// The mean of each output, in the order of `outputs`.
    pub means: Vec<f64>,
}

/// The partial dependence of the first `count` of `ranked` features that have a value to take.
pub(crate) fn of_columns<F: Real>(
    asked: &AskedRows<'_, F>,
    ranked: &[usize],
    count: usize,
    threads: NonZeroUsize,
) -> Vec<PartialDependence> {
    let encoding = asked.encoding();
    let described: Vec<(&str, &FeatureEncoding)> = encoding.features().collect();
    let (task, outputs): (Task, Vec<String>) = match encoding.classes() {
        [] => (Task::Regression, encoding.values().iter().map(|value| value.column.clone()).collect()),
        [_, second] => (Task::Classification, vec![second.clone()]),
        classes => (Task::Classification, classes.to_vec()),
    };
    let grids: Vec<(usize, Grid)> = ranked
        .iter()
        .map(|&feature| (feature, Grid::of(&asked.features.column(feature).to_vec(), described[feature].1)))
        // A number that is missing in all rows has none.
        .filter(|(_, grid)| !grid.values.is_empty())
        .take(count)
        .collect();
    let jobs: Vec<(usize, f64)> = grids
        .iter()
        .flat_map(|(feature, grid)| grid.values.iter().map(move |value| (*feature, value.value)))
        .collect();
    let means = in_parallel(threads, jobs.len(), |pool, job| {
        let (feature, value) = jobs[job];
        let predictions = asked.predictions(pool, &|_, values| values[feature] = value);
        let numbers = match (predictions.probabilities(), predictions.values()) {
            (Some(probabilities), _) => probabilities,
            (None, values) => values.cloned().unwrap_or_default(),
        };
        // Of two classes, the second.
        weighted_means(&numbers, &asked.weights).slice(s![numbers.ncols() - outputs.len()..]).to_vec()
    });
    let mut means = means.into_iter();
    let units = match task {
        Task::Regression => asked.target_scales(),
        Task::Classification => vec![1.0; outputs.len()],
    };
    let of_column = |(feature, grid): (usize, Grid)| PartialDependence {
        column: described[feature].0.to_owned(),
        outputs: outputs.clone(),
        units: units.clone(),
        task,
        left_out: grid.left_out,
        points: grid
            .values
            .into_iter()
            .zip(&mut means)
            .map(|(GridValue { label, value, rows, is_number }, means)| DependencePoint {
                label,
                number: is_number.then_some(value),
                rows,
                means,
            })
            .collect(),
    };
    grids.into_iter().map(of_column).collect()
}

/// The values that a column is set to.
struct Grid {
    values: Vec<GridValue>,
    left_out: usize,
}

struct GridValue {
    label: String,
    value: f64,
    rows: usize,
    is_number: bool,
}

impl Grid {
    fn of(cells: &[f64], feature: &FeatureEncoding) -> Self {
        match &feature.values {
            ValueEncoding::Numeric { .. } => Self::of_numbers(cells, None),
            ValueEncoding::Date { format, .. } => Self::of_numbers(cells, Some(format)),
            ValueEncoding::Boolean { .. } => Self::of_names(cells, &["false", "true"]),
            ValueEncoding::Categorical { .. } => {
                Self::of_names(cells, &feature.categories().collect::<Vec<_>>())
            }
        }
    }

    /// All numbers, or dates in seconds, if there are few, else quantiles that are among them.
    fn of_numbers(cells: &[f64], dates: Option<&DateFormat>) -> Self {
        let mut sorted: Vec<f64> = cells.iter().copied().filter(|cell| !cell.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let mut chosen = sorted.clone();
        chosen.dedup();
        if MAX_NUMBERS < chosen.len() {
            let last = (sorted.len() - 1) as f64;
            let at = |step: usize| {
                let share =
                    QUANTILES.0 + (QUANTILES.1 - QUANTILES.0) * step as f64 / (MAX_NUMBERS - 1) as f64;
                sorted[(share * last).round() as usize]
            };
            chosen = (0..MAX_NUMBERS).map(at).collect();
            chosen.dedup();
        }
        let value = |&value: &f64| {
            let rows = sorted.iter().filter(|other| **other == value).count();
            let label = dates.map_or_else(|| value.to_string(), |format| format.write(value));
            GridValue { label, value, rows, is_number: dates.is_none() }
        };
        Self { values: chosen.iter().map(value).collect(), left_out: 0 }
    }

    /// The categories of the rows; those without a name are unknown to the model, and NaN is a missing value.
    fn of_names(cells: &[f64], names: &[&str]) -> Self {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for &cell in cells {
            let key = if cell.is_nan() { names.len() + 1 } else { (cell as usize).min(names.len()) };
            *counts.entry(key).or_default() += 1;
        }
        let mut frequent: Vec<(usize, usize)> = counts.into_iter().collect();
        frequent.sort_by_key(|&(key, rows)| (std::cmp::Reverse(rows), key));
        let left_out = frequent.len().saturating_sub(MAX_CATEGORIES);
        frequent.truncate(MAX_CATEGORIES);
        frequent.sort_unstable();
        let value = |&(key, rows): &(usize, usize)| {
            let (label, value) = match names.get(key) {
                Some(name) => ((*name).to_owned(), key as f64),
                None if key == names.len() => ("(unknown)".to_owned(), key as f64),
                None => ("(missing)".to_owned(), f64::NAN),
            };
            GridValue { label, value, rows, is_number: false }
        };
        Self { values: frequent.iter().map(value).collect(), left_out }
    }
}
