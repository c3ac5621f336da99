//! `bntrain tune FILE.toml`: finds better settings for a network, and writes a config with them.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::cli::args::{ThreadArgs, positive};
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::out_file::{OutFile, Replacing, WithoutFile};
use crate::cli::output::Output;
use crate::cli::processes;
use crate::cli::session::{ConfigArgs, initial_notes};
use crate::cli::signals::Signals;
use crate::config::{self, SearchPlan, fewer_points_note};
use crate::data::DataPaths;
use crate::experiment::{
    Companion, DataSets, Job, RunRecord, TriedPoint, check_models, final_job, ranked, run_all, search_jobs,
};
use crate::report::{best_points_text, tuned_config};
use crate::text::shortened;
use crate::train::{BatchPlan, Event, Observer, Outcome, RunState};

#[derive(Debug, Args)]
pub(crate) struct TuneArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// How many points to try, besides the config as it is (tune.points)
    #[arg(long, value_name = "N")]
    points: Option<usize>,
    /// Choose by a cross-validation with this number of parts (tune.folds)
    #[arg(long, value_name = "K")]
    folds: Option<usize>,
    /// Try no further points after this number of seconds
    #[arg(long, value_name = "S", value_parser = positive)]
    seconds: Option<f64>,
    /// The config to write [default: NAME-tuned.toml]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the config at --out if it exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    threads: ThreadArgs,
}

pub(crate) fn run(args: &TuneArgs, output: &Output) -> Result<(), CliError> {
    processes::refuse_strangers()?;
    let threads = args.threads.count();
    let mut overrides = args.config.overrides()?;
    for (key, value) in [("points", args.points), ("folds", args.folds)] {
        overrides.extend(value.map(|value| (format!("tune.{key}"), value.to_string())));
    }
    let search = config::load_search(args.config.path()?, &overrides)?;
    let default_out = PathBuf::from(format!("{}-tuned.toml", search.plan.name));
    let out = OutFile::new(args.out.as_deref().unwrap_or(&default_out), WithoutFile::Fails)?;
    let data = search.plan.data.paths().flat_map(DataPaths::as_written);
    let others = search.plan.training.init_from.iter().chain([&search.plan.source]);
    let inputs: Vec<&Path> = data.chain(others).map(PathBuf::as_path).collect();
    out.refuse_replacing(Replacing { force: args.force, inputs: &inputs, models: &[] })?;
    if let Some(note) = fewer_points_note("tune", search.n_asked, search.points.len() - 1) {
        output.note(&format!("note: {note}"));
    }
    let jobs = search_jobs(&search);
    let mut data = DataSets::load(jobs.iter().map(|job| &job.plan), threads)?;
    data.load_initial(jobs.iter().map(|job| &job.plan))?;
    check(&jobs, &data)?;
    // Also an error if the weights do not fit one of the networks.
    if let Some(note) = initial_notes(&jobs, &data)?.first() {
        output.note(&format!("note: {note}"));
    }

    let team = processes::team();
    team.map_or(Ok(()), |team| team.begin_tries(&jobs, &data, args.threads.asked()))?;
    let signals = Signals::listen()?;
    let begin = Instant::now();
    let records = try_points(&search, &jobs, &data, (threads, &signals), args.seconds, output)?;
    let points = ranked(&search, &records);
    let best = points.first().filter(|point| point.mean.is_some());
    let Some(best) = best else {
        let message = match signals.exit_code() {
            Some(code) => {
                CliError::new(code, "stopped by a signal before any point was tried; nothing was written")
            }
            None if points.is_empty() => CliError::new(
                exit_code::CHECK_FAILED,
                "no point was tried in that time; nothing was written; raise --seconds",
            ),
            None => CliError::new(
                exit_code::DIVERGED,
                "every point was lost; nothing was written; try smaller rates",
            ),
        };
        return Err(message);
    };
    let tested = match signals.exit_code() {
        Some(_) => Vec::new(),
        None => measure_on_test_rows(&search, best, &data, (threads, &signals))?,
    };
    let seconds = begin.elapsed().as_secs_f64();
    let place = std::path::absolute(out.named).map_err(|error| CliError::io("find", out.named, &error))?;
    let folder = place.parent().unwrap_or(&place);
    let config = search.config_of(&search.points[best.index], folder);
    let text = tuned_config(&search, &points, &tested, seconds, &config);
    out.write(text.as_bytes())?;
    let path = shortened(&out.named.to_string_lossy());
    let shown = match output.json {
        true => {
            let tested: Vec<_> = tested.iter().map(|run| &run.assessments).collect();
            let line = json!({
                "event": "tuned", "measure": search.measure, "folds": search.folds, "points": points,
                "best": best, "assessments": tested, "seconds": seconds, "config": out.named.to_string_lossy(),
            });
            output.result(&format!("{line}\n"))
        }
        false => {
            let table = best_points_text(&search, &points, &tested);
            output.result(&format!("{table}\nwritten: {path}; train with: bntrain {path}\n"))
        }
    };
    match signals.exit_code() {
        None => shown,
        Some(code) => {
            let n = points.len();
            let message = format!(
                "stopped by a signal after {n} of {} points; {path} has the best of them, not measured on test rows",
                search.points.len()
            );
            Err(CliError::new(code, message))
        }
    }
}

/// Checks that every run can be done.
fn check(jobs: &[Job], data: &DataSets) -> Result<(), CliError> {
    for job in jobs {
        let table = data.table(&job.plan.data);
        let [train_rows, ..] = table.check_split(job.plan.training.split_key())?;
        job.plan.check_size(train_rows, table.most_inputs(), table.outputs())?;
        BatchPlan::new(&job.plan.layers, &job.plan.training, train_rows, table.outputs())
            .map_err(|error| CliError::new(exit_code::USAGE, error.to_string()))?;
    }
    Ok(check_models(jobs, data)?)
}

