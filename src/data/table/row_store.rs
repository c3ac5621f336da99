//! Where the features of a file go while it is read: to memory, or to a cache next to the file once they
//! exceed `data.memory`.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::IgnoredAny;

use crate::data::error::ErrorKind;
use crate::data::table::byte_size::Bytes;
use crate::data::table::cache;
use crate::data::table::cache::{CacheWriter, SideColumns, StoredFile, is_foreign, path_of};
use crate::data::table::matrix::{Block, Matrix};
use crate::text::{DisplayPath, STANDARD_INPUT};

/// The features of the rows read so far.
#[derive(Debug)]
pub(crate) struct RowStore {
    columns: usize,
    memory: Bytes,
    /// The path of the cache; none for standard input.
    path: Option<PathBuf>,
    storage: Storage,
    rows: usize,
}

#[derive(Debug)]
enum Storage {
    /// With its size in bytes.
    Memory(Matrix, usize),
    Cache(Box<CacheWriter>),
}

/// Bytes for the chunks that are being read, and for what every run needs.
const SPARE: u64 = 16 << 20;
/// Bytes for each row elsewhere: its number, its place in the order of an epoch, its target.
const PER_ROW: u64 = 32;

impl RowStore {
    /// For the rows of `source`, of `columns` features each.
    pub(crate) fn new(columns: usize, memory: Bytes, source: &Path) -> Self {
        let path = (source != Path::new(STANDARD_INPUT)).then(|| path_of(source));
        Self { columns, memory, path, storage: Storage::Memory(Matrix::new(columns), 0), rows: 0 }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// A note on the cache, if there is one.
    pub(crate) fn note(&self) -> Option<String> {
        let Storage::Cache(_) = self.storage else { return None };
        let path = DisplayPath(self.path.as_deref()?);
        Some(format!("the rows exceed data.memory; cached in {path} (safe to delete)"))
    }

    /// Appends rows; the side columns read so far take `side_bytes`.
    pub(crate) fn push(&mut self, block: Block, side_bytes: u64) -> Result<(), ErrorKind> {
        self.rows += block.rows();
        match &mut self.storage {
            Storage::Cache(writer) => writer.push(&block).map_err(|error| self.fault(error)),
            Storage::Memory(matrix, bytes) => {
                *bytes += block.bytes();
                matrix.push(block);
                let needed = *bytes as u64 + side_bytes + PER_ROW * self.rows as u64 + SPARE;
                if needed > self.memory.0 { self.move_to_cache() } else { Ok(()) }
            }
        }
    }

    /// All rows; a cache is completed with `side` and `content`, and found again under `key`.
    pub(crate) fn finish<C: Serialize>(
        self,
        key: &str,
        side: SideColumns,
        content: C,
    ) -> Result<StoredFile<C>, ErrorKind> {
        let path = self.path.clone().unwrap_or_default();
        let features = match self.storage {
            Storage::Memory(features, _) => features,
            Storage::Cache(writer) => {
                if let Err(error) = writer.finish(key, &side, &content) {
                    return Err(ErrorKind::CacheNotWritten { memory: self.memory, path, error });
                }
                match cache::open::<IgnoredAny>(&path, key) {
                    Ok(stored) => stored.features,
                    Err(_) => return Err(ErrorKind::CacheLost(path)),
                }
            }
        };
        Ok(StoredFile { features, side, content })
    }

    fn move_to_cache(&mut self) -> Result<(), ErrorKind> {
        let Some(path) = &self.path else { return Err(ErrorKind::TooManyRows { memory: self.memory }) };
        if is_foreign(path).map_err(|error| self.fault(error))? {
            return Err(ErrorKind::CacheForeign { memory: self.memory, path: path.clone() });
        }
        let mut writer = CacheWriter::new(path, self.columns).map_err(|error| self.fault(error))?;
        if let Storage::Memory(matrix, _) = &mut self.storage {
            for block in std::mem::replace(matrix, Matrix::new(self.columns)).into_blocks() {
                writer.push(&block).map_err(|error| self.fault(error))?;
            }
        }
        self.storage = Storage::Cache(Box::new(writer));
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

    /// The budget is for the features, the side columns, 32 bytes for each row, and 16 MiB.
    #[test]
    fn rows_move_to_the_cache_with_the_first_byte_over_the_budget() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = folder.path().join("t.csv");
        let (blocks, side_bytes) = ([1.0, 20.0], 1000);
        let numbers: usize = blocks.iter().map(|&first| block(first).bytes()).sum();
        let needed = numbers as u64 + side_bytes + 32 * 6 + (16 << 20);
        for (memory, is_cached) in [(needed, false), (needed - 1, true)] {
            let mut store = RowStore::new(2, Bytes(memory), &source);
            store.push(block(blocks[0]), 0).expect("it is kept");
            assert_eq!(store.note(), None);
            store.push(block(blocks[1]), side_bytes).expect("it is kept");
            assert_eq!((store.rows(), store.note().is_some()), (6, is_cached));
            let stored = store.finish("key", SideColumns::default(), ()).expect("it can be written");
            let matrix = stored.features;
            assert_eq!(path_of(&source).exists(), is_cached);
            let column: Vec<f64> = (0..matrix.rows()).map(|row| matrix.value(row, 0)).collect();
            assert_eq!(column, [1.0, 1.2, 1.4, 20.0, 20.2, 20.4]);
        }
    }
}
