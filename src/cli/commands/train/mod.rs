//! `bntrain FILE.toml`: train every network of a config.

pub(crate) mod continuation;
pub(crate) mod ensemble;
pub(crate) mod event_files;
pub(crate) mod fork;
pub(crate) mod keeper;
pub(crate) mod live_report;
pub(crate) mod machine;
pub(crate) mod results;
pub(crate) mod resume;
pub(crate) mod saved;
pub(crate) mod share;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use clap::Args;

use crate::cli::args::{ThreadArgs, at_least_one};
use crate::cli::commands::probe;
use crate::cli::commands::train::event_files::EventFiles;
use crate::cli::commands::train::keeper::Keeping;
use crate::cli::commands::train::live_report::LiveReport;
use crate::cli::commands::train::results::{RunInfo, StudyRuns};
use crate::cli::commands::train::share::scheduler::ShareArg;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::processes;
use crate::cli::progress::{Progress, ending};
use crate::cli::session::{ConfigArgs, Session};
use crate::cli::signals::Signals;
use crate::config::Plan;
use crate::data::Dataset;
use crate::experiment::{
    Companion, Crew, Job, Peers, Requirement, RunRecord, Summary, next_jobs, run_all, split_records,
    tuned_settings,
};
use crate::nn::Task;
use crate::report::leakage_note;
use crate::run_dir::{FORK_JSON, RunDirectory, START_JSON};
use crate::text::{Count, shortened};
use crate::train::{Observer, Outcome};

/// The parent of run directories without `--out`.
pub(crate) const RUNS: &str = "runs";
/// The complete config in a run directory.
pub(crate) const CONFIG: &str = "config.toml";
/// Tables with at most this number of cells are checked for leakage before training, which takes
/// less than a second.
const MAX_LEAKAGE_CELLS: usize = 2_000_000;
/// Networks are measured before training on tables with at most this number of inputs; `bntrain probe` has no limit.
const MAX_PROBED_CELLS: usize = 2_000_000;

#[derive(Clone, Debug, Args)]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The directory for the results [default: runs/NAME-001, counting up]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the run directory at --out once the new run has finished
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    /// Go on with the runs at --out, or in the last runs/NAME-001 and so on; begin if there are none
    #[arg(long, conflicts_with = "force")]
    pub(crate) resume: bool,
    /// The directory for event files, which TensorBoard shows while the networks are trained
    #[arg(long, value_name = "DIR")]
    pub(crate) tensorboard: Option<PathBuf>,
    /// Do only the I-th of K shares of the runs of a comparison, for `bntrain merge`; auto: the task of a
    /// scheduler, auto/K where it does not say how many there are
    #[arg(long, value_name = "I/K", requires = "out")]
    pub(crate) share: Option<ShareArg>,
    /// Share out the runs of a comparison to N groups of the processes that mpirun has started
    #[arg(long, value_name = "N", requires = "out", conflicts_with_all = ["share", "dry_run", "require", "report_every"], value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) groups: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    /// Also write report.html while training, every this many seconds; the page loads itself anew
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) report_every: Option<u64>,
    /// Check everything and train each network for one step, without writing results
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Exit with code 1 unless every run meets this condition, such as 'valid_accuracy >= 0.95' or
    /// 'batch_norm.valid_loss < 0.2'; repeatable
    #[arg(long = "require", value_name = "CONDITION")]
    pub(crate) require: Vec<Requirement>,
}

pub(crate) fn run(args: &TrainArgs, output: &Output) -> Result<(), CliError> {
    if let Some(count) = args.groups {
        return share::groups::run(args, count, output);
    }
    run_and_show(args, output, &|| Ok(()))
}

