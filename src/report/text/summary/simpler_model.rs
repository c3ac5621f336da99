//! Says so where a linear model, or the same prediction for all rows, is no worse than the network.

use std::path::Path;

use crate::experiment::{HoldoutSet, MetricSummary, RunId, Subject, Summary};
use crate::nn::Task;
use crate::report::text::number::four_digits;
use crate::text::shortened;

/// One or two sentences if the linear model or the constant prediction is no worse than every network of the run and
/// their ensemble, by the mean over seeds of the log loss, or for values of the RMSE of each target, on the test rows, or
/// without any on the validation rows. `model_of` is where the linear model of a run is.
pub fn simpler_model_note(summary: &Summary, model_of: impl Fn(&RunId) -> Option<String>) -> Option<String> {
    let losses = HoldoutLosses::of(summary)?;
    let linear = losses.if_no_worse(Subject::LinearModel);
    let constant = losses.if_no_worse(Subject::Constant);
    let network = four_digits(losses.best(&losses.metric)?);
    let (metric, rows) = (shortened(&losses.metric), losses.rows_name());
    let constant_name = match summary.task {
        Task::Classification => "class frequencies",
        Task::Regression => "mean",
    };
    match (linear, constant) {
        (None, None) => None,
        (Some(linear), constant) if constant.is_none_or(|constant| linear < constant) => {
            let path = model_of(&losses.linear_run(summary)?)?;
            let path = shortened(&Path::new(&path).to_string_lossy());
            let linear = four_digits(linear);
            let constant =
                constant.map(|constant| format!(", the {constant_name} {}", four_digits(constant)));
            Some(format!(
                "a linear model is no worse here ({metric} {linear} on the {rows}, the network {network}{}); to use it:\n  \
                 bntrain predict {path} --data NEW.csv\n",
                constant.unwrap_or_default()
            ))
        }
        (_, constant) => {
            let constant = four_digits(constant?);
            let linear = losses.first(Subject::LinearModel);
            let linear = linear.map(|linear| format!(", a linear model {}", four_digits(linear)));
            Some(format!(
                "the network is no better here than the {constant_name}, the same prediction for all rows ({metric} \
                 {network} and {constant} on the {rows}{}): what it learned does not hold on other rows\n",
                linear.unwrap_or_default()
            ))
        }
    }
}

/// The metrics to judge by, all of which are smaller for better predictions.
struct HoldoutLosses<'a> {
    rows: HoldoutSet,
    /// The first of them.
    metric: String,
    found: Vec<&'a MetricSummary>,
}

impl<'a> HoldoutLosses<'a> {
    fn of(summary: &'a Summary) -> Option<Self> {
        let has_tests = summary.final_metrics.iter().any(|found| found.rows == HoldoutSet::TestRows);
        let rows = if has_tests { HoldoutSet::TestRows } else { HoldoutSet::ValidationRows };
        let is_judged = |found: &&MetricSummary| {
            let is_loss = match summary.task {
                Task::Classification => found.metric == "log_loss",
                Task::Regression => found.metric == "rmse" || found.metric.ends_with(".rmse"),
            };
            found.rows == rows && is_loss
        };
        let found: Vec<_> = summary.final_metrics.iter().filter(is_judged).collect();
        let metric = found.first()?.metric.clone();
        Some(Self { rows, metric, found })
    }

