//! Conditions on results, for CI.

use std::fmt;
use std::str::FromStr;

use crate::experiment::{DataSets, Job, RunRecord};
use crate::nn::{Norm, Task};
use crate::text::shortened;
use crate::train::{EpochRecord, Metric, Outcome};

/// `NAME OP NUMBER`, such as `valid_accuracy >= 0.95`.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    text: String,
    /// The name of the metric.
    pub(crate) name: String,
    operator: &'static str,
    bound: f64,
}

const OPERATORS: [&str; 4] = [">=", "<=", ">", "<"];

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The last operator, because a class name may contain any character.
        let found = text.rfind(['<', '>']).and_then(|place| {
            let operator = OPERATORS.into_iter().find(|operator| text[place..].starts_with(operator))?;
            Some((text[..place].trim(), operator, text[place + operator.len()..].trim()))
        });
        let Some((name, operator, bound)) = found else {
            return Err(format!("no operator; use one of {}", OPERATORS.join(" ")));
        };
        let bound = bound.parse().ok().filter(|bound: &f64| bound.is_finite());
        let bound = bound.ok_or_else(|| "the bound is not a finite number".to_owned())?;
        Ok(Self { text: text.trim().to_owned(), name: name.to_owned(), operator, bound })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Condition {
    /// Whether a number from `low` to `high` meets the condition.
    fn can_hold(&self, low: f64, high: f64) -> bool {
        match self.operator {
            ">=" | ">" => self.holds(high),
            _ => self.holds(low),
        }
    }

    /// Whether `value` meets the condition; NaN never does.
    pub(crate) fn holds(&self, value: f64) -> bool {
        match self.operator {
            ">=" => value >= self.bound,
            "<=" => value <= self.bound,
            ">" => value > self.bound,
            _ => value < self.bound,
        }
    }
}

