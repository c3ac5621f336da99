//! The run directory: all files that one training command writes.
//!
//! The directory is opened once; what is written goes to this directory, wherever its path leads by then. Every
//! file appears complete or not at all, but for the tables in the folder of each run, which grow by whole rows.

mod assemble;
mod checkpoint_files;
mod directory_state;
mod error;
mod follow;
mod growing_table;
mod layout;
mod lock;
mod place;
mod replace;
mod run_files;
mod saved;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf, absolute};

use crate::experiment::RunId;
use crate::nn::Task;
use crate::output_file::{Folder, NewFile, remove_temporary_files};
pub use crate::run_dir::directory_state::{DirectoryState, state_of};
pub use crate::run_dir::error::RunDirectoryError;
use crate::run_dir::error::{read_error_in, write_error, write_error_in};
pub use crate::run_dir::follow::{FollowError, FollowedRun};
use crate::run_dir::layout::LOCK;
pub(crate) use crate::run_dir::layout::{
    ENSEMBLE, FORK_JSON, LINEAR, MODEL, RUN_JSON, RunFile, SHARE_JSON, START_JSON, UNCHANGED, belongs_to_run,
    linear_model_of, run_folder, run_of_model,
};
pub use crate::run_dir::layout::{model_path, models_in};
use crate::run_dir::lock::DirectoryLock;
use crate::run_dir::place::Place;
use crate::run_dir::replace::{Replacement, settle, waiting_name};
pub use crate::run_dir::run_files::{RunFiles, TableSizes};
pub(crate) use crate::run_dir::saved::{RunsLeft, SavedRuns};

/// The version of `run.json`, recorded in it.
pub const FORMAT_VERSION: u64 = 1;

/// A run directory that is being written, by this process only.
#[derive(Debug)]
pub struct RunDirectory {
    folder: Folder,
    _lock: DirectoryLock,
    /// The place that the run takes when it has finished.
    replacement: Option<Replacement>,
}

impl RunDirectory {
    /// Creates the directory `out`, which must not exist or be empty. With `force` there may be a run directory,
    /// which is replaced when the new run has finished; until then the new run is in `out.new`. What is not from a
    /// run, and `sources`, the files that the new run reads, must not be in either of them.
    ///
    /// # Errors
    ///
    /// If `out` exists, is being written by another process, or cannot be created and written.
    pub fn create(out: &Path, force: bool, sources: &[&Path]) -> Result<Self, RunDirectoryError> {
        match Place::find(out, force, sources)? {
            Place::Free { parent, name } => Self::try_create(&parent, &name)?
                .ok_or_else(|| RunDirectoryError::Exists { path: out.to_owned(), hint: "" }),
            Place::Empty(folder) => Self::lock(folder, None),
            Place::Replaced { parent, name, old } => {
                let (replacement, folder, _lock) = Replacement::begin(parent, &name, &old)?;
                Ok(Self { folder, _lock, replacement: Some(replacement) })
            }
        }
    }

    /// Whether [`create`](Self::create) would do it, as far as that is known before.
    ///
    /// # Errors
    ///
    /// Those of `create`.
    pub(crate) fn check(out: &Path, force: bool, sources: &[&Path]) -> Result<(), RunDirectoryError> {
        Place::find(out, force, sources).map(drop)
    }

    /// Creates `parent/name-001`, or the same with the first number that is free.
    ///
    /// # Errors
    ///
    /// If no directory can be created and written.
    pub fn create_numbered(parent: &Path, name: &str) -> Result<Self, RunDirectoryError> {
        let mut number = 1 + latest_numbered(parent, name).map_or(0, |(_, number)| number);
        loop {
            let path = numbered(parent, name, number);
            let (parent, name) = make_parent(&path)?;
            if let Some(directory) = Self::try_create(&parent, &name)? {
                return Ok(directory);
            }
            number += 1;
        }
    }

