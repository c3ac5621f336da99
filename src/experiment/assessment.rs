//! The trained network of a run on held-out rows, next to baselines.

use std::sync::atomic::AtomicBool;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::config::Plan;
use crate::data::{Encoding, PreparedData, Rows};
use crate::eval::{OutputKind, mean_predictions, predict_rows};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::metrics::{Measure, Metrics};
use crate::nn::{LayerSpec, Network, output_affine};
use crate::targets::Targets;
use crate::targets::TargetsView;
use crate::train::{Outcome, Trained, train_prepared};

/// How good something is on some rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// What made the predictions.
    pub of: Subject,
    /// Which rows were predicted.
    pub rows: HoldoutSet,
    /// How many of them count.
    pub n_rows: u64,
    /// Metrics by name, with intervals over these rows.
    pub metrics: Vec<NamedMeasure>,
    /// Of a network for classes; it has a separate file, `confusion.csv`.
    #[serde(skip)]
    pub confusion: Vec<ConfusionCell>,
    /// Of a linear model: whether its loss still fell by 1 % or more in each epoch when its training ended, so that it
    /// is likely to be better with more epochs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub still_improving: bool,
}

/// Rows of one class that were predicted as the same class.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfusionCell {
    /// The name of their class.
    pub truth: String,
    /// The name of the predicted class.
    pub prediction: String,
    /// How many rows.
    pub count: u64,
}

/// A metric with its name, such as `accuracy`, or `price.rmse` where there are several targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedMeasure {
    /// As in tables.
    pub metric: String,
    /// What came out.
    #[serde(flatten)]
    pub measure: Measure,
}

/// What makes the predictions that are assessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The network of the run.
    Network,
    /// The mean prediction of the networks of an ensemble.
    Ensemble,
    /// One affine layer and the same loss, trained on the same rows and batches with the same optimiser,
    /// epochs and early stopping.
    LinearModel,
    /// A constant prediction: the class shares of the training rows, or the means of the targets.
    #[serde(rename = "same_for_all")]
    Constant,
}

/// Rows that were not trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum HoldoutSet {
    ValidationRows,
    TestRows,
}

/// Assesses the trained `network` on validation and test rows.
pub(crate) fn assess<F: Real>(
    network: &Network<F>,
    data: &PreparedData<F>,
    pool: &ThreadPool,
) -> Vec<Assessment> {
    of_networks(Subject::Network, &[network], data, pool)
}

/// Assesses the mean prediction of trained `networks` on validation and test rows.
pub(crate) fn assess_ensemble<F: Real>(
    networks: &[&Network<F>],
    data: &PreparedData<F>,
    pool: &ThreadPool,
) -> Vec<Assessment> {
    of_networks(Subject::Ensemble, networks, data, pool)
}

fn of_networks<F: Real>(
    of: Subject,
    networks: &[&Network<F>],
    data: &PreparedData<F>,
    pool: &ThreadPool,
) -> Vec<Assessment> {
    on_holdout_sets(data, of, |rows, truth| {
        let scalings = data.encoding.value_scalings();
        let kind = OutputKind::of(&data.encoding.targets, &scalings);
        let all = networks.iter().map(|network| predict_rows(network, pool, rows, None, kind));
        let predictions = mean_predictions(all.collect());
        let is_finite = predictions.not_finite().is_none();
        is_finite.then(|| Metrics::of(truth, &predictions, rows.file_weights()))
    })
}

/// What a run is compared with.
pub(crate) struct Baselines<F> {
    /// Of the linear model, then of the constant prediction.
    pub(crate) assessments: Vec<Assessment>,
    /// The linear model, and the plan that it was trained by.
    pub(crate) linear: Option<(Plan, Trained<F>)>,
}

/// Trains and assesses the baselines of a run of `plan`; the linear model only where the network is not one and
/// it did not diverge.
pub(crate) fn assess_baselines<F: Real>(
    plan: &Plan,
    data: &PreparedData<F>,
    pool: &ThreadPool,
    stop: &AtomicBool,
) -> Baselines<F> {
    let mut baselines = Baselines { assessments: Vec::new(), linear: None };
    if data.valid.is_none() && data.test.is_none() {
        return baselines;
    }
    if let Some(layers) = linear_model(&plan.layers) {
        let training = plan.training.without_tensor_rules();
        let plan = Plan { layers, training, model: None, compare: None, points: Vec::new(), ..plan.clone() };
        let Plan { layers, optimizer, training, .. } = &plan;
        let trained = train_prepared(layers, optimizer, training, data, pool, &mut { stop });
        if matches!(trained.outcome, Outcome::Finished | Outcome::StoppedEarly { .. }) {
            let still_improving = is_still_improving(&trained);
            let of_linear = assess(&trained.network, data, pool).into_iter();
            let of_linear = of_linear.map(|found| Assessment {
                of: Subject::LinearModel,
                confusion: Vec::new(),
                still_improving,
                ..found
            });
            baselines.assessments.extend(of_linear);
            baselines.linear = Some((plan, trained));
        }
    }
    let training = data.encoding.baseline();
    baselines.assessments.extend(on_holdout_sets(data, Subject::Constant, |rows, truth| {
        Some(Metrics::of_baseline(truth, &training, rows.file_weights()))
    }));
    baselines
}

