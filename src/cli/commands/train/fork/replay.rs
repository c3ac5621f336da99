//! Repeats runs up to the place of a fork.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use crate::cli::commands::train::fork::place::ForkPlace;
use crate::cli::commands::train::fork::shown;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::progress::ending;
use crate::cli::session::Session;
use crate::experiment::{Companion, Job, RunId, run_all};
use crate::model::Checkpoint;
use crate::report::csv::write_epoch;
use crate::run_dir::{FORK_JSON, RunFile, read_of_run};
use crate::train::{EpochRecord, Event, Observer, RunState};

/// A run at the place of the fork.
pub(crate) struct Replayed {
    pub(crate) state: RunState,
    /// The rows of its `metrics.csv` and `steps.csv` up to there.
    pub(crate) metrics: String,
    pub(crate) steps: String,
}

/// Brings every run of `session`, whose results are in `directory`, to `place`.
///
/// # Errors
///
/// If a run ended before, or does not repeat itself on this machine.
pub(crate) fn all(
    directory: &Path,
    session: &Session,
    place: ForkPlace,
    threads: NonZeroUsize,
    output: &Output,
) -> Result<Vec<Replayed>, CliError> {
    let starts =
        session.jobs.iter().map(|job| start_of(directory, job, place)).collect::<Result<Vec<_>, _>>()?;
    let is_fork = directory.join(FORK_JSON).exists();
    if let Some(number) = starts.iter().position(Option::is_none).filter(|_| is_fork) {
        let message = format!(
            "{} is a fork, whose start cannot be repeated, and its checkpoints are after {place}; fork the run that it is from,              see fork.json in it",
            shown(directory)
        );
        return Err(refused(&session.jobs[number].id, &message));
    }
    say_from_where(&starts, place, output);
    let states: Vec<Mutex<Option<RunState>>> = starts.iter().map(|_| Mutex::new(None)).collect();
    let (mut jobs, mut numbers) = (Vec::new(), Vec::new());
    for (number, start) in starts.iter().enumerate() {
        match start {
            Some(state) if place.is(&state.place) => *lock(&states[number]) = Some(state.clone()),
            _ => {
                jobs.push(Job { baselines: false, ..session.jobs[number].clone() });
                numbers.push(number);
            }
        }
    }
    let begin = |index: usize| {
        let number = numbers[index];
        let start = starts[number].clone();
        let replay = Replay { place, start, epoch: 0, step: 0, found: &states[number] };
        Ok(Box::new(replay) as Box<dyn Companion<CliError> + '_>)
    };
    let mut ended = Vec::new();
    run_all::<CliError>(&jobs, &session.data, threads, &AtomicBool::new(false), &begin, &mut |run| {
        ended.push(run);
        Ok(())
    })?;
    let mut replayed = Vec::with_capacity(states.len());
    for (job, state) in session.jobs.iter().zip(states) {
        let Some(state) = state.into_inner().unwrap_or_else(PoisonError::into_inner) else {
            let how =
                ended.iter().find(|run| run.id == job.id).map(|run| ending(&run.outcome)).unwrap_or_default();
            return Err(refused(&job.id, &format!("it never was at {place}: it {how}")));
        };
        replayed.push(with_rows(directory, &job.id, state)?);
    }
    Ok(replayed)
}

fn lock(state: &Mutex<Option<RunState>>) -> std::sync::MutexGuard<'_, Option<RunState>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The newest checkpoint of a run that is not after `place`; none to begin at its start. Damaged ones are not used.
fn start_of(directory: &Path, job: &Job, place: ForkPlace) -> Result<Option<RunState>, CliError> {
    for file in [RunFile::Checkpoint, RunFile::PreviousCheckpoint] {
        let Some(bytes) = read_of_run(directory, &job.id, file)? else { continue };
        let Ok(Checkpoint { mut state, .. }) = Checkpoint::from_bytes(&bytes) else { continue };
        if !place.is_before(&state.place) {
            // A run that has ended goes no further.
            if place.is(&state.place) || state.outcome.is_none() {
                state.outcome = None;
                return Ok(Some(state));
            }
        }
    }
    Ok(None)
}

fn say_from_where(starts: &[Option<RunState>], place: ForkPlace, output: &Output) {
    let there = starts.iter().flatten().filter(|state| place.is(&state.place)).count();
    let later = starts.iter().flatten().count() - there;
    let from = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let ways: Vec<String> = [
        from(there, "with a checkpoint of it"),
        from(later, "repeated from a checkpoint before it"),
        from(starts.len() - there - later, "repeated from the start"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let runs = if starts.len() == 1 { "run" } else { "runs" };
    output.note(&format!("{place} of {} {runs}: {}", starts.len(), ways.join(", ")));
}

/// Follows a run up to the place.
struct Replay<'a> {
    place: ForkPlace,
    start: Option<RunState>,
    epoch: u64,
    step: u64,
    found: &'a Mutex<Option<RunState>>,
}

impl Observer for Replay<'_> {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        let mut found = lock(self.found);
        match event {
            Event::StepEnded(step) => self.step = step.step,
            Event::EpochEnded(epoch) => self.epoch = epoch.epoch,
            // A copy of all tensors is made only where it may be the place.
            Event::Resumable(point) if found.is_none() => {
                let may_be = match self.place {
                    ForkPlace::Epoch(epoch) => self.epoch == epoch,
                    ForkPlace::Step(step) => self.step == step,
                };
                *found = may_be.then(|| point.state()).filter(|state| self.place.is(&state.place));
            }
            _ => {}
        }
        if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Companion<CliError> for Replay<'_> {
    fn take_state(&mut self) -> Option<RunState> {
        self.start.take()
    }

    fn keep_model(&mut self, _model: &[u8]) -> Result<(), CliError> {
        Ok(())
    }

    fn keep_linear_model(&mut self, _model: &[u8]) -> Result<(), CliError> {
        Ok(())
    }
}

/// The run with its rows up to the place, which must be those of the epochs that were repeated.
fn with_rows(directory: &Path, id: &RunId, state: RunState) -> Result<Replayed, CliError> {
    let text = |file| -> Result<String, CliError> {
        let bytes = read_of_run(directory, id, file)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let (metrics, steps) = (text(RunFile::Metrics)?, text(RunFile::Steps)?);
    let rows: Vec<&str> = metrics.split_inclusive('\n').skip(1).collect();
    if rows.len() < state.epochs.len() {
        let known = rows.len().saturating_sub(1);
        return Err(refused(id, &format!("its metrics.csv in {} ends with epoch {known}", shown(directory))));
    }
    for (row, epoch) in rows.iter().zip(&state.epochs) {
        if without_times(row) != without_times(&row_of(id, epoch)) {
            let message = format!(
                "repeated on this machine it differs from its metrics.csv in epoch {}; was it trained by another version, or \
                 on another processor?",
                epoch.epoch
            );
            return Err(refused(id, &message));
        }
    }
    let metrics = rows[..state.epochs.len()].concat();
    // Rows of later steps begin with the same columns.
    let step_of = |row: &&str| -> Option<u64> { row.rsplit(',').nth(2)?.parse().ok() };
    let before = |row: &&str| step_of(row).is_some_and(|step| step <= state.place.step);
    let steps: Vec<&str> = steps.split_inclusive('\n').skip(1).take_while(before).collect();
    Ok(Replayed { metrics, steps: steps.concat(), state })
}

fn row_of(id: &RunId, epoch: &EpochRecord) -> String {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = write_epoch(&mut bytes, id, epoch);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A row of `metrics.csv` without its last two columns.
fn without_times(row: &str) -> &str {
    row.rsplitn(3, ',').last().unwrap_or_default()
}

fn refused(id: &RunId, reason: &str) -> CliError {
    CliError::new(exit_code::REFUSED, format!("{id} cannot be forked: {reason}"))
}
