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
use crate::run_dir::layout::{DIAGNOSTICS, METRICS, STEPS, run_folder};

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
