//! The metrics of a network under one or more choices of batch-norm statistics, and those of a baseline.

use crate::data::{LastBatch, batch_ranges};
use crate::eval::predictions::each_chunk;
use crate::eval::{EvalRows, EvaluationError, OutputKind, Statistics, mean_predictions, predict_rows};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::metrics::{ClassCurves, Measure, Metrics, Predictions, class_curves, compared_metric, difference};
use crate::nn::{CHUNK_ROWS, Network, ParamKind};
use crate::targets::Targets;

/// The metrics of a network on some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The number of rows, whatever their weights.
    pub n_rows: usize,
    /// Names of the classes, or of the targets for regression.
    pub names: Vec<String>,
    /// Under each choice of statistics, in the order asked for; at least one.
    pub choices: Vec<UnderStatistics>,
    /// A constant prediction: the class shares or means of the training rows.
    pub baseline: Metrics,
    /// The size of the batches and of the last one, if rows are normalised by the statistics of their batch.
    pub batch_rows: Option<(usize, usize)>,
    /// The metric that differences are of.
    pub compared: &'static str,
    /// Those of the first choice, if they were asked for; none of values.
    pub curves: Option<Vec<ClassCurves>>,
    /// Whether the network has running statistics, so that the choice matters.
    pub has_statistics: bool,
}

/// The metrics under one choice of statistics.
#[derive(Clone, Debug, PartialEq)]
pub struct UnderStatistics {
    /// The choice.
    pub statistics: Statistics,
    /// The metrics.
    pub metrics: Metrics,
    /// The difference of [`compared`](Evaluation::compared) from the first choice, on the same rows; none for
    /// the first.
    pub difference: Option<Measure>,
}

/// What a network is evaluated on.
pub struct EvalInput<'a, F> {
    /// The encoded rows.
    pub rows: &'a dyn EvalRows<F>,
    /// Their labels or target values.
    pub truth: &'a Targets,
    /// Their weights, at least 0; none for equal weights.
    pub weights: Option<&'a [f64]>,
    /// What the outputs of the network are.
    pub output_kind: OutputKind<'a>,
    /// Names of the classes, or of the targets for regression.
    pub names: &'a [String],
    /// For the baseline: the number of training rows of each class, or the mean of each target.
    pub baseline: &'a [f64],
    /// Whether the curves of the classes are wanted.
    pub with_curves: bool,
}

/// Evaluates `networks`, at least one, whose predictions are averaged, under each of `choices`; [`Statistics::Batch`] takes batches of `batch_size`
/// rows, in the order of the rows.
///
/// The networks are mutable to hold recomputed statistics; their running statistics are restored.
///
/// # Errors
///
/// If a batch would have one row and the networks normalise batches, or a prediction is not finite.
pub fn evaluate<F: Real>(
    networks: &mut [&mut Network<F>],
    pool: &ThreadPool,
    question: &EvalInput<'_, F>,
    choices: &[Statistics],
    batch_size: usize,
) -> Result<Evaluation, EvaluationError> {
    let &EvalInput { rows, truth, weights, output_kind, names, baseline, with_curves } = question;
    let has_statistics = networks.iter().any(|network| network.has_running_stats());
    let by_batch = choices.contains(&Statistics::Batch) && has_statistics;
    if by_batch && rows.n_rows() < 2 {
        return Err(EvaluationError::BatchOfOneRow);
    }
    let under = |&statistics: &Statistics| {
        let of_network = |network: &mut &mut Network<F>| match statistics {
            Statistics::Running => predict_rows(network, pool, rows, None, output_kind),
            Statistics::Recomputed => with_recomputed(network, pool, rows, |network| {
                predict_rows(network, pool, rows, None, output_kind)
            }),
            Statistics::Batch => predict_rows(network, pool, rows, Some(batch_size), output_kind),
        };
        let predictions = mean_predictions(networks.iter_mut().map(of_network).collect());
        match predictions.not_finite() {
            Some(row) => Err(EvaluationError::NotFinite { statistics, row: row + 1 }),
            None => Ok((statistics, predictions)),
        }
    };
    let predictions = choices.iter().map(under).collect::<Result<Vec<_>, _>>()?;
    let measured = |(index, (statistics, answered)): (usize, &(Statistics, Predictions))| UnderStatistics {
        statistics: *statistics,
        metrics: Metrics::of(truth, answered, weights),
        difference: (index > 0).then(|| difference(truth, &predictions[0].1, answered, weights)),
    };
    let choices = predictions.iter().enumerate().map(measured).collect();
    let batches = batch_ranges(rows.n_rows(), batch_size, LastBatch::Merge);
    Ok(Evaluation {
        n_rows: rows.n_rows(),
        names: names.to_vec(),
        choices,
        baseline: Metrics::of_baseline(truth, baseline, weights),
        batch_rows: batches
            .first()
            .zip(batches.last())
            .filter(|_| by_batch)
            .map(|(first, last)| (first.len(), last.len())),
        compared: compared_metric(truth),
        curves: with_curves.then(|| curves(truth, &predictions[0].1, weights)).flatten(),
        has_statistics,
    })
}

fn curves(truth: &Targets, answered: &Predictions, weights: Option<&[f64]>) -> Option<Vec<ClassCurves>> {
    let Targets::Classes(truth) = truth else { return None };
    Some(class_curves(truth, answered.log_probabilities()?.view(), weights))
}

/// Calls `use_it` with the running statistics of `network` replaced by those of `rows`.
fn with_recomputed<F: Real, T>(
    network: &mut Network<F>,
    pool: &ThreadPool,
    rows: &dyn EvalRows<F>,
    use_it: impl FnOnce(&Network<F>) -> T,
) -> T {
    let stored: Vec<_> = network.params().map(|param| param.value.clone()).collect();
    network.recompute_running_stats(pool, CHUNK_ROWS, |see| each_chunk(rows, see));
    let result = use_it(network);
    for (param, stored) in network.params_mut().zip(stored) {
        if param.kind == ParamKind::Buffer {
            param.value = stored;
        }
    }
    result
}

impl Evaluation {
    /// The first choice's metric called `name`, such as `accuracy` or, of one class or one of several
    /// targets, `yes.recall`, `price.r2`; none if there is no such metric.
    pub fn measure(&self, name: &str) -> Option<Measure> {
        let metrics = &self.choices.first()?.metrics;
        let overall = metrics.measures(&self.names).into_iter().find(|(known, _)| known == name);
        if let Some((_, measure)) = overall {
            return Some(measure);
        }
        let Metrics::Classes(metrics) = metrics else { return None };
        let (class, metric) = name.rsplit_once('.')?;
        let class = &metrics.classes[self.names.iter().position(|known| known == class)?];
        let mut named = class.measures().into_iter();
        named.find(|(known, _)| *known == metric).map(|(_, measure)| measure)
    }
}