/// `[NORM.]METRIC OP NUMBER`: a condition on the saved weights of every run, or of every run with NORM.
#[derive(Clone, Debug)]
pub(crate) struct Requirement {
    condition: Condition,
    norm: Option<Norm>,
    metric: (&'static str, Measure),
}

/// Reads a metric of a run.
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
                    let known = Norm::ALL.map(Norm::name).join(", ");
                    format!("`{}` is not a norm; use one of {known}", shortened(norm))
                })?)
            }
        };
        let metric = METRICS.into_iter().find(|(metric, _)| *metric == name);
        let metric = metric.ok_or_else(|| {
            let known = METRICS.map(|(metric, _)| metric).join(", ");
            format!("`{}` is not a metric; use one of {known}", shortened(name))
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
    /// The reason why `runs` do not meet it; none if they do.
    pub(crate) fn unmet(&self, runs: &[RunRecord]) -> Option<String> {
        let mut selected =
            runs.iter().filter(|run| self.norm.is_none_or(|norm| run.id.norm == norm)).peekable();
        if selected.peek().is_none() {
            return Some(format!("required {self}: no run has this norm"));
        }
        selected.find_map(|run| {
            let name = format!("{} with seed {}", run.id.norm.name(), run.id.seed);
            match (&run.outcome, self.value(run)) {
                (Outcome::Diverged { .. }, _) => Some(format!("required {self}: {name} diverged")),
                (_, None) => Some(format!("required {self}: {name} has no {}", self.metric.0)),
                (_, Some(value)) if self.condition.holds(value) => None,
                (_, Some(value)) => Some(format!("required {self}: {name} has {value:.6}")),
            }
        })
    }

    /// Why no runs of `jobs` can meet it, if that is known before they are trained.
    pub(crate) fn impossible(&self, jobs: &[Job], data: &DataSets) -> Option<String> {
        let mut selected =
            jobs.iter().filter(|job| self.norm.is_none_or(|norm| job.id.norm == norm)).peekable();
        if selected.peek().is_none() {
            let name = self.norm.map_or("", Norm::name);
            return Some(format!("no run has the norm {name}"));
        }
        let name = self.metric.0;
        let (low, high, range) = match name.rsplit('_').next() {
            Some("accuracy") => (0.0, 1.0, "from 0 to 1"),
            Some("r2") => (f64::NEG_INFINITY, 1.0, "at most 1"),
            _ => (0.0, f64::INFINITY, "at least 0"),
        };
        if !self.condition.can_hold(low, high) {
            return Some(format!("no run can meet it, since {name} is {range}"));
        }
        selected.find_map(|job| {
            let (table, seed) = (data.table(&job.plan.data), job.plan.training.split_key());
            let of_other_task = match table.task() {
                Task::Classification => name.ends_with("_r2").then_some("a regression"),
                Task::Regression => name.ends_with("_accuracy").then_some("a classification"),
            };
            let reason = if let Some(task) = of_other_task {
                format!("this is not {task}")
            } else if name.starts_with("valid_") && table.valid_rows(seed) == 0 {
                "there are no validation rows".to_owned()
            } else if name.starts_with("test_") && table.test_rows(seed) == 0 {
                "there are no test rows".to_owned()
            } else {
                return None;
            };
            Some(format!("{reason}, so there is no {name}"))
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
    fn a_condition_is_name_operator_and_bound() {
        for (text, name, operator, bound) in [
            ("accuracy>=0.5", "accuracy", ">=", 0.5),
            (" log_loss  <  1e-1 ", "log_loss", "<", 0.1),
            ("<=50K.recall > 0.25", "<=50K.recall", ">", 0.25),
            (">50K.recall <= 1", ">50K.recall", "<=", 1.0),
            ("<=50K.f1 >= -1", "<=50K.f1", ">=", -1.0),
        ] {
            let condition: Condition = text.parse().expect("a condition");
            let found = (condition.name.as_str(), condition.operator, condition.bound);
            assert_eq!(found, (name, operator, bound), "{text}");
        }
    }

    #[test]
    fn nan_meets_no_condition() {
        let holds = |text: &str, value| text.parse::<Condition>().expect("a condition").holds(value);
        assert!(holds("x <= 0.5", 0.5) && !holds("x <= 0.5", 0.51) && !holds("x <= 0.5", f64::NAN));
        assert!(holds("x > 0.5", 0.51) && !holds("x > 0.5", 0.5) && !holds("x >= 0.5", f64::NAN));
        assert!(holds("x < 0.5", 0.49) && !holds("x < 0.5", 0.5) && holds("x >= 0.5", 0.5));
    }

    #[test]
    fn a_condition_may_be_out_of_reach() {
        let can = |text: &str, low, high| text.parse::<Condition>().expect("a condition").can_hold(low, high);
        for (text, expected) in [
            ("x >= 1", true),
            ("x > 1", false),
            ("x >= 1.1", false),
            ("x <= 0", true),
            ("x < 0", false),
            ("x <= -1", false),
            ("x > -1", true),
            ("x < 2", true),
        ] {
            assert_eq!(can(text, 0.0, 1.0), expected, "{text}");
        }
        assert!(can("x > 1e300", 0.0, f64::INFINITY) && can("x < -1e300", f64::NEG_INFINITY, 1.0));
    }

    #[test]
    fn a_wrong_condition_says_what_is_wrong() {
        let error = |text: &str| text.parse::<Condition>().expect_err("not a condition");
        assert_eq!(error("valid_accuracy 0.9"), "no operator; use one of >= <= > <");
        assert_eq!(error("valid_loss < nan"), "the bound is not a finite number");
        assert_eq!(error("valid_loss <"), "the bound is not a finite number");
        assert_eq!(error("0.5 < x"), "the bound is not a finite number");
    }

    #[test]
    fn a_requirement_may_name_a_norm() {
        let requirement: Requirement = "batch_norm.valid_loss<=0.5".parse().expect("a requirement");
        assert_eq!((requirement.norm, requirement.metric.0), (Some(Norm::BatchNorm), "valid_loss"));
        assert!(
            requirement.condition.holds(0.5)
                && !requirement.condition.holds(0.51)
                && !requirement.condition.holds(f64::NAN)
        );
    }

    #[test]
    fn a_wrong_requirement_lists_what_is_allowed() {
        let error = |text: &str| text.parse::<Requirement>().expect_err("not a requirement");
        assert!(error("accuracy > 0.9").starts_with("`accuracy` is not a metric; use one of train_loss,"));
        assert_eq!(
            error("layer.valid_loss < 1"),
            "`layer` is not a norm; use one of batch_norm, ghost_batch_norm, batch_renorm, mean_only, \
             variance_only, noise_only, layer_norm, rms_norm, group_norm, weight_norm, \
             weight_norm_mean_only, centered_weight_norm, none"
        );
        assert!(error("\u{1b}[2J > 1").starts_with("`\\u{1b}[2J` is not a metric"));
    }
}
