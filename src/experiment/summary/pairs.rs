//! From runs to comparisons within pairs that share a seed.

use crate::config::ComparedMeasure;
use crate::experiment::run_id::RunRecord;
use crate::experiment::statistics::{
    PairedComparison, PairedForm, Reading, detectable_effect, fewest_pairs, holm, seeds_needed, sign_test,
};
use crate::experiment::summary::comparison::{
    ComparisonSettings, LostRuns, MeasureComparison, NormComparison, Resolution,
};
use crate::experiment::summary::positions::{PositionComparison, are_same_networks, position_comparisons};
use crate::experiment::summary::time_to_bound::time_to_bound;
use crate::experiment::summary::types::{MeasuredOn, Point, RunSummary, distinct};
use crate::nn::{Norm, Task};
use crate::train::Outcome;

/// The chance with which a difference should be shown.
const POWER: f64 = 0.8;

/// A run and what came of it.
pub(crate) type Run<'a> = (&'a RunRecord, &'a RunSummary);

/// What is measured of which task.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) task: Task,
    pub(crate) on: MeasuredOn,
}

/// Every norm against each one listed after it, point by point; and every norm against itself at its other position.
pub(crate) fn comparisons(
    runs: &[Run<'_>],
    norms: &[Norm],
    measured: Measured,
    settings: &ComparisonSettings,
) -> (Vec<NormComparison>, Vec<PositionComparison>) {
    let compared = norm_pairs(runs, norms).into_iter().filter(|found| !found.pairs.is_empty());
    let compared = compared.map(|NormPairs { norm, other, point, pairs }| NormComparison {
        norm,
        other,
        point: point.clone(),
        ..compare(&pairs, measured, settings)
    });
    let mut comparisons: Vec<NormComparison> = compared.collect();
    let mut positions = position_comparisons(runs, norms, measured, settings);
    adjust(&mut comparisons, &mut positions);
    (comparisons, positions)
}

/// Two norms at a point, and the runs that are compared.
pub(crate) struct NormPairs<'a> {
    pub(crate) norm: Norm,
    pub(crate) other: Norm,
    pub(crate) point: &'a Option<Point>,
    pub(crate) pairs: Vec<Pair<'a>>,
}

/// Every norm with each one listed after it, point by point. Two networks that are the same at both positions of norms,
/// such as those with weight norm and without a norm, are there once: where more pairs have ended.
pub(crate) fn norm_pairs<'a>(runs: &[Run<'a>], norms: &[Norm]) -> Vec<NormPairs<'a>> {
    let points = distinct(runs.iter().map(|(_, run)| &run.point));
    let mut all: Vec<NormPairs<'a>> = Vec::new();
    for (index, &norm) in norms.iter().enumerate() {
        for &other in &norms[index + 1..] {
            let start = all.len();
            for &point in &points {
                let found =
                    NormPairs { norm, other, point, pairs: pairs(runs, (norm, point), (other, point)) };
                let is_same = |earlier: &&mut NormPairs<'_>| {
                    let is_same = |norm| {
                        are_same_networks(runs.iter().map(|(_, run)| *run), norm, earlier.point, point)
                    };
                    is_same(norm) && is_same(other)
                };
                let n_ended =
                    |of: &NormPairs<'_>| of.pairs.iter().filter(|pair| !pair.is_interrupted()).count();
                match all[start..].iter_mut().find(is_same) {
                    Some(earlier) if n_ended(earlier) < n_ended(&found) => *earlier = found,
                    Some(_) => {}
                    None => all.push(found),
                }
            }
        }
    }
    all
}

/// Two runs that share point and seed.
pub(crate) struct Pair<'a> {
    pub(crate) norm: Run<'a>,
    pub(crate) other: Run<'a>,
}

impl Pair<'_> {
    /// Whether a run was interrupted, so that nothing is known of its end.
    pub(crate) fn is_interrupted(&self) -> bool {
        [self.norm, self.other].iter().any(|(_, run)| matches!(run.outcome, Outcome::Interrupted { .. }))
    }
}

/// A norm at a point of the grid.
pub(crate) type NormAt<'p> = (Norm, &'p Option<Point>);

/// The runs of `norm` and of `other` that share a seed.
pub(crate) fn pairs<'a>(runs: &[Run<'a>], norm: NormAt<'_>, other: NormAt<'_>) -> Vec<Pair<'a>> {
    let of = |(norm, point): NormAt<'_>| {
        runs.iter().copied().filter(|(_, run)| run.norm == norm && run.point == *point).collect::<Vec<_>>()
    };
    let others = of(other);
    let pair = |norm: Run<'a>| {
        let other = others.iter().copied().find(|(_, other)| other.seed == norm.1.seed)?;
        Some(Pair { norm, other })
    };
    of(norm).into_iter().filter_map(pair).collect()
}

