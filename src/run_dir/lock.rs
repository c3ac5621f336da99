//! Who writes a run directory: one process at a time.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::process;

use serde::{Deserialize, Serialize};

use crate::output_file::Folder;
use crate::run_dir::error::{RunDirectoryError, write_error_in};
use crate::run_dir::layout::LOCK;

/// Held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: File,
}

/// What the file says.
#[derive(Serialize, Deserialize)]
struct Holder {
    process: u32,
}

impl DirectoryLock {
    /// Locks `folder` for this process, and makes the file unless it exists.
    pub(crate) fn acquire(folder: &Folder) -> Result<Self, RunDirectoryError> {
        loop {
            let mut file = folder.append_to(LOCK).map_err(write_error_in(folder, LOCK))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let process = read_holder(&mut file);
                    return Err(RunDirectoryError::Held { path: folder.path().to_owned(), process });
                }
                // A file system without locks: the directory is as safe as without them.
                Err(TryLockError::Error(error)) if is_unsupported(&error) => {}
                Err(TryLockError::Error(error)) => return Err(write_error_in(folder, LOCK)(error)),
            }
            // The holder before may have removed the file between the two calls.
            if is_named(folder, &file).map_err(write_error_in(folder, LOCK))? {
                write_holder(&mut file).map_err(write_error_in(folder, LOCK))?;
                return Ok(Self { _file: file });
            }
        }
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    // ENOLCK of network file systems, EBADF where the server wants another mode.
    error.kind() == io::ErrorKind::Unsupported || [Some(37), Some(9)].contains(&error.raw_os_error())
}

fn is_named(folder: &Folder, file: &File) -> io::Result<bool> {
    let (named, open) = (folder.stat(LOCK)?, file.metadata()?);
    Ok(named.is_some_and(|named| (named.st_dev, named.st_ino) == (open.dev(), open.ino())))
}

fn read_holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(100).read_to_string(&mut text).ok()?;
    Some(serde_json::from_str::<Holder>(&text).ok()?.process)
}

fn write_holder(file: &mut File) -> io::Result<()> {
    let text = serde_json::to_string(&Holder { process: process::id() })?;
    file.set_len(0)?;
    file.write_all(format!("{text}\n").as_bytes())
}
