//! The checkpoints of a run, and the space on the disk that is reserved for the first one.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::output_file::{Folder, NewFile};
use crate::run_dir::error::{RunDirectoryError, write_error_in};
use crate::run_dir::layout::{CHECKPOINT, MODEL, PREVIOUS_CHECKPOINT};
use crate::run_dir::run_files::{MAX_WAITING_BYTES, RunFiles};

/// Bytes that are reserved for rows beside the first checkpoint.
const RESERVED_FOR_ROWS: u64 = 2 * MAX_WAITING_BYTES as u64;

impl RunFiles {
    /// Writes a checkpoint, durably, and keeps the one before if there is space. The rows so far are made to last first.
    ///
    /// # Errors
    ///
    /// If a file cannot be written; the newest checkpoint is then as it was.
    pub fn write_checkpoint(&mut self, bytes: &[u8]) -> Result<(), RunDirectoryError> {
        self.sync()?;
        let folder = &self.folders[self.folders.len() - 1];
        let mut write = || -> io::Result<()> {
            let mut file = Self::new_file(&mut self.reserved, folder, CHECKPOINT)?;
            file.write_all(bytes)?;
            file.commit_after(|folder| match folder.rename(CHECKPOINT, PREVIOUS_CHECKPOINT) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            })
        };
        let written = match write() {
            // The newest one stays until the next one is complete.
            Err(error) if is_full(&error) && folder.remove_file(PREVIOUS_CHECKPOINT).is_ok() => write(),
            written => written,
        };
        written.map_err(write_error_in(folder, CHECKPOINT))
    }

    /// Reserves space for a first checkpoint of at most `bytes`, and for some rows before it. Does nothing where the
    /// file system cannot.
    ///
    /// # Errors
    ///
    /// If there is no space.
    pub fn reserve_checkpoint(&mut self, bytes: u64) -> Result<(), RunDirectoryError> {
        self.reserve(CHECKPOINT, bytes.saturating_add(RESERVED_FOR_ROWS))
    }

    /// Reserves space for a model file of at most `bytes`, likewise.
    ///
    /// # Errors
    ///
    /// As [`reserve_checkpoint`](Self::reserve_checkpoint).
    pub fn reserve_model(&mut self, bytes: u64) -> Result<(), RunDirectoryError> {
        self.reserve(MODEL, bytes)
    }

    fn reserve(&mut self, name: &str, bytes: u64) -> Result<(), RunDirectoryError> {
        let folder = self.folder();
        let reserved = folder.try_clone().and_then(|folder| NewFile::reserve(folder, name, bytes));
        self.reserved = Some(reserved.map_err(|source| match folder.is_removed() {
            true => RunDirectoryError::Removed { path: folder.path().join(name) },
            false => RunDirectoryError::NoSpace { path: folder.path().join(name), bytes, source },
        })?);
        Ok(())
    }

    /// Writes all rows so far to the space that was reserved for rows beside the first checkpoint, once the disk is
    /// full. The checkpoint should follow soon. False if nothing is reserved for them, or it is too little.
    pub fn write_to_reserve(&mut self) -> bool {
        let checkpoint = self.reserved.as_mut().filter(|file| file.name() == CHECKPOINT);
        checkpoint.is_some_and(|file| file.give_back(RESERVED_FOR_ROWS)) && self.write_out().is_ok()
    }

    /// Begins the file `name`, in the space that was reserved for it if there is some.
    pub(super) fn new_file<'a>(
        reserved: &mut Option<NewFile<'static>>,
        folder: &'a Folder,
        name: &str,
    ) -> io::Result<NewFile<'a>> {
        match reserved.take_if(|file| file.name() == name) {
            Some(file) => Ok(file),
            None => NewFile::create(folder, name),
        }
    }

    /// The checkpoints with their paths, the newest first.
    ///
    /// # Errors
    ///
    /// If one cannot be opened.
    pub fn checkpoints(&self) -> Result<Vec<(PathBuf, File)>, RunDirectoryError> {
        let mut found = Vec::new();
        for name in [CHECKPOINT, PREVIOUS_CHECKPOINT] {
            if let Some(file) = self.open_if_there(name)? {
                found.push((self.path().join(name), file));
            }
        }
        Ok(found)
    }

    /// Removes all checkpoints.
    ///
    /// # Errors
    ///
    /// If one cannot be removed.
    pub fn remove_checkpoints(&self) -> Result<(), RunDirectoryError> {
        for name in [PREVIOUS_CHECKPOINT, CHECKPOINT] {
            match self.folder().remove_file(name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed.map_err(write_error_in(self.folder(), name))?,
            }
        }
        Ok(())
    }
}

/// Whether a file could be written if another one were removed.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
