//! Runs that ended before the place of a fork: they are in the fork as they are.

use std::path::Path;

use crate::cli::commands::train::fork::place::ForkPlace;
use crate::cli::commands::train::fork::replay::{Replayed, refused};
use crate::cli::commands::train::fork::shown;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::progress::ending;
use crate::experiment::Job;
use crate::text::Count;
use crate::train::{Outcome, RunState};

/// Networks that are named in the note.
const MAX_NETWORKS: usize = 10;

/// Says which of `jobs` ended before `place`.
///
/// # Errors
///
/// If all did.
pub(crate) fn say_which(
    directory: &Path,
    jobs: &[Job],
    replayed: &[Replayed],
    place: ForkPlace,
    output: &Output,
) -> Result<(), CliError> {
    let ended = jobs.iter().zip(replayed).filter(|(_, replayed)| replayed.has_ended);
    let ended: Vec<(&Job, &Outcome)> =
        ended.filter_map(|(job, replayed)| Some((job, replayed.state.outcome.as_ref()?))).collect();
    let Some((first, outcome)) = ended.first() else { return Ok(()) };
    if ended.len() == jobs.len() {
        if jobs.len() == 1 {
            return Err(refused(&first.id, &format!("it never was at {place}: it {}", ending(outcome))));
        }
        let message = format!(
            "{} cannot be forked: none of its {} runs was at {place}; the first, {}, {}; choose an earlier place",
            shown(directory),
            jobs.len(),
            first.id,
            ending(outcome)
        );
        return Err(CliError::new(exit_code::REFUSED, message));
    }
    // In the order of the runs.
    let mut networks: Vec<(String, Vec<String>)> = Vec::new();
    for (job, outcome) in &ended {
        let name = format!("{} {}", job.id.network(), briefly(outcome));
        let seed = job.id.seed.to_string();
        match networks.iter_mut().find(|(network, _)| *network == name) {
            Some((_, seeds)) => seeds.push(seed),
            None => networks.push((name, vec![seed])),
        }
    }
    let more = networks.len().saturating_sub(MAX_NETWORKS);
    let mut lines: Vec<String> = networks
        .iter()
        .take(MAX_NETWORKS)
        .map(|(network, seeds)| {
            let seed = if seeds.len() == 1 { "seed" } else { "seeds" };
            format!("\n  {network}: {seed} {}", seeds.join(", "))
        })
        .collect();
    lines.extend((0 < more).then(|| format!("\n  and those of {}", Count(more, "more network"))));
    let were = if ended.len() == 1 { "was" } else { "were" };
    output.note(&format!(
        "note: {} of {} runs {were} never at {place}, and stay as they ended:{}",
        ended.len(),
        jobs.len(),
        lines.concat()
    ));
    Ok(())
}

/// Refuses a run that ended before `place` and would be trained on from its end, in a fork of more epochs.
pub(crate) fn check(job: &Job, state: &RunState, place: ForkPlace) -> Result<(), CliError> {
    if state.has_ended(job.plan.training.epochs) {
        return Ok(());
    }
    let step = state.place.step;
    Err(refused(
        &job.id,
        &format!("it finished at step {step}, before {place}; fork it there, or leave out --epochs"),
    ))
}

fn briefly(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Diverged { .. } => "diverged",
        Outcome::StoppedEarly { .. } => "stopped early",
        Outcome::Finished | Outcome::Interrupted { .. } => "finished",
    }
}