fn compare(pairs: &[Pair<'_>], measured: Measured, settings: &ComparisonSettings) -> NormComparison {
    let has_test =
        pairs.iter().any(|pair| [pair.norm, pair.other].iter().any(|(_, run)| run.test_loss.is_some()));
    let measures: Vec<MeasureComparison> = measures(measured, settings.primary)
        .filter(|measure| has_test || !measure.is_of_test() || *measure == settings.primary)
        .map(|measure| compare_measure(pairs, measure, measured.on, settings.is_sequential))
        .filter(|found| found.measure == settings.primary || 0 < found.comparison.n_pairs)
        .collect();
    let first = pairs.first().expect("there is a pair").norm.1;
    NormComparison {
        norm: first.norm,
        other: first.norm,
        point: None,
        // Of seeds that are added as they are needed, there is no number to plan.
        resolution: (!settings.is_sequential)
            .then(|| resolution(&measures.first()?.comparison, settings.smallest))
            .flatten(),
        measures,
        lost: lost_runs(pairs),
        time_to_bound: time_to_bound(pairs, measured, settings),
    }
}

/// The primary one, then the others.
fn measures(measured: Measured, primary: ComparedMeasure) -> impl Iterator<Item = ComparedMeasure> {
    let is_other = move |measure: &ComparedMeasure| {
        // Without validation rows, it is the final loss.
        let is_repeated = *measure == ComparedMeasure::FinalTrainEvalLoss;
        *measure != primary && !(is_repeated && measured.on == MeasuredOn::TrainingRows)
    };
    std::iter::once(primary).chain(ComparedMeasure::of_task(measured.task).filter(is_other))
}

pub(crate) fn compare_measure(
    pairs: &[Pair<'_>],
    measure: ComparedMeasure,
    on: MeasuredOn,
    is_sequential: bool,
) -> MeasureComparison {
    let readings =
        pairs.iter().map(|pair| (reading(pair.norm, measure, on), reading(pair.other, measure, on)));
    let comparison = PairedComparison::of(form_of(measure), readings);
    MeasureComparison {
        measure,
        comparison: if is_sequential { comparison.sequential() } else { comparison },
    }
}

/// How `measure` is compared.
pub(crate) fn form_of(measure: ComparedMeasure) -> PairedForm {
    match (measure.is_loss(), measure.task()) {
        (true, _) => PairedForm::Ratio,
        (false, Some(Task::Regression)) => PairedForm::Difference,
        (false, _) => PairedForm::ShareDifference,
    }
}

/// `measure` of a run.
pub(crate) fn reading((_, run): Run<'_>, measure: ComparedMeasure, on: MeasuredOn) -> Reading {
    match (&run.outcome, run.measure(measure, on)) {
        (Outcome::Interrupted { .. }, _) => Reading::Missing,
        _ if run.is_lost => Reading::Lost,
        (_, value) => value.map_or(Reading::Missing, Reading::Value),
    }
}

fn lost_runs(pairs: &[Pair<'_>]) -> LostRuns {
    let known = || pairs.iter().filter(|pair| !pair.is_interrupted());
    let count = |norm: bool, other: bool| {
        known().filter(|pair| pair.norm.1.is_lost == norm && pair.other.1.is_lost == other).count()
    };
    let (only_norm, only_other) = (count(true, false), count(false, true));
    LostRuns {
        n_pairs: known().count(),
        both: count(true, true),
        only_norm,
        only_other,
        p_value: sign_test(only_norm, only_other),
    }
}

fn resolution(primary: &PairedComparison, smallest: Option<f64>) -> Option<Resolution> {
    let deviation = primary.standard_deviation.filter(|deviation| 0.0 < *deviation)?;
    let n_pairs = (primary.n_pairs - primary.n_not_in_mean) as u64;
    let detectable = |n_pairs: u64| Some(detectable_effect(n_pairs, POWER)? * deviation);
    let is_ratio = primary.form == PairedForm::Ratio;
    let wanted = match smallest {
        Some(smallest) if is_ratio => smallest.ln_1p(),
        Some(smallest) => smallest,
        None => 0.5 * detectable(n_pairs.max(fewest_pairs(1)?))?,
    };
    let shown = |difference: f64| if is_ratio { (-difference).exp() } else { difference };
    Some(Resolution {
        power: POWER,
        n_pairs,
        detectable: detectable(n_pairs).map(shown),
        wanted: shown(wanted),
        seeds_needed: seeds_needed(wanted / deviation, POWER),
    })
}

/// Makes families of what is shown together. The primary measures of all pairs of norms and points, and of all norms at
/// two positions, are one; all others are another, of which nothing is clear unless the primary measure of the same
/// networks is.
fn adjust(comparisons: &mut [NormComparison], positions: &mut [PositionComparison]) {
    let adjusted = |shown: &[&MeasureComparison]| -> Vec<f64> {
        let p_values: Vec<f64> = shown.iter().map(|found| found.comparison.p_value.unwrap_or(1.0)).collect();
        holm(&p_values)
    };
    let primaries: Vec<&MeasureComparison> = comparisons
        .iter()
        .filter_map(|comparison| comparison.measures.first())
        .chain(positions.iter().map(|position| &position.measure))
        .collect();
    let others: Vec<&MeasureComparison> =
        comparisons.iter().flat_map(|comparison| comparison.measures.iter().skip(1)).collect();
    let (of_primaries, of_others) = (adjusted(&primaries), adjusted(&others));
    let (n_primaries, n_others) = (primaries.len(), others.len());
    let (of_norms, of_positions) = of_primaries.split_at(n_primaries - positions.len());
    for (position, &p_value) in positions.iter_mut().zip(of_positions) {
        let found = position.measure.comparison;
        let p_value = found.p_value.map(|_| p_value);
        position.measure.comparison = found.in_family(n_primaries, p_value);
    }
    let mut of_others = of_others.into_iter();
    for (comparison, &of_primary) in comparisons.iter_mut().zip(of_norms) {
        for (index, found) in comparison.measures.iter_mut().enumerate() {
            let (family, p_value) = match index {
                0 => (n_primaries, of_primary),
                _ => (n_others, of_others.next().unwrap_or(1.0).max(of_primary)),
            };
            let p_value = found.comparison.p_value.map(|_| p_value);
            found.comparison = found.comparison.in_family(family, p_value);
        }
    }
}
