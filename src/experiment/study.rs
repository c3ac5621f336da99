//! The runs that a config describes, stage by stage: which come next may depend on the results of those before.
//!
//! A stage is decided by whole stages before it, in the order of their runs, so that a study is the same for any
//! number of threads, and with or without an interruption.

use crate::config::{ComparePlan, Plan};
use crate::experiment::summary::ComparisonSettings;
use crate::experiment::summary::sequential::is_settled;
use crate::experiment::tuning::chosen;
use crate::experiment::{Job, RunId, RunRecord};
use crate::nn::{Norm, norm_of, twin};
use crate::train::tensor_rules;

/// The jobs that come next, given the results of all before, in order; none when the study has ended.
///
/// Without `[compare]` they are the members of an ensemble, or a single job. With `[compare.tune]`, every point is tried with every norm first; then
/// norms are compared. Seeds that are added until it is clear come a few at a time.
pub fn next_jobs(plan: &Plan, done: &[RunRecord]) -> Vec<Job> {
    let Some(compare) = &plan.compare else {
        return if done.is_empty() { members(plan) } else { Vec::new() };
    };
    let (tuning, compared) = split_records(plan, done);
    if compare.tune.is_some() && tuning.is_empty() {
        return tuning_jobs(plan, compare);
    }
    let seeds = next_seeds(compare, compared);
    if seeds.is_empty() {
        return Vec::new();
    }
    match &compare.tune {
        None => compared_jobs(plan, compare, seeds),
        Some(_) => {
            let best = chosen(plan, tuning);
            fresh_jobs(compare, seeds, |norm| {
                best.iter().find(|(of, _)| *of == norm).map_or(plan, |(_, plan)| plan)
            })
        }
    }
}

/// Every job that may be needed, to check them before the first one begins. Those of tuned norms have the settings
/// of the config, since the chosen ones are not known.
pub fn all_jobs(plan: &Plan) -> Vec<Job> {
    let Some(compare) = &plan.compare else { return members(plan) };
    match &compare.tune {
        None => compared_jobs(plan, compare, &compare.seeds.all),
        Some(_) => {
            let mut jobs = tuning_jobs(plan, compare);
            jobs.extend(fresh_jobs(compare, &compare.seeds.all, |_| plan));
            jobs
        }
    }
}

/// The runs that were done to tune, and those that are compared.
pub fn split_records<'r>(plan: &Plan, records: &'r [RunRecord]) -> (&'r [RunRecord], &'r [RunRecord]) {
    let is_tuned = plan.compare.as_ref().is_some_and(|compare| compare.tune.is_some());
    let is_tuning = |record: &RunRecord| is_tuned && record.id.point.is_some();
    records.split_at(records.iter().take_while(|record| is_tuning(record)).count())
}

/// The members of an ensemble, whose seeds count up from that of the plan; a single network is its only member.
fn members(plan: &Plan) -> Vec<Job> {
    let (first, count) = (plan.training.seed, plan.training.ensemble);
    let member = |index: u64| {
        let mut plan = plan.clone();
        plan.training.seed = first + index;
        plan.training.ensemble = 1;
        if count > 1 {
            plan.training.split_seed.get_or_insert(first);
        }
        let id = RunId { norm: norm_of(&plan.layers), point: None, seed: plan.training.seed };
        // Members share the rows, and thus the baselines.
        Job { id, baselines: plan.training.baselines && index == 0, plan }
    };
    (0..count).map(member).collect()
}

/// The seeds to add.
fn next_seeds<'p>(compare: &'p ComparePlan, compared: &[RunRecord]) -> &'p [u64] {
    let all = &compare.seeds.all;
    let done = compared.iter().map(|run| run.id.seed).collect::<std::collections::HashSet<_>>().len();
    let Some(until) = &compare.seeds.until else {
        return if done == 0 { all } else { &[] };
    };
    if 0 < done && is_settled(compared, &ComparisonSettings::of(compare)) {
        return &[];
    }
    let next = until.looks().into_iter().find(|look| done < *look).unwrap_or(done);
    &all[done..next.min(all.len())]
}

/// One job for each point of the grid, seed and norm, the norms varying fastest so that twins run beside each other.
fn compared_jobs(plan: &Plan, compare: &ComparePlan, seeds: &[u64]) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (point, plan) in plan.points() {
        for &seed in seeds {
            for &norm in &compare.norms {
                // Twins share the rows, and thus the baselines.
                let baselines = plan.training.baselines && norm == compare.norms[0];
                jobs.push(Job { baselines, ..job(&plan, compare, norm, point.clone(), seed) });
            }
        }
    }
    jobs
}

/// The same for every point that is tried, without baselines.
fn tuning_jobs(plan: &Plan, compare: &ComparePlan) -> Vec<Job> {
    let seeds = compare.tune.as_ref().map_or(&[][..], |tune| &tune.seeds);
    compared_jobs(plan, compare, seeds).into_iter().map(|job| Job { baselines: false, ..job }).collect()
}

/// Each norm with its own plan.
fn fresh_jobs<'p>(compare: &ComparePlan, seeds: &[u64], plan_of: impl Fn(Norm) -> &'p Plan) -> Vec<Job> {
    let mut jobs = Vec::new();
    for &seed in seeds {
        for &norm in &compare.norms {
            let plan = plan_of(norm).alone();
            let baselines = plan.training.baselines && norm == compare.norms[0];
            jobs.push(Job { baselines, ..job(&plan, compare, norm, None, seed) });
        }
    }
    jobs
}

fn job(plan: &Plan, compare: &ComparePlan, norm: Norm, point: Option<(usize, String)>, seed: u64) -> Job {
    let mut plan = plan.clone();
    plan.layers = twin(&plan.layers, norm);
    plan.training = tensor_rules::of_network(&compare.vary.seeded(&plan.training, seed), &plan.layers);
    Job { id: RunId { norm, point, seed }, plan, baselines: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn jobs(more: &str) -> Vec<Job> {
        let config = "[data]\npath = 'd.csv'\nlabel = 'y'\nvalid = 0.2\n[model]\nhidden = [4]\n\
                      [optimizer]\ntype = 'sgd'\n";
        let plan = parse(&format!("{config}{more}"), std::path::Path::new("/c.toml"), &[]);
        next_jobs(&plan.unwrap_or_else(|error| panic!("{error}")), &[])
    }

    #[test]
    fn members_of_an_ensemble_learn_the_same_rows_with_other_seeds() {
        let members = jobs("[training]\nensemble = 3\nseed = 7\n");
        assert!(members.iter().map(|job| job.plan.training.seed).eq(7..10));
        let first = members[0].plan.training.split_key();
        assert_eq!(first.seed, 7);
        assert!(members.iter().all(|job| job.plan.training.split_key() == first));
    }

    /// Baselines depend on the rows only.
    #[test]
    fn baselines_are_computed_once_for_the_same_rows() {
        let baselines = |more: &str| jobs(more).into_iter().map(|job| job.baselines).collect::<Vec<_>>();
        let compare = "[compare]\nnorms = ['batch_norm', 'none']\nseeds = 2\n";
        assert_eq!(baselines("[training]\nensemble = 3\n"), [true, false, false]);
        assert_eq!(baselines(compare), [true, false, true, false]);
        let none = "[training]\nbaselines = false\n";
        assert_eq!(baselines(&format!("{none}ensemble = 3\n")), [false; 3]);
        assert_eq!(baselines(&format!("{none}{compare}")), [false; 4]);
    }
}
