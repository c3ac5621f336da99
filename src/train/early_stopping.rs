//! When to stop, and which epoch's weights to keep.

use crate::train::EarlyStopping;
use crate::train::EpochRecord;

/// Follows one metric from epoch to epoch.
pub(crate) struct Patience<'a> {
    rule: Option<&'a EarlyStopping>,
    best: Option<f64>,
    epochs_without_gain: u64,
}

/// What an epoch means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Its weights are the ones to keep.
    pub(crate) keep: bool,
    /// It is the last.
    pub(crate) stop: bool,
}

impl<'a> Patience<'a> {
    /// Without a `rule` every epoch is kept and none is the last.
    pub(crate) fn new(rule: Option<&'a EarlyStopping>) -> Self {
        Self { rule, best: None, epochs_without_gain: 0 }
    }

    /// Takes the next epoch into account.
    pub(crate) fn judge(&mut self, epoch: &EpochRecord) -> Verdict {
        let Some(rule) = self.rule else { return Verdict { keep: true, stop: false } };
        // Epoch 0 has no training loss; it must not count as a missed improvement.
        let Some(value) = epoch.metric(rule.metric) else {
            return Verdict { keep: self.best.is_none(), stop: false };
        };
        let gain = |best: f64| if rule.metric.is_gain() { value - best } else { best - value };
        let improved = self.best.is_none_or(|best| gain(best) > rule.min_delta);
        if improved {
            self.best = Some(value);
            self.epochs_without_gain = 0;
        } else {
            self.epochs_without_gain += 1;
        }
        Verdict { keep: improved, stop: self.epochs_without_gain >= rule.patience }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Metric;
    use crate::train::{Quality, Score};

    fn verdicts(rule: &EarlyStopping, losses: &[f64]) -> Vec<(bool, bool)> {
        let mut patience = Patience::new(Some(rule));
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
            .map(|&loss| patience.judge(&epoch(loss)))
            .map(|verdict| (verdict.keep, verdict.stop))
            .collect()
    }

    #[test]
    fn stops_after_the_patience_and_keeps_the_best() {
        let rule = EarlyStopping { metric: Metric::ValidLoss, patience: 2, min_delta: 0.0 };
        let expected =
            [(true, false), (true, false), (false, false), (true, false), (false, false), (false, true)];
        assert_eq!(verdicts(&rule, &[0.9, 0.5, 0.5, 0.4, 0.6, 0.4]), expected);
    }

    #[test]
    fn a_gain_must_exceed_min_delta_and_accuracy_counts_upwards() {
        let rule = EarlyStopping { metric: Metric::ValidAccuracy, patience: 1, min_delta: 0.25 };
        assert_eq!(verdicts(&rule, &[1.0, 0.5, 0.25]), [(true, false), (true, false), (false, true)]);
    }

    #[test]
    fn an_epoch_that_was_not_measured_is_kept_until_one_was() {
        let rule = EarlyStopping { metric: Metric::TrainLoss, patience: 1, min_delta: 0.0 };
        let mut patience = Patience::new(Some(&rule));
        let mut judge = |train_loss| {
            let train = Score { loss: 0.0, quality: Quality::Accuracy(0.0) };
            let verdict = patience.judge(&EpochRecord {
                epoch: 0,
                step: 0,
                learning_rate: None,
                train_loss,
                train,
                valid: None,
                train_seconds: 0.0,
                eval_seconds: 0.0,
            });
            (verdict.keep, verdict.stop)
        };
        assert_eq!(
            [None, Some(0.5), None, Some(0.6)].map(&mut judge),
            [(true, false), (true, false), (false, false), (false, true)]
        );
    }
}
