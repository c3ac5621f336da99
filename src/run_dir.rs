//! The run directory: all files that one training command writes.
//!
//! Each file appears complete or not at all. `metrics.csv` and `steps.csv` grow by one run at a
//! time, so that a finished run is never lost.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::experiment::{FinishedRun, RunId};
use crate::nn::{Norm, Task};
use crate::output_file;
use crate::report::csv::{write_metrics, write_metrics_header, write_steps, write_steps_header};
use crate::text::DisplayPath;

/// Written last: a directory that has it is a finished run directory.
const RUN_JSON: &str = "run.json";

/// The name of the model file of every run.
pub(crate) const MODEL: &str = "model.safetensors";

/// The version of `run.json`, recorded in it.
pub const FORMAT_VERSION: u64 = 1;

/// All files at the top of a run directory.
const FILES: [&str; 7] =
    ["config.toml", RUN_JSON, "metrics.csv", "steps.csv", "summary.json", "curves.svg", "sweep.svg"];

/// A run directory that is being written.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    metrics: File,
    steps: File,
}

/// Why a run directory could not be created, written or read.
#[derive(Debug, thiserror::Error)]
pub enum RunDirectoryError {
    /// The path exists already.
    #[error("{} exists; choose another --out{hint}", DisplayPath(.path))]
    Exists {
        /// The directory asked for.
        path: PathBuf,
        /// What else the user can do.
        hint: &'static str,
    },
    /// The config or the data of the new run are inside the directory that would be replaced.
    #[error("{} would be removed with {}; choose another --out", DisplayPath(.inside), DisplayPath(.path))]
    InUse {
        /// The directory asked for.
        path: PathBuf,
        /// A file that the run reads.
        inside: PathBuf,
    },
    /// A file or directory could not be read.
    #[error("could not read {}: {source}", DisplayPath(.path))]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file or directory could not be created, written or removed.
    #[error("could not write {}: {source}", DisplayPath(.path))]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

fn write_error(path: &Path) -> impl FnOnce(io::Error) -> RunDirectoryError {
    |source| RunDirectoryError::Write { path: path.to_owned(), source }
}

impl RunDirectory {
    /// Creates the directory `out`, which must not exist, for networks for `task`. With `force`, the
    /// files of a finished run there are removed first, unless one of `sources`, the files that the
    /// new run reads, is among them. Other directories and other files are left alone.
    ///
    /// # Errors
    ///
    /// If `out` exists or cannot be created and written.
    pub fn create(out: &Path, force: bool, sources: &[&Path], task: Task) -> Result<Self, RunDirectoryError> {
        let finished = is_finished(out);
        if force && finished {
            remove_run(out, sources)?;
        }
        make_parent(out)?;
        Self::try_create(out, task)?.ok_or_else(|| RunDirectoryError::Exists {
            path: out.to_owned(),
            hint: match (force, finished) {
                (false, true) => " or replace it with --force",
                (true, true) => "; it holds files that are not from a run",
                (_, false) if out.join("metrics.csv").is_file() => {
                    "; it looks like an unfinished run: if it is, remove it yourself"
                }
                (true, false) => "; --force replaces finished run directories only",
                (false, false) => "",
            },
        })
    }

    /// Creates `parent/name-001`, or the same with the first number that is free.
    ///
    /// # Errors
    ///
    /// If no directory can be created and written.
    pub fn create_numbered(parent: &Path, name: &str, task: Task) -> Result<Self, RunDirectoryError> {
        let mut number = 1_u64;
        loop {
            let path = parent.join(format!("{name}-{number:03}"));
            make_parent(&path)?;
            if let Some(directory) = Self::try_create(&path, task)? {
                return Ok(directory);
            }
            number += 1;
        }
    }

    /// None if `path` exists.
    fn try_create(path: &Path, task: Task) -> Result<Option<Self>, RunDirectoryError> {
        // Fails if it exists, so that two programs never share a directory.
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            made => made.map_err(write_error(path))?,
        }
        let make = || {
            let metrics = File::create_new(path.join("metrics.csv"))?;
            write_metrics_header(&metrics, task)?;
            let steps = File::create_new(path.join("steps.csv"))?;
            write_steps_header(&steps)?;
            Ok(Self { path: path.to_owned(), metrics, steps })
        };
        make().map(Some).map_err(write_error(path))
    }

