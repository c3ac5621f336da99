//! `bntrain fork RUN --at-epoch E --set ...`: goes on from an earlier epoch with something changed.
//!
//! Checkpoints of earlier epochs are not kept, so the place is reached by repeating the runs up to there: from
//! their newest checkpoint that is not after it, or from their start. The rows that this repeats must be those of the
//! runs. The fork is a run directory like others: it begins with a checkpoint of the place, and is trained by
//! going on from there.

pub(crate) mod allowed;
pub(crate) mod curves;
pub(crate) mod ended;
pub(crate) mod place;
pub(crate) mod replay;
pub(crate) mod tuned;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::args::ThreadArgs;
use crate::cli::commands::train::continuation::{config_text, origin_of};
use crate::cli::commands::train::fork::curves::ForkOf;
use crate::cli::commands::train::fork::place::ForkPlace;
use crate::cli::commands::train::fork::replay::Replayed;
use crate::cli::commands::train::{self, CONFIG, RUNS, TrainArgs, share};
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::session::{ConfigArgs, Session};
use crate::config::ChangedKey;
use crate::experiment::Job;
use crate::kernel::ThreadPool;
use crate::model::{Checkpoint, CheckpointOrigin};
use crate::run_dir::{
    DirectoryState, FORK_JSON, RUN_JSON, RunDirectory, RunDirectoryError, UNCHANGED, state_of,
};
use crate::text::{DisplayPath, shortened};
use crate::train::{RunState, forked, with_dtype};

#[derive(Debug, Args)]
pub(crate) struct ForkArgs {
    /// The run directory, which stays as it is
    #[arg(value_name = "RUN")]
    directory: PathBuf,
    /// The epoch after which the runs go on
    #[arg(long, value_name = "E", required_unless_present = "at_step", conflicts_with = "at_step")]
    at_epoch: Option<u64>,
    /// The step after which the runs go on, in place of an epoch
    #[arg(long, value_name = "S")]
    at_step: Option<u64>,
    /// Change a key of the config from there on, such as optimizer.learning_rate=0.01; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Number of epochs of every run, those before the fork included (training.epochs)
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    /// Replace the running statistics there by those of all training rows
    #[arg(long)]
    recompute_statistics: bool,
    /// The directory for the results [default: runs/NAME-fork-001, counting up]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArgs,
}

pub(crate) fn run(args: &ForkArgs, output: &Output) -> Result<(), CliError> {
    let ForkArgs { directory, sets, epochs, recompute_statistics: recompute, .. } = args;
    if !matches!(state_of(directory)?, DirectoryState::Finished | DirectoryState::Unfinished) {
        return Err(RunDirectoryError::NotARun { path: directory.clone() }.into());
    }
    if let Some(share) = share::of_directory(directory)? {
        let message = format!(
            "{} holds share {share} of the runs; put the shares together with `bntrain merge` first",
            DisplayPath(directory)
        );
        return Err(CliError::new(exit_code::REFUSED, message));
    }
    let place = ForkPlace::new(args.at_epoch, args.at_step)?;
    let threads = args.threads.count();
    let config = directory.join(CONFIG);
    let quiet = output.without_notes();
    let before = Session::open(&ConfigArgs::of(config.clone(), Vec::new(), None), threads, &quiet)?;
    tuned::refuse(directory, &before.plan)?;
    let mut now = Session::open(&ConfigArgs::of(config.clone(), sets.clone(), *epochs), threads, output)?;
    if let Some(source) = source_of(directory) {
        now.plan.source = source;
    }
    if let ForkPlace::Epoch(epoch) = place
        && epoch > before.plan.training.epochs
    {
        // Else the learning rate would have to be another one from the start.
        let more = match before.plan.training.schedule.depends_on_total() {
            true => "",
            false => ", or train them for more with `bntrain resume --epochs`",
        };
        let message = format!(
            "--at-epoch {epoch}: the runs of {} have {} epochs; fork them after one of these{more}",
            DisplayPath(directory),
            before.plan.training.epochs
        );
        return Err(CliError::new(exit_code::USAGE, message));
    }
    let changes = allowed::check(&before, &now, place)?;
    let mut replayed = replay::all(directory, &before, place, threads, output)?;
    for (job, replayed) in now.jobs.iter().zip(&mut replayed) {
        let state = replayed.state.clone();
        replayed.state = if replayed.has_ended {
            ended::check(job, &state, place)?;
            // It is not trained any further, so that it need not be in the middle of an epoch.
            let (outcome, place) = (state.outcome.clone(), state.place.after(state.place.epoch));
            RunState { outcome, ..adapted(RunState { place, ..state }, job, &now, false)? }
        } else {
            adapted(state, job, &now, *recompute)?
        };
    }

    // A linear model would be trained from its start, with the changes: that is not the fork of one.
    now.plan.training.baselines = false;
    now.jobs.iter_mut().for_each(|job| job.plan.training.baselines = false);

    let name = name_of(directory);
    let out = match &args.out {
        Some(out) => RunDirectory::create(out, false, &now.sources())?,
        None => RunDirectory::create_numbered(Path::new(RUNS), &format!("{name}-fork"))?,
    };
    out.write(CONFIG, config_text(&now.plan).as_bytes())?;
    // For the page, which shows the fork next to them.
    out.write(UNCHANGED, read(&directory.join("metrics.csv"))?.as_bytes())?;
    let of = std::path::absolute(directory).unwrap_or_else(|_| directory.clone());
    let changed: Vec<String> = changes.iter().map(ChangedKey::to_string).collect();
    let fork = json!({
        "of": of.to_string_lossy(),
        "place": place.json(),
        "changes": changed,
        "recomputed_statistics": recompute,
        "command": command(args),
        "epochs": now.plan.training.epochs,
    });
    out.write(FORK_JSON, format!("{fork:#}\n").as_bytes())?;
    for (job, replayed) in now.jobs.iter().zip(replayed) {
        begin(&out, job, replayed, &now)?;
    }
    let task = now.plan.task();
    let path = out.path().to_owned();
    drop(out);
    drop((before, now));

    let resume = TrainArgs {
        config: ConfigArgs::of(path.join(CONFIG), Vec::new(), None),
        out: Some(path.clone()),
        resume: true,
        force: false,
        tensorboard: None,
        share: None,
        groups: None,
        threads: args.threads.clone(),
        dry_run: false,
        report_every: None,
        require: Vec::new(),
    };
    let show = || {
        curves::show(
            &ForkOf { runs: directory, task, place, changes: &changed, recompute: *recompute },
            &path,
            output,
        )
    };
    if output.json {
        train::run(&resume, output)?;
        return show();
    }
    // What was asked comes first, then what any training shows.
    train::run_and_show(&resume, output, &|| {
        show()?;
        output.result("\nthe forks by themselves, as after any training:\n\n")
    })
}

