//! `bntrain --config FILE`: train everything that the config describes.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Instant, SystemTime};

use crate::cli::args::{ConfigArgs, TrainArgs};
use crate::cli::commands::results;
use crate::cli::progress::{Progress, ending};
use crate::cli::session::{Planned, all_cores, read_plan};
use crate::cli::signals::Signals;
use crate::cli::{Failure, Output, exit_code, leaks};
use crate::data::Dataset;
use crate::experiment::{RunRecord, run_all};
use crate::run_dir::{RunDirectory, RunDirectoryError};
use crate::train::Outcome;

/// Where run directories go without `--out`.
const RUNS: &str = "runs";

pub(crate) fn run(args: &TrainArgs, output: &Output) -> Result<(), Failure> {
    let threads = args.threads.and_then(|threads| NonZeroUsize::new(usize::from(threads)));
    let threads = threads.unwrap_or_else(all_cores);
    let planned = read_plan(&args.config, threads, output)?;
    if !output.quiet {
        tell_columns(planned.first_table(), output);
    }
    if args.dry_run {
        return dry_run(&planned, output);
    }
    let signals = Signals::listen()?;
    let task = planned.plan.task();
    let mut directory = match &args.out {
        Some(out) => RunDirectory::create(out, args.force, &planned.sources(), task)?,
        None => RunDirectory::create_numbered(Path::new(RUNS), &planned.plan.name, task)?,
    };
    let config = planned.plan.to_toml();
    directory.write("config.toml", config.as_bytes())?;

    let started = SystemTime::now();
    let begin = Instant::now();
    let progress = Progress::new(output);
    let mut records = Vec::with_capacity(planned.jobs.len());
    run_all::<Failure>(
        &planned.jobs,
        &planned.data,
        threads,
        &signals.stop,
        &|index| progress.watch(&planned.jobs[index].id),
        &mut |_, run| {
            progress.check()?;
            directory.add(&run)?;
            records.push(run.record);
            Ok(())
        },
    )?;
    let seconds = begin.elapsed().as_secs_f64();

    let facts = results::Facts {
        started,
        seconds,
        threads: threads.get(),
        interrupted: signals.exit_code().is_some(),
    };
    results::write_and_show(directory, &planned, &records, &facts, output)?;
    if let Some(code) = signals.exit_code() {
        let done = records.iter().filter(|run| !matches!(run.outcome, Outcome::Interrupted { .. })).count();
        return Err(Failure::new(
            code,
            format!("stopped by a signal; {done} of {} runs were finished", planned.jobs.len()),
        ));
    }
    judge(args, &planned, &records)
}

/// What is suspicious about the columns, and who says more of them.
fn tell_columns(table: &Dataset, output: &Output) {
    if let Some(note) = leaks::note_of_small(table) {
        output.note(&note);
    }
    if table.has_inferred_words() {
        output.note("note: `bntrain check` shows what every column is, and why");
    }
}

/// A single run must not diverge; requirements must be met.
fn judge(args: &TrainArgs, planned: &Planned, records: &[RunRecord]) -> Result<(), Failure> {
    if let (None, [run]) = (&planned.plan.compare, records)
        && let Outcome::Diverged { .. } = run.outcome
    {
        let kept = format!("the weights of epoch {} are kept", run.kept_epoch);
        let advice = "try a smaller optimizer.learning_rate or training.clip_norm";
        return Err(Failure::new(
            exit_code::DIVERGED,
            format!("training {}; {kept}; {advice}", ending(&run.outcome)),
        ));
    }
    let unmet: Vec<String> =
        args.require.iter().filter_map(|requirement| requirement.unmet(records)).collect();
    if unmet.is_empty() { Ok(()) } else { Err(Failure::new(exit_code::NO, unmet.join("\n  "))) }
}

/// One step and one evaluation of each network, on one batch, with no results written.
fn dry_run(planned: &Planned, output: &Output) -> Result<(), Failure> {
    let first_seed = planned.jobs.first().map(|job| job.id.seed);
    for job in planned.jobs.iter().filter(|job| Some(job.id.seed) == first_seed) {
        let outcome = crate::experiment::one_step(job, &planned.data)?;
        output.result(&if output.json {
            format!(
                "{}\n",
                serde_json::json!({ "event": "one_step", "network": job.id.network(), "outcome": outcome })
            )
        } else {
            format!("{}: one step {}\n", job.id.network(), ending(&outcome))
        })?;
    }
    if output.json { Ok(()) } else { output.result("no results were written\n") }
}

impl ConfigArgs {
    /// `--set`, `--seed` and `--epochs` as changes of keys, in this order.
    pub(crate) fn overrides(&self) -> Result<Vec<(String, String)>, Failure> {
        let mut changes = Vec::new();
        for set in &self.sets {
            let (key, value) = set.split_once('=').ok_or_else(|| {
                Failure::new(
                    exit_code::USAGE,
                    format!("--set {set}: expected KEY=VALUE, such as training.epochs=5"),
                )
            })?;
            changes.push((key.trim().to_owned(), value.trim().to_owned()));
        }
        let number = |key: &str, value: Option<u64>| value.map(|value| (key.to_owned(), value.to_string()));
        changes.extend(number("training.seed", self.seed));
        changes.extend(number("training.epochs", self.epochs));
        Ok(changes)
    }
}

impl From<RunDirectoryError> for Failure {
    fn from(error: RunDirectoryError) -> Self {
        let code = match error {
            RunDirectoryError::Exists { .. } | RunDirectoryError::InUse { .. } => exit_code::REFUSED,
            RunDirectoryError::Io { .. } => exit_code::IO,
        };
        Self::new(code, error.to_string())
    }
}
