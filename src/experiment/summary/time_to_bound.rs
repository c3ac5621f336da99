//! Steps until a bound is reached that both norms can reach.

use std::cmp::Ordering;

use crate::config::ComparedMeasure;
use crate::experiment::statistics::{
    KaplanMeier, ObservedTime, PairedComparison, PairedForm, Reading, censored_median, sign_test,
};
use crate::experiment::summary::comparison::{
    BoundSource, ComparisonSettings, SeedTimes, TimeToBound, TimesToBound,
};
use crate::experiment::summary::pairs::{Measured, Pair, Run};
use crate::train::{Metric, Outcome};

/// None where at least half of the runs of a norm are lost and the config has no bound.
pub(crate) fn time_to_bound(
    pairs: &[Pair<'_>],
    measured: Measured,
    settings: &ComparisonSettings,
) -> Option<TimeToBound> {
    let metric = metric_of(measured, settings.primary);
    let pairs: Vec<&Pair<'_>> = pairs.iter().filter(|pair| !pair.is_interrupted()).collect();
    let norm: Vec<Run<'_>> = pairs.iter().map(|pair| pair.norm).collect();
    let other: Vec<Run<'_>> = pairs.iter().map(|pair| pair.other).collect();
    let (bound, source) = match settings.bound {
        Some(bound) => (bound, BoundSource::Config),
        None => {
            let medians = [median_best(&norm, metric)?, median_best(&other, metric)?];
            let worse = medians.into_iter().reduce(if metric.is_gain() { f64::min } else { f64::max })?;
            (worse, BoundSource::WorseMedianBest)
        }
    };
    let budget = norm.iter().chain(&other).map(|(_, run)| run.last_step).max()?;
    let time = |run: &Run<'_>| observed_time(*run, metric, bound);
    let norm: Vec<ObservedTime> = norm.iter().map(time).collect();
    let other: Vec<ObservedTime> = other.iter().map(time).collect();
    let steps = |time: &ObservedTime| step(time).map_or(budget, |step| step.min(budget));
    let both = || norm.iter().map(steps).zip(other.iter().map(steps));
    let orders: Vec<Option<Ordering>> =
        norm.iter().zip(&other).map(|(norm, other)| order(norm, other)).collect();
    let count = |order| orders.iter().filter(|found| **found == order).count();
    let (earlier, later) = (count(Some(Ordering::Less)), count(Some(Ordering::Greater)));
    let readings = both().map(|(norm, other)| (Reading::Value(norm as f64), Reading::Value(other as f64)));
    Some(TimeToBound {
        metric,
        bound,
        source,
        budget,
        earlier,
        same: count(Some(Ordering::Equal)),
        later,
        undecided: count(None),
        sign_test_p_value: sign_test(earlier, later),
        difference: PairedComparison::of(PairedForm::CostDifference, readings),
        by_seed: pairs
            .iter()
            .zip(norm.iter().zip(&other))
            .map(|(pair, (norm, other))| SeedTimes {
                seed: pair.norm.1.seed,
                norm_step: step(norm),
                other_step: step(other),
            })
            .collect(),
        norm: times(&norm, budget),
        other: times(&other, budget),
    })
}

/// What the primary measure is the final or best value of; of test rows, which are evaluated once, that of the
/// validation rows.
pub(crate) fn metric_of(measured: Measured, primary: ComparedMeasure) -> Metric {
    match primary {
        ComparedMeasure::FinalTrainEvalLoss => Metric::TrainEvalLoss,
        _ if primary.is_loss() => measured.on.loss(),
        _ => measured.on.quality(measured.task),
    }
}

/// The median of the best values of the runs; none where it is that of a lost run, and without runs.
fn median_best(runs: &[Run<'_>], metric: Metric) -> Option<f64> {
    let best = |(_, run): &Run<'_>| match run.is_lost {
        true => None,
        false => run.best_scores.get(metric),
    };
    let worst = if metric.is_gain() { f64::NEG_INFINITY } else { f64::INFINITY };
    let mut values: Vec<f64> = runs.iter().map(|run| best(run).unwrap_or(worst)).collect();
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let median = if values.len() % 2 == 1 { upper } else { 0.5 * (values[values.len() / 2 - 1] + upper) };
    median.is_finite().then_some(median)
}

fn observed_time((record, run): Run<'_>, metric: Metric, bound: f64) -> ObservedTime {
    let is_there = |value: f64| if metric.is_gain() { bound <= value } else { value <= bound };
    let reached = record.epochs.iter().find(|epoch| epoch.metric(metric).is_some_and(is_there));
    match (reached, &run.outcome) {
        (Some(epoch), _) => ObservedTime::Event(epoch.step),
        (None, Outcome::Diverged { .. }) => ObservedTime::Never,
        (None, _) => ObservedTime::Censored(run.last_step),
    }
}

fn step(time: &ObservedTime) -> Option<u64> {
    match time {
        ObservedTime::Event(step) => Some(*step),
        ObservedTime::Censored(_) | ObservedTime::Never => None,
    }
}

/// Which of two runs gets there first; none if neither does, or if one stopped early before the other one got there.
fn order(norm: &ObservedTime, other: &ObservedTime) -> Option<Ordering> {
    let is_after = |time: &ObservedTime, step: u64| match time {
        ObservedTime::Event(_) => false,
        ObservedTime::Censored(last) => *last >= step,
        ObservedTime::Never => true,
    };
    match (step(norm), step(other)) {
        (Some(norm), Some(other)) => Some(norm.cmp(&other)),
        (Some(norm), None) => is_after(other, norm).then_some(Ordering::Less),
        (None, Some(other)) => is_after(norm, other).then_some(Ordering::Greater),
        (None, None) => None,
    }
}

fn times(times: &[ObservedTime], budget: u64) -> TimesToBound {
    let curve = KaplanMeier::of(times);
    TimesToBound {
        n_reached: times.iter().filter(|time| step(time).is_some()).count(),
        median_step: censored_median(times.iter().map(step)),
        restricted_mean: curve.restricted_mean(budget),
        standard_error: curve.standard_error(budget),
        curve: curve.steps,
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{Equal, Greater, Less};

    use super::*;
    use crate::experiment::statistics::ObservedTime::{Censored, Event, Never};
    use crate::experiment::summary::Summary;
    use crate::experiment::synthetic::run;
    use crate::nn::Norm::{self, BatchNorm};

    #[test]
    fn a_run_that_stopped_early_may_have_been_first() {
        for (norm, other, expected) in [
            (Event(10), Event(30), Some(Less)),
            (Event(30), Event(30), Some(Equal)),
            (Event(30), Censored(30), Some(Less)),
            (Event(30), Censored(10), None),
            (Event(30), Never, Some(Less)),
            (Censored(10), Never, None),
        ] {
            assert_eq!(order(&norm, &other), expected, "{norm:?} {other:?}");
            assert_eq!(order(&other, &norm), expected.map(Ordering::reverse), "{other:?} {norm:?}");
        }
        assert_eq!(order(&Event(30), &Event(10)), Some(Greater));
    }

    #[test]
    fn a_run_that_gets_there_at_the_last_step_is_earlier_than_one_that_does_not() {
        let (last, never) = ([2.0, 1.5, 1.0], [2.0, 1.5, 1.5]);
        let norm = [(1, &last), (2, &never), (3, &never)].map(|(seed, losses)| run(BatchNorm, seed, losses));
        let other =
            [(1, &never), (2, &last), (3, &never)].map(|(seed, losses)| run(Norm::None, seed, losses));
        let settings = ComparisonSettings { bound: Some(1.0), ..ComparisonSettings::default() };
        let summary = Summary::with(&[norm, other].concat(), &settings);
        let time = summary.comparisons[0].time_to_bound.as_ref().unwrap();
        assert_eq!((time.earlier, time.same, time.later, time.undecided), (1, 0, 1, 1));
    }
}