    /// The path of the directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a finished run: its model file and its rows of `metrics.csv` and `steps.csv`.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn add(&mut self, run: &FinishedRun) -> Result<(), RunDirectoryError> {
        let record = &run.record;
        self.write(model_path(&record.id), &run.model)?;
        let mut rows = Vec::new();
        write_metrics(&mut rows, record)
            .map_err(io::Error::from)
            .and_then(|()| self.metrics.write_all(&rows))
            .map_err(|source| RunDirectoryError::Write { path: self.path.join("metrics.csv"), source })?;
        rows.clear();
        write_steps(&mut rows, record)
            .map_err(io::Error::from)
            .and_then(|()| self.steps.write_all(&rows))
            .map_err(|source| RunDirectoryError::Write { path: self.path.join("steps.csv"), source })
    }

    /// Writes the file `name`, relative to the directory, atomically.
    ///
    /// # Errors
    ///
    /// If the file cannot be written; a file of that name is then as it was.
    pub fn write(&self, name: impl AsRef<Path>, bytes: &[u8]) -> Result<(), RunDirectoryError> {
        let path = self.path.join(name);
        let parent = path.parent().map_or(Ok(()), fs::create_dir_all);
        parent.and_then(|()| output_file::write(&path, bytes)).map_err(write_error(&path))
    }

    /// Writes `run.json`, which marks the directory as finished.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn finish(self, run_json: &[u8]) -> Result<(), RunDirectoryError> {
        self.write(RUN_JSON, run_json)
    }
}

/// Whether the directory has a `run.json` of this program.
fn is_finished(directory: &Path) -> bool {
    let json = fs::read(directory.join(RUN_JSON)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    json.is_some_and(|json: serde_json::Value| {
        json["format_version"] == FORMAT_VERSION && json["runs"].is_u64()
    })
}

/// Whether `path` is a file of a run directory, judging by names.
#[cfg(feature = "cli")]
pub(crate) fn belongs_to_run(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    let is_run = |folder: &Path| {
        let is_started = || ["metrics.csv", "steps.csv"].iter().all(|file| folder.join(file).is_file());
        is_finished(folder) || is_started()
    };
    match path.file_name() {
        // In norm/[point/]seed/
        Some(name) if name == MODEL => path.ancestors().skip(3).take(2).any(is_run),
        Some(name) => FILES.iter().any(|file| name == *file) && path.parent().is_some_and(is_run),
        None => false,
    }
}

fn make_parent(path: &Path) -> Result<(), RunDirectoryError> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => {
            fs::create_dir_all(parent).map_err(write_error(parent))
        }
        _ => Ok(()),
    }
}

/// Removes the files of a run, and the directory if it is then empty.
fn remove_run(directory: &Path, sources: &[&Path]) -> Result<(), RunDirectoryError> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let inside = real(directory);
    if let Some(source) = sources.iter().find(|source| real(source).starts_with(&inside)) {
        let (path, inside) = (directory.to_owned(), (*source).to_owned());
        return Err(RunDirectoryError::InUse { path, inside });
    }
    let gone = |result: io::Result<()>| match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    let remove = || {
        for norm in Norm::ALL {
            remove_models(&directory.join(norm.name()))?;
        }
        for file in FILES {
            gone(fs::remove_file(directory.join(file)))?;
        }
        // Fails if other files are left; `create` reports that.
        let _ = fs::remove_dir(directory);
        Ok(())
    };
    remove().map_err(write_error(directory))
}

/// Removes `seed-*/model.safetensors` and `point-*/seed-*/model.safetensors` in `folder`, and the
/// folders that are then empty.
fn remove_models(folder: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == MODEL {
            fs::remove_file(&path)?;
        } else if name.starts_with("seed-") || name.starts_with("point-") {
            remove_models(&path)?;
        }
    }
    // Fails if other files are left, which stay.
    let _ = fs::remove_dir(folder);
    Ok(())
}

/// The path of a model file in its run directory: `<norm>/[point-<k>/]seed-<n>/model.safetensors`.
pub fn model_path(id: &RunId) -> PathBuf {
    let mut path = PathBuf::from(id.norm.name());
    if let Some((point, _)) = &id.point {
        path.push(format!("point-{point}"));
    }
    path.push(format!("seed-{}", id.seed));
    path.push(MODEL);
    path
}

/// All model files in a run directory, sorted by path.
///
/// # Errors
///
/// If a folder cannot be read.
pub fn models_in(directory: &Path) -> Result<Vec<PathBuf>, RunDirectoryError> {
    /// Of norm/point/seed/model.safetensors.
    const MAX_DEPTH: usize = 3;
    let mut found = Vec::new();
    let mut folders = vec![(directory.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let unread = |source| RunDirectoryError::Read { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let kind = entry.file_type().map_err(unread)?;
            if kind.is_dir() && depth < MAX_DEPTH {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() && entry.file_name() == MODEL {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}