/// Whether the loss of the training rows fell by 1 % or more in each epoch on average over the last quarter of a training
/// that was not ended by early stopping and whose last weights are kept.
fn is_still_improving<F>(trained: &Trained<F>) -> bool {
    let losses: Vec<f64> = trained.epochs.iter().map(|epoch| epoch.train.loss).collect();
    let is_last_kept = trained.epochs.last().is_some_and(|last| last.epoch == trained.best_epoch);
    matches!(trained.outcome, Outcome::Finished) && is_last_kept && is_falling(&losses)
}

/// A loss of a thousandth of what it was before training has come to its end.
fn is_falling(losses: &[f64]) -> bool {
    let Some(epochs) = losses.len().checked_sub(1).filter(|epochs| 0 < *epochs) else { return false };
    let last = epochs.div_ceil(4);
    let is_left = 1e-3 * losses[0] < losses[epochs];
    is_left && losses[epochs] < losses[epochs - last] * 0.99_f64.powi(last as i32)
}

/// One affine layer with the same loss; none where that is what `layers` are.
fn linear_model(layers: &[LayerSpec]) -> Option<Vec<LayerSpec>> {
    if let [LayerSpec::Affine(_), _] = layers {
        return None;
    }
    Some(vec![output_affine(), layers.last()?.clone()])
}

fn on_holdout_sets<F: Real>(
    data: &PreparedData<F>,
    of: Subject,
    metrics: impl Fn(&Rows<F>, &Targets) -> Option<Metrics>,
) -> Vec<Assessment> {
    let parts = [(HoldoutSet::ValidationRows, &data.valid), (HoldoutSet::TestRows, &data.test)];
    let parts = parts.into_iter().filter_map(|(holdout, rows)| Some((holdout, rows.as_ref()?)));
    let names: Vec<String> = data.encoding.values().iter().map(|value| value.column.clone()).collect();
    let assessment = |(holdout, rows): (HoldoutSet, &Rows<F>)| {
        let metrics = metrics(rows, &truth_of(rows, &data.encoding))?;
        let named = metrics.measures(&names).into_iter();
        Some(Assessment {
            of,
            rows: holdout,
            n_rows: metrics.n_rows(),
            confusion: if of == Subject::Network { cells(&metrics, &data.encoding) } else { Vec::new() },
            metrics: named.map(|(metric, measure)| NamedMeasure { metric, measure }).collect(),
            still_improving: false,
        })
    };
    parts.filter_map(assessment).collect()
}

/// The confusion matrix with the names of the classes; empty for values.
fn cells(metrics: &Metrics, encoding: &Encoding) -> Vec<ConfusionCell> {
    let Metrics::Classes(metrics) = metrics else { return Vec::new() };
    let name = |class: u32| encoding.classes()[class as usize].clone();
    let cell = |(truth, prediction, count)| ConfusionCell {
        truth: name(truth),
        prediction: name(prediction),
        count,
    };
    metrics.confusion.cells().map(cell).collect()
}

/// What is true of `rows`: their classes, or the values in the unit of the file.
pub(crate) fn truth_of<F: Real>(rows: &Rows<F>, encoding: &Encoding) -> Targets {
    match rows.targets() {
        TargetsView::Classes(classes) => Targets::Classes(classes.to_vec()),
        TargetsView::Values(scaled) => {
            let scalings = encoding.value_scalings();
            let in_file =
                |(row, column): (usize, usize)| scalings[column].undo(Real::to_f64(scaled[(row, column)]));
            Targets::Values(Array2::from_shape_fn(scaled.dim(), in_file))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_that_falls_by_a_percent_in_each_epoch_is_still_falling() {
        let falls = |by: f64, epochs: i32| {
            is_falling(&(0..=epochs).map(|epoch| (1.0 - by).powi(epoch)).collect::<Vec<_>>())
        };
        assert!(falls(0.02, 1) && falls(0.02, 3) && falls(0.02, 100) && !falls(0.02, 400));
        assert!(!falls(0.005, 1) && !falls(0.005, 3) && !falls(0.005, 100));
        // Only the end counts.
        assert!(!is_falling(&[8.0, 4.0, 2.0, 1.0, 1.0]));
        assert!(!is_falling(&[1.0]) && !is_falling(&[]) && !is_falling(&[1.0, 0.0, 0.0]));
    }
}
