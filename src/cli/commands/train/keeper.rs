//! What a run leaves on the disk while it is trained: rows of its tables, checkpoints, and its model file.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::cli::commands::train::continuation::{FoundCheckpoint, newest, origin_of, sizes_at};
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::session::Session;
use crate::diagnose::DiagnosticRow;
use crate::experiment::{Companion, Job};
use crate::model::{Checkpoint, CheckpointOrigin};
use crate::run_dir::{LINEAR, RunDirectory, RunFiles, TableSizes};
use crate::train::{CheckpointRule, Event, Observer, RunState, SavePoint};

/// What all runs of a command share.
pub(crate) struct Keeping<'a> {
    pub(crate) directory: &'a RunDirectory,
    pub(crate) session: &'a Session,
    pub(crate) output: &'a Output,
    /// Whether a checkpoint could not be written, which is said once.
    has_warned: AtomicBool,
}

/// Keeps one run.
pub(crate) struct RunKeeper<'a> {
    keeping: &'a Keeping<'a>,
    files: RunFiles,
    log_every_steps: u64,
    rule: CheckpointRule,
    origin: CheckpointOrigin,
    /// When the last checkpoint was written.
    saved: Instant,
    /// Where the run goes on.
    state: Option<RunState>,
    /// Whether the run ended before and is not trained any further: its files stay as they are.
    has_ended: bool,
    progress: Box<dyn Observer + 'a>,
    /// Why the results of the run could not be written, which ends it.
    failure: Option<CliError>,
}

impl<'a> Keeping<'a> {
    pub(crate) fn new(directory: &'a RunDirectory, session: &'a Session, output: &'a Output) -> Self {
        Self { directory, session, output, has_warned: AtomicBool::new(false) }
    }

    /// Opens the files of `job` and finds where it goes on. Rows after that place are removed.
    pub(crate) fn begin(
        &'a self,
        job: &Job,
        progress: impl FnOnce() -> Box<dyn Observer + 'a>,
    ) -> Result<RunKeeper<'a>, CliError> {
        let training = &job.plan.training;
        let mut files = self.directory.run_files(&job.id, job.plan.task())?;
        let origin = origin_of(job, self.session);
        let FoundCheckpoint { checkpoint, is_newest, .. } = newest(&mut files)?;
        let state = match checkpoint {
            Some(checkpoint) => {
                files.truncate_to(sizes_at(&checkpoint.origin))?;
                // Rows that are written again may have other sizes, so one that is damaged must not be the newest.
                if !is_newest && let Ok(bytes) = checkpoint.to_bytes() {
                    files.write_checkpoint(&bytes)?;
                }
                Some(checkpoint.state)
            }
            None => {
                files.remove_checkpoints()?;
                files.truncate_to(TableSizes::default())?;
                None
            }
        };
        let has_ended = state.as_ref().is_some_and(|state| state.has_ended(training.epochs));
        Ok(RunKeeper {
            keeping: self,
            files,
            log_every_steps: training.log_every_steps,
            rule: training.checkpoint,
            origin,
            saved: Instant::now(),
            state,
            has_ended,
            progress: if has_ended { Box::new(()) } else { progress() },
            failure: None,
        })
    }
}

impl RunKeeper<'_> {
    /// Writes what `event` adds to the tables.
    fn append(&mut self, event: &Event<'_>) -> Result<(), CliError> {
        match event {
            Event::StepEnded(step) if step.step.is_multiple_of(self.log_every_steps) => {
                self.files.append_step(step)?;
            }
            Event::EpochEnded(epoch) => self.files.append_epoch(epoch)?,
            _ => {}
        }
        Ok(())
    }

    fn save(&mut self, point: &SavePoint<'_>) -> Result<(), CliError> {
        let TableSizes { metrics, steps, diagnostics } = self.files.sizes()?;
        let origin = CheckpointOrigin {
            file_sizes: [metrics, steps],
            diagnostics_size: diagnostics,
            ..self.origin.clone()
        };
        let checkpoint = Checkpoint { origin, state: point.state() };
        let bytes =
            checkpoint.to_bytes().map_err(|error| CliError::io("write", self.files.path(), &error))?;
        self.files.write_checkpoint(&bytes)?;
        Ok(())
    }

    /// Saves the run if it is time. It goes on if that fails: what is lost is the place to go on from.
    fn save_if_due(&mut self, point: &SavePoint<'_>) {
        if !self.rule.is_due(point.ended, || self.saved.elapsed()) {
            return;
        }
        if let Err(error) = self.save(point)
            && !self.keeping.has_warned.swap(true, Ordering::Relaxed)
        {
            self.keeping.output.note(&format!(
                "warning: a checkpoint could not be written, training goes on without: {error}"
            ));
        }
        self.saved = Instant::now();
    }
}

impl Observer for RunKeeper<'_> {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if self.has_ended {
            return ControlFlow::Continue(());
        }
        if self.failure.is_none()
            && let Err(error) = self.append(event)
        {
            self.failure = Some(error);
        }
        if let Event::Resumable(point) = event {
            // Rows that could not be written are not in the tables, so the run is not here but at its last checkpoint.
            if self.failure.is_none() {
                self.save_if_due(point);
            }
        }
        let flow = self.progress.on(event);
        if self.failure.is_some() { ControlFlow::Break(()) } else { flow }
    }
}

impl Companion<CliError> for RunKeeper<'_> {
    fn take_state(&mut self) -> Option<RunState> {
        self.state.take()
    }

    fn add_diagnostics(&mut self, rows: &[DiagnosticRow]) {
        if !self.has_ended
            && self.failure.is_none()
            && let Err(error) = self.files.append_diagnostics(rows)
        {
            self.failure = Some(error.into());
        }
    }

    fn keep_model(&mut self, model: &[u8]) -> Result<(), CliError> {
        match self.failure.take() {
            Some(error) => Err(error),
            None => Ok(self.files.write_model(model)?),
        }
    }

    fn keep_linear_model(&mut self, model: &[u8]) -> Result<(), CliError> {
        Ok(self.files.write(LINEAR, model)?)
    }
}
