//! Metrics of the saved weights on validation and test rows, with the baselines.

use crate::experiment::statistics::Estimate;
use crate::experiment::{Assessment, HoldoutSet, MetricSummary, RunSummary, Subject, Summary};
use crate::metrics::{CONFIDENCE, Measure};
use crate::nn::{Norm, Task};
use crate::report::labels::Labels;
use crate::report::text::evaluation::metric::{is_share, measure_and_interval, metric_value};
use crate::report::text::layout::{Align, WIDEST, aligned_within, wrapped};
use crate::report::text::number::{NO_NUMBER, mean_and_spread};
use crate::text::shortened;

/// The metrics of a table over several seeds; the files have all.
const MAIN: [&str; 6] = ["accuracy", "macro_f1", "log_loss", "rmse", "mae", "r2"];

/// Each norm (with a grid, at its best point) and the baselines, on the test rows if there are any, otherwise on
/// the validation rows: means and standard deviations of the main metrics over the seeds, or all metrics of a single
/// run with intervals over the rows.
pub(crate) fn final_metrics(summary: &Summary, labels: &Labels) -> String {
    let sets = [(HoldoutSet::TestRows, "test rows"), (HoldoutSet::ValidationRows, "validation rows")];
    let found = sets.into_iter().find_map(|(rows, name)| {
        let found = contenders(summary, labels, rows);
        (!found.is_empty()).then_some((name, found))
    });
    let Some((name, contenders)) = found else { return String::new() };
    let metrics = contenders[0].metrics();
    let note = unconverged_note(summary).map(|note| wrapped(WIDEST, "", "", &note)).unwrap_or_default();
    let table = match &summary.runs[..] {
        [_] => {
            let table = by_metric(summary, &contenders, &metrics);
            format!("saved weights on the {name}\n\n{table}")
        }
        _ => {
            let most = contenders.iter().map(Contender::n_seeds).max().unwrap_or(0);
            let mean = match (most, completed_seeds(&contenders)) {
                (0 | 1, _) => "one seed".to_owned(),
                (_, None) => format!("mean over {most} seeds ±standard deviation"),
                (_, Some(of)) => format!("mean over the completed seeds ({of}) ±standard deviation"),
            };
            let is_main = |metric: &&str| MAIN.iter().any(|main| metric.rsplit('.').next() == Some(main));
            let main: Vec<&str> = metrics.into_iter().filter(is_main).collect();
            let title = wrapped(WIDEST, "", "  ", &format!("saved weights on the {name}, {mean}"));
            format!("{title}\n{}", by_contender(&contenders, &main))
        }
    };
    format!("{table}{note}")
}

