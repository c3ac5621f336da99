//! The files of one run, written while it is trained.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::diagnose::DiagnosticRow;
use crate::experiment::RunId;
use crate::nn::Task;
use crate::output_file::{Folder, NewFile, remove_temporary_files, sync_file};
use crate::report::csv::{
    write_diagnostics, write_diagnostics_header, write_epoch, write_metrics_header, write_step,
    write_steps_header,
};
use crate::run_dir::error::{RunDirectoryError, read_error_in, write_error_in};
use crate::run_dir::growing_table::GrowingTable;
use crate::run_dir::layout::{DIAGNOSTICS, METRICS, MODEL, STEPS};
use crate::train::{EpochRecord, StepRecord};

/// Rows are written when this many bytes are waiting.
pub(super) const MAX_WAITING_BYTES: usize = 1 << 16;
/// Or when the last ones were written so long ago: a training step may take less time than a write.
const MAX_WAITING_TIME: Duration = Duration::from_millis(200);

/// The folder of a run, with its `metrics.csv` and `steps.csv` open. Both grow by whole rows, so they can be
/// followed while the run is trained.
#[derive(Debug)]
pub struct RunFiles {
    /// From the run directory to the folder of the run.
    pub(super) folders: Vec<Folder>,
    id: RunId,
    metrics: GrowingTable,
    steps: GrowingTable,
    /// `diagnostics.csv`, once there are any.
    diagnostics: Option<GrowingTable>,
    /// The first checkpoint, or the model, while space on the disk is reserved for it.
    pub(super) reserved: Option<NewFile<'static>>,
    /// Whether the names of the folders are on the disk.
    is_synced: bool,
    last_write: Instant,
}

/// Sizes of the tables of a run in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableSizes {
    /// `metrics.csv`
    pub metrics: u64,
    /// `steps.csv`
    pub steps: u64,
    /// `diagnostics.csv`
    pub diagnostics: u64,
}

impl TableSizes {
    /// Whether no table is larger than in `other`.
    pub fn are_within(self, other: Self) -> bool {
        self.metrics <= other.metrics && self.steps <= other.steps && self.diagnostics <= other.diagnostics
    }
}

impl RunFiles {
    /// Opens the files of `id` below the directory `top`, and makes those that do not exist.
    pub(crate) fn open(top: &Folder, id: &RunId, path: &Path, task: Task) -> Result<Self, RunDirectoryError> {
        let mut folders = vec![top.try_clone().map_err(write_error_in(top, path))?];
        for name in path {
            let parent = &folders[folders.len() - 1];
            let folder = parent.make_folder(name).map_err(write_error_in(parent, name))?;
            folders.push(folder);
        }
        let folder = &folders[folders.len() - 1];
        remove_temporary_files(folder).map_err(write_error_in(folder, ""))?;
        let metrics =
            GrowingTable::open(folder, METRICS, &header(|bytes| write_metrics_header(bytes, task)))?;
        let steps = GrowingTable::open(folder, STEPS, &header(|bytes| write_steps_header(bytes)))?;
        let has_diagnostics =
            folder.stat(DIAGNOSTICS).map_err(write_error_in(folder, DIAGNOSTICS))?.is_some();
        let diagnostics = has_diagnostics.then(|| open_diagnostics(folder)).transpose()?;
        let (id, last_write) = (id.clone(), Instant::now());
        let (reserved, is_synced) = (None, false);
        Ok(Self { id, metrics, steps, diagnostics, reserved, folders, is_synced, last_write })
    }

    pub(super) fn folder(&self) -> &Folder {
        &self.folders[self.folders.len() - 1]
    }

    /// The path of the folder, for messages.
    pub fn path(&self) -> &Path {
        self.folder().path()
    }

    /// Adds a row to `metrics.csv`, which is written within a fifth of a second of training.
    ///
    /// # Errors
    ///
    /// If a file cannot be written; it then ends with a whole row.
    pub fn append_epoch(&mut self, epoch: &EpochRecord) -> Result<(), RunDirectoryError> {
        let appended = write_epoch(&mut self.metrics.waiting, &self.id, epoch);
        appended.map_err(|error| write_error_in(self.folder(), METRICS)(error.into()))?;
        self.write_if_due()
    }

    /// Adds a row to `steps.csv`, likewise.
    ///
    /// # Errors
    ///
    /// As [`append_epoch`](Self::append_epoch).
    pub fn append_step(&mut self, step: &StepRecord) -> Result<(), RunDirectoryError> {
        let appended = write_step(&mut self.steps.waiting, &self.id, step);
        appended.map_err(|error| write_error_in(self.folder(), STEPS)(error.into()))?;
        self.write_if_due()
    }

    /// Adds rows of another run with the same name, as they are in its files.
    ///
    /// # Errors
    ///
    /// As [`append_epoch`](Self::append_epoch).
    pub(crate) fn append_rows(&mut self, metrics: &str, steps: &str) -> Result<(), RunDirectoryError> {
        self.metrics.waiting.extend_from_slice(metrics.as_bytes());
        self.steps.waiting.extend_from_slice(steps.as_bytes());
        self.write_if_due()
    }

