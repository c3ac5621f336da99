//! The course of training, as it is kept in a model file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::train::Metric;
use crate::train::{EpochRecord, Outcome, Score};

/// Runs of more epochs are thinned out.
const MAX_EPOCHS: usize = 1000;

/// The course of training: the metrics of each epoch, and which epoch the weights are from. It has no
/// times, so that the same run always gives the same file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// How the run ended.
    pub outcome: Outcome,
    /// The epoch of the weights and running statistics; 0 is before training.
    pub kept_epoch: u64,
    /// Metrics before training and after each epoch, in order. Runs of over 1,000 epochs have every
    /// `n`-th one, the last one and that of the weights.
    pub epochs: Vec<EpochMetrics>,
    /// Metrics of the test rows with these weights, by name; empty without test rows.
    pub test: BTreeMap<String, f64>,
}

/// The metrics of an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochMetrics {
    /// From 1; 0 is before training.
    pub epoch: u64,
    /// Training steps so far.
    pub step: u64,
    /// The learning rate of the last step; none before training.
    pub learning_rate: Option<f64>,
    /// Metrics as in `metrics.csv`; those that are not finite are left out.
    pub measured: BTreeMap<Metric, f64>,
}

impl History {
    /// The history of a run.
    pub fn new(outcome: &Outcome, kept_epoch: u64, epochs: &[EpochRecord], test: Option<&Score>) -> Self {
        let stride = epochs.len().div_ceil(MAX_EPOCHS).max(1);
        let is_kept = |index: usize| {
            index.is_multiple_of(stride) || index + 1 == epochs.len() || epochs[index].epoch == kept_epoch
        };
        let kept = (0..epochs.len()).filter(|&index| is_kept(index));
        Self {
            outcome: outcome.clone(),
            kept_epoch,
            epochs: kept.map(|index| EpochMetrics::of(&epochs[index])).collect(),
            test: test.map_or_else(BTreeMap::new, finite_fields),
        }
    }

    /// The metrics of the epoch that the weights are from.
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

/// The metrics of a score, by name; those that are not finite, and so not JSON, are left out.
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
    fn metrics_that_are_missing_or_not_finite_are_left_out() {
        let history = History::new(&Outcome::Finished, 1, &[record(0, 2.0), record(1, f64::NAN)], None);
        let json = serde_json::to_string(&history).expect("JSON");
        assert_eq!(
            json,
            r#"{"outcome":{"type":"finished"},"kept_epoch":1,"epochs":[{"epoch":0,"step":0,"learning_rate":0.5,"measured":{"train_eval_loss":2.0,"train_accuracy":0.25}},{"epoch":1,"step":10,"learning_rate":0.5,"measured":{"train_accuracy":0.25}}],"test":{}}"#
        );
        assert_eq!(serde_json::from_str::<History>(&json).expect("the same"), history);
    }

    #[test]
    fn long_runs_are_thinned_out_but_keep_the_first_last_and_best_epoch() {
        let epochs: Vec<_> = (0..=2500).map(|epoch| record(epoch, 1.0)).collect();
        let score = Score { loss: 0.5, quality: Quality::Accuracy(1.0) };
        let history = History::new(&Outcome::Finished, 1234, &epochs, Some(&score));
        let kept: Vec<u64> = history.epochs.iter().map(|metrics| metrics.epoch).collect();
        assert_eq!(kept[..3], [0, 3, 6]);
        assert_eq!(kept.last(), Some(&2500));
        assert_eq!(history.kept().map(|metrics| metrics.epoch), Some(1234));
        assert_eq!(kept.len(), 834 + 2);
        assert_eq!(history.test, BTreeMap::from([("loss".to_owned(), 0.5), ("accuracy".to_owned(), 1.0)]));
    }
}
