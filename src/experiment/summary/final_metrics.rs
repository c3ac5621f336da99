//! From the assessments of runs to means over seeds.

use crate::experiment::assessment::{Assessment, HoldoutSet, Subject};
use crate::experiment::statistics::Estimate;
use crate::experiment::summary::types::{MetricSummary, Point, RunSummary, distinct};
use crate::metrics::scale_of;
use crate::nn::Norm;

/// Every metric of every contender at every point, over the complete runs, in the order in which they come.
pub(crate) fn final_metrics(runs: &[RunSummary]) -> Vec<MetricSummary> {
    let completed = || runs.iter().filter(|run| run.is_complete());
    let groups = distinct(completed().flat_map(|run| run.assessments.iter().map(|found| group(run, found))));
    let mut summaries: Vec<MetricSummary> = Vec::new();
    for wanted in groups {
        let members: Vec<&Assessment> = completed()
            .flat_map(|run| run.assessments.iter().filter(move |found| group(run, found) == wanted))
            .collect();
        let metrics = distinct(members.iter().flat_map(|found| &found.metrics).map(|named| &named.metric));
        for metric in metrics {
            let value = |found: &&Assessment| {
                found
                    .metrics
                    .iter()
                    .find(|named| named.metric == *metric)
                    .and_then(|named| named.measure.value)
            };
            let (of, norm, point, rows) = wanted;
            summaries.push(MetricSummary {
                of,
                norm,
                point: point.clone(),
                rows,
                metric: metric.clone(),
                values: Estimate::on(scale_of(metric), members.iter().map(value)),
            });
        }
    }
    summaries
}

/// What is averaged together.
type Group<'a> = (Subject, Option<Norm>, &'a Option<Point>, HoldoutSet);

fn group<'a>(run: &'a RunSummary, found: &Assessment) -> Group<'a> {
    let norm = (found.of == Subject::Network).then_some(run.norm);
    (found.of, norm, &run.point, found.rows)
}
