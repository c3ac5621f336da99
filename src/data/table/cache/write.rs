//! Writing a cache, block by block while the source is read.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};
use zerocopy::{Immutable, IntoBytes};

use crate::data::table::cache::{
    ALIGNMENT, ArrayEntry, BlockEntry, Directory, FORMAT, MAGIC, SideColumns, padding,
};
use crate::data::table::matrix::Block;
use crate::output_file::{NewFile, destination};

/// A cache that is being written; it appears under its name once it is complete.
#[derive(Debug)]
pub(crate) struct CacheWriter {
    file: BufWriter<NewFile<'static>>,
    /// Bytes written so far.
    offset: usize,
    columns: usize,
    layouts: Vec<Vec<(usize, bool)>>,
    blocks: Vec<BlockEntry>,
}

impl CacheWriter {
    /// Starts a cache of rows of `columns` numbers.
    pub(crate) fn new(path: &Path, columns: usize) -> io::Result<Self> {
        let file = NewFile::at(&destination(path)?)?;
        let mut file = BufWriter::with_capacity(1 << 18, file);
        file.write_all(&MAGIC)?;
        Ok(Self { file, offset: MAGIC.len(), columns, layouts: Vec::new(), blocks: Vec::new() })
    }

    /// Appends rows.
    pub(crate) fn push(&mut self, block: &Block) -> io::Result<()> {
        if block.rows() == 0 {
            return Ok(());
        }
        let layout = block.layout();
        // Most blocks have the layout of the one before.
        let known = self.layouts.iter().rposition(|known| *known == layout);
        let layout = known.unwrap_or_else(|| {
            self.layouts.push(layout);
            self.layouts.len() - 1
        });
        let start = self.offset;
        let ((narrow, wide), (low, high)) = (block.numbers(), block.extents());
        let checksum = self.write(&[narrow.as_bytes(), wide.as_bytes(), low.as_bytes(), high.as_bytes()])?;
        self.blocks.push(BlockEntry { start, rows: block.rows(), layout, checksum });
        Ok(())
    }

    /// Appends the side columns and the directory, and renames the file to its path.
    pub(crate) fn finish(
        mut self,
        key: &str,
        side: &SideColumns,
        content: &impl Serialize,
    ) -> io::Result<()> {
        let numbers = self.array(&side.numbers)?;
        let codes = side.codes.iter().map(|codes| self.array(codes)).collect::<io::Result<_>>()?;
        let keys = self.array(&side.keys)?;
        let directory = Directory {
            format: FORMAT,
            little_endian: cfg!(target_endian = "little"),
            key: key.to_owned(),
            columns: self.columns,
            layouts: self.layouts,
            blocks: self.blocks,
            numbers,
            codes,
            keys,
            content,
        };
        let directory = serde_json::to_vec(&directory)?;
        let mut file = self.file;
        file.write_all(&directory)?;
        file.write_all(&(directory.len() as u64).to_le_bytes())?;
        file.write_all(&Sha256::digest(&directory))?;
        file.write_all(&MAGIC)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.commit()
    }

    fn array<T: IntoBytes + Immutable>(&mut self, values: &[T]) -> io::Result<ArrayEntry> {
        let start = self.offset;
        let checksum = self.write(&[values.as_bytes()])?;
        Ok(ArrayEntry { start, count: values.len(), checksum })
    }

    /// Writes slices, each padded, and returns one checksum of them all.
    fn write(&mut self, slices: &[&[u8]]) -> io::Result<u32> {
        let mut checksum = crc32fast::Hasher::new();
        for bytes in slices {
            let padding = &[0; ALIGNMENT][..padding(bytes.len())];
            for bytes in [bytes, padding] {
                self.file.write_all(bytes)?;
                checksum.update(bytes);
                self.offset += bytes.len();
            }
        }
        Ok(checksum.finalize())
    }
}