    /// Opens a run directory to continue its runs. What is in it stays as it is.
    ///
    /// # Errors
    ///
    /// If `path` is not a run directory, is being written by another process, or cannot be written.
    pub fn open_for_resume(path: &Path) -> Result<Self, RunDirectoryError> {
        if let Ok((parent, name)) = Folder::parent_of(path) {
            settle(&parent, &name)?;
        }
        match state_of(path)? {
            DirectoryState::Finished | DirectoryState::Unfinished => {
                let folder = Folder::open(path).map_err(write_error(path))?;
                let replacement = Replacement::of(path, &folder)?;
                Self::lock(folder, replacement)
            }
            DirectoryState::Absent | DirectoryState::Empty | DirectoryState::Other => {
                Err(RunDirectoryError::NotARun { path: path.to_owned() })
            }
        }
    }

    /// None if `name` exists.
    fn try_create(parent: &Folder, name: &OsStr) -> Result<Option<Self>, RunDirectoryError> {
        // Fails if it exists, so that two programs never share a directory.
        match parent.create_folder(name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            made => made.map_err(write_error_in(parent, name))?,
        }
        let folder = parent.folder(name).map_err(write_error_in(parent, name))?;
        let directory = Self::lock(folder, None)?;
        parent.sync().map_err(write_error_in(parent, name))?;
        Ok(Some(directory))
    }

    fn lock(folder: Folder, replacement: Option<Replacement>) -> Result<Self, RunDirectoryError> {
        let _lock = DirectoryLock::acquire(&folder)?;
        remove_temporary_files(&folder).map_err(write_error_in(&folder, ""))?;
        Ok(Self { folder, _lock, replacement })
    }

    /// The path of the directory.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The name of the directory, once it has taken its place.
    pub fn final_name(&self) -> String {
        let name = self.path().file_name().unwrap_or_default();
        let name = name.to_string_lossy();
        match self.replacement {
            Some(_) => name.strip_suffix(".new").map(str::to_owned).unwrap_or_else(|| name.into_owned()),
            None => name.into_owned(),
        }
    }

    /// Follows which of the runs `ids` have a checkpoint, also when the directory was moved or removed.
    ///
    /// # Errors
    ///
    /// If the process has too many open files.
    pub(crate) fn saved_runs<'a>(
        &self,
        ids: impl Iterator<Item = &'a RunId>,
    ) -> Result<SavedRuns, RunDirectoryError> {
        let folder = self.folder.try_clone().map_err(write_error_in(&self.folder, ""))?;
        Ok(SavedRuns::new(folder, ids))
    }

    /// Opens the files of a run, and makes those that do not exist. Each run may have its own thread.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn run_files(&self, id: &RunId, task: Task) -> Result<RunFiles, RunDirectoryError> {
        RunFiles::open(&self.folder, id, &run_folder(id), task)
    }

    /// Reads the file `name` at the top of the directory; none if it does not exist.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, RunDirectoryError> {
        let mut file = match self.folder.open_file(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(read_error_in(&self.folder, name))?,
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(read_error_in(&self.folder, name))?;
        Ok(Some(bytes))
    }

    /// Writes the file `name` at the top of the directory, atomically and durably.
    ///
    /// # Errors
    ///
    /// If the file cannot be written; a file of that name is then as it was.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirectoryError> {
        self.write_by(name, |file| file.write_all(bytes).map_err(write_error_in(&self.folder, name)))
    }

    fn write_by(
        &self,
        name: &str,
        write: impl FnOnce(&mut NewFile<'_>) -> Result<(), RunDirectoryError>,
    ) -> Result<(), RunDirectoryError> {
        let mut file = NewFile::create(&self.folder, name).map_err(write_error_in(&self.folder, name))?;
        write(&mut file)?;
        file.commit().map_err(write_error_in(&self.folder, name))
    }

    /// Removes `run.json`, since the results are no longer those of all runs.
    ///
    /// # Errors
    ///
    /// If it cannot be removed.
    pub fn reopen(&self) -> Result<(), RunDirectoryError> {
        let removed = match self.folder.remove_file(RUN_JSON) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        removed.and_then(|()| self.folder.sync()).map_err(write_error_in(&self.folder, RUN_JSON))
    }

    /// Writes `run.json`, which vouches for everything else. If all runs are in the results, `is_complete`, the
    /// directory is finished and takes the place of the one that it replaces; otherwise it can be continued.
    ///
    /// Returns where the results are, and a note about what is left of the run before.
    ///
    /// # Errors
    ///
    /// If a file cannot be written, or the directory is elsewhere by now.
    pub fn finish(
        self,
        run_json: &[u8],
        is_complete: bool,
    ) -> Result<(PathBuf, Option<String>), RunDirectoryError> {
        self.write(RUN_JSON, run_json)?;
        if self.folder.is_not_at(self.path()) {
            return Err(RunDirectoryError::Moved { path: self.path().to_owned() });
        }
        match &self.replacement {
            Some(replacement) if is_complete => return replacement.complete(&self.folder),
            _ if is_complete => {
                self.folder.remove_file(LOCK).map_err(write_error_in(&self.folder, LOCK))?;
            }
            _ => {}
        }
        Ok((self.path().to_owned(), None))
    }
}

