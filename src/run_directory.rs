//! The directory that holds everything a command trained.
//!
//! Files appear whole or not at all; `metrics.csv` and `steps.csv` grow by one run at a time, so
//! that a run that was finished is never lost.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;

use crate::compare::{Cell, FinishedRun};
use crate::report::metrics::{write_metrics, write_metrics_header, write_steps, write_steps_header};

/// The file whose presence says that a directory is a finished run directory.
const MARK: &str = "run.json";

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
    #[error("{} exists; choose another --out{}", .path.display(), .hint)]
    Exists {
        /// The directory asked for.
        path: PathBuf,
        /// What else could be done.
        hint: &'static str,
    },
    /// The system said no.
    #[error("could not write {}: {source}", .path.display())]
    Io {
        /// What was written.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl RunDirectory {
    /// Makes the directory `out`, which must not exist. With `force`, a finished run directory of
    /// that name is removed first; anything else is left alone.
    ///
    /// # Errors
    ///
    /// If `out` exists or cannot be made and written.
    pub fn create(out: &Path, force: bool) -> Result<Self, RunDirectoryError> {
        if force && out.join(MARK).is_file() {
            fs::remove_dir_all(out)
                .map_err(|source| RunDirectoryError::Io { path: out.to_owned(), source })?;
        }
        match Self::try_create(out) {
            Err(RunDirectoryError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
                let hint = match (force, out.join(MARK).is_file()) {
                    (false, true) => " or replace it with --force",
                    (true, _) => "; --force replaces finished run directories only",
                    (false, false) => "",
                };
                Err(RunDirectoryError::Exists { path: out.to_owned(), hint })
            }
            result => result,
        }
    }

    /// Makes `parent/name-001`, or the first number after that which is free.
    ///
    /// # Errors
    ///
    /// If no directory can be made and written.
    pub fn create_numbered(parent: &Path, name: &str) -> Result<Self, RunDirectoryError> {
        for number in 1.. {
            match Self::try_create(&parent.join(format!("{name}-{number:03}"))) {
                Err(RunDirectoryError::Io { source, .. })
                    if source.kind() == io::ErrorKind::AlreadyExists => {}
                result => return result,
            }
        }
        unreachable!("there are more numbers than directories")
    }

    fn try_create(path: &Path) -> Result<Self, RunDirectoryError> {
        let make = || {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            // Fails if it exists, so that two programs cannot both own it.
            fs::create_dir(path)?;
            let metrics = File::create_new(path.join("metrics.csv"))?;
            write_metrics_header(&metrics)?;
            let steps = File::create_new(path.join("steps.csv"))?;
            write_steps_header(&steps)?;
            Ok((metrics, steps))
        };
        match make() {
            Ok((metrics, steps)) => Ok(Self { path: path.to_owned(), metrics, steps }),
            Err(source) => Err(RunDirectoryError::Io { path: path.to_owned(), source }),
        }
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
        self.write(&model_path(&record.cell), &run.model)?;
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

/// `<norm>/[point-<k>/]seed-<n>/model.safetensors`.
pub fn model_path(cell: &Cell) -> PathBuf {
    let mut path = PathBuf::from(cell.norm.name());
    if let Some((point, _)) = &cell.point {
        path.push(format!("point-{point}"));
    }
    path.push(format!("seed-{}", cell.seed));
    path.push("model.safetensors");
    path
}
