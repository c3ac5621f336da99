//! `--force`: the new run is written to `NAME.new` next to the old one, and takes its place when it has finished.
//!
//! Files mark what `NAME.new` is, for the next command if this one is killed: `replaces` is in a new run until it
//! has its place, `replaced` in an old one from then on.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::FileType;

use crate::output_file::{Folder, NewFile};
use crate::run_dir::DirectoryState;
use crate::run_dir::directory_state::{has_only_lock, state_of_folder};
use crate::run_dir::error::{RunDirectoryError, write_error_in};
use crate::run_dir::layout::{LOCK, REPLACED, REPLACES, foreign_file, remove_run};
use crate::run_dir::lock::DirectoryLock;
use crate::text::DisplayPath;

/// The place that a new run takes when it has finished.
#[derive(Debug)]
pub(crate) struct Replacement {
    parent: Folder,
    /// Of the old run.
    name: OsString,
    /// Held if the old run has not finished, so that it is not continued meanwhile.
    _old_lock: Option<DirectoryLock>,
}

/// Where a new run waits for the place `name`.
pub(crate) fn waiting_name(name: &OsStr) -> OsString {
    let mut waiting = name.to_owned();
    waiting.push(".new");
    waiting
}

/// Where an old run is while there is nothing in its place.
fn away_name(name: &OsStr) -> OsString {
    let mut away = name.to_owned();
    away.push(".old");
    away
}

impl Replacement {
    /// Makes the directory for a new run in place of `old`, which is `name` in `parent`.
    pub(crate) fn begin(
        parent: Folder,
        name: &OsStr,
        old: &Folder,
    ) -> Result<(Self, Folder, DirectoryLock), RunDirectoryError> {
        let _old_lock = if has(old, LOCK)? { Some(DirectoryLock::acquire(old)?) } else { None };
        let waiting = waiting_name(name);
        let folder = parent.make_folder(&waiting).map_err(write_error_in(&parent, &waiting))?;
        let is_ours = has(&folder, REPLACES)? || has_only_lock(&folder)?;
        if !is_ours {
            return Err(RunDirectoryError::Foreign { path: folder.path().to_owned() });
        }
        if let Some(path) = foreign_file(&folder)? {
            return Err(RunDirectoryError::Foreign { path });
        }
        // A new run that was killed while it waited is begun anew.
        let lock = DirectoryLock::acquire(&folder)?;
        remove_run(&folder, LOCK)?;
        mark(&folder, REPLACES, name)?;
        parent.sync().map_err(write_error_in(&parent, &waiting))?;
        Ok((Self { parent, name: name.to_owned(), _old_lock }, folder, lock))
    }

    /// The new run that waits for the place `name`, if there is one.
    pub(crate) fn pending(
        parent: &Folder,
        name: &OsStr,
    ) -> Result<Option<(Self, Folder)>, RunDirectoryError> {
        let Some(folder) = waiting_in(parent, name)? else { return Ok(None) };
        if !has(&folder, REPLACES)? {
            return Ok(None);
        }
        let parent = parent.try_clone().map_err(write_error_in(parent, ""))?;
        Ok(Some((Self { parent, name: name.to_owned(), _old_lock: None }, folder)))
    }

    /// The place for which the run in `folder` waits.
    pub(crate) fn of(path: &Path, folder: &Folder) -> Result<Option<Self>, RunDirectoryError> {
        let Ok((parent, waiting)) = Folder::parent_of(path) else { return Ok(None) };
        match waiting.as_bytes().strip_suffix(b".new").map(OsStr::from_bytes) {
            Some(name) if has(folder, REPLACES)? => {
                Ok(Some(Self { parent, name: name.to_owned(), _old_lock: None }))
            }
            _ => Ok(None),
        }
    }

    /// Puts the finished run in `new` into its place, and removes the old one. Returns the path of the place, and
    /// what is left of the old run.
    pub(crate) fn complete(&self, new: &Folder) -> Result<(PathBuf, Option<String>), RunDirectoryError> {
        let path = self.parent.path().join(&self.name);
        self.take_place().map_err(|error| RunDirectoryError::NotInPlace {
            path: new.path().to_owned(),
            place: path.clone(),
            reason: Box::new(error),
        })?;
        // From here on the next command ends what cannot be done.
        // Not removed before it is certain that the new run has the place.
        let synced = self.parent.sync().map_err(write_error_in(&self.parent, &self.name));
        let unmarked = synced.and_then(|()| unmark(new, &[REPLACES, LOCK]));
        let removed = unmarked.and_then(|()| remove_replaced(&self.parent, &self.name));
        let left = removed.unwrap_or_else(|error| Some(error.to_string()));
        Ok((path, left.map(|reason| format!("the run before was not removed completely: {reason}"))))
    }

