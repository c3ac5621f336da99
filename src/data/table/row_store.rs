//! Where the numbers of a file go while it is read: into memory, or, once they are too many for
//! that, into a file beside it.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::IgnoredAny;

use crate::data::error::ErrorKind;
use crate::data::table::byte_size::Bytes;
use crate::data::table::cache::{Cache, CacheWriter, is_foreign, path_of};
use crate::data::table::matrix::{Block, Matrix};
use crate::text::{DisplayPath, STANDARD_INPUT};

/// Rows of a file, as far as it was read.
#[derive(Debug)]
pub(crate) struct Store {
    columns: usize,
    memory: Bytes,
    /// None where there is no place beside the source.
    path: Option<PathBuf>,
    place: Place,
    rows: usize,
}

#[derive(Debug)]
enum Place {
    Memory(Matrix, usize),
    File(Box<CacheWriter>),
}

/// Bytes for the chunks that are being read, and for what every run needs.
const SPARE: u64 = 16 << 20;
/// Bytes for each row elsewhere: its number, its place in the order of an epoch, what is learnt.
const PER_ROW: u64 = 32;

impl Store {
    /// For the rows of `source`, of `columns` numbers each.
    pub(crate) fn new(columns: usize, memory: Bytes, source: &Path) -> Self {
        let path = (source != Path::new(STANDARD_INPUT)).then(|| path_of(source));
        Self { columns, memory, path, place: Place::Memory(Matrix::new(columns), 0), rows: 0 }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// What people should know of the file that takes the numbers, if one does.
    pub(crate) fn note(&self) -> Option<String> {
        let Place::File(_) = self.place else { return None };
        let file = DisplayPath(self.path.as_deref()?);
        Some(format!("the rows need more than data.memory; {file} holds their numbers, and may be deleted"))
    }

    /// Adds rows at the end; what was read so far takes `beside` bytes elsewhere.
    pub(crate) fn push(&mut self, block: Block, beside: u64) -> Result<(), ErrorKind> {
        self.rows += block.rows();
        match &mut self.place {
            Place::File(writer) => writer.push(&block).map_err(|error| self.fault(error)),
            Place::Memory(matrix, bytes) => {
                *bytes += block.bytes();
                matrix.push(block);
                let needs = *bytes as u64 + beside + PER_ROW * self.rows as u64 + SPARE;
                if needs > self.memory.0 { self.move_to_file() } else { Ok(()) }
            }
        }
    }

    /// All rows; those of a file stay there, with `arrays` and `content`, to be found under `key`.
    pub(crate) fn finish(
        self,
        key: &str,
        arrays: &[Vec<u32>],
        content: &impl Serialize,
    ) -> Result<Matrix, ErrorKind> {
        let path = self.path.clone().unwrap_or_default();
        let fault = |error| ErrorKind::CacheNotWritten { memory: self.memory, path: path.clone(), error };
        match self.place {
            Place::Memory(matrix, _) => Ok(matrix),
            Place::File(writer) => {
                writer.finish(key, arrays, content).map_err(fault)?;
                match Cache::<IgnoredAny>::open(&path, key) {
                    Ok(cache) => Ok(cache.matrix),
                    Err(_) => Err(ErrorKind::CacheLost(path)),
                }
            }
        }
    }

    fn move_to_file(&mut self) -> Result<(), ErrorKind> {
        let Some(path) = &self.path else { return Err(ErrorKind::TooManyRows { memory: self.memory }) };
        if is_foreign(path).map_err(|error| self.fault(error))? {
            return Err(ErrorKind::CacheForeign { memory: self.memory, path: path.clone() });
        }
        let mut writer = CacheWriter::new(path, self.columns).map_err(|error| self.fault(error))?;
        if let Place::Memory(matrix, _) = &mut self.place {
            for block in std::mem::replace(matrix, Matrix::new(self.columns)).into_blocks() {
                writer.push(&block).map_err(|error| self.fault(error))?;
            }
        }
        self.place = Place::File(Box::new(writer));
        Ok(())
    }

    fn fault(&self, error: std::io::Error) -> ErrorKind {
        let path = self.path.clone().unwrap_or_default();
        ErrorKind::CacheNotWritten { memory: self.memory, path, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(first: f64) -> Block {
        let values: Vec<f64> = (0..6).map(|place| first + f64::from(place) / 10.0).collect();
        Block::pack(&values, 2).expect("there is memory")
    }

    /// Bytes of the numbers, of what is beside them, 32 for each row, and 16 MiB.
    #[test]
    fn rows_move_to_a_file_with_the_first_byte_beyond_the_budget() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = folder.path().join("t.csv");
        let (blocks, beside) = ([1.0, 20.0], 1000);
        let numbers: usize = blocks.iter().map(|&first| block(first).bytes()).sum();
        let needs = numbers as u64 + beside + 32 * 6 + (16 << 20);
        for (memory, is_in_file) in [(needs, false), (needs - 1, true)] {
            let mut store = Store::new(2, Bytes(memory), &source);
            store.push(block(blocks[0]), 0).expect("it is kept");
            assert_eq!(store.note(), None);
            store.push(block(blocks[1]), beside).expect("it is kept");
            assert_eq!((store.rows(), store.note().is_some()), (6, is_in_file));
            let matrix = store.finish("key", &[], &()).expect("it can be written");
            assert_eq!(path_of(&source).exists(), is_in_file);
            let column: Vec<f64> = (0..matrix.rows()).map(|row| matrix.value(row, 0)).collect();
            assert_eq!(column, [1.0, 1.2, 1.4, 20.0, 20.2, 20.4]);
        }
    }
}