    fn rows_name(&self) -> &'static str {
        match self.rows {
            HoldoutSet::TestRows => "test rows",
            HoldoutSet::ValidationRows => "validation rows",
        }
    }

    fn of_subject(&self, of: Subject) -> impl Iterator<Item = &'a MetricSummary> {
        self.found.iter().copied().filter(move |found| found.of == of)
    }

    /// The mean of the first metric.
    fn first(&self, of: Subject) -> Option<f64> {
        self.of_subject(of).find(|found| found.metric == self.metric).and_then(mean)
    }

    /// The lowest mean of a metric of all networks and their ensemble; none if one of them is not known.
    fn best(&self, metric: &str) -> Option<f64> {
        let networks = self.of_subject(Subject::Network).chain(self.of_subject(Subject::Ensemble));
        let means = networks.filter(|found| found.metric == metric).map(mean);
        means.reduce(|left, right| Some(left?.min(right?))).flatten()
    }

    /// The mean of the first metric, if those of all metrics are at most those of the best network.
    fn if_no_worse(&self, of: Subject) -> Option<f64> {
        let is_no_worse = |found: &MetricSummary| {
            let pair = mean(found).zip(self.best(&found.metric));
            pair.is_some_and(|(mean, best)| mean <= best)
        };
        self.of_subject(of).all(is_no_worse).then(|| self.first(of)).flatten()
    }

    /// The first run whose linear model was assessed.
    fn linear_run(&self, summary: &Summary) -> Option<RunId> {
        let first = self.of_subject(Subject::LinearModel).next()?;
        let run = summary.runs.iter().find(|run| {
            run.point == first.point && run.assessments.iter().any(|found| found.of == Subject::LinearModel)
        })?;
        let point = run.point.as_ref().map(|point| (point.index, point.settings.clone()));
        Some(RunId { norm: run.norm, point, seed: run.seed })
    }
}

fn mean(found: &MetricSummary) -> Option<f64> {
    found.values.mean.filter(|mean| mean.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::statistics::Estimate;
    use crate::experiment::synthetic::run;
    use crate::experiment::{Assessment, EnsembleSummary};
    use crate::nn::Norm;

    /// The note of a run with these log losses on the validation rows; NaN for what was not assessed.
    fn note(network: f64, linear: f64, constant: f64, ensemble: f64) -> Option<String> {
        let mut record = run(Norm::BatchNorm, 1, &[2.0, 0.5]);
        let rows = HoldoutSet::ValidationRows;
        if !linear.is_nan() {
            let assessed = Assessment {
                of: Subject::LinearModel,
                rows,
                n_rows: 9,
                metrics: Vec::new(),
                confusion: Vec::new(),
                still_improving: false,
            };
            record.assessments.push(assessed);
        }
        let mut summary = Summary::of(&[record])
            .with_ensemble(Some(EnsembleSummary { members: 2, assessments: Vec::new() }));
        for (of, loss) in [
            (Subject::Network, network),
            (Subject::Ensemble, ensemble),
            (Subject::LinearModel, linear),
            (Subject::Constant, constant),
        ] {
            if !loss.is_nan() {
                let values = Estimate::of([Some(loss)]);
                let metric = "log_loss".to_owned();
                summary.final_metrics.push(MetricSummary {
                    of,
                    norm: None,
                    point: None,
                    rows,
                    metric,
                    values,
                });
            }
        }
        simpler_model_note(&summary, |_| Some("run/linear.safetensors".to_owned()))
    }

    #[test]
    fn a_network_that_is_better_needs_no_note() {
        assert_eq!(note(0.3, 0.4, 0.7, f64::NAN), None);
        assert_eq!(note(0.5, 0.4, 0.7, 0.3), None, "its ensemble is better");
    }

    #[test]
    fn a_linear_model_that_is_as_good_is_offered() {
        let to_use = "to use it:\n  bntrain predict run/linear.safetensors --data NEW.csv\n";
        let expected =
            "a linear model is no worse here (log_loss 0.4000 on the validation rows, the network 0.4000); ";
        assert_eq!(note(0.4, 0.4, 0.7, f64::NAN), Some(format!("{expected}{to_use}")));
        let expected = "a linear model is no worse here (log_loss 0.4000 on the validation rows, the network 0.8000, the \
                        class frequencies 0.7000); ";
        assert_eq!(note(0.8, 0.4, 0.7, f64::NAN), Some(format!("{expected}{to_use}")));
    }

    #[test]
    fn a_network_no_better_than_the_class_frequencies_is_said_to_be() {
        let expected = "the network is no better here than the class frequencies, the same prediction for all rows \
                        (log_loss 0.7500 and 0.7000 on the validation rows, a linear model 0.9000): what it learned does \
                        not hold on other rows\n";
        assert_eq!(note(0.8, 0.9, 0.7, 0.75).as_deref(), Some(expected));
        let alone = note(0.7, f64::NAN, 0.7, f64::NAN).expect("a note");
        assert!(alone.contains("(log_loss 0.7000 and 0.7000 on the validation rows): "), "{alone}");
    }
}
