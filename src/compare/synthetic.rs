//! Runs made up for tests.

use crate::compare::{Cell, RunRecord};
use crate::nn::Norm;
use crate::train::{EpochRecord, Outcome, Score, StepRecord};

/// Steps in an epoch of a made-up run.
pub(crate) const STEPS_PER_EPOCH: u64 = 10;

/// A finished run whose validation loss after each epoch, from epoch 0 on, is given; the other
/// numbers follow: the training loss is half of it, the accuracy `1 / (1 + loss)`.
pub(crate) fn run(norm: Norm, seed: u64, valid_losses: &[f64]) -> RunRecord {
    let epochs: Vec<EpochRecord> =
        valid_losses.iter().enumerate().map(|(epoch, &loss)| epoch_record(epoch as u64, loss)).collect();
    let last = epochs.last().map_or(0, |epoch| epoch.epoch);
    RunRecord {
        cell: Cell { norm, point: None, seed },
        steps: vec![StepRecord { step: 1, loss: 2.5, learning_rate: 0.1 }],
        outcome: Outcome::Finished,
        kept_epoch: last,
        test: None,
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
        train: Score { loss: 0.5 * valid_loss, accuracy: 1.0 / (1.0 + 0.5 * valid_loss) },
        valid: Some(Score { loss: valid_loss, accuracy: 1.0 / (1.0 + valid_loss) }),
        train_seconds: 0.125 * epoch as f64,
        eval_seconds: 0.0625 * epoch as f64,
    }
}

/// The same run at a point of a grid.
pub(crate) fn at_point(mut run: RunRecord, index: usize, settings: &str) -> RunRecord {
    run.cell.point = Some((index, settings.to_owned()));
    run
}

/// The same run, ended by a loss that is not finite in the epoch after its last one.
pub(crate) fn diverged(mut run: RunRecord) -> RunRecord {
    let last = run.epochs.last().expect("made-up runs have an epoch");
    run.outcome = Outcome::Diverged { epoch: last.epoch + 1, step: last.step + 7, tensor: "loss".to_owned() };
    run
}

/// The same run without validation rows.
pub(crate) fn without_validation(mut run: RunRecord) -> RunRecord {
    for epoch in &mut run.epochs {
        epoch.valid = None;
    }
    run
}

/// Two norms, `n_seeds` seeds each, 20 epochs: batch norm falls twice as fast.
pub(crate) fn twins(n_seeds: u64) -> Vec<RunRecord> {
    let curve = |rate: f64, seed: u64| -> Vec<f64> {
        let wobble = |epoch: u64| 1.0 + 0.08 * (((epoch * 7 + seed * 5) % 11) as f64 / 5.0 - 1.0);
        (0..=20).map(|epoch| 0.05 + 2.3 * (-rate * epoch as f64).exp() * wobble(epoch)).collect()
    };
    let runs = |norm, rate| (1..=n_seeds).map(move |seed| run(norm, seed, &curve(rate, seed)));
    runs(Norm::BatchNorm, 0.4).chain(runs(Norm::None, 0.2)).collect()
}
