//! Permutation importance: how much worse predictions are when the cells of a column are permuted.
//!
//! With `l_i` the loss of row `i` and `l_i(j)` its loss with the cell of row `j` in the column, the rise `d` is the
//! mean over repeats `r` and rows `i`, weighted, of `d_i = l_i(p_r(i)) - l_i`, `p_r` a random permutation. Every
//! column has the same permutations.
//!
//! | targets | `l_i` | rise of the loss | drop of the score |
//! |---|---|---|---|
//! | classes | `-ln p` of the true class; 1 if the class is wrong | `d`, in nats per row | `d` of the second, a share from -1 to 1 |
//! | values | squared error of each target `k`, divided by `s_k^2` in the loss | `sqrt(b + d) - sqrt(b)`, `b` the mean of `l_i`, both means over `k` | mean over `k` of `d_k / v_k`, which has no unit |
//!
//! `s_k` is 1 for the only target, whose loss keeps its unit, else its standard deviation in the training rows; `v_k` is
//! the variance of its true values on these rows. Both are positive where the column helps, and can be negative.
//!
//! The interval is over rows: what to expect on other rows drawn like these. A row `k` has two parts in the mean: as
//! the row that gets a cell, `h_k`, and as the one whose cell it gets, `g_k`, each a mean over repeats. Its influence
//! is `w_k (h_k - mean) / sum of w + (g_k - mean) / n`, from which the interval follows as in [`crate::metrics`]. If
//! the column is independent of the others and of the target, the expected importance is 0, whatever the network
//! does with it, and the interval holds 0 in 95 % of all samples.
//!
//! Sources: Breiman, "Random forests", 2001; Fisher, Rudin and Dominici, "All models are wrong, but many are useful",
//! 2019, where the importance is a U-statistic; Hoeffding, "A class of statistics with asymptotically normal
//! distribution", 1948, for its variance.

use ndarray::{Array1, Array2, Axis};
use rand::seq::SliceRandom;

use crate::explain::ExplainOptions;
use crate::explain::rows::AskedRows;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::metrics::{IntervalScale, Measure, Predictions, UndefinedReason, by_influence};
use crate::random::stream;
use crate::targets::Targets;

/// How important a column is.
#[derive(Clone, Debug)]
pub struct ColumnImportance {
    /// Its name.
    pub column: String,
    /// Its index among the features.
    pub(crate) feature: usize,
    /// The rise of the loss.
    pub loss: Measure,
    /// The drop of the score.
    pub score: Measure,
    /// The rise of the loss in each repeat.
    pub repeats: Vec<f64>,
}

/// What is measured: losses of rows, and the two metrics that follow from their means.
pub(crate) struct Criteria {
    kind: CriteriaKind,
    /// Of the rows as they are, `(n, quantities)`: log loss and error of a class, or the squared error of each target.
    base: Array2<f64>,
    /// The weighted means of `base`.
    base_means: Array1<f64>,
    weights: Vec<f64>,
    total_weight: f64,
}

enum CriteriaKind {
    Classes,
    Values {
        /// The unit of each target in the loss.
        scales: Vec<f64>,
        /// `(true value - mean)^2`, `(n, targets)`.
        distances: Array2<f64>,
        /// The weighted means of `distances`.
        variances: Array1<f64>,
    },
}

impl Criteria {
    pub(crate) fn new(truth: &Targets, base: &Predictions, weights: &[f64], scales: &[f64]) -> Self {
        let total_weight: f64 = weights.iter().sum();
        let means = |rows: &Array2<f64>| weighted_means(rows, weights);
        let kind = match truth {
            Targets::Classes(_) => CriteriaKind::Classes,
            Targets::Values(values) => {
                let distances = (values - &means(values)).mapv(|distance| distance * distance);
                let variances = means(&distances);
                // The only target keeps its unit.
                let scales = if scales.len() == 1 { vec![1.0] } else { scales.to_vec() };
                CriteriaKind::Values { scales, distances, variances }
            }
        };
        let base = row_losses(truth, base);
        let base_means = means(&base);
        Self { kind, base, base_means, weights: weights.to_vec(), total_weight }
    }

    /// The names of loss and score.
    pub(crate) fn names(&self) -> [&'static str; 2] {
        match &self.kind {
            CriteriaKind::Classes => ["log_loss", "accuracy"],
            CriteriaKind::Values { scales, .. } if scales.len() == 1 => ["rmse", "r2"],
            CriteriaKind::Values { .. } => ["scaled_rmse", "r2"],
        }
    }

    /// Both on the rows as they are.
    pub(crate) fn unchanged(&self) -> [Option<f64>; 2] {
        let score = match &self.kind {
            CriteriaKind::Classes => 1.0 - self.base_means[1],
            CriteriaKind::Values { variances, .. } => {
                1.0 - (&self.base_means / variances).mean().unwrap_or(0.0)
            }
        };
        [self.loss(&self.base_means), score].map(|value| value.is_finite().then_some(value))
    }

    /// The loss from the means of the quantities.
    fn loss(&self, means: &Array1<f64>) -> f64 {
        match &self.kind {
            CriteriaKind::Classes => means[0],
            CriteriaKind::Values { scales, .. } => mean_square(means, scales).sqrt(),
        }
    }

