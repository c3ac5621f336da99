//! From the runs of all points to what a summary says about them.

use crate::config::{Plan, TuneAxis, TunePlan, TuneRange};
use crate::experiment::run_id::RunRecord;
use crate::experiment::statistics::expected_best;
use crate::experiment::summary::Point;
use crate::experiment::tuning::choice::{measure_of, trials_of};
use crate::experiment::tuning::edges::{NumericKey, usable, warnings};
use crate::experiment::tuning::ratio::best_ratio;
use crate::experiment::tuning::trials::{Judge, PointScore, Trial};
use crate::experiment::tuning::types::{BestRatio, TunedNorm, TunedPoint, Tuning};
use crate::nn::Norm;

/// What `records`, the tuning runs of `plan`, say; none without `[compare.tune]`, and before any run.
pub(crate) fn tuning(plan: &Plan, records: &[RunRecord]) -> Option<Tuning> {
    let compare = plan.compare.as_ref()?;
    let tune = compare.tune.as_ref()?;
    if records.is_empty() {
        return None;
    }
    let measure = measure_of(plan);
    let judge = Judge::new(measure, records);
    let within = tune.within.unwrap_or(if measure.is_loss() { 0.2 } else { 0.02 });
    let trials: Vec<(Norm, Vec<Vec<Trial>>)> = compare
        .norms
        .iter()
        .map(|&norm| (norm, trials_of(&judge, records, norm, plan.points.len())))
        .collect();
    let values = values(plan, tune);
    let keys = numeric_keys(tune);
    let norms = trials.iter().map(|(norm, trials)| {
        let points = points(plan, &judge, trials, &values);
        tuned_norm(*norm, &judge, points, &keys, within)
    });
    let norms: Vec<TunedNorm> = norms.collect();
    let mut ratios = Vec::new();
    for (index, (norm, first)) in trials.iter().enumerate() {
        for (other, second) in &trials[index + 1..] {
            for key in keys.iter().filter(|key| key.is_log) {
                let values: Vec<Option<f64>> = values.iter().map(|values| values[key.place]).collect();
                let Some((ratio, interval)) = best_ratio(&judge, [first, second], &values) else { continue };
                ratios.push(BestRatio {
                    key: key.name.to_owned(),
                    norm: *norm,
                    other: *other,
                    ratio,
                    interval,
                });
            }
        }
    }
    Some(Tuning {
        measure,
        seeds: tune.seeds.clone(),
        n_points: plan.points.len(),
        keys: tune.axes.iter().map(|axis| axis.key.clone()).collect(),
        within,
        norms,
        ratios,
    })
}

/// The number of each key at each point.
fn values(plan: &Plan, tune: &TunePlan) -> Vec<Vec<Option<f64>>> {
    let number =
        |value: &toml::Value| value.as_float().or_else(|| value.as_integer().map(|value| value as f64));
    let of_point = |settings: &[(String, toml::Value)]| {
        let value = |axis: &TuneAxis| {
            settings.iter().find(|(key, _)| *key == axis.key).and_then(|(_, value)| number(value))
        };
        tune.axes.iter().map(value).collect()
    };
    plan.points.iter().map(|point| of_point(&point.settings)).collect()
}

fn numeric_keys(tune: &TunePlan) -> Vec<NumericKey<'_>> {
    let number =
        |value: &toml::Value| value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
    let key = |(place, axis): (usize, &'_ TuneAxis)| match &axis.range {
        TuneRange::Between { is_log, .. } => Some((place, *is_log)),
        TuneRange::Values(values) => {
            let numbers: Option<Vec<f64>> = values.iter().map(number).collect();
            Some((place, numbers?.into_iter().all(|number| 0.0 < number)))
        }
    };
    tune.axes
        .iter()
        .enumerate()
        .filter_map(|(place, axis)| {
            let (place, is_log) = key((place, axis))?;
            Some(NumericKey { name: &axis.key, place, is_log })
        })
        .collect()
}

/// The points of one norm, without a word on which are usable.
fn points(plan: &Plan, judge: &Judge, trials: &[Vec<Trial>], values: &[Vec<Option<f64>>]) -> Vec<TunedPoint> {
    let point = |(place, trials): (usize, &Vec<Trial>)| {
        let PointScore { n_lost, mean } = judge.score(&trials.iter().collect::<Vec<_>>());
        let alone = || trials.iter().filter_map(|trial| judge.score(&[trial]).mean);
        TunedPoint {
            point: Point { index: place + 1, settings: plan.points[place].label.clone() },
            values: values[place].clone(),
            n_runs: trials.len(),
            n_lost,
            mean,
            low: alone().reduce(f64::min),
            high: alone().reduce(f64::max),
            is_usable: false,
        }
    };
    trials.iter().enumerate().map(point).collect()
}

fn tuned_norm(
    norm: Norm,
    judge: &Judge,
    mut points: Vec<TunedPoint>,
    keys: &[NumericKey<'_>],
    within: f64,
) -> TunedNorm {
    let scores: Vec<PointScore> =
        points.iter().map(|point| PointScore { n_lost: point.n_lost, mean: point.mean }).collect();
    let best = judge.best(&scores);
    let is_loss = judge.measure.is_loss();
    if let Some(best) = best.and_then(|best| points[best].mean) {
        let is_close =
            |mean: f64| if is_loss { mean <= best * (1.0 + within) } else { best - within <= mean };
        points.iter_mut().for_each(|point| {
            point.is_usable = 0 < point.n_runs && point.n_lost == 0 && point.mean.is_some_and(is_close);
        });
    }
    // The best is the largest, so losses change their sign; a lost run is worse than any number.
    let sign = if is_loss { -1.0 } else { 1.0 };
    let gain = |score: &PointScore| match score.mean {
        Some(mean) if score.n_lost == 0 => sign * mean,
        _ => f64::NEG_INFINITY,
    };
    let gains: Vec<f64> = scores.iter().map(gain).collect();
    let expected = |trials| Some(0.0 + sign * expected_best(&gains, trials)?).filter(|best| best.is_finite());
    TunedNorm {
        norm,
        best: best.map(|best| best + 1),
        usable: keys.iter().filter_map(|&key| usable(key, &points)).collect(),
        warnings: best
            .map(|best| keys.iter().flat_map(|&key| warnings(key, keys, &points, best)).collect())
            .unwrap_or_default(),
        expected_best: (1..=gains.len()).map(expected).collect(),
        points,
    }
}
