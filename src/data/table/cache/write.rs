use std::io::{self, BufWriter, Write};
use std::path::Path;

use atomic_write_file::AtomicWriteFile;
use serde::Serialize;
use sha2::{Digest, Sha256};
use zerocopy::IntoBytes;

use crate::data::table::cache::{BlockPlace, Directory, FORMAT, MAGIC, TextPlace, padding};
use crate::data::table::matrix::Block;
use crate::output_file::destination;

/// A file of rows that is being written; it appears when it is whole.
#[derive(Debug)]
pub(crate) struct CacheWriter {
    file: BufWriter<AtomicWriteFile>,
    at: usize,
    columns: usize,
    layouts: Vec<Vec<(usize, bool)>>,
    blocks: Vec<BlockPlace>,
}

impl CacheWriter {
    /// Starts a file of rows of `columns` numbers.
    pub(crate) fn new(path: &Path, columns: usize) -> io::Result<Self> {
        // What cannot be replaced is found out now: a file that is whole but cannot take the name stays
        // behind under another.
        let file = AtomicWriteFile::open(destination(path)?)?;
        let mut file = BufWriter::with_capacity(1 << 18, file);
        file.write_all(&MAGIC)?;
        Ok(Self { file, at: MAGIC.len(), columns, layouts: Vec::new(), blocks: Vec::new() })
    }

    /// Adds rows at the end.
    pub(crate) fn push(&mut self, block: &Block) -> io::Result<()> {
        if block.rows() == 0 {
            return Ok(());
        }
        let layout = block.layout();
        // Most blocks are laid out like the one before.
        let known = self.layouts.iter().rposition(|known| *known == layout);
        let layout = known.unwrap_or_else(|| {
            self.layouts.push(layout);
            self.layouts.len() - 1
        });
        let start = self.at;
        let ((narrow, wide), (low, high)) = (block.numbers(), block.extents());
        let checksum = self.write(&[narrow.as_bytes(), wide.as_bytes(), low.as_bytes(), high.as_bytes()])?;
        self.blocks.push(BlockPlace { start, rows: block.rows(), layout, checksum });
        Ok(())
    }

    /// Adds the texts of all rows, and all that is known of them, and makes the file appear.
    pub(crate) fn finish(
        mut self,
        key: &str,
        texts: &[Vec<u32>],
        content: &impl Serialize,
    ) -> io::Result<()> {
        let mut places = Vec::with_capacity(texts.len());
        for text in texts {
            let start = self.at;
            let checksum = self.write(&[text.as_bytes()])?;
            places.push(TextPlace { start, count: text.len(), checksum });
        }
        let directory = Directory {
            format: FORMAT,
            little_endian: cfg!(target_endian = "little"),
            key: key.to_owned(),
            columns: self.columns,
            layouts: self.layouts,
            blocks: self.blocks,
            texts: places,
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

    /// Writes some bytes, each of them padded, and takes their checksum together.
    fn write(&mut self, all: &[&[u8]]) -> io::Result<u32> {
        let mut checksum = crc32fast::Hasher::new();
        for bytes in all {
            let padding = &[0; crate::data::table::cache::ALIGNMENT][..padding(bytes.len())];
            for bytes in [bytes, padding] {
                self.file.write_all(bytes)?;
                checksum.update(bytes);
                self.at += bytes.len();
            }
        }
        Ok(checksum.finalize())
    }
}
