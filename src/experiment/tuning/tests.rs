//! Tuning of made-up runs whose answer is known, and the stages of a study.

use crate::config::{Plan, parse};
use crate::experiment::run_id::RunRecord;
use crate::experiment::study::{next_jobs, split_records};
use crate::experiment::summary::{Ending, Summary};
use crate::experiment::synthetic::{at_point, diverged, run};
use crate::experiment::tuning::{Edge, Tuning};
use crate::nn::Norm;

const CONFIG: &str = "\
[data]
path = 'd.csv'
label = 'y'
valid = 0.2
[model]
hidden = [4]
[optimizer]
type = 'sgd'
[compare]
norms = ['batch_norm', 'none']
seeds = 4
";

fn plan(more: &str) -> Plan {
    parse(&format!("{CONFIG}{more}"), std::path::Path::new("/c.toml"), &[])
        .unwrap_or_else(|error| panic!("{error}"))
}

fn tuned_plan() -> Plan {
    plan(
        "[compare.tune]\npoints = 16\nseeds = 2\nkeys = { 'optimizer.learning_rate' = { log = [0.001, 10] } }\n",
    )
}

fn rate(plan: &Plan, point: usize) -> f64 {
    plan.points[point].plan.optimizer.learning_rate()
}

/// The loss is least at a rate of 1 with batch norm and at 0.1 without, where 1 and more are lost. Seeds differ by
/// `noise` decades.
fn loss(norm: Norm, rate: f64, seed: u64, noise: f64) -> Option<f64> {
    let (best, limit) = if norm == Norm::BatchNorm { (1.0, 5.0) } else { (0.1, 1.0) };
    let shift = if seed.is_multiple_of(2) { noise } else { -noise };
    (rate < limit).then(|| 0.1 + ((rate / best).log10() - shift).powi(2))
}

fn tuning_runs(plan: &Plan, noise: f64) -> Vec<RunRecord> {
    let run_of = |job: &crate::experiment::Job| {
        let (norm, seed) = (job.id.norm, job.id.seed);
        let (index, settings) = job.id.point.clone().expect("a point");
        let made = match loss(norm, job.plan.optimizer.learning_rate(), seed, noise) {
            Some(loss) => run(norm, seed, &[3.0, 0.5 * loss, loss]),
            None => diverged(run(norm, seed, &[3.0, 0.01])),
        };
        at_point(made, index, &settings)
    };
    next_jobs(plan, &[]).iter().map(run_of).collect()
}

fn tuning(plan: &Plan, noise: f64) -> Tuning {
    Summary::of_study(plan, &tuning_runs(plan, noise)).tuning.expect("it was tuned")
}

/// The point at which `loss` is least.
fn least(plan: &Plan, norm: Norm) -> usize {
    let known = (0..16).filter_map(|point| Some((point, loss(norm, rate(plan, point), 0, 0.0)?)));
    known.min_by(|left, right| left.1.total_cmp(&right.1)).expect("a point").0
}

