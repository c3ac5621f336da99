//! Runs made up for tests.

use crate::experiment::{RunId, RunRecord};
use crate::nn::{NonFinite, Norm};
use crate::train::{EpochRecord, Outcome, Quality, Score};

/// Steps in an epoch of a made-up run.
pub(crate) const STEPS_PER_EPOCH: u64 = 10;

/// A finished run whose validation loss after each epoch, from epoch 0 on, is given; the other
/// numbers follow: the training loss is half of it, the accuracy `1 / (1 + loss)`.
pub(crate) fn run(norm: Norm, seed: u64, valid_losses: &[f64]) -> RunRecord {
    let epochs: Vec<EpochRecord> =
        valid_losses.iter().enumerate().map(|(epoch, &loss)| epoch_record(epoch as u64, loss)).collect();
    let last = epochs.last().map_or(0, |epoch| epoch.epoch);
    RunRecord {
        id: RunId { norm, point: None, seed },
        outcome: Outcome::Finished,
        kept_epoch: last,
        train: None,
        test: None,
        assessments: Vec::new(),
        constant_loss: Some(100.0),
        parameters: if norm == Norm::None { 25_250 } else { 25_450 },
        result_hash: format!("{seed:064x}"),
        seconds: 1.25 + 0.01 * seed as f64,
        epochs,
    }
}

/// An epoch of a run as [`run`] makes it.
pub(crate) fn epoch_record(epoch: u64, valid_loss: f64) -> EpochRecord {
    let trained = (epoch > 0).then_some(());
    EpochRecord {
        epoch,
        step: STEPS_PER_EPOCH * epoch,
        learning_rate: trained.map(|()| 0.1),
        train_loss: trained.map(|()| 0.75 * valid_loss),
        train: score(0.5 * valid_loss),
        valid: Some(score(valid_loss)),
        train_seconds: 0.125 * epoch as f64,
        eval_seconds: 0.0625 * epoch as f64,
    }
}

fn score(loss: f64) -> Score {
    Score { loss, quality: Quality::Accuracy(1.0 / (1.0 + loss)) }
}

/// The same run for values instead of classes, with `1 - loss` for R2.
pub(crate) fn for_values(mut run: RunRecord) -> RunRecord {
    let r2 = |score: &mut Score| score.quality = Quality::R2(1.0 - score.loss);
    for epoch in &mut run.epochs {
        r2(&mut epoch.train);
        epoch.valid.iter_mut().for_each(r2);
    }
    run.test.iter_mut().for_each(r2);
    run
}

/// The same run at a point of a grid.
pub(crate) fn at_point(mut run: RunRecord, index: usize, settings: &str) -> RunRecord {
    run.id.point = Some((index, settings.to_owned()));
    run
}

/// The same run, ended by a loss that is not finite in the epoch after its last one.
pub(crate) fn diverged(mut run: RunRecord) -> RunRecord {
    let last = run.epochs.last().expect("made-up runs have an epoch");
    run.outcome = Outcome::Diverged { epoch: last.epoch + 1, step: last.step + 7, cause: NonFinite::Loss };
    run
}

/// The same run without validation rows.
pub(crate) fn without_validation(mut run: RunRecord) -> RunRecord {
    for epoch in &mut run.epochs {
        epoch.valid = None;
    }
    run
}

/// Two norms, `n_seeds` seeds each, 20 epochs: batch norm falls twice as fast, and less far.
pub(crate) fn twins(n_seeds: u64) -> Vec<RunRecord> {
    let curve = |rate: f64, floor: f64, seed: u64| -> Vec<f64> {
        // From -1 to 1, without pattern to the eye.
        let wobble = |epoch: u64| ((epoch * 7 + seed * 5) % 11) as f64 / 5.0 - 1.0;
        let loss = |epoch: u64| floor + (2.3 - floor) * (-rate * epoch as f64).exp();
        (0..=20).map(|epoch| loss(epoch) * (1.0 + 0.1 * wobble(epoch))).collect()
    };
    let runs = |norm, rate, floor| (1..=n_seeds).map(move |seed| run(norm, seed, &curve(rate, floor, seed)));
    runs(Norm::BatchNorm, 0.5, 0.08).chain(runs(Norm::None, 0.25, 0.07)).collect()
}

/// Two norms at five points of a grid, three seeds each; without a norm the last point diverges.
pub(crate) fn grid() -> Vec<RunRecord> {
    let mut runs = Vec::new();
    for norm in [Norm::BatchNorm, Norm::None] {
        for (index, rate) in [0.001, 0.003, 0.01, 0.03, 0.1].into_iter().enumerate() {
            for seed in 1..=3 {
                let slowness = if norm == Norm::None { 3.0 } else { 1.0 };
                let floor = 0.1 + 0.02 * (seed as f64 + slowness);
                let fall = |epoch: u64| (-100.0 * rate / slowness * epoch as f64).exp();
                let losses: Vec<f64> = (0..=5).map(|epoch| floor + 2.0 * fall(epoch)).collect();
                let settings = format!("optimizer.learning_rate={rate}");
                let run = at_point(run(norm, seed, &losses), index + 1, &settings);
                let is_lost = norm == Norm::None && index == 4 && seed != 2;
                runs.push(if is_lost { diverged(run) } else { run });
            }
        }
    }
    runs
}
