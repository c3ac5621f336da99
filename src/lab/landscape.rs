//! Measures of the loss along the gradient, and of the shift between layers, while a network is trained.

use serde::Deserialize;

use crate::data::Prepared;
use crate::kernel::ThreadPool;
use crate::lab::along_training::{Moment, follow};
use crate::lab::at_start::owned;
use crate::lab::{ClaimTrial, LabError};
use crate::nn::Norm;
use crate::probe::{AlongGradient, Probe, ProbeBatch, along_gradient, covariate_shift};

/// What is measured along the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LandscapeQuantity {
    /// The largest loss less the smallest one.
    LossRange,
    /// The largest distance of the gradient from that at the start.
    GradientDistance,
    /// That distance over the length of the step, at most.
    Smoothness,
}

/// Steps between two measurements.
const STRIDE: u64 = 3;

/// Multiples of the rate, as in the paper.
const MULTIPLES: [f64; 8] = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0];

pub(crate) fn along_gradient_ratio(
    trial: &ClaimTrial<'_>,
    quantity: LandscapeQuantity,
    of: Norm,
    to: Norm,
) -> Result<Vec<f64>, LabError> {
    let rate = trial.plan.optimizer.learning_rate();
    let measure = |probe: &mut Probe<f64>| {
        let found: AlongGradient = along_gradient(probe, rate, &MULTIPLES);
        match quantity {
            LandscapeQuantity::LossRange => found.loss_range(),
            LandscapeQuantity::GradientDistance => found.gradient_distance(),
            LandscapeQuantity::Smoothness => found.smoothness(),
        }
    };
    ratio(trial, of, to, &measure)
}

pub(crate) fn shift_ratio(trial: &ClaimTrial<'_>, of: Norm, to: Norm) -> Result<Vec<f64>, LabError> {
    let rate = trial.plan.optimizer.learning_rate();
    let measure = |probe: &mut Probe<f64>| {
        let by_layer = covariate_shift(probe, rate);
        // The last one is that of the output layer.
        by_layer.len().checked_sub(2).map_or(f64::NAN, |last| by_layer[last].distance)
    };
    ratio(trial, of, to, &measure)
}

/// The geometric mean of `measure` over every third step of the training with `of`, over that with `to`.
fn ratio(
    trial: &ClaimTrial<'_>,
    of: Norm,
    to: Norm,
    measure: &(dyn Fn(&mut Probe<f64>) -> f64 + Sync),
) -> Result<Vec<f64>, LabError> {
    trial
        .by_seed(|seed| Ok((mean_log(trial, of, seed, measure)? - mean_log(trial, to, seed, measure)?).exp()))
}

fn mean_log(
    trial: &ClaimTrial<'_>,
    norm: Norm,
    seed: u64,
    measure: &(dyn Fn(&mut Probe<f64>) -> f64 + Sync),
) -> Result<f64, LabError> {
    let plan = trial.plan_of(norm, seed);
    let data = trial.prepared(&plan)?;
    let (mut sum, mut count) = (0.0, 0.0);
    follow(&plan, &data, trial.network(&plan, &data), &mut |moment| {
        if let Moment::Before { step, batch, network } = moment
            && (step - 1).is_multiple_of(STRIDE)
        {
            let mut probe = Probe::new(&plan.layers, network, rows(&data, batch));
            sum += measure(&mut probe).ln();
            count += 1.0;
        }
    });
    Ok(sum / count)
}

/// These training rows.
fn rows(data: &Prepared<f64>, batch: &[usize]) -> ProbeBatch<f64> {
    let mut gathered = data.data.train.batch(batch.len());
    data.data.train.gather(&ThreadPool::single(), batch.iter().copied(), &mut gathered);
    ProbeBatch::new(gathered.x().to_owned(), owned(gathered.targets()))
}
