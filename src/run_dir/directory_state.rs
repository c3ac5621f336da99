//! Whether a directory is a run directory, and how far it is.

use std::io::{self, Read};
use std::path::Path;

use rustix::fs::FileType;

use crate::output_file::{Folder, is_temporary};
use crate::run_dir::FORMAT_VERSION;
use crate::run_dir::error::{RunDirectoryError, read_error_in};
use crate::run_dir::layout::{LOCK, RUN_JSON};

/// What a path has to do with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryState {
    /// Nothing is there.
    Absent,
    /// A directory with nothing in it, or nothing but a lock.
    Empty,
    /// A run directory with results that are complete.
    Finished,
    /// A run directory whose command was stopped before all runs had finished.
    Unfinished,
    /// Something else.
    Other,
}

/// What is at `path`.
///
/// # Errors
///
/// If it cannot be read.
pub fn state_of(path: &Path) -> Result<DirectoryState, RunDirectoryError> {
    let unread = |source| RunDirectoryError::Read { path: path.to_owned(), source };
    match Folder::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(DirectoryState::Absent),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(DirectoryState::Other),
        folder => state_of_folder(&folder.map_err(unread)?),
    }
}

pub(crate) fn state_of_folder(folder: &Folder) -> Result<DirectoryState, RunDirectoryError> {
    let has = |name| Ok(folder.stat(name).map_err(read_error_in(folder, name))?.is_some());
    let mut bytes = Vec::new();
    if folder.kind(RUN_JSON).map_err(read_error_in(folder, RUN_JSON))? == Some(FileType::RegularFile) {
        let read = folder.open_file(RUN_JSON).and_then(|mut file| file.read_to_end(&mut bytes));
        read.map_err(read_error_in(folder, RUN_JSON))?;
    }
    let json: Option<serde_json::Value> = serde_json::from_slice(&bytes).ok();
    let json = json.filter(|json| json["format_version"] == FORMAT_VERSION && json["runs"].is_u64());
    Ok(match json {
        Some(json) if json["outcome"] == "finished" => DirectoryState::Finished,
        Some(_) => DirectoryState::Unfinished,
        None if has_only_lock(folder)? => DirectoryState::Empty,
        None if has(LOCK)? => DirectoryState::Unfinished,
        None => DirectoryState::Other,
    })
}

/// Whether there is nothing in it, or only what a command makes before it writes anything.
pub(crate) fn has_only_lock(folder: &Folder) -> Result<bool, RunDirectoryError> {
    let entries = folder.entries().map_err(read_error_in(folder, ""))?;
    Ok(entries.iter().all(|entry| entry.is_file && (entry.name == LOCK || is_temporary(&entry.name))))
}