    /// Adds rows to `diagnostics.csv`, likewise; makes it if there is none.
    ///
    /// # Errors
    ///
    /// As [`append_epoch`](Self::append_epoch).
    pub fn append_diagnostics(&mut self, measured: &[DiagnosticRow]) -> Result<(), RunDirectoryError> {
        let folder = &self.folders[self.folders.len() - 1];
        let rows = match &mut self.diagnostics {
            Some(rows) => rows,
            none => none.insert(open_diagnostics(folder)?),
        };
        let appended = write_diagnostics(&mut rows.waiting, &self.id, measured);
        appended.map_err(|error| write_error_in(folder, DIAGNOSTICS)(error.into()))?;
        self.write_if_due()
    }

    /// The tables that there are.
    fn tables(&self) -> impl Iterator<Item = &GrowingTable> {
        [&self.metrics, &self.steps].into_iter().chain(&self.diagnostics)
    }

    fn write_if_due(&mut self) -> Result<(), RunDirectoryError> {
        let waiting: usize = self.tables().map(|rows| rows.waiting.len()).sum();
        let is_due = waiting >= MAX_WAITING_BYTES || self.last_write.elapsed() >= MAX_WAITING_TIME;
        if is_due { self.write_out() } else { Ok(()) }
    }

    /// The sizes of `metrics.csv`, `steps.csv` and `diagnostics.csv` in bytes with all rows so far, which are written
    /// first; 0 for a file that does not exist.
    ///
    /// # Errors
    ///
    /// As [`append_epoch`](Self::append_epoch).
    pub fn sizes(&mut self) -> Result<TableSizes, RunDirectoryError> {
        self.write_out()?;
        let diagnostics = self.diagnostics.as_ref().map_or(0, |rows| rows.size);
        Ok(TableSizes { metrics: self.metrics.size, steps: self.steps.size, diagnostics })
    }

    /// Goes back to the rows that the files had at [these](Self::sizes) sizes; sizes of 0 are those without any
    /// row. False, and nothing done, if one of the files has fewer.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn truncate_to(&mut self, sizes: TableSizes) -> Result<bool, RunDirectoryError> {
        if !sizes.are_within(self.sizes()?) {
            return Ok(false);
        }
        let folder = &self.folders[self.folders.len() - 1];
        self.metrics.truncate(folder, sizes.metrics)?;
        self.steps.truncate(folder, sizes.steps)?;
        if let Some(diagnostics) = &mut self.diagnostics {
            diagnostics.truncate(folder, sizes.diagnostics)?;
        }
        Ok(true)
    }

    /// Makes all rows so far last through a power cut.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn sync(&mut self) -> Result<(), RunDirectoryError> {
        self.write_out()?;
        for rows in self.tables() {
            sync_file(&rows.file).map_err(write_error_in(self.folder(), rows.name))?;
        }
        // The folder itself is synced with each file that appears in it.
        if !self.is_synced {
            for folder in &self.folders {
                folder.sync().map_err(write_error_in(folder, ""))?;
            }
            self.is_synced = true;
        }
        Ok(())
    }

    /// Writes the model file, durably. The rows so far are made to last first, since a model vouches for them.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn write_model(&mut self, bytes: &[u8]) -> Result<(), RunDirectoryError> {
        self.sync()?;
        self.write(MODEL, bytes)
    }

    /// Whether the model file is there.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn has_model(&self) -> Result<bool, RunDirectoryError> {
        Ok(self.open_if_there(MODEL)?.is_some())
    }

    /// Writes the file `name` in the folder of the run, atomically and durably.
    ///
    /// # Errors
    ///
    /// If the file cannot be written; a file of that name is then as it was.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), RunDirectoryError> {
        let folder = &self.folders[self.folders.len() - 1];
        let mut write = || {
            let mut file = Self::new_file(&mut self.reserved, folder, name)?;
            file.write_all(bytes)?;
            file.commit()
        };
        write().map_err(write_error_in(folder, name))
    }

    /// Reads the file `name` in the folder of the run; none if it does not exist.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, RunDirectoryError> {
        let Some(mut file) = self.open_if_there(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(read_error_in(self.folder(), name))?;
        Ok(Some(bytes))
    }

    pub(super) fn open_if_there(&self, name: &str) -> Result<Option<File>, RunDirectoryError> {
        match self.folder().open_file(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            file => Ok(Some(file.map_err(read_error_in(self.folder(), name))?)),
        }
    }

    pub(super) fn write_out(&mut self) -> Result<(), RunDirectoryError> {
        let folder = &self.folders[self.folders.len() - 1];
        self.steps.write_out(folder)?;
        self.metrics.write_out(folder)?;
        if let Some(diagnostics) = &mut self.diagnostics {
            diagnostics.write_out(folder)?;
        }
        self.last_write = Instant::now();
        Ok(())
    }
}

impl Drop for RunFiles {
    fn drop(&mut self) {
        // A run that ends by an error has reported one already.
        let _ = self.write_out();
    }
}

fn open_diagnostics(folder: &Folder) -> Result<GrowingTable, RunDirectoryError> {
    GrowingTable::open(folder, DIAGNOSTICS, &header(|bytes| write_diagnostics_header(bytes)))
}

/// The bytes of a header.
fn header(write: impl FnOnce(&mut Vec<u8>) -> csv::Result<()>) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = write(&mut bytes);
    bytes
}
