//! Which files a run directory has, and where.

use std::io;
use std::path::{Path, PathBuf};

use crate::experiment::RunId;
use crate::nn::Norm;
use crate::output_file::{Folder, FolderEntry, is_temporary};
use crate::run_dir::directory_state::{DirectoryState, state_of, state_of_folder};
use crate::run_dir::error::{RunDirectoryError, read_error_in, write_error_in};

/// Written last: a directory that has it holds results.
pub(crate) const RUN_JSON: &str = "run.json";
pub(crate) const CONFIG: &str = "config.toml";
/// Where the runs of the directory come from, if they are forks of others.
pub(crate) const FORK_JSON: &str = "fork.json";
/// In the directory of a fork: `metrics.csv` of the runs that it is from.
pub(crate) const UNCHANGED: &str = "unchanged.csv";
/// The networks of a comparison before training, a line for each.
pub(crate) const START_JSON: &str = "start.jsonl";
/// Which share of the runs of a comparison the directory has, if not all.
pub(crate) const SHARE_JSON: &str = "share.json";
pub(crate) const METRICS: &str = "metrics.csv";
pub(crate) const STEPS: &str = "steps.csv";
pub(crate) const DIAGNOSTICS: &str = "diagnostics.csv";
/// Held by the process that writes the directory; goes when the run has finished.
pub(crate) const LOCK: &str = "lock";
/// Marks a new run that waits for its place.
pub(crate) const REPLACES: &str = "replaces";
/// Marks an old run that a new one has replaced.
pub(crate) const REPLACED: &str = "replaced";
/// The model file of every run.
pub(crate) const MODEL: &str = "model.safetensors";
/// That of the linear model that a run is compared with.
pub(crate) const LINEAR: &str = "linear.safetensors";
/// That of all members of an ensemble.
pub(crate) const ENSEMBLE: &str = "ensemble.safetensors";
pub(crate) const CHECKPOINT: &str = "checkpoint.safetensors";
/// The checkpoint before.
pub(crate) const PREVIOUS_CHECKPOINT: &str = "checkpoint.previous.safetensors";

/// All files at the top of a run directory.
const FILES: [&str; 20] = [
    CONFIG,
    RUN_JSON,
    METRICS,
    STEPS,
    DIAGNOSTICS,
    LOCK,
    REPLACES,
    REPLACED,
    FORK_JSON,
    UNCHANGED,
    START_JSON,
    SHARE_JSON,
    ENSEMBLE,
    "summary.json",
    "confusion.csv",
    "report.html",
    "curves.svg",
    "sweep.svg",
    "diagnostics.svg",
    "tuning.svg",
];
/// All files in the folder of a run.
pub(crate) const RUN_FILES: [&str; 7] =
    [METRICS, STEPS, DIAGNOSTICS, MODEL, LINEAR, CHECKPOINT, PREVIOUS_CHECKPOINT];

/// A file in the folder of a run that others read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RunFile {
    Metrics,
    Steps,
    Diagnostics,
    Checkpoint,
    PreviousCheckpoint,
}

impl RunFile {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Metrics => METRICS,
            Self::Steps => STEPS,
            Self::Diagnostics => DIAGNOSTICS,
            Self::Checkpoint => CHECKPOINT,
            Self::PreviousCheckpoint => PREVIOUS_CHECKPOINT,
        }
    }
}

/// The folder of a run in its run directory: `<norm>/[point-<k>/]seed-<n>`.
pub(crate) fn run_folder(id: &RunId) -> PathBuf {
    let mut path = PathBuf::from(id.norm.name());
    if let Some((point, _)) = &id.point {
        path.push(format!("point-{point}"));
    }
    path.push(format!("seed-{}", id.seed));
    path
}

/// The path of a model file in its run directory: `<norm>/[point-<k>/]seed-<n>/model.safetensors`.
pub fn model_path(id: &RunId) -> PathBuf {
    run_folder(id).join(MODEL)
}

/// A folder of a run directory.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum RunFolder {
    Top,
    Norm,
    Point,
    Seed,
}

impl RunFolder {
    /// What the folder `name` in this one is; none if a run does not make it.
    fn inner(self, name: &str) -> Option<Self> {
        let numbered = |prefix: &str| {
            let number = name.strip_prefix(prefix);
            number
                .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        };
        match self {
            Self::Top => Norm::ALL.iter().any(|norm| norm.name() == name).then_some(Self::Norm),
            Self::Norm if numbered("point-") => Some(Self::Point),
            Self::Norm | Self::Point => numbered("seed-").then_some(Self::Seed),
            Self::Seed => None,
        }
    }

    fn has_file(self, name: &str) -> bool {
        match self {
            Self::Top => FILES.contains(&name),
            Self::Seed => RUN_FILES.contains(&name),
            Self::Norm | Self::Point => false,
        }
    }

