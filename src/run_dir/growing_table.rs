//! A table in the folder of a run, which grows by whole rows.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};

use crate::output_file::Folder;
use crate::run_dir::error::{RunDirectoryError, write_error_in};

/// A table that grows.
#[derive(Debug)]
pub(crate) struct GrowingTable {
    pub(crate) name: &'static str,
    pub(crate) file: File,
    /// The bytes of the header, then of the rows that were written.
    pub(crate) header: u64,
    pub(crate) size: u64,
    /// Whole rows that were not written yet.
    pub(crate) waiting: Vec<u8>,
}

impl GrowingTable {
    /// Opens the table `name`. What follows its last whole row, left by a process that was killed, is removed.
    pub(crate) fn open(
        folder: &Folder,
        name: &'static str,
        header: &[u8],
    ) -> Result<Self, RunDirectoryError> {
        let open = || {
            let mut file = folder.append_to(name)?;
            let mut size = whole_rows(&mut file)?;
            if size < header.len() as u64 {
                size = 0;
            }
            file.set_len(size)?;
            let header_size = header.len() as u64;
            let waiting = if size == 0 { header.to_vec() } else { Vec::new() };
            Ok(Self { name, file, header: header_size, size, waiting })
        };
        let mut rows = open().map_err(write_error_in(folder, name))?;
        rows.write_out(folder)?;
        Ok(rows)
    }

    pub(crate) fn write_out(&mut self, folder: &Folder) -> Result<(), RunDirectoryError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        // Without this, a removed file would take rows until the run has ended.
        if self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0) {
            return Err(RunDirectoryError::Removed { path: folder.path().join(self.name) });
        }
        let written = self.file.write_all(&self.waiting).inspect_err(|_| {
            // So that the file ends with a whole row; the first error is reported.
            let _ = self.file.set_len(self.size);
        });
        written.map_err(write_error_in(folder, self.name))?;
        self.size += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    pub(crate) fn truncate(&mut self, folder: &Folder, size: u64) -> Result<(), RunDirectoryError> {
        let size = size.max(self.header);
        self.file.set_len(size).map_err(write_error_in(folder, self.name))?;
        self.size = size;
        Ok(())
    }
}

/// The size of a file up to the end of its last line.
fn whole_rows(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut block = [0; 4096];
    while end > 0 {
        let start = (end - 1) / 4096 * 4096;
        let bytes = &mut block[..(end - start) as usize];
        file.read_exact_at(bytes, start)?;
        if let Some(place) = memchr::memrchr(b'\n', bytes) {
            return Ok(start + place as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}
