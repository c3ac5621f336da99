//! Where the features of a file go while it is read: to memory, or to a temporary file next to it once they
//! exceed `data.memory`.

use std::path::{Path, PathBuf};

use crate::data::error::ErrorKind;
use crate::data::table::byte_size::Bytes;
use crate::data::table::matrix::{Block, Matrix};
#[cfg(not(feature = "out-of-core"))]
use crate::data::table::no_spill::SpillFile;
#[cfg(feature = "out-of-core")]
use crate::data::table::spill::SpillFile;
use crate::text::{DisplayPath, STANDARD_INPUT};

/// The features of the rows read so far.
#[derive(Debug)]
pub(crate) struct RowStore {
    columns: usize,
    memory: Bytes,
    /// The folder of the temporary file; none for standard input.
    folder: Option<PathBuf>,
    storage: Storage,
    rows: usize,
}

#[derive(Debug)]
enum Storage {
    /// With its size in bytes.
    Memory(Matrix, usize),
    Spilled(Box<SpillFile>),
}

/// Bytes for the chunks that are being read, and for what every run needs.
const SPARE: u64 = 16 << 20;
/// Bytes for each row elsewhere: its number, its place in the order of an epoch, its target.
const PER_ROW: u64 = 32;

impl RowStore {
    /// For the rows of `source`, of `columns` features each.
    pub(crate) fn new(columns: usize, memory: Bytes, source: &Path) -> Self {
        let folder = source.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        let folder = (source != Path::new(STANDARD_INPUT)).then(|| folder.to_owned());
        Self { columns, memory, folder, storage: Storage::Memory(Matrix::new(columns), 0), rows: 0 }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// A note on the temporary file, if there is one.
    pub(crate) fn note(&self) -> Option<String> {
        let Storage::Spilled(_) = self.storage else { return None };
        let folder = DisplayPath(self.folder.as_deref()?);
        Some(format!("the rows exceed data.memory; they are in a temporary file in {folder}"))
    }

    /// Appends rows; the side columns read so far take `side_bytes`.
    pub(crate) fn push(&mut self, block: Block, side_bytes: u64) -> Result<(), ErrorKind> {
        self.rows += block.rows();
        match &mut self.storage {
            Storage::Spilled(file) => file.push(block).map_err(|error| self.fault(error)),
            Storage::Memory(matrix, bytes) => {
                *bytes += block.bytes();
                matrix.push(block);
                let needed = *bytes as u64 + side_bytes + PER_ROW * self.rows as u64 + SPARE;
                if needed > self.memory.0 { self.spill() } else { Ok(()) }
            }
        }
    }

    /// All rows.
    pub(crate) fn finish(self) -> Result<Matrix, ErrorKind> {
        let Self { columns, memory, folder, storage, .. } = self;
        match storage {
            Storage::Memory(features, _) => Ok(features),
            Storage::Spilled(file) => file.finish(columns).map_err(|error| {
                let folder = folder.unwrap_or_default();
                ErrorKind::SpillFailed { memory, folder, error }
            }),
        }
    }

    fn spill(&mut self) -> Result<(), ErrorKind> {
        let Some(folder) = &self.folder else { return Err(ErrorKind::TooManyRows { memory: self.memory }) };
        let mut file = SpillFile::new(folder).map_err(|error| self.fault(error))?;
        if let Storage::Memory(matrix, _) = &mut self.storage {
            for block in std::mem::replace(matrix, Matrix::new(self.columns)).into_blocks() {
                file.push(block).map_err(|error| self.fault(error))?;
            }
        }
        self.storage = Storage::Spilled(Box::new(file));
        Ok(())
    }

    fn fault(&self, error: std::io::Error) -> ErrorKind {
        let folder = self.folder.clone().unwrap_or_default();
        ErrorKind::SpillFailed { memory: self.memory, folder, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(first: f64) -> Block {
        let values: Vec<f64> = (0..6).map(|place| first + f64::from(place) / 10.0).collect();
        Block::pack(&values, 2).expect("there is memory")
    }

    /// The budget is for the features, the side columns, 32 bytes for each row, and 16 MiB.
    #[test]
    fn rows_move_to_the_disk_with_the_first_byte_over_the_budget() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = folder.path().join("t.csv");
        let (blocks, side_bytes) = ([1.0, 20.0], 1000);
        let numbers: usize = blocks.iter().map(|&first| block(first).bytes()).sum();
        let needed = numbers as u64 + side_bytes + 32 * 6 + (16 << 20);
        for (memory, is_spilled) in [(needed, false), (needed - 1, true)] {
            let mut store = RowStore::new(2, Bytes(memory), &source);
            store.push(block(blocks[0]), 0).expect("it is kept");
            assert_eq!(store.note(), None);
            store.push(block(blocks[1]), side_bytes).expect("it is kept");
            assert_eq!((store.rows(), store.note().is_some()), (6, is_spilled));
            let matrix = store.finish().expect("it can be written");
            assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
            let in_memory: usize = matrix.clone().into_blocks().map(|block| block.bytes()).sum();
            assert_eq!(in_memory, if is_spilled { 0 } else { numbers });
            let column: Vec<f64> = (0..matrix.rows()).map(|row| matrix.value(row, 0)).collect();
            assert_eq!(column, [1.0, 1.2, 1.4, 20.0, 20.2, 20.4]);
        }
    }
}
