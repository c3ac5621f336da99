//! Repeats runs up to the place of a fork.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cli::commands::train::continuation::{origin_of, refuse_other_origin};
use crate::cli::commands::train::fork::place::ForkPlace;
use crate::cli::commands::train::fork::{ended, shown};
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::session::Session;
use crate::experiment::{Companion, Job, RunId, run_all};
use crate::model::Checkpoint;
use crate::report::csv::write_epoch;
use crate::run_dir::{FORK_JSON, RunFile, read_of_run};
use crate::train::{EpochRecord, Event, Observer, Outcome, RunState, SavePart};

/// A run at the place of the fork, or at its end, if that is before it.
pub(crate) struct Replayed {
    pub(crate) state: RunState,
    /// Whether the run ended before the place, and stays as it is: its state has the outcome.
    pub(crate) has_ended: bool,
    /// The rows of its `metrics.csv` and `steps.csv` up to there.
    pub(crate) metrics: String,
    pub(crate) steps: String,
}

/// How far a run has come.
#[derive(Clone)]
enum Reached {
    /// To the place of the fork, or to one before from which it goes on.
    Place(RunState),
    /// To its end, before the place.
    End(RunState),
}

/// Brings every run of `session`, whose results are in `directory`, to `place`, or to its end if it has diverged or stopped
/// before. Says which runs have.
///
/// # Errors
///
/// If all runs ended before, or one does not repeat itself on this machine.
pub(crate) fn all(
    directory: &Path,
    session: &Session,
    place: ForkPlace,
    threads: NonZeroUsize,
    output: &Output,
) -> Result<Vec<Replayed>, CliError> {
    let starts = session
        .jobs
        .iter()
        .map(|job| start_of(directory, job, session, place))
        .collect::<Result<Vec<_>, _>>()?;
    let is_fork = directory.join(FORK_JSON).exists();
    if let Some(number) = starts.iter().position(Option::is_none).filter(|_| is_fork) {
        let message = format!(
            "{} is a fork, whose start cannot be repeated, and its checkpoints are after {place}; fork the run that it \
             is from, see fork.json in it",
            shown(directory)
        );
        return Err(refused(&session.jobs[number].id, &message));
    }
    say_from_where(&starts, place, output);
    let found: Vec<Mutex<Option<Reached>>> = starts.iter().map(|_| Mutex::new(None)).collect();
    let (mut jobs, mut numbers) = (Vec::new(), Vec::new());
    for (number, start) in starts.iter().enumerate() {
        match start {
            Some(Reached::Place(state)) if !place.is(&state.place) => {}
            Some(reached) => {
                *lock(&found[number]) = Some(reached.clone());
                continue;
            }
            None => {}
        }
        jobs.push(Job { baselines: false, ..session.jobs[number].clone() });
        numbers.push(number);
    }
    let begin = |index: usize| {
        let number = numbers[index];
        let start = match starts[number].clone() {
            Some(Reached::Place(state)) => Some(state),
            _ => None,
        };
        let replay = Replay { place, start, epoch: 0, step: 0, found: &found[number] };
        Ok(Box::new(replay) as Box<dyn Companion<CliError> + '_>)
    };
    run_all::<CliError>(&jobs, &session.data, threads, &AtomicBool::new(false), &begin, &mut |_| Ok(()))?;
    let mut replayed = Vec::with_capacity(found.len());
    for (job, found) in session.jobs.iter().zip(found) {
        let (state, has_ended) = match found.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(Reached::Place(state)) => (state, false),
            Some(Reached::End(state)) => (state, true),
            None => {
                return Err(refused(&job.id, &format!("repeated on this machine it never was at {place}")));
            }
        };
        replayed.push(with_rows(directory, &job.id, state, has_ended)?);
    }
    ended::say_which(directory, &session.jobs, &replayed, place, output)?;
    Ok(replayed)
}

fn lock(found: &Mutex<Option<Reached>>) -> MutexGuard<'_, Option<Reached>> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The newest checkpoint of a run that is not after `place`; none to begin at its start. Damaged ones are not used.
fn start_of(
    directory: &Path,
    job: &Job,
    session: &Session,
    place: ForkPlace,
) -> Result<Option<Reached>, CliError> {
    for file in [RunFile::Checkpoint, RunFile::PreviousCheckpoint] {
        let Some(bytes) = read_of_run(directory, &job.id, file)? else { continue };
        let Ok(Checkpoint { origin, mut state }) = Checkpoint::from_bytes(&bytes) else { continue };
        refuse_other_origin(job, &origin, &origin_of(job, session))?;
        match state.outcome {
            _ if place.is_before(&state.place) => {}
            None => return Ok(Some(Reached::Place(state))),
            Some(_) if !place.is(&state.place) => return Ok(Some(Reached::End(state))),
            // The evaluation after the epoch itself was not finite.
            Some(Outcome::Diverged { epoch, .. }) if place == ForkPlace::Epoch(epoch) => {
                return Ok(Some(Reached::End(state)));
            }
            // Its tensors may be those after the step that failed.
            Some(Outcome::Diverged { .. }) => {}
            Some(_) => {
                state.outcome = None;
                return Ok(Some(Reached::Place(state)));
            }
        }
    }
    Ok(None)
}

fn say_from_where(starts: &[Option<Reached>], place: ForkPlace, output: &Output) {
    let is_there = |start: &&Reached| matches!(start, Reached::Place(state) if place.is(&state.place));
    let there = starts.iter().flatten().filter(is_there).count();
    let ended = starts.iter().flatten().filter(|start| matches!(start, Reached::End(_))).count();
    let later = starts.iter().flatten().count() - there - ended;
    let from = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let ways: Vec<String> = [
        from(there, "with a checkpoint of it"),
        from(later, "repeated from a checkpoint before it"),
        from(starts.len() - there - later - ended, "repeated from the start"),
        from(ended, "that ended before it"),
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
    found: &'a Mutex<Option<Reached>>,
}

impl Replay<'_> {
    /// What `state` is, if it is the place or the end of the run.
    fn reached(&self, mut state: RunState, is_end: bool) -> Option<Reached> {
        let is_lost = matches!(state.outcome, Some(Outcome::Diverged { .. }));
        if self.place.is(&state.place) && !is_lost {
            state.outcome = None;
            return Some(Reached::Place(state));
        }
        (is_end && state.outcome.is_some()).then_some(Reached::End(state))
    }
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
                let is_end = point.ended == SavePart::Run;
                *found =
                    (may_be || is_end).then(|| point.state()).and_then(|state| self.reached(state, is_end));
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

/// The run with its rows up to its state, which must be those of the epochs that were repeated.
fn with_rows(directory: &Path, id: &RunId, state: RunState, has_ended: bool) -> Result<Replayed, CliError> {
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
                "repeated on this machine it differs from its metrics.csv in epoch {}; was it trained on other data, by \
                 another version, or on another processor?",
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
    Ok(Replayed { metrics, steps: steps.concat(), state, has_ended })
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

pub(crate) fn refused(id: &RunId, reason: &str) -> CliError {
    CliError::new(exit_code::REFUSED, format!("{id} cannot be forked: {reason}"))
}