/// How many seeds each network has, if they do not have the same number: the others are lost or were interrupted.
pub(crate) fn completed_seeds(contenders: &[Contender<'_>]) -> Option<String> {
    let networks = contenders.iter().filter(|contender| contender.of == Subject::Network);
    let most = networks.clone().map(Contender::n_seeds).max()?;
    let is_same = networks.clone().all(|contender| contender.n_seeds() == most);
    let of = |contender: &Contender<'_>| format!("{} with {}", contender.n_seeds(), contender.name);
    (!is_same).then(|| networks.map(of).collect::<Vec<_>>().join(", "))
}

/// Says that a linear model was not trained to its end; none if all were.
pub(crate) fn unconverged_note(summary: &Summary) -> Option<String> {
    let has = |run: &&RunSummary, improving: bool| {
        let is_it =
            |found: &Assessment| found.of == Subject::LinearModel && (!improving || found.still_improving);
        run.assessments.iter().any(is_it)
    };
    let all = summary.runs.iter().filter(|run| has(run, false)).count();
    let improving = summary.runs.iter().filter(|run| has(run, true)).count();
    let of_runs = if all == 1 { String::new() } else { format!(" in {improving} of {all} runs") };
    (0 < improving).then(|| {
        format!(
            "The linear model still improved by 1 % of its loss or more in each epoch when its training ended{of_runs}; \
             it is likely to be better with more epochs (training.epochs)."
        )
    })
}

/// A line for each metric, with the interval of the network.
fn by_metric(summary: &Summary, contenders: &[Contender<'_>], metrics: &[&str]) -> String {
    let mut head = vec!["metric".to_owned()];
    for contender in contenders {
        head.push(contender.name.clone());
        if contender.of == Subject::Network {
            head.push(format!("{} % interval", 100.0 * CONFIDENCE));
        }
    }
    let line =
        |metric: &&str| {
            let mut line = vec![shortened(metric)];
            for contender in contenders {
                line.push(contender.mean(metric));
                if contender.of == Subject::Network {
                    let measure = contender.measure(summary, metric);
                    line.push(measure.map_or_else(
                        || NO_NUMBER.to_owned(),
                        |measure| measure_and_interval(metric, measure).1,
                    ));
                }
            }
            line
        };
    let table: Vec<Vec<String>> = std::iter::once(head).chain(metrics.iter().map(line)).collect();
    aligned_within(WIDEST, 1, &vec![Align::Left; table[0].len()], &table)
}

/// A line for each contender.
fn by_contender(contenders: &[Contender<'_>], metrics: &[&str]) -> String {
    let line = |head: &str, cell: &dyn Fn(&str) -> String| -> Vec<String> {
        std::iter::once(head.to_owned()).chain(metrics.iter().map(|metric| cell(metric))).collect()
    };
    let mut table = vec![line("", &|metric| shortened(metric))];
    table.extend(contenders.iter().map(|contender| line(&contender.name, &|metric| contender.mean(metric))));
    aligned_within(WIDEST, 1, &vec![Align::Left; table[0].len()], &table)
}

/// A network or a baseline, on some rows.
pub(crate) struct Contender<'a> {
    pub(crate) of: Subject,
    pub(crate) norm: Option<Norm>,
    pub(crate) name: String,
    rows: HoldoutSet,
    metrics: Vec<&'a MetricSummary>,
}

/// The norms, the ensemble of all networks if there is one, then the baselines that were assessed with the first norm;
/// empty without such rows.
pub(crate) fn contenders<'a>(summary: &'a Summary, labels: &Labels, rows: HoldoutSet) -> Vec<Contender<'a>> {
    let point = |norm: Norm| {
        let first = || summary.groups.iter().find(|group| group.norm == norm);
        summary.best_group(norm).or_else(first).and_then(|group| group.point.as_ref())
    };
    let baseline = match summary.task {
        Task::Classification => "class frequencies",
        Task::Regression => "mean",
    };
    let networks = summary.norms.iter().map(|&norm| (Subject::Network, norm, labels.norm(norm)));
    let first = summary.norms.first();
    let others = first.into_iter().flat_map(|&norm| {
        let members = summary.ensemble.as_ref().map_or(0, |ensemble| ensemble.members);
        let others = [
            (Subject::Ensemble, format!("ensemble of {members}")),
            (Subject::LinearModel, "linear model".to_owned()),
            (Subject::Constant, baseline.to_owned()),
        ];
        others.map(|(of, name)| (of, norm, name))
    });
    let contender = |(of, norm, name): (Subject, Norm, String)| {
        let is_here = |found: &&MetricSummary| {
            let is_norm = found.norm.is_none_or(|other| other == norm);
            found.of == of && is_norm && found.rows == rows && found.point.as_ref() == point(norm)
        };
        let metrics: Vec<_> = summary.final_metrics.iter().filter(is_here).collect();
        let norm = (of == Subject::Network).then_some(norm);
        (!metrics.is_empty()).then_some(Contender { of, norm, name, rows, metrics })
    };
    networks.chain(others).filter_map(contender).collect()
}

