//! The directory that holds everything a command trained.
//!
//! Files appear whole or not at all; `metrics.csv` and `steps.csv` grow by one run at a time, so
//! that a run that was finished is never lost.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;

use crate::experiment::{FinishedRun, RunId};
use crate::nn::{Norm, Task};
use crate::report::csv::{write_metrics, write_metrics_header, write_steps, write_steps_header};
use crate::text::DisplayPath;

/// The file whose presence says that a directory is a finished run directory.
const MARK: &str = "run.json";

/// What the model files of a run are called.
pub(crate) const MODEL: &str = "model.safetensors";

/// Of `run.json`; a later version says so there.
pub const FORMAT_VERSION: u64 = 1;

/// Everything that is ever written directly into a run directory.
const FILES: [&str; 7] =
    ["config.toml", MARK, "metrics.csv", "steps.csv", "summary.json", "curves.svg", "sweep.svg"];

/// A run directory that is being written.
pub struct RunDirectory {
    path: PathBuf,
    metrics: File,
    steps: File,
}

/// Why a run directory could not be made or written.
#[derive(Debug, thiserror::Error)]
pub enum RunDirectoryError {
    /// Something is there already.
    #[error("{} exists; choose another --out{}", DisplayPath(.path), .hint)]
    Exists {
        /// The directory asked for.
        path: PathBuf,
        /// What else could be done.
        hint: &'static str,
    },
    /// The config or the data of the run are in the directory that would be replaced.
    #[error("{} would be removed with {}; choose another --out", DisplayPath(.inside), DisplayPath(.path))]
    InUse {
        /// The directory asked for.
        path: PathBuf,
        /// What the run reads.
        inside: PathBuf,
    },
    /// The system said no.
    #[error("could not write {}: {source}", DisplayPath(.path))]
    Io {
        /// What was written.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> RunDirectoryError {
    |source| RunDirectoryError::Io { path: path.to_owned(), source }
}

impl RunDirectory {
    /// Makes the directory `out`, which must not exist, for networks for `task`. With `force`, the files of a finished run
    /// there are removed first, unless one of `sources`, the files that the new run reads, is
    /// among them; anything that is not such a directory, or not such a file, is left alone.
    ///
    /// # Errors
    ///
    /// If `out` exists or cannot be made and written.
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
                    "; it looks like a run that did not end: remove it by hand if it is"
                }
                (true, false) => "; --force replaces finished run directories only",
                (false, false) => "",
            },
        })
    }

    /// Makes `parent/name-001`, or the first number after that which is free.
    ///
    /// # Errors
    ///
    /// If no directory can be made and written.
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

    /// None if something is there already.
    fn try_create(path: &Path, task: Task) -> Result<Option<Self>, RunDirectoryError> {
        // Fails if it exists, so that two programs cannot both own it.
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            made => made.map_err(io_at(path))?,
        }
        let make = || {
            let metrics = File::create_new(path.join("metrics.csv"))?;
            write_metrics_header(&metrics, task)?;
            let steps = File::create_new(path.join("steps.csv"))?;
            write_steps_header(&steps)?;
            Ok(Self { path: path.to_owned(), metrics, steps })
        };
        make().map(Some).map_err(io_at(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the model file and the rows of a run.
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
            .map_err(|source| RunDirectoryError::Io { path: self.path.join("metrics.csv"), source })?;
        rows.clear();
        write_steps(&mut rows, record)
            .map_err(io::Error::from)
            .and_then(|()| self.steps.write_all(&rows))
            .map_err(|source| RunDirectoryError::Io { path: self.path.join("steps.csv"), source })
    }

    /// Writes `name`, relative to the directory, at once and durably.
    ///
    /// # Errors
    ///
    /// If the file cannot be written; then there is none of that name, or the old one.
    pub fn write(&self, name: impl AsRef<Path>, bytes: &[u8]) -> Result<(), RunDirectoryError> {
        let path = self.path.join(name);
        let write = || {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let mut file = AtomicWriteFile::open(&path)?;
            file.write_all(bytes)?;
            file.commit()
        };
        write().map_err(|source| RunDirectoryError::Io { path: path.clone(), source })
    }

    /// Writes the file that marks the directory as finished.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn finish(self, run_json: &[u8]) -> Result<(), RunDirectoryError> {
        self.write(MARK, run_json)
    }
}

/// Whether `run.json` is there and one of ours.
fn is_finished(directory: &Path) -> bool {
    let json = fs::read(directory.join(MARK)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    json.is_some_and(|json: serde_json::Value| {
        json["format_version"] == FORMAT_VERSION && json["runs"].is_u64()
    })
}

/// Whether the file at `path` is one that a run wrote, as far as its name and its place tell.
#[cfg(feature = "cli")]
pub(crate) fn is_of_a_run(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    let is_run = |folder: &Path| {
        let is_begun = || ["metrics.csv", "steps.csv"].iter().all(|file| folder.join(file).is_file());
        is_finished(folder) || is_begun()
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
        Some(parent) if !parent.as_os_str().is_empty() => fs::create_dir_all(parent).map_err(io_at(parent)),
        _ => Ok(()),
    }
}

/// Removes the files that a run writes, and the directory where nothing else is in it.
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
        // Fails where a file of somebody else is left, which `create` then reports.
        let _ = fs::remove_dir(directory);
        Ok(())
    };
    remove().map_err(io_at(directory))
}

/// Removes `seed-*/model.safetensors` and `point-*/seed-*/model.safetensors` below `folder`, and the
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
    // Fails where something else is in it, which then stays.
    let _ = fs::remove_dir(folder);
    Ok(())
}

/// `<norm>/[point-<k>/]seed-<n>/model.safetensors`.
pub fn model_path(id: &RunId) -> PathBuf {
    let mut path = PathBuf::from(id.norm.name());
    if let Some((point, _)) = &id.point {
        path.push(format!("point-{point}"));
    }
    path.push(format!("seed-{}", id.seed));
    path.push(MODEL);
    path
}
