//! Where the runs of a directory go on, and whether they may.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::cli::commands::train::share::refuse_other;
use crate::cli::commands::train::{CONFIG, RUNS, TrainArgs};
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::session::Session;
use crate::config::{ChangedKey, Plan, changed_keys, has_effect};
use crate::data::SourceFile;
use crate::experiment::{Job, Share, next_jobs};
use crate::model::{Checkpoint, CheckpointOrigin, HashedFile};
use crate::run_dir::{
    DirectoryState, FORK_JSON, RunDirectory, RunFile, RunFiles, TableSizes, latest_numbered, read_of_run,
    state_of,
};
use crate::text::{DisplayPath, escaped, shortened};

/// The newest checkpoint of a run that can be used.
#[derive(Default)]
pub(crate) struct FoundCheckpoint {
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Whether there is no newer one, damaged.
    pub(crate) is_newest: bool,
    /// What is wrong with those that cannot be used.
    problems: Vec<String>,
}

/// The start of the first line of the config in a run directory, before the path of the config that it is from.
const SOURCE: &str = "# All settings of ";

/// The key that may change when runs go on.
const EPOCHS: &str = "training.epochs";

/// The config for a run directory: complete, and with the path of the one that it is from.
pub(crate) fn config_text(plan: &Plan) -> String {
    format!("{SOURCE}{}\n{}", DisplayPath(&plan.source), plan.to_toml())
}

/// Where the checkpoints of `job` come from.
pub(crate) fn origin_of(job: &Job, session: &Session) -> CheckpointOrigin {
    let table = session.data.table(&job.plan.data);
    let hashes = table.sources().map(|source| source.sha256.clone());
    let hashed = |file: &SourceFile| HashedFile {
        path: file.path.to_string_lossy().into_owned(),
        sha256: file.sha256.clone(),
    };
    let several = table.sources().filter(|source| source.files.len() > 1);
    let data_files = several.flat_map(|source| &source.files).map(hashed).collect();
    let initial = session.data.initial_tensors(&job.plan).map(|file| file.sha256.clone());
    let hashes = hashes.chain(initial).collect();
    let source = session.plan.source.to_string_lossy().into_owned();
    CheckpointOrigin { data_files, ..CheckpointOrigin::here(source, job.plan.to_toml(), hashes) }
}

/// The tables of a run at a checkpoint.
pub(crate) fn sizes_at(origin: &CheckpointOrigin) -> TableSizes {
    let [metrics, steps] = origin.file_sizes;
    TableSizes { metrics, steps, diagnostics: origin.diagnostics_size }
}

/// Reads the checkpoints of a run, the newest first, up to one that is whole and whose rows are there.
pub(crate) fn newest(files: &mut RunFiles) -> Result<FoundCheckpoint, CliError> {
    let sizes = files.sizes()?;
    let mut found = FoundCheckpoint { is_newest: true, ..FoundCheckpoint::default() };
    for (path, mut file) in files.checkpoints()? {
        let mut bytes = Vec::new();
        let read = file.read_to_end(&mut bytes);
        let checkpoint = read
            .map_err(|error| error.to_string())
            .and_then(|_| Checkpoint::from_bytes(&bytes).map_err(|fault| fault.to_string()))
            .and_then(|checkpoint| match sizes_at(&checkpoint.origin) {
                at if at.metrics > sizes.metrics => {
                    Err("rows of metrics.csv before it are missing".to_owned())
                }
                at if at.steps > sizes.steps => Err("rows of steps.csv before it are missing".to_owned()),
                at if at.diagnostics > sizes.diagnostics => {
                    Err("rows of diagnostics.csv before it are missing".to_owned())
                }
                _ => Ok(checkpoint),
            });
        match checkpoint {
            Ok(checkpoint) => {
                found.checkpoint = Some(checkpoint);
                return Ok(found);
            }
            Err(problem) => {
                found.problems.push(format!("{}: {problem}", DisplayPath(&path)));
                found.is_newest = false;
            }
        }
    }
    Ok(found)
}

/// With `--resume`, opens the directory whose runs go on, if there is one, and says what will be done.
///
/// # Errors
///
/// If a run would not have the result that it has without the interruption, or the directory cannot be used.
pub(crate) fn open(
    args: &TrainArgs,
    share: Option<Share>,
    session: &mut Session,
    output: &Output,
) -> Result<Option<RunDirectory>, CliError> {
    let Some(path) = directory_of(args, session)? else { return Ok(None) };
    let directory = RunDirectory::open_for_resume(&path)?;
    let mut source = None;
    if let Some(before) = config_in(&path)? {
        refuse_other(&path, share)?;
        refuse_changes(&DisplayPath(&path).to_string(), &before.settings, &session.plan.to_table())?;
        refuse_to_tune_anew(&path, &before, session)?;
        source = before.source;
    }
    check(&directory, &session.in_share(next_jobs(&session.plan, &[])), session, output)?;
    // The config in the directory is a copy of this one.
    let is_copy = session.plan.source.parent() == std::path::absolute(&path).ok().as_deref();
    if let Some(source) = source.filter(|_| is_copy) {
        set_source(&mut session.plan, PathBuf::from(source));
    }
    directory.reopen()?;
    Ok(Some(directory))
}