impl<'a> Contender<'a> {
    /// Names of the metrics.
    pub(crate) fn metrics(&self) -> Vec<&'a str> {
        self.metrics.iter().map(|found| found.metric.as_str()).collect()
    }

    /// How many runs the means are of.
    fn n_seeds(&self) -> usize {
        self.metrics.iter().map(|found| found.values.n).max().unwrap_or(0)
    }

    /// The mean of a metric over the seeds with its interval; of a single run or an ensemble its value with the interval
    /// over the rows. None where it is not known.
    pub(crate) fn measure(&self, summary: &Summary, metric: &str) -> Option<Measure> {
        if let (Subject::Ensemble, Some(ensemble)) = (self.of, &summary.ensemble) {
            return self.on_rows(&ensemble.assessments, metric);
        }
        if let [run] = &summary.runs[..] {
            return self.on_rows(&run.assessments, metric);
        }
        let values = self.values(metric)?;
        Some(Measure { value: values.mean, interval: values.interval, missing: None })
    }

    /// The same as text.
    pub(crate) fn mean_and_interval(&self, summary: &Summary, metric: &str) -> String {
        let Some(measure) = self.measure(summary, metric) else { return NO_NUMBER.to_owned() };
        let (value, interval) = measure_and_interval(metric, measure);
        if interval == NO_NUMBER { value } else { format!("{value} {interval}") }
    }

    fn on_rows(&self, assessments: &[Assessment], metric: &str) -> Option<Measure> {
        let found = assessments.iter().find(|found| found.of == self.of && found.rows == self.rows)?;
        found.metrics.iter().find(|named| named.metric == metric).map(|named| named.measure)
    }

    /// The mean of a metric, with its standard deviation if there are several seeds.
    fn mean(&self, metric: &str) -> String {
        let Some(values) = self.values(metric) else { return NO_NUMBER.to_owned() };
        match (values.mean, values.standard_deviation) {
            (Some(mean), Some(spread)) if is_share(metric) => {
                format!("{} ±{spread:.4}", metric_value(metric, mean))
            }
            (Some(mean), None) => metric_value(metric, mean),
            _ => mean_and_spread(values),
        }
    }

    fn values(&self, metric: &str) -> Option<&Estimate> {
        self.metrics.iter().find(|found| found.metric == metric).map(|found| &found.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::synthetic::{at_point, run, twins};
    use crate::experiment::{EnsembleSummary, NamedMeasure, RunRecord};
    use crate::metrics::Interval;

    fn assessment(of: Subject, rows: HoldoutSet, metrics: &[(&str, f64)]) -> Assessment {
        let named = |&(metric, value): &(&str, f64)| {
            let interval = Some(Interval { low: 0.9 * value, high: 1.1 * value });
            NamedMeasure {
                metric: metric.to_owned(),
                measure: Measure { value: Some(value), interval, missing: None },
            }
        };
        Assessment {
            of,
            rows,
            n_rows: 100,
            metrics: metrics.iter().map(named).collect(),
            confusion: Vec::new(),
            still_improving: false,
        }
    }

    /// The same run with metrics that follow from the seed, and baselines for the first norm.
    fn assessed(mut run: RunRecord, rows: HoldoutSet) -> RunRecord {
        let loss = 0.1 * run.id.seed as f64;
        let metrics = |loss: f64| [("accuracy", 1.0 - loss), ("log_loss", 3.0 * loss)];
        run.assessments.push(assessment(Subject::Network, rows, &metrics(loss)));
        if run.id.norm == Norm::BatchNorm {
            run.assessments.push(assessment(Subject::LinearModel, rows, &metrics(1.5 * loss)));
            run.assessments.push(assessment(Subject::Constant, rows, &metrics(0.5)));
        }
        run
    }

    fn shown(runs: &[RunRecord]) -> String {
        final_metrics(&Summary::of(runs), &Labels::default())
    }

    #[test]
    fn a_linear_model_that_still_improved_is_marked() {
        let mut runs =
            [1, 2].map(|seed| assessed(run(Norm::BatchNorm, seed, &[2.0, 0.5]), HoldoutSet::TestRows));
        let words = |runs: &[RunRecord]| shown(runs).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!words(&runs).contains("linear model still"), "{}", words(&runs));
        runs[1].assessments[1].still_improving = true;
        let expected = "when its training ended in 1 of 2 runs; it is likely to be better with more epochs (training.epochs).";
        assert!(words(&runs).ends_with(expected), "{}", words(&runs));
        assert!(words(&runs[1..]).contains("when its training ended; it is"), "{}", words(&runs[1..]));
    }

    #[test]
    fn means_of_fewer_seeds_say_so() {
        let mut runs: Vec<RunRecord> =
            twins(3).into_iter().map(|run| assessed(run, HoldoutSet::ValidationRows)).collect();
        runs[4] = crate::experiment::synthetic::diverged(runs[4].clone());
        let text = shown(&runs).replace("\n  ", " ");
        let expected = "mean over the completed seeds (3 with batch_norm, 2 with none) ±standard deviation\n";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn norms_and_baselines_are_lines_of_means_and_intervals() {
        let runs = twins(3).into_iter().map(|run| assessed(run, HoldoutSet::ValidationRows));
        insta::assert_snapshot!(shown(&runs.collect::<Vec<_>>()));
    }

    #[test]
    fn a_single_run_has_intervals_and_shows_its_test_rows() {
        let single = assessed(run(Norm::BatchNorm, 1, &[2.0, 0.5]), HoldoutSet::ValidationRows);
        insta::assert_snapshot!(shown(&[assessed(single, HoldoutSet::TestRows)]));
    }

    #[test]
    fn an_ensemble_is_listed_between_its_networks_and_the_baselines() {
        let runs = (1..=3).map(|seed| run(Norm::BatchNorm, seed, &[2.0, 0.5]));
        let runs: Vec<_> = runs.map(|run| assessed(run, HoldoutSet::TestRows)).collect();
        let together = [("accuracy", 0.9), ("log_loss", 0.25)];
        let assessments = vec![assessment(Subject::Ensemble, HoldoutSet::TestRows, &together)];
        let summary = Summary::of(&runs).with_ensemble(Some(EnsembleSummary { members: 3, assessments }));
        insta::assert_snapshot!(final_metrics(&summary, &Labels::default()));
        let read = Summary::from_json(&summary.to_json()).expect("a summary");
        assert_eq!(read.ensemble, summary.ensemble);
    }

    #[test]
    fn with_a_grid_each_norm_is_shown_at_its_best_point() {
        let at = |seed, loss, index| {
            let run = at_point(run(Norm::BatchNorm, seed, &[2.0, loss]), index, &format!("l2={index}"));
            assessed(run, HoldoutSet::TestRows)
        };
        insta::assert_snapshot!(shown(&[at(1, 0.9, 1), at(2, 0.3, 2)]));
    }

    #[test]
    fn without_validation_and_test_rows_there_is_no_table() {
        assert_eq!(shown(&twins(2)), "");
    }
}
