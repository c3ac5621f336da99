//! Measures of weights and statistics along a training.

use std::sync::Arc;

use ndarray::{Array1, Array2, Axis};

use crate::config::Plan;
use crate::data::Prepared;
use crate::kernel::ThreadPool;
use crate::lab::{ClaimTrial, LabError};
use crate::nn::{Alone, BatchBlocks, CHUNK_ROWS, LayerSpec, Network, Norm, row_chunks};
use crate::optim::OptimizerSpec;
use crate::train::step::TrainStep;
use crate::train::trainer::batches;
use crate::train::{Evaluator, tensor_rules};

/// Trains `network` as a run of `plan` would, and shows it before and after each step, with the batch and the number of the
/// step. Ends early if a number is not finite.
pub(crate) fn follow(
    plan: &Plan,
    data: &Prepared<f64>,
    mut network: Network<f64>,
    see: &mut dyn FnMut(Moment<'_>),
) -> Network<f64> {
    let Plan { training, optimizer, .. } = plan;
    let pool = ThreadPool::single();
    tensor_rules::apply(training, &mut network);
    let mut sampler = batches(training, &data.data);
    let steps_per_epoch = sampler.per_epoch() as u64;
    let total = steps_per_epoch * training.epochs;
    let rows = &data.data.train;
    let largest = sampler.sizes().1;
    let blocks =
        (training.blocks > 1).then(|| BatchBlocks::new(training.blocks, largest, &network, Arc::new(Alone)));
    let mut step = TrainStep::in_blocks(network, optimizer, training.clip_norm, rows, largest, blocks);
    let mut number = 0;
    for epoch in 1..=training.epochs {
        for batch in sampler.epoch(epoch) {
            number += 1;
            see(Moment::Before { step: number, batch, network: &step.network });
            let rate = optimizer.learning_rate() * training.schedule.factor(number, steps_per_epoch, total);
            let progress = (number - 1) as f64 / total as f64;
            if step.step(&pool, rows, batch, number, progress, rate).is_err() {
                return step.network;
            }
            see(Moment::After { step: number, total, rate, network: &step.network });
        }
    }
    step.network
}

/// A moment of a training.
pub(crate) enum Moment<'a> {
    Before {
        step: u64,
        batch: &'a [usize],
        network: &'a Network<f64>,
    },
    /// The gradients are those of the step.
    After {
        step: u64,
        total: u64,
        rate: f64,
        network: &'a Network<f64>,
    },
}

/// The weights of the affine layers that a batch norm follows directly, one column for each unit.
fn normalized_weights<'n>(
    plan: &'n Plan,
    network: &'n Network<f64>,
) -> impl Iterator<Item = &'n crate::nn::Param<f64>> {
    let pairs = plan.layers.windows(2).zip(network.layers());
    pairs.filter_map(|(pair, layer)| match pair {
        [LayerSpec::Affine(_), LayerSpec::BatchNorm(_)] => Some(&layer.params()[0]),
        _ => None,
    })
}

fn squared_lengths(weights: &Array2<f64>) -> Array1<f64> {
    weights.map_axis(Axis(0), |column| column.dot(&column))
}

/// Gradient and weights of a unit are orthogonal, because its scale does not matter.
pub(crate) fn norm_growth(trial: &ClaimTrial<'_>) -> Result<Vec<f64>, LabError> {
    trial.by_seed(|seed| {
        let plan = trial.plan_of(Norm::BatchNorm, seed);
        let data = trial.prepared(&plan)?;
        let (mut before, mut worst) = (Vec::new(), 0.0_f64);
        follow(&plan, &data, trial.network(&plan, &data), &mut |moment| match moment {
            Moment::Before { network, .. } => {
                before =
                    normalized_weights(&plan, network).map(|param| squared_lengths(&param.value)).collect();
            }
            Moment::After { rate, network, .. } => {
                for (param, before) in normalized_weights(&plan, network).zip(&before) {
                    let expected = before + squared_lengths(&param.grad) * (rate * rate);
                    let found = squared_lengths(&param.value);
                    let errors =
                        found.iter().zip(&expected).map(|(found, expected)| (found / expected - 1.0).abs());
                    worst = errors.fold(worst, f64::max);
                }
            }
        });
        Ok(worst)
    })
}

/// `sqrt(2 rate l2 / (1 + momentum))`
fn equilibrium_turn(optimizer: &OptimizerSpec) -> f64 {
    let momentum = if let OptimizerSpec::Sgd(sgd) = optimizer { sgd.momentum } else { 0.0 };
    (2.0 * optimizer.learning_rate() * optimizer.l2() / (1.0 + momentum)).sqrt()
}

pub(crate) fn turn_over_theory(trial: &ClaimTrial<'_>) -> Result<Vec<f64>, LabError> {
    let theory = equilibrium_turn(&trial.plan.optimizer);
    trial.by_seed(|seed| {
        let plan = trial.plan_of(Norm::BatchNorm, seed);
        let data = trial.prepared(&plan)?;
        let (mut before, mut squares, mut count) = (Vec::<Array2<f64>>::new(), 0.0, 0.0);
        follow(&plan, &data, trial.network(&plan, &data), &mut |moment| match moment {
            Moment::Before { network, .. } => {
                before = normalized_weights(&plan, network).map(|param| param.value.clone()).collect();
            }
            Moment::After { step, total, network, .. } if 2 * step > total => {
                for (param, before) in normalized_weights(&plan, network).zip(&before) {
                    for (now, before) in param.value.columns().into_iter().zip(before.columns()) {
                        squares += angle(&now.to_owned(), &before.to_owned()).powi(2);
                        count += 1.0;
                    }
                }
            }
            Moment::After { .. } => {}
        });
        Ok((squares / count).sqrt() / theory)
    })
}

/// By the sine, which is exact for small angles.
fn angle(a: &Array1<f64>, b: &Array1<f64>) -> f64 {
    let (a, b) = (a / a.dot(a).sqrt(), b / b.dot(b).sqrt());
    let difference = &a - &b;
    2.0 * (0.5 * difference.dot(&difference).sqrt()).min(1.0).asin()
}

pub(crate) fn statistics_lag(trial: &ClaimTrial<'_>) -> Result<Vec<f64>, LabError> {
    trial.by_seed(|seed| {
        let plan = trial.plan_of(Norm::BatchNorm, seed);
        let data = trial.prepared(&plan)?;
        let mut network = follow(&plan, &data, trial.network(&plan, &data), &mut |_| {});
        let Some(valid) = &data.data.valid else { return Ok(f64::NAN) };
        let pool = ThreadPool::single();
        let mut evaluator = Evaluator::new(&network, valid);
        let mut error = |network: &Network<f64>| {
            evaluator.score(&pool, network, valid).accuracy().map_or(f64::NAN, |accuracy| 1.0 - accuracy)
        };
        let with_running = error(&network);
        let train = &data.data.train;
        network.recompute_running_stats(&pool, CHUNK_ROWS, |see| {
            let mut batch = train.batch(CHUNK_ROWS);
            for chunk in row_chunks(train.len()) {
                train.gather(&pool, chunk, &mut batch);
                see(batch.x());
            }
        });
        Ok(with_running - error(&network))
    })
}
