//! Which epochs the saved weights are of.

use crate::experiment::{GroupSummary, RunSummary, Summary};
use crate::report::text::layout::{Align, aligned};
use crate::report::text::summary::grid_point::PointColumns;
use crate::report::text::summary::group_table::{NamedSummary, groups};
use crate::text::Count;

/// A row for each group: the epochs whose weights its model files have, in the order of the seeds.
pub(crate) fn kept_epochs(shown: &[NamedSummary<'_>]) -> String {
    let points = PointColumns::of(groups(shown).map(|(_, group)| &group.point));
    let mut head = vec!["norm".to_owned()];
    head.extend(points.heads());
    head.push("saved weights".to_owned());
    let columns = vec![Align::Left; head.len()];
    let mut rows = vec![head];
    for (NamedSummary { name, summary }, group) in groups(shown) {
        let name = name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        let mut row = vec![format!("{name}{}", group.norm.name())];
        row.extend(points.cells(&group.point));
        row.push(epochs(&runs_of(summary, group)));
        rows.push(row);
    }
    aligned(&columns, &rows)
}

/// A warning for each group with runs that keep the untrained network.
pub fn untrained_warnings(summary: &Summary) -> Vec<String> {
    let warning = |group: &GroupSummary| {
        let runs = runs_of(summary, group);
        let untrained = runs.iter().filter(|run| run.kept_epoch == 0 && run.last_epoch > 0).count();
        let at = group.point.as_ref().map(|point| format!(" at {}", point.settings)).unwrap_or_default();
        (untrained > 0).then(|| {
            format!(
                "warning: {untrained} of {} of {}{at} saved the weights of epoch 0, which is the network before \
                 training: no later epoch was better",
                Count(runs.len(), "run"),
                group.norm.name()
            )
        })
    };
    summary.groups.iter().filter_map(warning).collect()
}

fn runs_of<'s>(summary: &'s Summary, group: &GroupSummary) -> Vec<&'s RunSummary> {
    let is_member = |run: &&RunSummary| run.norm == group.norm && run.point == group.point;
    summary.runs.iter().filter(is_member).collect()
}

/// Such as `epoch 5, the last one`, `epochs 3 to 7 of 40`.
fn epochs(runs: &[&RunSummary]) -> String {
    let kept = runs.iter().map(|run| run.kept_epoch);
    let (Some(low), Some(high)) = (kept.clone().min(), kept.max()) else { return String::new() };
    let last = runs.iter().map(|run| run.last_epoch).max().unwrap_or_default();
    let are_last = runs.iter().all(|run| run.kept_epoch == run.last_epoch);
    match (low == high, are_last) {
        (true, true) => format!("epoch {low}, the last one"),
        (true, false) => format!("epoch {low} of {last}"),
        (false, true) => format!("epochs {low} to {high}, the last one of each run"),
        (false, false) => format!("epochs {low} to {high} of {last}"),
    }
}
