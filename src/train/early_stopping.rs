//! Early stopping: which epoch is the best, and when to stop.

use crate::train::{EarlyStopping, EpochRecord};

/// The state of early stopping: follows one metric from epoch to epoch.
pub(crate) struct EarlyStopper<'a> {
    spec: Option<&'a EarlyStopping>,
    progress: Improvement,
}

/// What early stopping knows of the epochs so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Improvement {
    /// The best value of its metric; none before the first.
    pub best: Option<f64>,
    /// Epochs since then.
    pub epochs_without: u64,
}

/// What to do after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EpochDecision {
    /// Take a checkpoint: this is the best epoch so far, or there is no early stopping.
    pub(crate) is_best: bool,
    /// End the run.
    pub(crate) stop: bool,
}

impl<'a> EarlyStopper<'a> {
    /// Without a `spec` the latest epoch counts as the best, and no epoch is the last.
    pub(crate) fn new(spec: Option<&'a EarlyStopping>) -> Self {
        Self { spec, progress: Improvement::default() }
    }

    /// What it knows so far.
    pub(crate) fn progress(&self) -> Improvement {
        self.progress
    }

    /// Goes on from what it knew.
    pub(crate) fn resume(&mut self, progress: Improvement) {
        self.progress = progress;
    }

    /// Takes the next epoch into account.
    pub(crate) fn update(&mut self, epoch: &EpochRecord) -> EpochDecision {
        let Some(spec) = self.spec else { return EpochDecision { is_best: true, stop: false } };
        // Epoch 0 has no training loss; it must not count as a missed improvement.
        let Some(value) = epoch.metric(spec.metric) else {
            return EpochDecision { is_best: self.progress.best.is_none(), stop: false };
        };
        let improvement = |best: f64| if spec.metric.is_gain() { value - best } else { best - value };
        let improved = self.progress.best.is_none_or(|best| improvement(best) > spec.min_delta);
        if improved {
            self.progress = Improvement { best: Some(value), epochs_without: 0 };
        } else {
            self.progress.epochs_without += 1;
        }
        EpochDecision { is_best: improved, stop: self.progress.epochs_without >= spec.patience }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Metric, Quality, Score};

    fn decisions(rule: &EarlyStopping, losses: &[f64]) -> Vec<(bool, bool)> {
        let mut stopper = EarlyStopper::new(Some(rule));
        let epoch = |loss| EpochRecord {
            epoch: 0,
            step: 0,
            learning_rate: None,
            train_loss: None,
            train: Score { loss: 0.0, quality: Quality::Accuracy(0.0) },
            valid: Some(Score { loss, quality: Quality::Accuracy(1.0 - loss) }),
            train_seconds: 0.0,
            eval_seconds: 0.0,
        };
        losses
            .iter()
            .map(|&loss| stopper.update(&epoch(loss)))
            .map(|decision| (decision.is_best, decision.stop))
            .collect()
    }

    #[test]
    fn stops_after_patience_epochs_without_improvement() {
        let rule = EarlyStopping { metric: Metric::ValidLoss, patience: 2, min_delta: 0.0 };
        let expected =
            [(true, false), (true, false), (false, false), (true, false), (false, false), (false, true)];
        assert_eq!(decisions(&rule, &[0.9, 0.5, 0.5, 0.4, 0.6, 0.4]), expected);
    }

    #[test]
    fn an_improvement_must_exceed_min_delta_and_larger_accuracy_is_better() {
        let rule = EarlyStopping { metric: Metric::ValidAccuracy, patience: 1, min_delta: 0.25 };
        assert_eq!(decisions(&rule, &[1.0, 0.5, 0.25]), [(true, false), (true, false), (false, true)]);
    }

    #[test]
    fn epochs_without_the_metric_do_not_count_against_patience() {
        let rule = EarlyStopping { metric: Metric::TrainLoss, patience: 1, min_delta: 0.0 };
        let mut stopper = EarlyStopper::new(Some(&rule));
        let mut update = |train_loss| {
            let train = Score { loss: 0.0, quality: Quality::Accuracy(0.0) };
            let decision = stopper.update(&EpochRecord {
                epoch: 0,
                step: 0,
                learning_rate: None,
                train_loss,
                train,
                valid: None,
                train_seconds: 0.0,
                eval_seconds: 0.0,
            });
            (decision.is_best, decision.stop)
        };
        assert_eq!(
            [None, Some(0.5), None, Some(0.6)].map(&mut update),
            [(true, false), (true, false), (false, false), (false, true)]
        );
    }
}
