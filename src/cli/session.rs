//! Config and data, read and checked together: what every command starts from.

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use crate::cli::args::ConfigArgs;
use crate::cli::{Failure, Output, exit_code};
use crate::config;
use crate::config::Plan;
use crate::data::{DataError, Dataset, Encoding, Profile};
use crate::experiment::{DataSets, Job, jobs};
use crate::train::{BatchPlan, Remainder, RemainderHandling, with_dtype};

/// Everything that is known before training.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    /// At least one.
    pub(crate) jobs: Vec<Job>,
    pub(crate) data: DataSets,
}

impl Planned {
    /// The files that the runs are made from.
    pub(crate) fn sources(&self) -> Vec<&Path> {
        let data = self.data.tables().flat_map(Dataset::sources).map(|source| source.path.as_path());
        data.chain([self.plan.source.as_path()]).collect()
    }

    /// The data of the first run; a grid may give others to others.
    pub(crate) fn first_table(&self) -> &Dataset {
        let plan = self.jobs.first().map_or(&self.plan, |job| &job.plan);
        self.data.table(&plan.data)
    }

    /// The seed that counts of rows are shown for.
    pub(crate) fn first_seed(&self) -> u64 {
        self.jobs.first().map_or(&self.plan, |job| &job.plan).training.seed
    }

    /// What is in the training file of the first run.
    pub(crate) fn profile(&self) -> Result<Profile, DataError> {
        Profile::of(&self.jobs.first().map_or(&self.plan, |job| &job.plan).data)
    }

    /// How the rows of a run become inputs.
    pub(crate) fn encoding(&self, job: &Job) -> Result<Encoding, Failure> {
        let encoding = with_dtype!(job.plan.training.dtype, F => {
            self.data.prepared::<F>(&job.plan)?.data.encoding.clone()
        });
        Ok(encoding)
    }
}

/// What is done with training rows that do not fill a batch, in words.
fn note_of_remainder(batches: &BatchPlan, train_rows: usize, batch_size: usize) -> Option<String> {
    let Remainder { rows, handling } = batches.remainder?;
    let handling = match handling {
        RemainderHandling::NotDrawn => "rows are drawn with replacement, an epoch is the whole batches only",
        RemainderHandling::Dropped => "dropped, others each epoch",
        RemainderHandling::Merged => {
            &format!("merged into the batch before, which has {} rows", batches.largest_batch)
        }
        RemainderHandling::Kept => "a smaller batch",
    };
    Some(format!("{rows} of {train_rows} training rows are left over by batches of {batch_size}: {handling}"))
}

/// As many threads as there are cores.
pub(crate) fn all_cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Reads the config and, on at most `threads` threads, its data, and makes sure that every run can be
/// done; notes go to standard error.
pub(crate) fn read_plan(
    args: &ConfigArgs,
    threads: NonZeroUsize,
    output: &Output,
) -> Result<Planned, Failure> {
    let path = args.config.as_deref();
    let path =
        path.ok_or_else(|| Failure::new(exit_code::USAGE, "no config; give one with --config FILE"))?;
    let plan = config::load(path, &args.overrides()?)?;
    let jobs = jobs(&plan);
    let data = DataSets::load(jobs.iter().map(|job| &job.plan), threads)?;
    let mut notes: Vec<String> = Vec::new();
    for job in &jobs {
        let table = data.table(&job.plan.data);
        let train_rows = table.train_rows(job.plan.training.seed);
        job.plan.check_size(train_rows, table.most_inputs(), table.outputs())?;
        let Plan { layers, training, .. } = &job.plan;
        let batches = BatchPlan::new(layers, training, train_rows, table.outputs())
            .map_err(|error| Failure::new(exit_code::USAGE, error.to_string()))?;
        let remainder = note_of_remainder(&batches, train_rows, training.batch_size);
        for note in table.notes().iter().cloned().chain(remainder) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    // The first split stands for all: which columns are constant hardly differs between seeds.
    if let Some(job) = jobs.first() {
        notes.extend(with_dtype!(job.plan.training.dtype, F => {
            data.prepared::<F>(&job.plan)?.notes.clone()
        }));
    }
    for note in notes {
        output.note(&format!("note: {note}"));
    }
    Ok(Planned { plan, jobs, data })
}