fn numbered(parent: &Path, name: &str, number: u64) -> PathBuf {
    parent.join(format!("{name}-{number:03}"))
}

/// The last of the directories that [`RunDirectory::create_numbered`] made, with its number.
pub fn latest_numbered(parent: &Path, name: &str) -> Option<(PathBuf, u64)> {
    let entries = fs::read_dir(parent).ok()?;
    let number = entries.filter_map(|entry| number_of(&entry.ok()?.path(), name)).max()?;
    Some((numbered(parent, name, number), number))
}

/// The number of a directory with the name of one that [`RunDirectory::create_numbered`] makes.
pub(crate) fn number_of(path: &Path, name: &str) -> Option<u64> {
    let found = path.file_name()?;
    let number = found.to_str()?.strip_prefix(name)?.strip_prefix('-')?.parse().ok()?;
    // Not `name-1`, which is another one.
    (found == numbered(Path::new(""), name, number).as_os_str()).then_some(number)
}

/// The bytes of a file of the run `id` in a finished or unfinished run directory, which stays as it is; none if it does
/// not exist.
///
/// # Errors
///
/// If it cannot be read.
pub(crate) fn read_of_run(
    directory: &Path,
    id: &RunId,
    file: RunFile,
) -> Result<Option<Vec<u8>>, RunDirectoryError> {
    let path = directory.join(run_folder(id)).join(file.name());
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RunDirectoryError::Read { path, source }),
    }
}

/// Makes the directories above `path`, and opens the last one; returns the name of `path` in it.
fn make_parent(path: &Path) -> Result<(Folder, OsString), RunDirectoryError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        fs::create_dir_all(parent).map_err(write_error(parent))?;
    }
    Folder::parent_of(path).map_err(write_error(path))
}

/// Where a new run is until it has finished and takes the place `path`.
pub(crate) fn waiting_place(path: &Path) -> PathBuf {
    path.with_file_name(waiting_name(path.file_name().unwrap_or_default()))
}

/// Whether `path` is `directory` or in it. Neither need exist.
pub(crate) fn is_in(path: &Path, directory: &Path) -> bool {
    without_links(path).starts_with(without_links(directory))
}

/// `path`, absolute and without links as far as it exists; `..` after a name that does not exist leads back.
pub(crate) fn without_links(path: &Path) -> PathBuf {
    let Ok(path) = absolute(path) else { return path.to_owned() };
    let mut real = PathBuf::new();
    for part in path.components() {
        match part {
            // What is there has no links.
            Component::ParentDir => drop(real.pop()),
            part => {
                real.push(part);
                real = real.canonicalize().unwrap_or(real);
            }
        }
    }
    real
}
