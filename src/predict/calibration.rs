//! The scores of labelled rows, from which sets, intervals and thresholds follow: of a class, the probability of the
//! class in its rows; of a target, the absolute errors.

use std::num::NonZeroUsize;
use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};
use rand::seq::SliceRandom;

use crate::data::{BadRows, DataPaths, LabelledRows, ReadingNotes, TargetEncoding};
use crate::eval::EvalRows;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::model::{CalibrationScores, MAX_CALIBRATION_ROWS, Model};
use crate::nn::{Network, row_chunks};
use crate::predict::committee::Committee;
use crate::predict::mean::MeanPredictions;
use crate::predict::prediction::Prediction;
use crate::predict::{CALIBRATION_STREAM, PredictError};
use crate::random::stream;
use crate::targets::Targets;
use crate::train::with_dtype;

/// The scores of `models`, whose predictions are averaged, on the labelled rows of CSV files.
///
/// # Errors
///
/// If the models do not predict the same, or the file cannot be read.
///
/// # Panics
///
/// Without a model.
pub fn scores_on_file(
    models: &[Model],
    paths: &DataPaths,
    bad_rows: BadRows,
    threads: NonZeroUsize,
) -> Result<(CalibrationScores, ReadingNotes), PredictError> {
    with_dtype!(models[0].plan.training.dtype, F => {
        let committee = Committee::<F>::new(models)?;
        let read = LabelledRows::<F>::read_with_features(paths, &committee.reading, bad_rows, threads);
        let LabelledRows { features, truth, notes, .. } = read?;
        let scores = of_committee(&committee, &features.unwrap_or_default(), &truth);
        Ok((scores.ok_or(PredictError::CalibrationNotFinite)?, notes))
    })
}

/// None if a prediction is not finite.
pub(crate) fn of_committee<F: Real>(
    committee: &Committee<'_, F>,
    features: &Array2<f64>,
    truth: &Targets,
) -> Option<CalibrationScores> {
    let pool = ThreadPool::single();
    let mut collector = Collector::new(&committee.reading.targets, truth);
    for rows in row_chunks(features.nrows()) {
        collector.mean.clear();
        for group in &committee.groups {
            let mut x = Array2::<F>::zeros((rows.len(), group.encoder.inputs()));
            for (row, mut x) in rows.clone().zip(x.rows_mut()) {
                let x = x.as_slice_mut().expect("the rows of a whole array are contiguous");
                group.encoder.encode(&features.row(row).to_vec(), x);
            }
            for network in &group.networks {
                let mut workspace = network.inference_workspace(rows.len());
                collector.mean.add(network.outputs(&pool, x.view(), &mut workspace), group.targets);
            }
        }
        collector.take(rows)?;
    }
    Some(collector.finish())
}

/// The scores of networks with the same inputs on encoded rows; of more rows than a model keeps, those of a sample
/// that `seed` draws. None if a prediction is not finite.
pub fn scores_of_rows<F: Real>(
    networks: &[&Network<F>],
    pool: &ThreadPool,
    rows: &dyn EvalRows<F>,
    targets: &TargetEncoding,
    truth: &Targets,
    seed: u64,
) -> Option<CalibrationScores> {
    let mut collector = Collector::new(targets, truth);
    collector.draw(seed);
    if let TargetEncoding::Values(values) = targets {
        collector.offsets = values.iter().map(|value| value.scaling.offset).collect();
    }
    let ranges: Vec<Range<usize>> = row_chunks(rows.n_rows()).collect();
    let longest = ranges.iter().map(Range::len).max().unwrap_or(0);
    let mut workspaces: Vec<_> =
        networks.iter().map(|network| network.inference_workspace(longest)).collect();
    let mut chunks = ranges.iter();
    let mut is_finite = true;
    rows.show(&ranges, &mut |x: ArrayView2<'_, F>| {
        collector.mean.clear();
        for (network, workspace) in networks.iter().zip(&mut workspaces) {
            collector.mean.add(network.outputs(pool, x.slice(s![.., ..]), workspace), targets);
        }
        is_finite &= chunks.next().and_then(|range| collector.take(range.clone())).is_some();
    });
    is_finite.then(|| collector.finish())
}

/// Collects the scores of rows, chunk by chunk.
struct Collector<'t, F> {
    truth: &'t Targets,
    /// Whether each row is kept; all of them if it is empty.
    is_kept: Vec<bool>,
    /// Of each target, where true values were scaled in the network's precision, as those of prepared rows. Without an
    /// allowance for that, the errors of a target with few values would be just below those of new rows.
    offsets: Vec<f64>,
    mean: MeanPredictions<F>,
    prediction: Prediction<F>,
    /// By class or target.
    scores: Vec<Vec<f64>>,
}

impl<'t, F: Real> Collector<'t, F> {
    fn new(targets: &TargetEncoding, truth: &'t Targets) -> Self {
        let prediction = Prediction::zeros(targets);
        let lists = prediction.probabilities.len() + prediction.values.len();
        let mean = MeanPredictions::zeros(targets);
        Self {
            truth,
            is_kept: Vec::new(),
            offsets: Vec::new(),
            mean,
            prediction,
            scores: vec![Vec::new(); lists],
        }
    }

    /// Keeps no more rows than a model.
    fn draw(&mut self, seed: u64) {
        let rows = self.truth.len();
        if rows > MAX_CALIBRATION_ROWS {
            self.is_kept = (0..rows).map(|row| row < MAX_CALIBRATION_ROWS).collect();
            self.is_kept.shuffle(&mut stream(seed, CALIBRATION_STREAM, &[]));
        }
    }

    /// Adds the rows that `mean` holds; none if one is not finite.
    fn take(&mut self, rows: Range<usize>) -> Option<()> {
        for (index, row) in rows.enumerate() {
            if !self.mean.get(index, &mut self.prediction) {
                return None;
            }
            if self.is_kept.get(row) == Some(&false) {
                continue;
            }
            match self.truth {
                Targets::Classes(classes) => {
                    let class = classes[row] as usize;
                    self.scores[class].push(Real::to_f64(self.prediction.probabilities[class]));
                }
                Targets::Values(values) => {
                    let pairs = values.row(row).into_iter().zip(&self.prediction.values);
                    for (target, (truth, value)) in pairs.enumerate() {
                        let rounding = self.offsets.get(target).map_or(0.0, |offset| {
                            let single = Real::to_f64(F::epsilon()) * (truth - offset).abs();
                            4.0 * (single + f64::EPSILON * truth.abs())
                        });
                        self.scores[target].push((truth - value).abs() + rounding);
                    }
                }
            }
        }
        Some(())
    }

    fn finish(mut self) -> CalibrationScores {
        self.scores.iter_mut().for_each(|scores| scores.sort_unstable_by(f64::total_cmp));
        match self.truth {
            Targets::Classes(_) => CalibrationScores::Classes(self.scores),
            Targets::Values(_) => CalibrationScores::Values(self.scores),
        }
    }
}