    fn take_place(&self) -> Result<(), RunDirectoryError> {
        let Self { parent, name, _old_lock } = self;
        let failed = |error| write_error_in(parent, name)(error);
        let Some(old) = folder_in(parent, name)? else {
            if parent.stat(name).map_err(failed)?.is_some() {
                return Err(RunDirectoryError::Foreign { path: parent.path().join(name) });
            }
            return exchange(parent, name, false).map_err(failed);
        };
        if !matches!(state_of_folder(&old)?, DirectoryState::Finished | DirectoryState::Unfinished) {
            return Err(RunDirectoryError::Foreign { path: old.path().to_owned() });
        }
        let is_held = has(&old, LOCK)? && _old_lock.is_none();
        let _lock = is_held.then(|| DirectoryLock::acquire(&old)).transpose()?;
        mark(&old, REPLACED, name)?;
        exchange(parent, name, true).map_err(failed).inspect_err(|_| {
            // The first error is reported.
            let _ = unmark(&old, &[REPLACED]);
        })
    }
}

/// Ends what a command that was killed had begun for the place `name`: a finished run gets its place, and what is
/// left of an old run is removed.
pub(crate) fn settle(parent: &Folder, name: &OsStr) -> Result<(), RunDirectoryError> {
    let away = away_name(name);
    if let Some(old) = folder_in(parent, &away)?
        && has(&old, REPLACED)?
    {
        put_in_place(parent, name, &away).map_err(write_error_in(parent, name))?;
    }
    let Some(folder) = waiting_in(parent, name)? else { return Ok(()) };
    if has(&folder, REPLACED)? {
        remove_replaced(parent, name)?;
    } else if has(&folder, REPLACES)? && state_of_folder(&folder)? == DirectoryState::Finished {
        let _lock = DirectoryLock::acquire(&folder)?;
        if let Some((replacement, folder)) = Replacement::pending(parent, name)? {
            replacement.complete(&folder)?;
        }
    }
    // A new run that got its place, and was killed before it lost its mark.
    if let Some(folder) = folder_in(parent, name)?
        && has(&folder, REPLACES)?
    {
        unmark(&folder, &[REPLACES])?;
    }
    Ok(())
}

/// Gives the new run its place, and the old one its name; there is always one of them in that place.
fn exchange(parent: &Folder, name: &OsStr, is_old: bool) -> io::Result<()> {
    let waiting = waiting_name(name);
    if !is_old {
        parent.rename(&waiting, name)?;
    } else if !parent.exchange(&waiting, name)? {
        // A file system that cannot do both at once: the next command ends what is interrupted here.
        let away = away_name(name);
        if parent.stat(&away)?.is_some() {
            return Err(io::Error::other(format!("{} exists", DisplayPath(&parent.path().join(&away)))));
        }
        parent.rename(name, &away)?;
        parent.sync()?;
        put_in_place(parent, name, &away)?;
    }
    Ok(())
}

/// The second half of an exchange: `away` is the old run.
fn put_in_place(parent: &Folder, name: &OsStr, away: &OsStr) -> io::Result<()> {
    let waiting = waiting_name(name);
    if parent.stat(name)?.is_none() {
        parent.rename(&waiting, name).inspect_err(|_| {
            // The old run is better than nothing; the first error is reported.
            let _ = parent.rename(away, name);
        })?;
        parent.sync()?;
    }
    if parent.stat(&waiting)?.is_none() {
        parent.rename(away, &waiting)?;
    }
    Ok(())
}

/// Removes an old run. Returns what is in the way of that.
fn remove_replaced(parent: &Folder, name: &OsStr) -> Result<Option<String>, RunDirectoryError> {
    let Some(folder) = waiting_in(parent, name)? else { return Ok(None) };
    if !has(&folder, REPLACED)? {
        return Ok(None);
    }
    if let Some(path) = foreign_file(&folder)? {
        return Ok(Some(format!("{} is not from a run", DisplayPath(&path))));
    }
    remove_run(&folder, REPLACED)?;
    // The mark goes last: until then the next command knows what this is.
    unmark(&folder, &[REPLACED])?;
    let waiting = waiting_name(name);
    parent.remove_folder(&waiting).map_err(write_error_in(parent, &waiting))?;
    Ok(None)
}

fn waiting_in(parent: &Folder, name: &OsStr) -> Result<Option<Folder>, RunDirectoryError> {
    folder_in(parent, &waiting_name(name))
}

/// The directory `name`, if there is one; not a link.
fn folder_in(parent: &Folder, name: &OsStr) -> Result<Option<Folder>, RunDirectoryError> {
    match parent.folder(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // A file or a link, which is none of ours.
        Err(_) if parent.kind(name).is_ok_and(|kind| kind != Some(FileType::Directory)) => Ok(None),
        folder => Ok(Some(folder.map_err(write_error_in(parent, name))?)),
    }
}

fn has(folder: &Folder, name: &str) -> Result<bool, RunDirectoryError> {
    Ok(folder.stat(name).map_err(write_error_in(folder, name))?.is_some())
}

fn mark(folder: &Folder, mark: &str, name: &OsStr) -> Result<(), RunDirectoryError> {
    let write = || {
        let mut file = NewFile::create(folder, mark)?;
        file.write_all(format!("{}\n", name.to_string_lossy()).as_bytes())?;
        file.commit()
    };
    write().map_err(write_error_in(folder, mark))
}

fn unmark(folder: &Folder, marks: &[&str]) -> Result<(), RunDirectoryError> {
    for name in marks {
        match folder.remove_file(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed.map_err(write_error_in(folder, name))?,
        }
    }
    Ok(())
}