/// Names the config that `plan`, read from a copy, is from.
pub(crate) fn set_source(plan: &mut Plan, source: PathBuf) {
    plan.name = source.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    plan.source = source;
}

/// The path of the config that the one in a run directory is from.
pub(crate) fn own_source(directory: &Path) -> Result<Option<PathBuf>, CliError> {
    Ok(config_in(directory)?.and_then(|config| config.source).map(PathBuf::from))
}

/// The directory to go on in: `--out`, or the last one with a number. A finished one without `--out` is left
/// alone if it is of another config.
fn directory_of(args: &TrainArgs, session: &Session) -> Result<Option<PathBuf>, CliError> {
    if !args.resume {
        return Ok(None);
    }
    let Some(path) = &args.out else {
        let Some((path, _)) = latest_numbered(Path::new(RUNS), &session.plan.name) else { return Ok(None) };
        let is_ours = match state_of(&path)? {
            DirectoryState::Unfinished => true,
            DirectoryState::Finished => match config_in(&path)? {
                Some(before) => decisive_changes(&before.settings, &session.plan.to_table()).is_empty(),
                None => false,
            },
            DirectoryState::Absent | DirectoryState::Empty | DirectoryState::Other => false,
        };
        return Ok(is_ours.then_some(path));
    };
    // What is neither is refused when the directory is created.
    let is_run = matches!(state_of(path)?, DirectoryState::Finished | DirectoryState::Unfinished);
    Ok(is_run.then(|| path.clone()))
}

/// The config in a run directory.
struct DirectoryConfig {
    settings: toml::Table,
    /// The path of the config that it is from.
    source: Option<String>,
}

/// The config in a run directory; none if its command ended before it was written.
fn config_in(directory: &Path) -> Result<Option<DirectoryConfig>, CliError> {
    let path = directory.join(CONFIG);
    match fs::read_to_string(&path) {
        Ok(text) => match text.parse() {
            Ok(settings) => {
                let source = text.lines().next().and_then(|line| line.strip_prefix(SOURCE));
                Ok(Some(DirectoryConfig { settings, source: source.map(str::to_owned) }))
            }
            Err(error) => Err(refusal(&format!("{} cannot be read: {error}", DisplayPath(&path)))),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::io("read", &path, &error)),
    }
}

/// Checks that the runs in `directory` may go on as `jobs`, those of a stage, and says what will be done.
pub(crate) fn check(
    directory: &RunDirectory,
    jobs: &[Job],
    session: &Session,
    output: &Output,
) -> Result<(), CliError> {
    let is_fork = directory.read(FORK_JSON)?.is_some();
    let (mut ended, mut begun) = (0, Vec::new());
    let mut notes: Vec<String> = Vec::new();
    let mut note = |text: String| {
        if !notes.contains(&text) {
            notes.push(text);
        }
    };
    for job in jobs {
        let mut files = directory.run_files(&job.id, job.plan.task())?;
        let FoundCheckpoint { checkpoint, problems, .. } = newest(&mut files)?;
        for problem in problems {
            note(format!("note: {problem}; it is not used"));
        }
        let Some(Checkpoint { origin, state }) = checkpoint else {
            // Its config says nothing about the epochs before the fork, so it cannot begin again.
            if is_fork {
                let path = DisplayPath(directory.path());
                let message = format!(
                    "{}: none of its checkpoints can be used; fork it again, see fork.json in {path}",
                    job.id
                );
                return Err(CliError::new(exit_code::MODEL, message));
            }
            continue;
        };
        let expected = origin_of(job, session);
        refuse_other_run(job, &origin, &expected, state.place.epoch)?;
        if state.has_ended(job.plan.training.epochs) {
            ended += 1;
            continue;
        }
        let step = state.place.step;
        begun.push(format!("{} after step {step}", job.id));
        if origin.version != expected.version {
            note(format!(
                "note: the interrupted runs are from bntrain {}, this is {}: their results may differ from those of \
                 either version in the last bits",
                origin.version, expected.version
            ));
        }
        if origin.processor != expected.processor {
            note(format!(
                "note: the interrupted runs are from a processor {}, this is {}: their results may differ from those of \
                 either in the last bits",
                origin.processor, expected.processor
            ));
        }
    }
    notes.iter().for_each(|note| output.note(note));
    let planned = jobs.len();
    let mut line = format!(
        "{}: {ended} of {planned} runs have ended, {} go on, {} begin",
        DisplayPath(directory.path()),
        begun.len(),
        planned - ended - begun.len()
    );
    if let [first] = &begun[..] {
        let _ = write!(line, " ({first})");
    }
    output.note(&line);
    Ok(())
}