/// The words that make the same fork again, whatever its directory and the number of threads.
fn command(args: &ForkArgs) -> Vec<String> {
    let ForkArgs { directory, at_epoch, at_step, sets, epochs, recompute_statistics, .. } = args;
    let mut words = ["bntrain", "fork"].map(str::to_owned).to_vec();
    words.push(directory.to_string_lossy().into_owned());
    for (option, number) in [("--at-epoch", at_epoch), ("--at-step", at_step), ("--epochs", epochs)] {
        words.extend(number.iter().flat_map(|number| [option.to_owned(), number.to_string()]));
    }
    words.extend(sets.iter().flat_map(|set| ["--set".to_owned(), set.clone()]));
    if *recompute_statistics {
        words.push("--recompute-statistics".to_owned());
    }
    words
}

/// Writes what the run of `job` has at the place of the fork: its rows, and a checkpoint.
fn begin(out: &RunDirectory, job: &Job, replayed: Replayed, session: &Session) -> Result<(), CliError> {
    let Replayed { state, metrics, steps, .. } = replayed;
    let mut files = out.run_files(&job.id, job.plan.task())?;
    files.append_rows(&metrics, &steps)?;
    let sizes = files.sizes()?;
    let origin = CheckpointOrigin { file_sizes: [sizes.metrics, sizes.steps], ..origin_of(job, session) };
    let checkpoint = Checkpoint { origin, state };
    let bytes = checkpoint.to_bytes().map_err(|error| CliError::io("write", files.path(), &error))?;
    Ok(files.write_checkpoint(&bytes)?)
}

/// The state with the settings of `job`.
fn adapted(state: RunState, job: &Job, session: &Session, recompute: bool) -> Result<RunState, CliError> {
    let adapted = with_dtype!(job.plan.training.dtype, F => {
        let data = &session.data.prepared::<F>(&job.plan)?.data;
        let pool = ThreadPool::single();
        let network = session.data.initial_network::<F>(&job.plan, data, &pool)?;
        forked(state, network, &job.plan.optimizer, &job.plan.training, data, &pool, recompute)
    });
    adapted.map_err(|fault| {
        let message = format!(
            "{}: the network of a fork has the tensors of the run: {fault}; train another network instead",
            job.id
        );
        CliError::new(exit_code::USAGE, message)
    })
}

/// The config file that a finished run is from.
fn source_of(directory: &Path) -> Option<PathBuf> {
    let json: serde_json::Value = serde_json::from_str(&read(&directory.join(RUN_JSON)).ok()?).ok()?;
    json["config"].as_str().map(PathBuf::from)
}

/// What the directory is called, without its number.
fn name_of(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_number = |end: &str| end.len() >= 3 && end.bytes().all(|byte| byte.is_ascii_digit());
    match name.rsplit_once('-') {
        Some((name, number)) if is_number(number) => name.to_owned(),
        _ => name,
    }
}

/// The whole text of a file in a run directory.
pub(crate) fn read(path: &Path) -> Result<String, CliError> {
    fs::read_to_string(path).map_err(|error| CliError::io("read", path, &error))
}

/// For messages.
pub(crate) fn shown(path: &Path) -> String {
    shortened(&DisplayPath(path).to_string())
}
