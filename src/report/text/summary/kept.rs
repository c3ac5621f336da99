//! Which epochs the saved weights are of.

use crate::experiment::run_id::settings_with;
use crate::experiment::{GroupSummary, RunSummary, Summary};
use crate::text::Count;

/// The epochs whose weights the model files have: a line for each group of equal ones.
pub(crate) fn kept_epochs(summary: &Summary) -> String {
    let mut lines: Vec<(String, Vec<&'static str>)> = Vec::new();
    for &norm in &summary.norms {
        let runs: Vec<&RunSummary> = summary.runs.iter().filter(|run| run.norm == norm).collect();
        let text = epochs(&runs);
        match lines.iter_mut().find(|(other, _)| *other == text) {
            Some((_, norms)) => norms.push(norm.name()),
            None => lines.push((text, vec![norm.name()])),
        }
    }
    match &lines[..] {
        [(text, _)] => format!("saved weights: {text}\n"),
        lines => {
            let line = |(text, norms): &(String, Vec<&str>)| {
                format!("saved weights of {}: {text}\n", norms.join(", "))
            };
            lines.iter().map(line).collect()
        }
    }
}

/// A warning for each group with runs that keep the untrained network.
pub fn untrained_warnings(summary: &Summary) -> Vec<String> {
    let warning = |group: &GroupSummary| {
        let runs = runs_of(summary, group);
        let untrained = runs.iter().filter(|run| run.kept_epoch == 0 && run.last_epoch > 0).count();
        let settings = group.point.as_ref().map(|point| settings_with(group.norm.name(), &point.settings));
        let at = settings.filter(|settings| !settings.is_empty());
        let at = at.map(|settings| format!(" at {settings}")).unwrap_or_default();
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
    let zero = if low == 0 { " (epoch 0: from before training)" } else { "" };
    match (low == high, are_last) {
        (true, true) if low == 0 => "those from before training".to_owned(),
        (true, false) if low == 0 => format!("epoch 0 of {last}, from before training"),
        (true, true) => format!("epoch {low}, the last one"),
        (true, false) => format!("epoch {low} of {last}"),
        (false, true) => format!("epochs {low} to {high}, the last one of each run{zero}"),
        (false, false) => format!("epochs {low} to {high} of {last}{zero}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::synthetic::{diverged, run};
    use crate::nn::Norm;

    #[test]
    fn weights_of_no_epoch_are_those_from_before_training() {
        let mut lost = diverged(run(Norm::None, 1, &[2.0, 0.5]));
        lost.epochs.clear();
        lost.kept_epoch = 0;
        let other = run(Norm::None, 2, &[2.0, 0.5]);
        let kept = |runs: &[_]| kept_epochs(&Summary::of(runs));
        assert_eq!(kept(&[lost.clone()]), "saved weights: those from before training\n");
        let both = kept(&[lost, other]);
        assert!(
            both.contains("epochs 0 to ") && both.ends_with(" (epoch 0: from before training)\n"),
            "{both}"
        );
    }
}