#[test]
fn every_norm_is_trained_at_its_own_best_point_with_fresh_seeds() {
    let plan = tuned_plan();
    let stage = next_jobs(&plan, &[]);
    assert_eq!(stage.len(), 2 * 2 * 16);
    assert!(stage.iter().all(|job| !job.baselines && [0, 1].contains(&job.id.seed)));
    // Equal for every norm, with all points at every seed.
    let of = |norm| -> Vec<_> {
        stage
            .iter()
            .filter(|job| job.id.norm == norm)
            .map(|job| (job.id.point.clone(), job.id.seed))
            .collect()
    };
    assert_eq!(of(Norm::BatchNorm), of(Norm::None));

    let runs = tuning_runs(&plan, 0.0);
    let fresh = next_jobs(&plan, &runs);
    let seeds: Vec<u64> = fresh.iter().map(|job| job.id.seed).collect();
    assert_eq!(seeds, [2, 2, 3, 3, 4, 4, 5, 5]);
    // Once for each seed.
    assert!(fresh.iter().map(|job| job.baselines).eq([true, false].into_iter().cycle().take(8)));
    for job in &fresh {
        assert_eq!(job.id.point, None);
        let best = least(&plan, job.id.norm);
        assert_eq!(job.plan.optimizer.learning_rate(), rate(&plan, best), "{}", job.id);
        assert_eq!(job.plan.training.seed, job.id.seed);
    }
    let compared = fresh.iter().map(|job| run(job.id.norm, job.id.seed, &[2.0, 0.5]));
    let all: Vec<RunRecord> = runs.iter().cloned().chain(compared).collect();
    assert_eq!(next_jobs(&plan, &all), []);
    assert_eq!(split_records(&plan, &all).1.len(), 8);
    let summary = Summary::of_study(&plan, &all);
    assert_eq!((summary.runs.len(), summary.comparisons.len()), (8, 1));
    assert_eq!(summary.comparisons[0].measures[0].comparison.n_pairs, 4);
}

#[test]
fn usable_ranges_ratios_and_expectations_are_those_of_the_losses() {
    let plan = tuned_plan();
    let tuning = tuning(&plan, 0.0);
    let [batch_norm, none] = &tuning.norms[..] else { panic!("two norms") };
    for norm in [batch_norm, none] {
        let best = norm.best.expect("a best point") - 1;
        assert_eq!(best, least(&plan, norm.norm));
        let least = norm.points[best].mean.expect("a loss");
        let close = |point: &usize| {
            loss(norm.norm, rate(&plan, *point), 0, 0.0).is_some_and(|loss| loss <= 1.2 * least)
        };
        let rates: Vec<f64> = (0..16).filter(close).map(|point| rate(&plan, point)).collect();
        let (low, high) = rates
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(low, high), rate| (low.min(*rate), high.max(*rate)));
        let usable = &norm.usable[0];
        assert_eq!((usable.low, usable.high), (low, high));
        assert!((usable.decades.expect("a log scale") - (high / low).log10()).abs() < 1e-12);
        assert_eq!(norm.expected_best.len(), 16);
        assert_eq!(norm.expected_best[15], Some(least));
    }
    // One of the points at random may be a lost one.
    assert_eq!(none.expected_best[0], None);
    let [ratio] = &tuning.ratios[..] else { panic!("one ratio") };
    let expected = rate(&plan, least(&plan, Norm::BatchNorm)) / rate(&plan, least(&plan, Norm::None));
    assert_eq!(ratio.ratio, expected);
    assert_eq!(ratio.interval, None, "two seeds are too few");
    // Without noise, every draw of the seeds has the same best points.
    let interval = with_seeds(6, 0.0).ratios[0].interval.expect("six seeds");
    assert_eq!((interval.low, interval.high), (expected, expected));
}

#[test]
fn the_interval_of_the_ratio_is_as_wide_as_seeds_differ() {
    let ratio = &with_seeds(6, 0.6).ratios[0];
    let interval = ratio.interval.expect("six seeds");
    assert!(interval.low <= ratio.ratio && ratio.ratio <= interval.high && interval.low < interval.high);
    assert_eq!(with_seeds(6, 0.6).ratios[0], *ratio, "the draws are always the same");
}

/// What 16 rates with this number of tuning seeds come to.
fn with_seeds(seeds: u32, noise: f64) -> Tuning {
    let key = "keys = { 'optimizer.learning_rate' = { log = [0.001, 10] } }";
    tuning(&plan(&format!("[compare.tune]\npoints = 16\nseeds = {seeds}\n{key}\n")), noise)
}

