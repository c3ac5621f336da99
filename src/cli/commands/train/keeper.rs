//! What a run leaves on the disk while it is trained: rows of its tables, checkpoints, and its model file.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::cli::commands::train::continuation::{FoundCheckpoint, newest, origin_of, sizes_at};
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::session::Session;
use crate::config::Plan;
use crate::diagnose::DiagnosticRow;
use crate::experiment::{Companion, Job};
use crate::model::{Checkpoint, CheckpointOrigin};
use crate::nn::Network;
use crate::run_dir::{LINEAR, RunDirectory, RunFiles, TableSizes};
use crate::train::{
    CheckpointRule, Dtype, Event, NetworkAt, Observer, RunState, SavePart, SavePoint, with_dtype,
};

/// What all runs of a command share.
pub(crate) struct Keeping<'a> {
    pub(crate) directory: &'a RunDirectory,
    pub(crate) session: &'a Session,
    pub(crate) output: &'a Output,
    /// Whether a checkpoint could not be written, which is said once.
    has_warned: AtomicBool,
}

/// What decides the size of a checkpoint, but for the tensors.
#[derive(Clone, Copy)]
struct CheckpointSize {
    dtype: Dtype,
    /// Of each tensor: its own, the one of the best epoch, and those of the optimizer.
    copies: u64,
    /// Bytes of everything else.
    other: u64,
}

/// Bytes of an epoch in a checkpoint.
const EPOCH: u64 = 88;
/// Space is reserved for this many epochs; where there are more, they are short.
const MAX_RESERVED_EPOCHS: u64 = 10_000;
/// Bytes of what describes a checkpoint, but for the config and names of files, at most.
const HEADER: u64 = 16 << 10;
/// Bytes of what describes a tensor, but for its name, at most.
const TENSOR: usize = 200;

/// Keeps one run.
pub(crate) struct RunKeeper<'a> {
    keeping: &'a Keeping<'a>,
    files: RunFiles,
    log_every_steps: u64,
    rule: CheckpointRule,
    origin: CheckpointOrigin,
    /// What decides the size of a checkpoint.
    size: CheckpointSize,
    /// When the last checkpoint was written.
    saved: Instant,
    /// Whether the next one is written as soon as it can be, because the disk is full.
    must_save: bool,
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
            size: CheckpointSize::of(&job.plan, &origin),
            origin,
            saved: Instant::now(),
            must_save: false,
            state,
            has_ended,
            progress: if has_ended { Box::new(()) } else { progress() },
            failure: None,
        })
    }
}

impl CheckpointSize {
    fn of(plan: &Plan, origin: &CheckpointOrigin) -> Self {
        let files: usize = origin.data_files.iter().map(|file| 2 * file.path.len() + 100).sum();
        let epochs = plan.training.epochs.min(MAX_RESERVED_EPOCHS);
        Self {
            dtype: plan.training.dtype,
            copies: 2 + plan.optimizer.state().len() as u64,
            other: HEADER + 2 * origin.config.len() as u64 + files as u64 + EPOCH * epochs,
        }
    }

    /// Bytes of a checkpoint of `network` at most.
    fn bytes(self, network: &NetworkAt<'_>) -> u64 {
        let tensors: usize = with_dtype!(self.dtype, F => {
            let params = network.network::<F>().into_iter().flat_map(Network::params);
            params.map(|param| size_of::<F>() * param.value.len() + param.name.len() + TENSOR).sum()
        });
        self.other + self.copies * tensors as u64
    }
}

impl RunKeeper<'_> {
    /// Writes what `event` adds to the tables.
    fn append(&mut self, event: &Event<'_>) -> Result<(), CliError> {
        match event {
            // What is trained before the first checkpoint must not be lost because the disk is full by then.
            Event::Network(network) if network.step == 0 && !network.is_resumed => {
                let bytes = self.size.bytes(network);
                match self.rule {
                    // A model is smaller.
                    CheckpointRule::Off => self.files.reserve_model(bytes)?,
                    _ => self.files.reserve_checkpoint(bytes)?,
                }
            }
            Event::StepEnded(step) if step.step.is_multiple_of(self.log_every_steps) => {
                self.files.append_step(step)?;
            }
            Event::EpochEnded(epoch) => self.files.append_epoch(epoch)?,
            _ => {}
        }
        Ok(())
    }

    /// Ends the run because of `error`, or goes on up to its first checkpoint if there is space for it.
    fn fail(&mut self, error: CliError) {
        self.must_save = self.files.write_to_reserve();
        if !self.must_save {
            self.failure = Some(error);
        }
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
        let is_first = self.files.checkpoints()?.is_empty();
        self.files.write_checkpoint(&bytes)?;
        if is_first && point.ended != SavePart::Run {
            // Later ones can take the place of the one before the last. What is saved stays, whether there is space or not.
            let _ = self.files.reserve_checkpoint(bytes.len() as u64 + EPOCH * MAX_RESERVED_EPOCHS);
        }
        Ok(())
    }

    /// Saves the run if it is time. It goes on if that fails: what is lost is the place to go on from.
    fn save_if_due(&mut self, point: &SavePoint<'_>) {
        if !self.must_save && !self.rule.is_due(point.ended, || self.saved.elapsed()) {
            return;
        }
        self.must_save = false;
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
            self.fail(error);
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
            self.fail(error.into());
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
