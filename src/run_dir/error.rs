//! Why a run directory cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use crate::output_file::Folder;
use crate::text::DisplayPath;

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
    /// The directory holds a run that has not finished.
    #[error(
        "{0} holds a run that has not finished; continue it with `bntrain resume {0}`, choose another --out, or \
         replace it with --force", DisplayPath(.path)
    )]
    Unfinished {
        /// The directory asked for.
        path: PathBuf,
    },
    /// The path is a link.
    #[error("{} is a link; name the directory itself, or choose another --out", DisplayPath(.path))]
    Link {
        /// The directory asked for.
        path: PathBuf,
    },
    /// The directory that would be replaced holds something that is not from a run.
    #[error("{} is not from a run; move it away, or choose another --out", DisplayPath(.path))]
    Foreign {
        /// The file, link or directory.
        path: PathBuf,
    },
    /// The config or the data of the new run are inside the directory that would be replaced.
    #[error("{} would be removed with {}; choose another --out", DisplayPath(.inside), DisplayPath(.path))]
    InUse {
        /// The directory asked for.
        path: PathBuf,
        /// A file that the run reads.
        inside: PathBuf,
    },
    /// Another process is writing the directory.
    #[error("{} is being written by {}; wait until it has ended, or choose another --out", DisplayPath(.path), holder(.process))]
    Held {
        /// The directory asked for.
        path: PathBuf,
        /// The number of the process, if it is known.
        process: Option<u32>,
    },
    /// There is nothing to continue.
    #[error("{} is not a run directory, so there is nothing to continue", DisplayPath(.path))]
    NotARun {
        /// The directory asked for.
        path: PathBuf,
    },
    /// A file, or the directory that it is in, was removed by someone else.
    #[error("could not write {}: it was removed while the program was running", DisplayPath(.path))]
    Removed {
        /// The file or directory to be written.
        path: PathBuf,
    },
    /// The disk has no space for a file that will be needed.
    #[error("could not reserve {:.1} MB for {}: {source}", *.bytes as f64 / 1e6, DisplayPath(.path))]
    NoSpace {
        /// The file.
        path: PathBuf,
        /// Its size at most, and that of a few rows.
        bytes: u64,
        /// The reason.
        source: io::Error,
    },
    /// A new run is complete, but is not where the one before is.
    #[error(
        "the new run is complete in {}, but could not take the place of {}: {reason}",
        DisplayPath(.path),
        DisplayPath(.place)
    )]
    NotInPlace {
        /// Where the new run is.
        path: PathBuf,
        /// Where it was to be.
        place: PathBuf,
        /// What was in its way.
        reason: Box<Self>,
    },
    /// The path leads to another directory by now.
    #[error(
        "{} was moved while the program was running; its files are complete, wherever it is now",
        DisplayPath(.path)
    )]
    Moved {
        /// Where it was.
        path: PathBuf,
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

fn holder(process: &Option<u32>) -> String {
    process.map_or_else(|| "another process".to_owned(), |process| format!("process {process}"))
}

/// For an error while `path` was written.
pub(crate) fn write_error(path: &Path) -> impl FnOnce(io::Error) -> RunDirectoryError {
    |source| RunDirectoryError::Write { path: path.to_owned(), source }
}

/// For an error while `name` in `folder` was written.
pub(crate) fn write_error_in(
    folder: &Folder,
    name: impl AsRef<Path>,
) -> impl FnOnce(io::Error) -> RunDirectoryError {
    move |source| {
        let path = folder.path().join(name);
        if folder.is_removed() {
            RunDirectoryError::Removed { path }
        } else {
            RunDirectoryError::Write { path, source }
        }
    }
}

/// For an error while `name` in `folder` was read.
pub(crate) fn read_error_in(
    folder: &Folder,
    name: impl AsRef<Path>,
) -> impl FnOnce(io::Error) -> RunDirectoryError {
    move |source| RunDirectoryError::Read { path: folder.path().join(name), source }
}
