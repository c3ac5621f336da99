//! Which point each norm is trained at.

use crate::config::{ComparedMeasure, Plan};
use crate::experiment::run_id::RunRecord;
use crate::experiment::tuning::trials::{Judge, Trial};
use crate::nn::Norm;

/// The best plan for each norm, of those that `records` tried; without any result, the one of the config.
pub(crate) fn chosen<'p>(plan: &'p Plan, records: &[RunRecord]) -> Vec<(Norm, &'p Plan)> {
    let norms = plan.compare.iter().flat_map(|compare| compare.norms.iter().copied());
    let judge = Judge::new(measure_of(plan), records);
    let best = |norm| {
        let trials = trials_of(&judge, records, norm, plan.points.len());
        let scores: Vec<_> =
            trials.iter().map(|trials| judge.score(&trials.iter().collect::<Vec<_>>())).collect();
        judge.best(&scores).and_then(|place| plan.points.get(place)).map_or(plan, |point| &point.plan)
    };
    norms.map(|norm| (norm, best(norm))).collect()
}

/// For each norm, such as `batch_norm at optimizer.learning_rate=0.91`.
pub fn tuned_settings(plan: &Plan, records: &[RunRecord]) -> Vec<String> {
    let best = chosen(plan, records).into_iter();
    let label =
        |found: &Plan| plan.points.iter().find(|point| point.plan == *found).map(|point| &*point.label);
    best.map(|(norm, found)| {
        format!("{} at {}", norm.name(), label(found).unwrap_or("the settings of the config"))
    })
    .collect()
}

/// What the points of `plan` are judged by: the primary measure, on validation rows.
pub(crate) fn measure_of(plan: &Plan) -> ComparedMeasure {
    let primary = plan.compare.as_ref().map_or(ComparedMeasure::FinalLoss, |compare| compare.primary);
    primary.on_validation_rows(plan.training.early_stopping.is_some())
}

/// The runs of `norm` at each of `n_points` points, by seed as in `records`.
pub(crate) fn trials_of(
    judge: &Judge,
    records: &[RunRecord],
    norm: Norm,
    n_points: usize,
) -> Vec<Vec<Trial>> {
    let mut trials: Vec<Vec<Trial>> = (0..n_points).map(|_| Vec::new()).collect();
    for record in records.iter().filter(|record| record.id.norm == norm) {
        let place = record.id.point.as_ref().and_then(|(index, _)| index.checked_sub(1));
        if let Some(trials) = place.and_then(|place| trials.get_mut(place)) {
            trials.push(judge.trial(record));
        }
    }
    trials
}