    /// Rise of the loss and drop of the score, from the mean differences of each row as the one that gets a cell
    /// (`host`) and as the one whose cell it gets (`donor`).
    fn measures(&self, host: &Array2<f64>, donor: &Array2<f64>) -> [Measure; 2] {
        let n = host.nrows();
        let rise = weighted_means(host, &self.weights);
        // The influences of a row on the mean of each quantity as it is, and on its rise.
        let of_row = |row: usize| {
            let share = self.weights[row] / self.total_weight;
            let base = (&self.base.row(row) - &self.base_means) * share;
            let risen = (&host.row(row) - &rise) * share + (&donor.row(row) - &rise) / n as f64;
            (base, risen)
        };
        match &self.kind {
            CriteriaKind::Classes => {
                let on = |quantity| (0..n).map(move |row| of_row(row).1[quantity]);
                [0, 1].map(|quantity| measure(rise[quantity], on(quantity), n, 1.0))
            }
            CriteriaKind::Values { scales, distances, variances } => {
                let after = &self.base_means + &rise;
                let roots = [&self.base_means, &after].map(|means| mean_square(means, scales).sqrt());
                let slope = |influences: &Array1<f64>, root: f64| match root > 0.0 {
                    true => mean_square(influences, scales) / (2.0 * root),
                    false => 0.0,
                };
                let on_root = (0..n).map(|row| {
                    let (base, risen) = of_row(row);
                    slope(&(&base + &risen), roots[1]) - slope(&base, roots[0])
                });
                let score = if variances.iter().all(|variance| *variance > 0.0) {
                    let targets = variances.len() as f64;
                    let drop = &rise / variances;
                    let on_drop = (0..n).map(|row| {
                        let share = self.weights[row] / self.total_weight;
                        let spread = (&distances.row(row) - variances) * share;
                        ((of_row(row).1 - &drop * &spread) / variances).sum() / targets
                    });
                    measure(drop.sum() / targets, on_drop, n, 1.0)
                } else {
                    Measure::undefined(UndefinedReason::ConstantTruth)
                };
                [measure(roots[1] - roots[0], on_root, n, roots[0].max(roots[1])), score]
            }
        }
    }
}

/// `mean over targets of the squared error / scale^2`.
fn mean_square(means: &Array1<f64>, scales: &[f64]) -> f64 {
    means.iter().zip(scales).map(|(mean, scale)| mean / (scale * scale)).sum::<f64>() / scales.len() as f64
}

/// The mean of each column of `rows`, in which a row counts with its weight.
pub(crate) fn weighted_means(rows: &Array2<f64>, weights: &[f64]) -> Array1<f64> {
    let total: f64 = weights.iter().sum();
    let mut means = Array1::zeros(rows.ncols());
    for (row, weight) in rows.axis_iter(Axis(0)).zip(weights) {
        means.scaled_add(weight / total, &row);
    }
    means
}

/// A difference of metrics whose size is about `unit`, with its interval from the influences of `n` rows.
fn measure(value: f64, influences: impl Iterator<Item = f64>, n: usize, unit: f64) -> Measure {
    let squares = influences.map(|influence| influence * influence).sum();
    by_influence(value, squares, n as u64, IntervalScale::Plain { unit })
}

/// The losses of each row, `(n, quantities)`.
fn row_losses(truth: &Targets, predictions: &Predictions) -> Array2<f64> {
    match (truth, predictions.log_probabilities(), predictions.classes()) {
        (Targets::Classes(truth), Some(logarithms), Some(classes)) => {
            Array2::from_shape_fn((truth.len(), 2), |(row, quantity)| match quantity {
                0 => -logarithms[[row, truth[row] as usize]],
                _ => f64::from(u8::from(classes[row] != truth[row])),
            })
        }
        (Targets::Values(truth), ..) => {
            let values = predictions.values().expect("values are predicted for values");
            (truth - values).mapv(|error| error * error)
        }
        _ => panic!("classes are compared with classes, values with values"),
    }
}

/// The importance of a feature.
pub(crate) fn of_column<F: Real>(
    asked: &AskedRows<'_, F>,
    criteria: &Criteria,
    pool: &ThreadPool,
    feature: usize,
    name: &str,
    options: &ExplainOptions,
) -> ColumnImportance {
    let cells = asked.features.column(feature);
    let n = cells.len();
    let (mut host, mut donor) = (Array2::zeros(criteria.base.dim()), Array2::zeros(criteria.base.dim()));
    let share = 1.0 / f64::from(options.repeats);
    let mut repeats = Vec::new();
    let before = criteria.loss(&criteria.base_means);
    for repeat in 0..options.repeats {
        let mut order: Vec<usize> = (0..n).collect();
        order.shuffle(&mut stream(options.seed, "explain", &[u64::from(repeat)]));
        let predictions = asked.predictions(pool, &|row, values| values[feature] = cells[order[row]]);
        let losses = row_losses(&asked.truth, &predictions);
        let means = weighted_means(&losses, &criteria.weights);
        repeats.push(criteria.loss(&means) - before);
        let differences = (losses - &criteria.base) * share;
        host += &differences;
        for (row, difference) in differences.axis_iter(Axis(0)).enumerate() {
            let weight = criteria.weights[row] * n as f64 / criteria.total_weight;
            donor.row_mut(order[row]).scaled_add(weight, &difference);
        }
    }
    let [loss, score] = criteria.measures(&host, &donor);
    ColumnImportance { column: name.to_owned(), feature, loss, score, repeats }
}
