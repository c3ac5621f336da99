//! From runs to comparisons within pairs that share a seed.

use crate::experiment::run_id::RunRecord;
use crate::experiment::statistics::{PairedDifference, censored_median};
use crate::experiment::summary::types::{
    Differences, MeasuredOn, NormComparison, Point, RunSummary, SeedStep, StepsToReach, distinct,
};
use crate::nn::Norm;
use crate::train::Outcome;

/// A run and what came of it.
pub(crate) type Run<'a> = (&'a RunRecord, &'a RunSummary);

/// The first norm against each other one, point by point.
pub(crate) fn comparisons(runs: &[Run<'_>], norms: &[Norm], measured_on: MeasuredOn) -> Vec<NormComparison> {
    let Some((&norm, others)) = norms.split_first() else { return Vec::new() };
    let points = distinct(runs.iter().map(|(_, run)| &run.point));
    let mut comparisons = Vec::new();
    for &other in others {
        for &point in &points {
            let pairs = pairs(runs, point, norm, other);
            if pairs.is_empty() {
                continue;
            }
            let swapped: Vec<Pair<'_>> =
                pairs.iter().map(|pair| Pair { norm: pair.other, other: pair.norm }).collect();
            comparisons.push(NormComparison {
                norm,
                other,
                point: point.clone(),
                differences: differences(&pairs, measured_on),
                norm_reaches_best_of_other: steps_to_reach(&pairs, measured_on),
                other_reaches_best_of_norm: steps_to_reach(&swapped, measured_on),
            });
        }
    }
    comparisons
}

/// Two runs that share point and seed.
struct Pair<'a> {
    norm: Run<'a>,
    other: Run<'a>,
}

fn pairs<'a>(runs: &[Run<'a>], point: &Option<Point>, norm: Norm, other: Norm) -> Vec<Pair<'a>> {
    let at_point =
        |norm| runs.iter().copied().filter(move |(_, run)| run.norm == norm && run.point == *point);
    at_point(norm)
        .filter_map(|run| {
            let other = at_point(other).find(|(_, other)| other.seed == run.1.seed)?;
            Some(Pair { norm: run, other })
        })
        .collect()
}

fn differences(pairs: &[Pair<'_>], measured_on: MeasuredOn) -> Differences {
    let difference = |value: &dyn Fn(&RunSummary) -> Option<f64>| {
        let completed = |(_, run): Run<'_>| if run.is_complete() { value(run) } else { None };
        PairedDifference::of(pairs.iter().map(|pair| (completed(pair.norm), completed(pair.other))))
    };
    Differences {
        final_loss: difference(&|run| run.final_scores.loss(measured_on)),
        best_loss: difference(&|run| run.best_scores.loss(measured_on)),
        final_quality: difference(&|run| run.final_scores.quality(measured_on)),
        best_quality: difference(&|run| run.best_scores.quality(measured_on)),
        final_train_eval_loss: difference(&|run| run.final_scores.train_eval_loss),
    }
}

fn steps_to_reach(pairs: &[Pair<'_>], measured_on: MeasuredOn) -> StepsToReach {
    let loss = measured_on.loss();
    let by_seed: Vec<SeedStep> = pairs
        .iter()
        .filter(|pair| pair.other.1.is_complete())
        .filter(|pair| !matches!(pair.norm.1.outcome, Outcome::Interrupted { .. }))
        .filter_map(|Pair { norm: (record, run), other }| {
            let target = other.1.best_scores.loss(measured_on)?;
            let reached = |value: Option<f64>| value.is_some_and(|value| value <= target);
            let first = record.epochs.iter().find(|epoch| reached(epoch.metric(loss)));
            Some(SeedStep { seed: run.seed, step: first.map(|epoch| epoch.step) })
        })
        .collect();
    StepsToReach {
        n_seeds: by_seed.len(),
        n_reached: by_seed.iter().filter(|seed| seed.step.is_some()).count(),
        median_step: censored_median(by_seed.iter().map(|seed| seed.step)),
        by_seed,
    }
}
