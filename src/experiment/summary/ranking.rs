//! The order of norms and of grid points, from best to worst.
//!
//! It is by what pairs are compared by: losses by their geometric means, everything else by means. So without lost runs
//! the first of two norms is the one that is better in their comparison. Lost runs have no place in a mean: where there
//! are any, each norm counts the comparisons in which it is better minus those in which it is worse, and there a lost run is
//! worse than any other.

use std::cmp::Ordering;

use crate::config::ComparedMeasure;
use crate::experiment::summary::types::{GroupSummary, Summary};
use crate::nn::Norm;

impl Summary {
    /// The measure that points of a grid are chosen by: the primary one, on validation rows if it is of the test rows.
    pub fn chosen_by(&self) -> ComparedMeasure {
        let keeps_best = self.runs.iter().any(|run| run.kept_epoch < run.last_epoch);
        self.primary.on_validation_rows(keeps_best)
    }

    /// For each norm the group to judge it by: of those with the fewest runs that did not
    /// complete, the one that is best in [`chosen_by`](Self::chosen_by), a loss by its geometric mean; the first of
    /// equals. None for a norm of which no run completed. Without a grid, the norm's only group.
    pub fn best_group(&self, norm: Norm) -> Option<&GroupSummary> {
        let measure = self.chosen_by();
        let judged = self.groups.iter().filter(|group| group.norm == norm);
        judged
            .filter(|group| group.center(measure).is_some())
            .min_by(|left, right| left.order(right, measure))
    }

    /// Without a grid, the group of each norm, the best in the primary measure first; those without a completed run come
    /// last.
    pub fn ranked_groups(&self) -> Vec<&GroupSummary> {
        let balance =
            |group: &GroupSummary| -> i64 { self.comparisons.iter().map(|of| of.favors(group.norm)).sum() };
        let mut groups: Vec<_> = self.groups.iter().map(|group| (balance(group), group)).collect();
        groups.sort_by(|(balance, group), (other_balance, other)| {
            let is_missing = |group: &GroupSummary| group.center(self.primary).is_none();
            let by_pairs = is_missing(group).cmp(&is_missing(other)).then(other_balance.cmp(balance));
            by_pairs.then_with(|| group.order(other, self.primary))
        });
        groups.into_iter().map(|(_, group)| group).collect()
    }
}

impl GroupSummary {
    /// What groups are ranked by: of a loss the geometric mean over the completed runs, of other measures the mean.
    pub fn center(&self, measure: ComparedMeasure) -> Option<f64> {
        let found = self.measure(measure);
        if measure.is_loss() { found.geometric_mean } else { found.mean }
    }

    /// `Less` where this one is better: fewer runs that did not complete, then by [`center`](Self::center).
    pub(crate) fn order(&self, other: &Self, measure: ComparedMeasure) -> Ordering {
        let rank = |group: &Self| {
            let sign = if measure.is_loss() { 1.0 } else { -1.0 };
            group.center(measure).map_or(f64::INFINITY, |center| sign * center)
        };
        let incomplete = |group: &Self| group.n_runs - group.n_completed;
        incomplete(self).cmp(&incomplete(other)).then(rank(self).total_cmp(&rank(other)))
    }
}

#[cfg(test)]
mod tests {
    use crate::experiment::Summary;
    use crate::experiment::synthetic::{diverged, run, twins};
    use crate::nn::Norm;

    fn order(summary: &Summary) -> Vec<Norm> {
        summary.ranked_groups().into_iter().map(|group| group.norm).collect()
    }

    /// One bad seed makes the mean of batch norm the larger one, but not its geometric mean.
    #[test]
    fn losses_are_ranked_by_the_means_that_pairs_compare() {
        let mut runs = Vec::new();
        for seed in 1..=6 {
            let loss = if seed == 1 { 2.0 } else { 0.1 };
            for (norm, loss) in [(Norm::None, 0.4), (Norm::BatchNorm, loss), (Norm::MeanOnly, 0.3)] {
                runs.push(run(norm, seed, &[2.3, loss]));
            }
        }
        let summary = Summary::of(&runs);
        let means: Vec<f64> = summary.groups.iter().filter_map(|group| group.final_loss.mean).collect();
        assert!(means[2] < means[0] && means[0] < means[1], "{means:?}");
        assert_eq!(order(&summary), [Norm::BatchNorm, Norm::MeanOnly, Norm::None]);
        for pair in &summary.comparisons {
            let of = &pair.measures[0].comparison;
            let place = |norm| order(&summary).iter().position(|other| *other == norm);
            assert_eq!(of.favors_first(), place(pair.norm) < place(pair.other), "{of:?}");
        }
    }

    /// In pairs, a norm that loses one of six runs and is better in the five others is better.
    #[test]
    fn lost_runs_count_as_they_do_in_pairs() {
        let mut runs = Vec::new();
        for seed in 1..=6 {
            let lossy = run(Norm::BatchNorm, seed, &[2.3, 0.1]);
            runs.push(if seed == 1 { diverged(lossy) } else { lossy });
            runs.push(run(Norm::MeanOnly, seed, &[2.3, 0.3]));
            runs.push(diverged(run(Norm::LayerNorm, seed, &[2.3, 0.2])));
            let mostly_lost = run(Norm::None, seed, &[2.3, 0.01]);
            runs.push(if seed < 6 { diverged(mostly_lost) } else { mostly_lost });
        }
        let expected = [Norm::BatchNorm, Norm::MeanOnly, Norm::None, Norm::LayerNorm];
        assert_eq!(order(&Summary::of(&runs)), expected);
    }

    #[test]
    fn files_of_older_versions_get_geometric_means() {
        let mut runs = twins(4);
        runs[1] = diverged(runs[1].clone());
        let summary = Summary::of(&runs);
        let older: Vec<String> = summary.to_json().lines().map(str::to_owned).collect();
        let older: Vec<String> =
            older.into_iter().filter(|line| !line.contains("\"geometric_mean\"")).collect();
        let read = Summary::from_json(&older.join("\n")).expect("a summary");
        let losses = |summary: &Summary| -> Vec<Option<f64>> {
            let of = |group: &super::GroupSummary| {
                [group.final_loss, group.best_loss].map(|loss| loss.geometric_mean)
            };
            summary.groups.iter().flat_map(of).collect()
        };
        assert!(losses(&summary).iter().all(Option::is_some));
        assert_eq!(losses(&read), losses(&summary));
    }
}