#[test]
fn a_best_point_at_an_edge_is_a_warning() {
    let edges = |plan: &Plan| -> Vec<Vec<Edge>> {
        let warnings =
            |norm: &crate::experiment::TunedNorm| norm.warnings.iter().map(|warning| warning.edge).collect();
        tuning(plan, 0.0).norms.iter().map(warnings).collect()
    };
    let range = |from: f64, to: f64| {
        plan(&format!(
            "[compare.tune]\nkeys = {{ 'optimizer.learning_rate' = {{ log = [{from}, {to}] }} }}\n"
        ))
    };
    assert_eq!(edges(&range(0.001, 0.5)), [vec![Edge::Highest], vec![]]);
    assert_eq!(edges(&range(0.3, 9.0)), [vec![], vec![Edge::Lowest]]);
    // The values of a list have edges, too.
    let list = plan("[compare.tune]\nkeys = { 'optimizer.learning_rate' = [0.001, 0.01, 0.1] }\n");
    assert_eq!(edges(&list)[0], [Edge::Highest]);
    // Every rate but the first few is lost without a norm.
    assert_eq!(edges(&range(0.85, 1.5))[1], [Edge::Lowest]);
    let plan = range(0.05, 200.0);
    let last = (0..16).map(|point| rate(&plan, point)).filter(|rate| *rate < 5.0).fold(0.0, f64::max);
    assert!(last > 1.0, "the best of batch norm is below the last one that is not lost: {last}");
}

/// Of one key or several.
#[test]
fn a_best_point_next_to_a_lost_one_is_a_warning() {
    let warned = |more: &str| {
        let plan = plan(&format!(
            "[compare.tune]\npoints = 4\nkeys = {{ 'optimizer.learning_rate' = {{ log = [0.001, 1000] }}{more} }}\n"
        ));
        let edges = tuning(&plan, 0.0).norms.into_iter().flat_map(|norm| norm.warnings);
        edges.map(|warning| warning.edge).filter(|edge| *edge == Edge::NextToLost).count()
    };
    assert_eq!(warned(""), 2);
    assert!(0 < warned(", 'optimizer.momentum' = { linear = [0.0, 0.9] }"));
}

/// Only the nearest point on each side counts.
#[test]
fn a_lost_run_far_from_the_best_point_gives_none() {
    let plan = tuned_plan();
    let mut runs = tuning_runs(&plan, 0.0);
    let by_rate = |left: &usize, right: &usize| rate(&plan, *left).total_cmp(&rate(&plan, *right));
    let lowest = (0..16).min_by(by_rate).expect("a point");
    for run in
        runs.iter_mut().filter(|run| run.id.point.as_ref().is_some_and(|(index, _)| *index == lowest + 1))
    {
        *run = diverged(run.clone());
    }
    let tuning = Summary::of_study(&plan, &runs).tuning.expect("it was tuned");
    let norm = &tuning.norms[0];
    assert_eq!((norm.points[lowest].n_lost, &norm.warnings[..]), (2, &[][..]));
    assert_eq!(norm.best_point().map(|point| point.point.index), norm.best);
    assert!(norm.points.iter().enumerate().all(|(place, point)| point.point.index == place + 1));
}

#[test]
fn fewer_than_six_seeds_have_no_interval_of_the_ratio() {
    let has_interval = |seeds: u32| with_seeds(seeds, 0.1).ratios[0].interval.is_some();
    assert_eq!([1, 2, 5, 6].map(has_interval), [false, false, false, true]);
}

#[test]
fn a_point_with_a_lost_run_is_worse_than_any_without() {
    let plan = tuned_plan();
    let mut runs = tuning_runs(&plan, 0.0);
    let best = least(&plan, Norm::BatchNorm);
    let is_best = |run: &&mut RunRecord| {
        run.id.norm == Norm::BatchNorm && run.id.point.as_ref().is_some_and(|(index, _)| *index == best + 1)
    };
    let lost = runs.iter_mut().find(is_best).expect("it was run");
    *lost = diverged(lost.clone());
    let tuning = Summary::of_study(&plan, &runs).tuning.expect("it was tuned");
    assert_ne!(tuning.norms[0].best, Some(best + 1));
    assert_eq!(tuning.norms[0].points[best].n_lost, 1);
    assert!(!tuning.norms[0].points[best].is_usable);
}