/// Refuses to let a run go on with another config or other data.
fn refuse_other_run(
    job: &Job,
    before: &CheckpointOrigin,
    now: &CheckpointOrigin,
    epochs_done: u64,
) -> Result<(), CliError> {
    let old = refuse_other_origin(job, before, now)?;
    let epochs = job.plan.training.epochs;
    if epochs_done > epochs {
        return Err(refusal(&format!(
            "{}: it was trained for {epochs_done} epochs, more than {epochs}",
            job.id
        )));
    }
    let epochs_before = old.get("training").and_then(|training| training.get("epochs")?.as_integer());
    if epochs_before != i64::try_from(epochs).ok() && job.plan.training.schedule.depends_on_total() {
        return Err(refusal(&format!(
            "{}: training.epochs cannot change, because the learning rate of this schedule depends on all steps of \
             the run, also of those that are done",
            job.id
        )));
    }
    Ok(())
}

/// Refuses if the config, but for the epochs, the data, or initial weights from a file are not those of the checkpoint, whose
/// config it returns.
pub(crate) fn refuse_other_origin(
    job: &Job,
    before: &CheckpointOrigin,
    now: &CheckpointOrigin,
) -> Result<toml::Table, CliError> {
    let parse = |text: &str| {
        let table = text.parse::<toml::Table>();
        table.map_err(|error| {
            refusal(&format!("{}: its checkpoint has a config that cannot be read: {error}", job.id))
        })
    };
    let (old, new) = (parse(&before.config)?, parse(&now.config)?);
    refuse_changes(&job.id.to_string(), &old, &new)?;
    if before.data_sha256 == now.data_sha256 {
        return Ok(old);
    }
    let initial =
        if job.plan.training.init_from.is_some() { ", or that of the initial weights," } else { "" };
    Err(refusal(&format!(
        "{}: the data files{initial} are not those that it was trained on{}",
        job.id,
        difference(&before.data_files, &now.data_files)
    )))
}

/// What differs between the files of two trainings, where several are one table.
fn difference(before: &[HashedFile], now: &[HashedFile]) -> String {
    let by_path = |files: &[HashedFile]| -> HashMap<String, String> {
        files.iter().map(|file| (file.path.clone(), file.sha256.clone())).collect()
    };
    let (old, new) = (by_path(before), by_path(now));
    if before.is_empty() != now.is_empty() {
        return "; the same rows spread over other files count as other data".to_owned();
    }
    let is_other = |file: &&HashedFile| old.get(&file.path) != Some(&file.sha256);
    let is_gone = |file: &&HashedFile| !new.contains_key(&file.path);
    match (now.iter().find(is_other), before.iter().find(is_gone)) {
        (Some(file), _) => {
            let change = if old.contains_key(&file.path) { "has changed" } else { "is new" };
            format!(": {} {change}", escaped(&file.path))
        }
        (None, Some(file)) => format!(": {} is not among them", escaped(&file.path)),
        (None, None) if before != now => ": they are in another order".to_owned(),
        (None, None) => String::new(),
    }
}

/// Refuses if a key differs that decides a result.
fn refuse_changes(of: &str, before: &toml::Table, now: &toml::Table) -> Result<(), CliError> {
    let changes = decisive_changes(before, now);
    if changes.is_empty() {
        return Ok(());
    }
    let changes: Vec<String> = changes.iter().map(ChangedKey::to_string).collect();
    Err(refusal(&format!("{of}: the config has changed: {}", changes.join("; "))))
}

/// Refuses another number of epochs once norms are compared with the settings that were tuned for them. After that number of
/// epochs other settings may be the best, but those of the compared runs cannot change.
fn refuse_to_tune_anew(path: &Path, before: &DirectoryConfig, session: &Session) -> Result<(), CliError> {
    let is_tuned = session.plan.compare.as_ref().is_some_and(|compare| compare.tune.is_some());
    let changes = changed_keys(&before.settings, &session.plan.to_table());
    let Some(change) = changes.iter().find(|change| is_tuned && change.key == EPOCHS) else { return Ok(()) };
    let mut is_compared = false;
    for job in session.jobs.iter().filter(|job| job.id.point.is_none()) {
        is_compared |= read_of_run(path, &job.id, RunFile::Checkpoint)?.is_some();
    }
    if !is_compared {
        return Ok(());
    }
    let source = before.source.as_deref().unwrap_or("FILE.toml");
    let message = format!(
        "{}: {change}: its norms are compared with settings that were tuned ([compare.tune]), and after another number of \
         epochs others may be the best; the directory is as it was; tune and compare anew with `bntrain {} --epochs {} \
         --out DIR`",
        DisplayPath(path),
        shortened(source),
        session.plan.training.epochs
    );
    Err(CliError::new(exit_code::REFUSED, message))
}

/// The keys that differ and decide a result. More epochs are those of a longer training.
fn decisive_changes(before: &toml::Table, now: &toml::Table) -> Vec<ChangedKey> {
    let mut changes = changed_keys(before, now);
    changes.retain(|change| has_effect(&change.key) && change.key != EPOCHS);
    changes
}

fn refusal(reason: &str) -> CliError {
    let advice = "the result would not be that of a run without interruption; undo the change, or train anew with \
                  another --out or with --force";
    CliError::new(exit_code::REFUSED, format!("{reason}; {advice}"))
}