/// The runs of all points, or of those for which there is time.
fn try_points(
    search: &SearchPlan,
    jobs: &[Job],
    data: &DataSets,
    (threads, signals): (NonZeroUsize, &Signals),
    seconds: Option<f64>,
    output: &Output,
) -> Result<Vec<RunRecord>, CliError> {
    let begin = Instant::now();
    let progress = PointProgress::new(output, jobs.len());
    let mut records: Vec<RunRecord> = Vec::with_capacity(jobs.len());
    let mut add = |run: RunRecord| {
        records.push(run);
        progress.show(search, &records, begin.elapsed());
        Ok(())
    };
    match processes::team() {
        None => {
            let deadline = Deadline::after(begin, seconds, &signals.stop);
            let begin_run = |_| Ok(Box::new(deadline) as Box<dyn Companion<CliError> + '_>);
            run_all::<CliError>(jobs, data, threads, &signals.stop, &begin_run, &mut add)?;
        }
        Some(team) => {
            // All processes begin the runs of a round together, so that a signal or the deadline ends all of them.
            let round = threads.get() * team.processes();
            for start in (0..jobs.len()).step_by(round) {
                let left = seconds.map(|seconds| seconds - begin.elapsed().as_secs_f64());
                if signals.stop.load(Ordering::Relaxed) || left.is_some_and(|left| left <= 0.0) {
                    break;
                }
                let range = start..jobs.len().min(start + round);
                let tried = team.try_runs(jobs, range, data, threads, (left, &signals.stop))?;
                tried.into_iter().try_for_each(&mut add)?;
            }
        }
    }
    progress.bar.finish_and_clear();
    // The deadline ends runs as a signal does.
    signals.stop.store(signals.exit_code().is_some(), Ordering::Relaxed);
    Ok(records)
}

/// The best point and the config as it is, trained with the split of the config, on its test rows.
fn measure_on_test_rows(
    search: &SearchPlan,
    best: &TriedPoint,
    data: &DataSets,
    (threads, signals): (NonZeroUsize, &Signals),
) -> Result<Vec<RunRecord>, CliError> {
    let mut places = vec![best.index, 0];
    places.dedup();
    let jobs: Vec<Job> = places.into_iter().map(|place| final_job(&search.points[place].plan)).collect();
    if jobs.iter().all(|job| data.table(&job.plan.data).test_rows(job.plan.training.split_key()) == 0) {
        return Ok(Vec::new());
    }
    let mut records = Vec::new();
    run_all::<CliError>(&jobs, data, threads, &signals.stop, &|_| Ok(Box::new(())), &mut |run| {
        records.push(run);
        Ok(())
    })?;
    Ok(records.into_iter().filter(|run| !matches!(run.outcome, Outcome::Interrupted { .. })).collect())
}

/// Ends every run when the time is used.
#[derive(Clone, Copy)]
pub(crate) struct Deadline<'a> {
    at: Option<Instant>,
    stop: &'a AtomicBool,
}

impl<'a> Deadline<'a> {
    /// This many seconds after `begin`, if any.
    pub(crate) fn after(begin: Instant, seconds: Option<f64>, stop: &'a AtomicBool) -> Self {
        let after = |seconds: f64| begin.checked_add(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)));
        Self { at: seconds.and_then(after), stop }
    }
}

impl Observer for Deadline<'_> {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if matches!(event, Event::EpochEnded(_)) && self.at.is_some_and(|at| at <= Instant::now()) {
            self.stop.store(true, Ordering::Relaxed);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

impl Companion<CliError> for Deadline<'_> {
    fn take_state(&mut self) -> Option<RunState> {
        None
    }

    fn keep_model(&mut self, _model: &[u8]) -> Result<(), CliError> {
        Ok(())
    }

    fn keep_linear_model(&mut self, _model: &[u8]) -> Result<(), CliError> {
        Ok(())
    }
}

/// One bar, or a line for each point, with the time that is left.
struct PointProgress<'a> {
    output: &'a Output,
    bar: ProgressBar,
    n_jobs: usize,
}

impl<'a> PointProgress<'a> {
    fn new(output: &'a Output, n_jobs: usize) -> Self {
        let target = if output.bars() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{pos} of {len} runs {wide_bar} {msg} {eta:>4} left")
            .map(|style| style.progress_chars("=> "))
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(n_jobs as u64), target).with_style(style);
        Self { output, bar, n_jobs }
    }

    fn show(&self, search: &SearchPlan, records: &[RunRecord], elapsed: Duration) {
        self.bar.set_position(records.len() as u64);
        let runs_each = search.folds.unwrap_or(1);
        let is_cut = records.last().is_some_and(|run| matches!(run.outcome, Outcome::Interrupted { .. }));
        if is_cut || !records.len().is_multiple_of(runs_each) {
            return;
        }
        let points = ranked(search, records);
        let best = points.first().and_then(|point| point.mean);
        let best =
            best.map_or_else(String::new, |best| format!("{} {best:.4} is the best", search.measure.name()));
        self.bar.set_message(best.clone());
        if !self.output.bars() {
            let (done, all) = (records.len() / runs_each, self.n_jobs / runs_each);
            let left = elapsed.as_secs_f64() * (self.n_jobs - records.len()) as f64 / records.len() as f64;
            self.output.note(&format!("{done} of {all} points; {best}; about {left:.0} s left"));
        }
    }
}