    /// Whether a run makes `entry` here, and as what if it is a folder.
    fn makes(self, entry: &FolderEntry) -> Option<Option<Self>> {
        let name = entry.name.to_str()?;
        if entry.is_folder {
            return self.inner(name).map(Some);
        }
        // Links are not made by runs, whatever they are called.
        (entry.is_file && (self.has_file(name) || is_temporary(&entry.name))).then_some(None)
    }
}

/// The first file in `folder` that is not from a run, if there is one.
pub(crate) fn foreign_file(folder: &Folder) -> Result<Option<PathBuf>, RunDirectoryError> {
    walk(folder, RunFolder::Top, &mut |_, _, _| Ok(()))
}

/// Removes everything in `folder` that is from a run, folders too, but for the file `keep` in it.
pub(crate) fn remove_run(folder: &Folder, keep: &str) -> Result<(), RunDirectoryError> {
    walk(folder, RunFolder::Top, &mut |folder, entry, is_empty| {
        let removed = match (entry.is_folder, is_empty) {
            (true, false) => Ok(()),
            (true, true) => folder.remove_folder(&entry.name),
            (false, _) if entry.name == keep => Ok(()),
            (false, _) => folder.remove_file(&entry.name),
        };
        removed.map_err(write_error_in(folder, &entry.name))
    })?;
    Ok(())
}

/// Calls `visit` for each entry that is from a run, folders after what is in them, with whether everything in
/// them is from a run. Links are not followed. Returns the first entry that is not from a run.
fn walk(
    folder: &Folder,
    kind: RunFolder,
    visit: &mut dyn FnMut(&Folder, &FolderEntry, bool) -> Result<(), RunDirectoryError>,
) -> Result<Option<PathBuf>, RunDirectoryError> {
    let mut entries = folder.entries().map_err(read_error_in(folder, ""))?;
    entries.sort_by(|left, right| left.name.cmp(&right.name));
    let mut foreign = None;
    for entry in entries {
        let found = match kind.makes(&entry) {
            None => Some(folder.path().join(&entry.name)),
            Some(None) => {
                visit(folder, &entry, true)?;
                None
            }
            Some(Some(inner)) => {
                let inside = folder.folder(&entry.name).map_err(read_error_in(folder, &entry.name))?;
                let found = walk(&inside, inner, visit)?;
                visit(folder, &entry, found.is_none())?;
                found
            }
        };
        foreign = foreign.or(found);
    }
    Ok(foreign)
}

/// Whether `path` is a file of a run directory, judging by names.
pub(crate) fn belongs_to_run(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let is_run = |folder: &Path| {
        let state =
            Folder::open(folder).and_then(|folder| state_of_folder(&folder).map_err(io::Error::other));
        matches!(state, Ok(DirectoryState::Finished | DirectoryState::Unfinished))
            || [METRICS, STEPS].iter().all(|file| folder.join(file).is_file())
    };
    let is_at_top = || FILES.contains(&name) && path.parent().is_some_and(is_run);
    // In norm/[point/]seed/
    let is_of_run = || RUN_FILES.contains(&name) && path.ancestors().skip(3).take(2).any(is_run);
    is_at_top() || is_of_run()
}

/// All model files in a run directory, sorted by path.
///
/// # Errors
///
/// If a folder cannot be read.
pub fn models_in(directory: &Path) -> Result<Vec<PathBuf>, RunDirectoryError> {
    files_in(directory, MODEL)
}

/// The model file of the linear model that was trained next to the network in `model`: in the same folder, or in that of
/// another norm or member of its run directory, the same seed first.
pub(crate) fn linear_model_of(model: &Path) -> Option<PathBuf> {
    let folder = model.parent()?;
    let beside = folder.join(LINEAR);
    if beside.is_file() {
        return Some(beside);
    }
    let mut found = files_in(&run_of_model(model)?, LINEAR).ok()?;
    let of_seed = found.iter().position(|path| path.parent().and_then(Path::file_name) == folder.file_name());
    (!found.is_empty()).then(|| found.swap_remove(of_seed.unwrap_or(0)))
}

/// The run directory that a model file lies in, finished or not.
pub(crate) fn run_of_model(model: &Path) -> Option<PathBuf> {
    let model = model.canonicalize().ok()?;
    let is_run = |folder: &&Path| {
        matches!(state_of(folder), Ok(DirectoryState::Finished | DirectoryState::Unfinished))
    };
    // norm/point/seed/model.safetensors
    model.ancestors().skip(1).take(4).find(is_run).map(Path::to_owned)
}

/// The files of this name in the folders of a run directory, sorted.
fn files_in(directory: &Path, name: &str) -> Result<Vec<PathBuf>, RunDirectoryError> {
    /// Of norm/point/seed/model.safetensors.
    const MAX_DEPTH: usize = 3;
    let mut found = Vec::new();
    let mut folders = vec![(directory.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let unread = |source| RunDirectoryError::Read { path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let kind = entry.file_type().map_err(unread)?;
            if kind.is_dir() && depth < MAX_DEPTH {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() && entry.file_name() == name {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}
