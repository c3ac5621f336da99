//! How the training of a model went, in short.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::train::Metric;
use crate::train::{EpochRecord, Outcome, Score};

/// Epochs that are told one by one; of longer runs a regular choice is.
const MOST_EPOCHS: usize = 1000;

/// How a training went: what was measured, and where the weights are from. It holds no times, so
/// that the same run always leaves the same file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// How the run ended.
    pub outcome: Outcome,
    /// The epoch that the weights and running statistics are from; 0 is before training.
    pub kept_epoch: u64,
    /// The state before training and after each epoch, in order; of very long runs only every
    /// `n`-th epoch beside the first, the last and the kept one.
    pub epochs: Vec<EpochMetrics>,
    /// The test rows under the kept weights, by the name of the measure; empty without any.
    pub test: BTreeMap<String, f64>,
}

/// What was measured after an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochMetrics {
    /// From 1; 0 is before training.
    pub epoch: u64,
    /// Steps taken so far.
    pub step: u64,
    /// Of the last step; none before training.
    pub learning_rate: Option<f64>,
    /// What is finite of the columns of `metrics.csv`.
    pub measured: BTreeMap<Metric, f64>,
}

impl History {
    /// The history of a run.
    pub fn new(outcome: &Outcome, kept_epoch: u64, epochs: &[EpochRecord], test: Option<&Score>) -> Self {
        let stride = epochs.len().div_ceil(MOST_EPOCHS).max(1);
        let is_told = |index: usize| {
            index.is_multiple_of(stride) || index + 1 == epochs.len() || epochs[index].epoch == kept_epoch
        };
        let told = (0..epochs.len()).filter(|&index| is_told(index));
        Self {
            outcome: outcome.clone(),
            kept_epoch,
            epochs: told.map(|index| EpochMetrics::of(&epochs[index])).collect(),
            test: test.map_or_else(BTreeMap::new, finite_fields),
        }
    }

    /// What was measured after the epoch that the weights are from.
    pub fn kept(&self) -> Option<&EpochMetrics> {
        self.epochs.iter().find(|metrics| metrics.epoch == self.kept_epoch)
    }
}

impl EpochMetrics {
    fn of(record: &EpochRecord) -> Self {
        let finite = |metric: Metric| {
            let value = record.metric(metric).filter(|value| value.is_finite())?;
            Some((metric, value))
        };
        Self {
            epoch: record.epoch,
            step: record.step,
            learning_rate: record.learning_rate,
            measured: Metric::ALL.into_iter().filter_map(finite).collect(),
        }
    }
}

/// The fields of a score, without those that JSON has no number for.
fn finite_fields(score: &Score) -> BTreeMap<String, f64> {
    let fields = serde_json::to_value(score).ok();
    let fields = fields.as_ref().and_then(serde_json::Value::as_object).into_iter().flatten();
    fields.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Quality;

    fn record(epoch: u64, loss: f64) -> EpochRecord {
        EpochRecord {
            epoch,
            step: 10 * epoch,
            learning_rate: Some(0.5),
            train_loss: None,
            train: Score { loss, quality: Quality::Accuracy(0.25) },
            valid: None,
            train_seconds: 1.0,
            eval_seconds: 1.0,
        }
    }

    #[test]
    fn what_is_not_finite_or_was_not_measured_is_left_out() {
        let history = History::new(&Outcome::Finished, 1, &[record(0, 2.0), record(1, f64::NAN)], None);
        let json = serde_json::to_string(&history).expect("JSON");
        assert_eq!(
            json,
            r#"{"outcome":{"type":"finished"},"kept_epoch":1,"epochs":[{"epoch":0,"step":0,"learning_rate":0.5,"measured":{"train_eval_loss":2.0,"train_accuracy":0.25}},{"epoch":1,"step":10,"learning_rate":0.5,"measured":{"train_accuracy":0.25}}],"test":{}}"#
        );
        assert_eq!(serde_json::from_str::<History>(&json).expect("the same"), history);
    }

    #[test]
    fn long_runs_are_told_by_a_choice_that_has_the_ends_and_the_kept_epoch() {
        let epochs: Vec<_> = (0..=2500).map(|epoch| record(epoch, 1.0)).collect();
        let score = Score { loss: 0.5, quality: Quality::Accuracy(1.0) };
        let history = History::new(&Outcome::Finished, 1234, &epochs, Some(&score));
        let told: Vec<u64> = history.epochs.iter().map(|metrics| metrics.epoch).collect();
        assert_eq!(told[..3], [0, 3, 6]);
        assert_eq!(told.last(), Some(&2500));
        assert_eq!(history.kept().map(|metrics| metrics.epoch), Some(1234));
        assert_eq!(told.len(), 834 + 2);
        assert_eq!(history.test, BTreeMap::from([("loss".to_owned(), 0.5), ("accuracy".to_owned(), 1.0)]));
    }
}
