//! The last step at which networks were measured, and of how many seeds: runs that diverged or stopped early are shorter.

use std::collections::BTreeMap;

use crate::diagnose::RunDiagnostics;
use crate::experiment::run_id::network_name;
use crate::experiment::{GroupSummary, Summary};

/// The last step at which a network was measured.
#[derive(Clone, Copy)]
pub(crate) struct MeasuredEnd {
    step: u64,
    /// Seeds that were measured there.
    n_seeds: usize,
    n_all: usize,
    has_diverged: bool,
}

impl MeasuredEnd {
    /// Of the `runs` of `network`.
    pub(crate) fn of<'a>(
        summary: &Summary,
        network: &str,
        runs: impl Iterator<Item = &'a RunDiagnostics>,
    ) -> Self {
        // Several runs of a seed are the same network, at no position.
        let mut last_steps: BTreeMap<u64, u64> = BTreeMap::new();
        for run in runs {
            let last = run.rows.iter().map(|row| row.step).max().unwrap_or(0);
            let step = last_steps.entry(run.seed).or_default();
            *step = last.max(*step);
        }
        let step = last_steps.values().copied().max().unwrap_or(0);
        let is_it = |group: &&GroupSummary| {
            network
                == network_name(group.norm.name(), group.point.as_ref().map_or("", |point| &point.settings))
        };
        Self {
            step,
            n_seeds: last_steps.values().filter(|last| **last == step).count(),
            n_all: last_steps.len(),
            has_diverged: summary.groups.iter().filter(is_it).any(|group| 0 < group.n_diverged),
        }
    }

    /// Of how many seeds the last values of the network called `name` are; none where that needs no words.
    pub(crate) fn last_step(self, name: &str) -> Option<String> {
        let Self { step, n_seeds, n_all, has_diverged } = self;
        let is_worth_saying = has_diverged || n_seeds < n_all;
        is_worth_saying.then(|| format!("{name} (step {step}) has {n_seeds} of {n_all} seeds"))
    }
}

/// A sentence about networks of which not all runs are as long.
pub(crate) fn at_last_steps(networks: impl Iterator<Item = String>) -> Option<String> {
    let networks: Vec<String> = networks.collect();
    let listed = networks.join(", ");
    (!networks.is_empty())
        .then(|| format!("Runs differ in their numbers of steps: at its last one, {listed}."))
}
