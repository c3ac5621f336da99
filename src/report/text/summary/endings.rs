//! Incomplete runs: lost or interrupted.

use crate::experiment::RunSummary;
use crate::report::text::number::{NO_NUMBER, distinct_digits, four_digits};
use crate::report::text::summary::grid_point::PointColumns;
use crate::report::text::summary::group_table::{NamedSummary, groups};
use crate::text::shortened;
use crate::train::Outcome;

/// Runs of a group that are listed before the list is cut.
const MAX_LISTED: usize = 2;
/// Groups that are listed before the list is cut.
const MAX_GROUPS: usize = 5;

/// A line for each group with incomplete runs, and a note that they are left out.
pub(crate) fn ends(shown: &[NamedSummary<'_>]) -> String {
    let points = PointColumns::of(groups(shown).map(|(_, group)| &group.point));
    let mut text = String::new();
    let mut n_groups = 0;
    for (NamedSummary { name, summary }, group) in groups(shown) {
        let members = summary.runs.iter().filter(|run| run.norm == group.norm && run.point == group.point);
        let lost: Vec<&RunSummary> = members.filter(|run| !run.is_complete()).collect();
        if lost.is_empty() {
            continue;
        }
        n_groups += 1;
        if MAX_GROUPS < n_groups {
            continue;
        }
        let n_worse = group.n_lost - group.n_diverged;
        let kinds = [
            (group.n_diverged, "diverged"),
            (n_worse, "ended worse than a constant prediction"),
            (group.n_interrupted, "interrupted"),
        ];
        let kinds = kinds.iter().filter(|(count, _)| 0 < *count);
        let kinds: Vec<String> =
            kinds.map(|(count, kind)| format!("{count} of {} {kind}", group.n_runs)).collect();
        let at = group.point.as_ref().and_then(|point| points.label_with(group.norm, point));
        let at = at.map(|label| format!(" at {label}"));
        let at = at.unwrap_or_default();
        let name = name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        text.push_str(&format!("{name}{}{at}: {}", group.norm.name(), kinds.join(", ")));
        text.push_str(&match lost[..] {
            _ if group.point.is_some() => "\n".to_owned(),
            [only] => format!(" ({})\n", end(only)),
            _ => {
                let listed = lost.iter().take(MAX_LISTED).map(|run| format!("  {}\n", end(run)));
                let more = lost.len().saturating_sub(MAX_LISTED);
                let more = (0 < more).then(|| format!("  and {more} more, in summary.json\n"));
                std::iter::once("\n".to_owned()).chain(listed).chain(more).collect()
            }
        });
    }
    if MAX_GROUPS < n_groups {
        let more = n_groups - MAX_GROUPS;
        let has_points = groups(shown).any(|(_, group)| group.point.is_some());
        let what = match (has_points, more) {
            (true, 1) => "combination of norm and point has lost or interrupted runs",
            (true, _) => "combinations of norm and point have lost or interrupted runs",
            (false, 1) => "norm has lost or interrupted runs",
            (false, _) => "norms have lost or interrupted runs",
        };
        text.push_str(&format!("{more} more {what}: see summary.json\n"));
    }
    if !text.is_empty() {
        text.push_str("they are left out of means; in comparisons lost runs count as worst\n");
    }
    text
}

/// The training loss of a run that ended worse than a constant prediction, and the loss of that.
pub(crate) fn losses_of_lost(run: &RunSummary) -> [String; 2] {
    let (found, constant) = (run.final_scores.train_eval_loss, run.constant_loss);
    match found.zip(constant) {
        Some((found, constant)) => distinct_digits(found, constant),
        None => [found, constant].map(|loss| loss.map_or_else(|| NO_NUMBER.to_owned(), four_digits)),
    }
}

fn end(run: &RunSummary) -> String {
    match &run.outcome {
        Outcome::Diverged { epoch, step, cause } => {
            format!("seed {}: epoch {epoch}, step {step}, {}", run.seed, shortened(&cause.to_string()))
        }
        Outcome::Interrupted { step } => format!("seed {}: after step {step}", run.seed),
        Outcome::StoppedEarly { .. } | Outcome::Finished => {
            let [found, constant] = losses_of_lost(run);
            format!("seed {}: training loss {found}, constant prediction {constant}", run.seed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Summary;
    use crate::experiment::synthetic::{at_point, diverged, run};
    use crate::nn::Norm;

    #[test]
    fn groups_that_are_left_out_are_counted() {
        let shown = |n_points: usize| {
            let lost = |index| {
                at_point(diverged(run(Norm::None, 1, &[2.0])), index, &format!("optimizer.l2={index}"))
            };
            let summary = Summary::of(&(1..=n_points).map(lost).collect::<Vec<_>>());
            ends(&[NamedSummary { name: None, summary: &summary }])
        };
        let more = "\n1 more combination of norm and point has lost or interrupted runs: see summary.json\n";
        assert!(shown(MAX_GROUPS + 1).contains(more), "{}", shown(MAX_GROUPS + 1));
        let more =
            "\n2 more combinations of norm and point have lost or interrupted runs: see summary.json\n";
        assert!(shown(MAX_GROUPS + 2).contains(more), "{}", shown(MAX_GROUPS + 2));
    }
}