/// [`run`], with `first` called before the results are shown.
pub(crate) fn run_and_show(
    args: &TrainArgs,
    output: &Output,
    first: &dyn Fn() -> Result<(), CliError>,
) -> Result<(), CliError> {
    if args.share.is_none() {
        processes::refuse_strangers()?;
    }
    let threads = args.threads.count();
    let share = args.share.map(ShareArg::share).transpose()?;
    let mut session = Session::open(&args.config, threads, output)?;
    if let Some(share) = share {
        share::restrict(&mut session, share, output)?;
    }
    refuse_impossible(&args.require, &session)?;
    if !output.quiet {
        note_columns(session.first_table(), session.plan.task(), output);
    }
    if args.dry_run {
        return dry_run(&session, output);
    }
    let team = processes::team();
    team.map_or(Ok(()), |team| team.begin_study(&session, args.threads.asked()))?;
    let signals = Signals::listen()?;
    let events = EventFiles::open(args, &session.plan.name, &session.in_share(session.jobs.clone()), output)?;
    let directory = match continuation::open(args, share, &mut session, output)? {
        Some(directory) => directory,
        None => match &args.out {
            Some(out) => RunDirectory::create(out, args.force, &session.sources())?,
            None => RunDirectory::create_numbered(Path::new(RUNS), &session.plan.name)?,
        },
    };
    if let Some(share) = share {
        share::write(&directory, share)?;
    }
    directory.write(CONFIG, continuation::config_text(&session.plan).as_bytes())?;
    let saved_runs = directory.saved_runs(session.jobs.iter().map(|job| &job.id))?;
    // A fork does not begin where its networks do.
    if is_probed(&session) && !directory.path().join(FORK_JSON).exists() {
        directory.write(START_JSON, probe::start_of_comparison(&session)?.as_bytes())?;
    }

    let started = SystemTime::now();
    let begin = Instant::now();
    let progress = Progress::new(output);
    let keeping = Keeping::new(&directory, &session, output);
    let mut records = Vec::with_capacity(session.runs_planned());
    let watch = |job: &Job| {
        let mut observers = vec![progress.watch(&job.id)];
        observers.extend(events.iter().map(|events| events.watch(job)));
        Box::new(observers) as Box<dyn Observer + '_>
    };
    let live = args.report_every.map(|seconds| LiveReport::new(&directory, &session, output, seconds));
    let info = || RunInfo {
        started,
        seconds: begin.elapsed().as_secs_f64(),
        threads: threads.get(),
        interrupted: signals.exit_code().is_some(),
    };
    let crew = Crew { threads, peers: team.map(|team| team as &dyn Peers) };
    let stages =
        Stages { keeping: &keeping, crew, signals: &signals, resumes: args.resume, live: live.as_ref() };
    let ran = match &live {
        Some(live) => live.during(info, || stages.run(&watch, &mut records)),
        None => stages.run(&watch, &mut records),
    };
    progress.finish();
    let path = shortened(&directory.path().to_string_lossy());
    let with_advice = |error: CliError| match error.code {
        exit_code::IO => {
            let advice = saved::after_error(&saved_runs, session.runs_planned(), &path);
            CliError::new(error.code, format!("{error}{advice}"))
        }
        _ => error,
    };
    ran.map_err(with_advice)?;

    let info = info();
    let ensemble = ensemble::write(&directory, &session, &records, threads).map_err(with_advice)?;
    let mut summary = Summary::of_study(&session.plan, &records).with_ensemble(ensemble);
    let study = StudyRuns { plan: &session.plan, jobs: &session.jobs, records: &records };
    let run_json = results::run_json(&session, &records, &info);
    let place = results::write(directory, &study, &run_json, &mut summary, output).map_err(with_advice)?;
    if records.is_empty() && share.is_some() && !output.json && signals.exit_code().is_none() {
        return output.result(&format!("results: {path}\n"));
    }
    // Whether it can be shown decides nothing else.
    let compared = split_records(&session.plan, &records).1;
    let shown = first().and_then(|()| results::show(&place, compared, &summary, output));
    if let Some(code) = signals.exit_code() {
        let done = records.iter().filter(|run| !matches!(run.outcome, Outcome::Interrupted { .. })).count();
        let planned = session.runs_planned();
        let advice = saved::advice(&saved_runs, &path);
        let message = format!("stopped by a signal; {done} of {planned} runs finished; {advice}");
        return Err(CliError::new(code, message));
    }
    check_results(args, &session, compared).and(shown)
}

/// Makes the observer of a run.
type Watch<'a> = dyn Fn(&Job) -> Box<dyn Observer + 'a> + Sync + 'a;

