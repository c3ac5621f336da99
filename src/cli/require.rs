//! Conditions on results, for CI.

use std::fmt;
use std::str::FromStr;

use crate::cli::condition::Condition;
use crate::experiment::RunRecord;
use crate::nn::Norm;
use crate::train::Metric;
use crate::train::{EpochRecord, Outcome};

/// `[NORM.]METRIC OP NUMBER`, to be met by the kept epoch of every run, or of every run with NORM.
#[derive(Clone, Debug)]
pub(crate) struct Requirement {
    condition: Condition,
    norm: Option<Norm>,
    metric: (&'static str, Measure),
}

/// A number of a run, by its name.
type Measure = fn(&RunRecord, &EpochRecord) -> Option<f64>;

const METRICS: [(&str, Measure); 10] = [
    ("train_loss", |_, kept| kept.metric(Metric::TrainLoss)),
    ("train_eval_loss", |_, kept| kept.metric(Metric::TrainEvalLoss)),
    ("train_accuracy", |_, kept| kept.metric(Metric::TrainAccuracy)),
    ("train_r2", |_, kept| kept.metric(Metric::TrainR2)),
    ("valid_loss", |_, kept| kept.metric(Metric::ValidLoss)),
    ("valid_accuracy", |_, kept| kept.metric(Metric::ValidAccuracy)),
    ("valid_r2", |_, kept| kept.metric(Metric::ValidR2)),
    ("test_loss", |run, _| run.test.map(|test| test.loss)),
    ("test_accuracy", |run, _| run.test?.accuracy()),
    ("test_r2", |run, _| run.test?.r2()),
];

impl FromStr for Requirement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let condition: Condition = text.parse()?;
        let (norm, name) = match condition.name.split_once('.') {
            Some((norm, name)) => (Some(norm), name),
            None => (None, &*condition.name),
        };
        let norm = match norm {
            None => None,
            Some(norm) => {
                Some(Norm::ALL.into_iter().find(|known| known.name() == norm).ok_or_else(|| {
                    format!("`{norm}` is not a norm; use one of {}", Norm::ALL.map(Norm::name).join(", "))
                })?)
            }
        };
        let metric = METRICS.into_iter().find(|(metric, _)| *metric == name);
        let metric = metric.ok_or_else(|| {
            format!("`{name}` is not a metric; use one of {}", METRICS.map(|(metric, _)| metric).join(", "))
        })?;
        Ok(Self { norm, metric, condition })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt(f)
    }
}

impl Requirement {
    /// Why `runs` do not meet it; none if they do.
    pub(crate) fn unmet(&self, runs: &[RunRecord]) -> Option<String> {
        let mut concerned =
            runs.iter().filter(|run| self.norm.is_none_or(|norm| run.id.norm == norm)).peekable();
        if concerned.peek().is_none() {
            return Some(format!("required {self}: there is no such run"));
        }
        concerned.find_map(|run| {
            let name = format!("{} with seed {}", run.id.norm.name(), run.id.seed);
            match (&run.outcome, self.value(run)) {
                (Outcome::Diverged { .. }, _) => Some(format!("required {self}: {name} diverged")),
                (_, None) => Some(format!("required {self}: {name} has no {}", self.metric.0)),
                (_, Some(value)) if self.condition.holds(value) => None,
                (_, Some(value)) => Some(format!("required {self}: {name} has {value:.6}")),
            }
        })
    }

    fn value(&self, run: &RunRecord) -> Option<f64> {
        let kept = run.epochs.iter().find(|epoch| epoch.epoch == run.kept_epoch)?;
        (self.metric.1)(run, kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_norm_metric_operator_and_bound() {
        let requirement: Requirement = "batch_norm.valid_loss<=0.5".parse().expect("a requirement");
        assert_eq!((requirement.norm, requirement.metric.0), (Some(Norm::BatchNorm), "valid_loss"));
        assert!(
            requirement.condition.holds(0.5)
                && !requirement.condition.holds(0.51)
                && !requirement.condition.holds(f64::NAN)
        );
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |text: &str| text.parse::<Requirement>().expect_err("not a requirement");
        assert!(error("accuracy > 0.9").starts_with("`accuracy` is not a metric; use one of train_loss,"));
        assert_eq!(
            error("layer.valid_loss < 1"),
            "`layer` is not a norm; use one of batch_norm, mean_only, none"
        );
    }
}
