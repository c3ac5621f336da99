//! Where a new run directory is to be.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustix::fs::FileType;

use crate::output_file::Folder;
use crate::run_dir::directory_state::{DirectoryState, state_of_folder};
use crate::run_dir::error::{RunDirectoryError, write_error};
use crate::run_dir::layout::foreign_file;
use crate::run_dir::lock::DirectoryLock;
use crate::run_dir::replace::{Replacement, settle, waiting_name};
use crate::run_dir::{is_in, make_parent};

/// What is where a new run directory is to be.
pub(super) enum Place {
    /// Nothing.
    Free { parent: Folder, name: OsString },
    /// An empty directory.
    Empty(Folder),
    /// A run directory that may be replaced.
    Replaced { parent: Folder, name: OsString, old: Folder },
}

impl Place {
    /// Looks at `out`; arguments and errors are those of [`RunDirectory::create`](super::RunDirectory::create).
    pub(super) fn find(out: &Path, force: bool, sources: &[&Path]) -> Result<Self, RunDirectoryError> {
        // Without a slash at the end, which would follow a link.
        let out: PathBuf = out.components().collect();
        let (parent, name) = make_parent(&out)?;
        settle(&parent, &name)?;
        let exists = |hint| Err(RunDirectoryError::Exists { path: out.clone(), hint });
        let old = match parent.kind(&name).map_err(write_error(&out))? {
            None => return Ok(Self::Free { parent, name }),
            Some(FileType::Symlink) => return Err(RunDirectoryError::Link { path: out }),
            Some(FileType::Directory) => parent.folder(&name).map_err(write_error(&out))?,
            Some(_) => return exists(""),
        };
        match state_of_folder(&old)? {
            DirectoryState::Empty => return Ok(Self::Empty(old)),
            DirectoryState::Finished if !force => {
                return match Replacement::pending(&parent, &name)? {
                    Some((_, waiting)) => Err(unfinished(&waiting)),
                    None => exists(" or replace it with --force"),
                };
            }
            DirectoryState::Unfinished if !force => return Err(unfinished(&old)),
            DirectoryState::Finished | DirectoryState::Unfinished => {}
            DirectoryState::Absent | DirectoryState::Other if force => {
                return exists("; --force replaces run directories only");
            }
            DirectoryState::Absent | DirectoryState::Other => return exists(""),
        }
        if let Some(path) = foreign_file(&old)? {
            return Err(RunDirectoryError::Foreign { path });
        }
        refuse_sources(&out, sources)?;
        refuse_sources(&parent.path().join(waiting_name(&name)), sources)?;
        Ok(Self::Replaced { parent, name, old })
    }
}

/// The error for a run that could be continued, unless a process is doing it.
fn unfinished(folder: &Folder) -> RunDirectoryError {
    match DirectoryLock::acquire(folder) {
        Ok(_) => RunDirectoryError::Unfinished { path: folder.path().to_owned() },
        Err(held) => held,
    }
}

/// Fails if one of `sources` is in `directory`.
fn refuse_sources(directory: &Path, sources: &[&Path]) -> Result<(), RunDirectoryError> {
    match sources.iter().find(|source| is_in(source, directory)) {
        Some(source) => {
            let (path, inside) = (directory.to_owned(), (*source).to_owned());
            Err(RunDirectoryError::InUse { path, inside })
        }
        None => Ok(()),
    }
}