/// How the runs of all stages are done.
struct Stages<'a> {
    keeping: &'a Keeping<'a>,
    crew: Crew<'a>,
    signals: &'a Signals,
    /// Whether the runs of each stage go on from their checkpoints if they may.
    resumes: bool,
    live: Option<&'a LiveReport<'a>>,
}

impl<'a> Stages<'a> {
    /// Each run has its observer.
    fn run(&self, watch: &'a Watch<'a>, records: &mut Vec<RunRecord>) -> Result<(), CliError> {
        let Self { keeping, crew, signals, resumes, live } = *self;
        let Keeping { directory, session, output, .. } = *keeping;
        loop {
            let jobs = session.in_share(next_jobs(&session.plan, records));
            if jobs.is_empty() || signals.exit_code().is_some() {
                return Ok(());
            }
            if !records.is_empty() {
                output.note(&stage_note(&session.plan, records, &jobs));
                if resumes {
                    continuation::check(directory, &jobs, session, output)?;
                }
            }
            let begin_run = |index: usize| {
                let job = &jobs[index];
                let keeper = keeping.begin(job, || watch(job))?;
                Ok(Box::new(keeper) as Box<dyn Companion<CliError> + '_>)
            };
            run_all::<CliError>(&jobs, &session.data, crew, &signals.stop, &begin_run, &mut |run| {
                if let Some(live) = live {
                    live.add(&run);
                }
                records.push(run);
                Ok(())
            })?;
        }
    }
}

/// What a stage of `jobs` is for, after `records`.
fn stage_note(plan: &Plan, records: &[RunRecord], jobs: &[Job]) -> String {
    let (tuning, compared) = split_records(plan, records);
    let seeds = Count(distinct_seeds(jobs.iter().map(|job| job.id.seed)), "seed");
    if compared.is_empty() {
        let tuned = tuned_settings(plan, tuning);
        return format!("tuned: {}; compared over {seeds} now", tuned.join(", "));
    }
    let done = distinct_seeds(compared.iter().map(|run| run.id.seed));
    format!("after {done} seeds: not clear yet; {seeds} more")
}

fn distinct_seeds(seeds: impl Iterator<Item = u64>) -> usize {
    seeds.collect::<std::collections::HashSet<_>>().len()
}

/// Whether the networks are measured before training: those of a comparison on a table that takes no time to prepare
/// once more.
fn is_probed(session: &Session) -> bool {
    let table = session.first_table();
    session.plan.compare.is_some() && table.rows().saturating_mul(table.most_inputs()) <= MAX_PROBED_CELLS
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

/// Fails if a single run or a member of an ensemble diverged, or if a requirement is not met.
fn check_results(args: &TrainArgs, session: &Session, records: &[RunRecord]) -> Result<(), CliError> {
    let diverged = records.iter().find(|run| matches!(run.outcome, Outcome::Diverged { .. }));
    if let (None, Some(run)) = (&session.plan.compare, diverged) {
        let saved = format!("the model file has the weights of epoch {}", run.kept_epoch);
        let advice = "try a smaller optimizer.learning_rate or training.clip_norm";
        return Err(CliError::new(
            exit_code::DIVERGED,
            match records.len() {
                1 => format!("training {}; {saved}; {advice}", ending(&run.outcome)),
                _ => {
                    format!("{} {}, so there is no ensemble; {saved}; {advice}", run.id, ending(&run.outcome))
                }
            },
        ));
    }
    let unmet: Vec<String> =
        args.require.iter().filter_map(|requirement| requirement.unmet(records)).collect();
    if unmet.is_empty() { Ok(()) } else { Err(CliError::new(exit_code::CHECK_FAILED, unmet.join("\n  "))) }
}

/// Fails if one of `requirements` cannot be met, whatever is trained.
fn refuse_impossible(requirements: &[Requirement], session: &Session) -> Result<(), CliError> {
    let reason = |requirement: &Requirement| {
        let reason = requirement.impossible(&session.jobs, &session.data)?;
        Some(format!("--require {requirement}: {reason}"))
    };
    let reasons: Vec<String> = requirements.iter().filter_map(reason).collect();
    if reasons.is_empty() { Ok(()) } else { Err(CliError::new(exit_code::USAGE, reasons.join("\n  "))) }
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