#[test]
fn the_best_of_all_epochs_is_that_of_the_mean_curve() {
    let plan_by = |primary| plan(&format!("primary = '{primary}'\n[compare.tune]\npoints = 2\nseeds = 2\n"));
    let plan = plan_by("best_loss");
    let stage = next_jobs(&plan, &[]);
    // Each run has a low point, at different epochs: the mean curve of the first point has none.
    let curve = |point: usize, seed: u64| match (point, seed) {
        (1, 0) => [3.0, 0.1, 1.0],
        (1, _) => [3.0, 1.0, 0.1],
        _ => [3.0, 0.5, 0.5],
    };
    let made = |job: &crate::experiment::Job| {
        let (index, settings) = job.id.point.clone().expect("a point");
        at_point(run(job.id.norm, job.id.seed, &curve(index, job.id.seed)), index, &settings)
    };
    let runs: Vec<RunRecord> = stage.iter().map(made).collect();
    let tuning = Summary::of_study(&plan, &runs).tuning.expect("it was tuned");
    assert_eq!(tuning.norms[0].best, Some(2));
    assert_eq!(tuning.norms[0].points[0].mean, Some(0.55));
    // Accuracies of 1 / (1 + loss), of which the largest is the best.
    let tuning = Summary::of_study(&plan_by("best_accuracy"), &runs).tuning.expect("it was tuned");
    assert_eq!(tuning.norms[0].best, Some(1));
    assert_eq!(tuning.norms[0].points[0].mean, Some(0.5 * (1.0 / 1.1 + 1.0 / 2.0)));
}

/// Whole stages until it is clear: what `loss` gives for a norm and a seed.
fn until(plan: &Plan, loss: impl Fn(Norm, u64) -> f64) -> (Vec<RunRecord>, Ending) {
    let mut runs = Vec::new();
    loop {
        let stage = next_jobs(plan, &runs);
        if stage.is_empty() {
            let summary = Summary::of_study(plan, &runs);
            let stopping = summary.stopping.expect("a rule");
            let comparison = &summary.comparisons[0].measures[0].comparison;
            assert_eq!(comparison.is_clear(), stopping.pairs[0].ending == Ending::Clear);
            return (runs, stopping.pairs[0].ending);
        }
        runs.extend(
            stage.iter().map(|job| run(job.id.norm, job.id.seed, &[3.0, loss(job.id.norm, job.id.seed)])),
        );
    }
}

#[test]
fn seeds_are_added_until_it_is_clear_one_way_or_the_other() {
    let config =
        CONFIG.replace("seeds = 4", "seeds = { until = 'clear', min = 4, max = 12, smallest = 0.1 }");
    let plan = parse(&config, std::path::Path::new("/c.toml"), &[]).unwrap_or_else(|error| panic!("{error}"));
    let jitter = |seed: u64| 1.0 + 0.02 * (seed % 3) as f64;
    let factor = |norm: Norm, factor: f64| if norm == Norm::None { factor } else { 1.0 };
    let (runs, ending) =
        until(&plan, |norm, seed| jitter(seed) * factor(norm, 2.0 + 0.1 * (seed % 2) as f64));
    assert!(runs.len() <= 12 && ending == Ending::Clear, "{} {ending:?}", runs.len());
    let (runs, ending) =
        until(&plan, |norm, seed| jitter(seed) * factor(norm, 0.999 + 0.002 * (seed % 2) as f64));
    assert_eq!((runs.len() < 24, ending), (true, Ending::NoDifferenceThatMatters));
    let (runs, ending) = until(&plan, |norm, seed| jitter(seed) * factor(norm, 0.5 + (seed % 2) as f64));
    assert_eq!((runs.len(), ending), (24, Ending::Undecided));
}
