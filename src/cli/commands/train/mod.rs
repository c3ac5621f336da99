//! `bntrain FILE.toml`: train every network of a config.

pub(crate) mod results;

use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use clap::Args;

use crate::cli::args::ThreadArgs;
use crate::cli::commands::train::results::RunInfo;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::progress::{Progress, ending};
use crate::cli::require::Requirement;
use crate::cli::session::{ConfigArgs, Session};
use crate::cli::signals::Signals;
use crate::data::Dataset;
use crate::experiment::{RunRecord, check_models, run_all};
use crate::nn::Task;
use crate::report::leakage_note;
use crate::run_dir::RunDirectory;
use crate::train::Outcome;

/// The parent of run directories without `--out`.
const RUNS: &str = "runs";
/// Tables with at most this number of cells are checked for leakage before training, which takes
/// less than a second.
const MAX_LEAKAGE_CELLS: usize = 2_000_000;

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The directory for the results [default: runs/NAME-001, counting up]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Replace a finished run directory at --out
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    /// Check everything and train each network for one step, without writing results
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Exit with code 1 unless every run meets this condition, such as 'valid_accuracy >= 0.95' or
    /// 'batch_norm.valid_loss < 0.2'; repeatable
    #[arg(long = "require", value_name = "CONDITION")]
    pub(crate) require: Vec<Requirement>,
}

pub(crate) fn run(args: &TrainArgs, output: &Output) -> Result<(), CliError> {
    let threads = args.threads.count();
    let session = Session::open(&args.config, threads, output)?;
    check_models(&session.jobs, &session.data)?;
    let task = session.plan.task();
    if !output.quiet {
        note_columns(session.first_table(), task, output);
    }
    if args.dry_run {
        return dry_run(&session, output);
    }
    let signals = Signals::listen()?;
    let mut directory = match &args.out {
        Some(out) => RunDirectory::create(out, args.force, &session.sources(), task)?,
        None => RunDirectory::create_numbered(Path::new(RUNS), &session.plan.name, task)?,
    };
    let config = session.plan.to_toml();
    directory.write("config.toml", config.as_bytes())?;

    let started = SystemTime::now();
    let begin = Instant::now();
    let progress = Progress::new(output);
    let mut records = Vec::with_capacity(session.jobs.len());
    let ran = run_all::<CliError>(
        &session.jobs,
        &session.data,
        threads,
        &signals.stop,
        &|index| progress.watch(&session.jobs[index].id),
        &mut |_, run| {
            progress.check()?;
            directory.add(&run)?;
            records.push(run.record);
            Ok(())
        },
    );
    progress.finish()?;
    ran?;

    let info = RunInfo {
        started,
        seconds: begin.elapsed().as_secs_f64(),
        threads: threads.get(),
        interrupted: signals.exit_code().is_some(),
    };
    results::write_and_show(directory, &session, &records, &info, output)?;
    if let Some(code) = signals.exit_code() {
        let done = records.iter().filter(|run| !matches!(run.outcome, Outcome::Interrupted { .. })).count();
        let planned = session.jobs.len();
        return Err(CliError::new(code, format!("stopped by a signal; {done} of {planned} runs finished")));
    }
    check_results(args, &session, &records)
}

/// Points out suspicious columns.
fn note_columns(table: &Dataset, task: Task, output: &Output) {
    if table.rows().saturating_mul(table.features().len()) <= MAX_LEAKAGE_CELLS {
        let leaks = table.suspected_leaks().unwrap_or_default();
        leakage_note(&leaks, task).into_iter().for_each(|note| output.note(&note));
    }
    if table.has_inferred_words() {
        output.note("note: `bntrain check` shows the type of every column, and why");
    }
}

/// Fails if a single run diverged, or if a requirement is not met.
fn check_results(args: &TrainArgs, session: &Session, records: &[RunRecord]) -> Result<(), CliError> {
    if let (None, [run]) = (&session.plan.compare, records)
        && let Outcome::Diverged { .. } = run.outcome
    {
        let saved = format!("the model file has the weights of epoch {}", run.kept_epoch);
        let advice = "try a smaller optimizer.learning_rate or training.clip_norm";
        return Err(CliError::new(
            exit_code::DIVERGED,
            format!("training {}; {saved}; {advice}", ending(&run.outcome)),
        ));
    }
    let unmet: Vec<String> =
        args.require.iter().filter_map(|requirement| requirement.unmet(records)).collect();
    if unmet.is_empty() { Ok(()) } else { Err(CliError::new(exit_code::CHECK_FAILED, unmet.join("\n  "))) }
}

/// One step and one evaluation of each network on one batch; no results are written.
fn dry_run(session: &Session, output: &Output) -> Result<(), CliError> {
    for job in session.networks() {
        let outcome = crate::experiment::one_step(job, &session.data)?;
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
