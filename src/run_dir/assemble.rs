//! The tables of a whole run directory, put together from those of its runs.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use crate::experiment::RunId;
use crate::nn::Task;
use crate::output_file::NewFile;
use crate::report::csv::{write_diagnostics_header, write_metrics_header, write_steps_header};
use crate::run_dir::RunDirectory;
use crate::run_dir::error::{RunDirectoryError, write_error_in};
use crate::run_dir::layout::{DIAGNOSTICS, METRICS, PREVIOUS_CHECKPOINT, RUN_FILES, STEPS, run_folder};

impl RunDirectory {
    /// Writes `metrics.csv` and `steps.csv` with the rows of all runs, in this order, from the files of the runs.
    ///
    /// # Errors
    ///
    /// If a file of a run cannot be read, or a file cannot be written.
    pub fn assemble(&self, runs: &[&RunId], task: Task) -> Result<(), RunDirectoryError> {
        for name in [METRICS, STEPS] {
            self.write_by(name, |file| {
                let header = match name {
                    METRICS => write_metrics_header(&mut *file, task),
                    _ => write_steps_header(&mut *file),
                };
                header.map_err(|error| write_error_in(&self.folder, name)(error.into()))?;
                runs.iter().try_for_each(|id| self.copy_rows(&run_folder(id).join(name), file, name))
            })?;
        }
        Ok(())
    }

    /// Writes `diagnostics.csv` likewise; a run without any adds nothing. Returns its bytes.
    ///
    /// # Errors
    ///
    /// As [`assemble`](Self::assemble).
    pub fn assemble_diagnostics(&self, runs: &[&RunId]) -> Result<Vec<u8>, RunDirectoryError> {
        self.write_by(DIAGNOSTICS, |file| {
            let header = write_diagnostics_header(&mut *file);
            header.map_err(|error| write_error_in(&self.folder, DIAGNOSTICS)(error.into()))?;
            runs.iter().try_for_each(|id| {
                match self.copy_rows(&run_folder(id).join(DIAGNOSTICS), file, DIAGNOSTICS) {
                    // Interrupted before its first measurement.
                    Err(RunDirectoryError::Read { source, .. })
                        if source.kind() == io::ErrorKind::NotFound =>
                    {
                        Ok(())
                    }
                    copied => copied,
                }
            })
        })?;
        Ok(self.read(DIAGNOSTICS)?.unwrap_or_default())
    }

    /// Copies the files of a run from the run directory `from`, but for the checkpoint before the last one.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written.
    pub fn copy_run(&self, id: &RunId, from: &Path) -> Result<(), RunDirectoryError> {
        let path = run_folder(id);
        let mut folder = self.folder.try_clone().map_err(write_error_in(&self.folder, &path))?;
        let mut parents = Vec::new();
        for name in &path {
            let inner = folder.make_folder(name).map_err(write_error_in(&folder, name))?;
            parents.push(std::mem::replace(&mut folder, inner));
        }
        let copied = RUN_FILES.iter().filter(|name| **name != PREVIOUS_CHECKPOINT);
        for name in copied {
            let source = from.join(&path).join(name);
            let unread = |error| RunDirectoryError::Read { path: source.clone(), source: error };
            let mut source_file = match File::open(&source) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file.map_err(unread)?,
            };
            let mut file = NewFile::create(&folder, name).map_err(write_error_in(&folder, name))?;
            io::copy(&mut source_file, &mut file).map_err(write_error_in(&folder, name))?;
            file.commit().map_err(write_error_in(&folder, name))?;
        }
        // Each folder's name is in the one before.
        parents.iter().try_for_each(|parent| parent.sync().map_err(write_error_in(parent, "")))
    }

    fn copy_rows(&self, from: &Path, to: &mut NewFile<'_>, name: &str) -> Result<(), RunDirectoryError> {
        let unread = |source| RunDirectoryError::Read { path: self.path().join(from), source };
        let mut rows = BufReader::with_capacity(1 << 16, self.open_below(from).map_err(unread)?);
        rows.skip_until(b'\n').map_err(unread)?;
        loop {
            let bytes = rows.fill_buf().map_err(unread)?;
            if bytes.is_empty() {
                return Ok(());
            }
            let count = bytes.len();
            to.write_all(bytes).map_err(write_error_in(&self.folder, name))?;
            rows.consume(count);
        }
    }

    /// Opens a file, its folders one by one so that no link is followed.
    fn open_below(&self, path: &Path) -> io::Result<File> {
        let mut folder = self.folder.try_clone()?;
        for name in path.parent().into_iter().flatten() {
            folder = folder.folder(name)?;
        }
        folder.open_file(path.file_name().unwrap_or_default())
    }
}
