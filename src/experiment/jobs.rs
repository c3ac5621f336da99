//! The runs that a config describes.

use crate::config::Plan;
use crate::experiment::{Job, RunId};
use crate::nn::{norm_of, twin};

/// One job for each point of the grid, seed and norm, the norms varying fastest so that twins run
/// beside each other; a single job without `[compare]`.
pub fn jobs(plan: &Plan) -> Vec<Job> {
    let Some(compare) = &plan.compare else { return members(plan) };
    let mut jobs = Vec::new();
    for (point, plan) in plan.points() {
        for &seed in &compare.seeds {
            for &norm in &compare.norms {
                let mut plan = plan.clone();
                plan.training.seed = seed;
                plan.layers = twin(&plan.layers, norm);
                // Twins share the rows, and thus the baselines.
                let baselines = plan.training.baselines && norm == compare.norms[0];
                jobs.push(Job { id: RunId { norm, point: point.clone(), seed }, plan, baselines });
            }
        }
    }
    jobs
}

/// The members of an ensemble, whose seeds count up from that of the plan; a single network is its only member.
fn members(plan: &Plan) -> Vec<Job> {
    let (first, count) = (plan.training.seed, plan.training.ensemble);
    let member = |index: u64| {
        let mut plan = plan.clone();
        plan.training.seed = first + index;
        plan.training.ensemble = 1;
        if count > 1 {
            plan.data.split_seed.get_or_insert(first);
        }
        let id = RunId { norm: norm_of(&plan.layers), point: None, seed: plan.training.seed };
        // Members share the rows, and thus the baselines.
        Job { id, baselines: plan.training.baselines && index == 0, plan }
    };
    (0..count).map(member).collect()
}
