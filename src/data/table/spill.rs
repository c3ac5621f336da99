//! Rows that exceed `data.memory`: written as numbers to a temporary file, and mapped into memory from there.
//!
//! The file has no name, so no other process can change or truncate what is mapped, and it is gone when this
//! process ends, however that happens.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use zerocopy::IntoBytes;

use crate::data::table::matrix::{Block, Matrix};
use crate::kernel::{Mapped, Numbers};

/// The largest alignment of a number.
const ALIGNMENT: usize = 8;

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct SpillFile {
    file: BufWriter<File>,
    /// Bytes written so far.
    offset: usize,
    blocks: Vec<Spilled>,
}

/// A block of rows whose numbers are in the file, each with its first byte and their count.
#[derive(Debug)]
struct Spilled {
    block: Block,
    narrow: (usize, usize),
    wide: (usize, usize),
}

impl SpillFile {
    /// Creates a file on the disk of `folder`.
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(1 << 18, tempfile::tempfile_in(folder)?);
        Ok(Self { file, offset: 0, blocks: Vec::new() })
    }

    /// Appends rows.
    pub(crate) fn push(&mut self, block: Block) -> io::Result<()> {
        if block.rows() == 0 {
            return Ok(());
        }
        let (narrow, wide) = block.numbers();
        let narrow = (self.write(narrow.as_bytes())?, narrow.len());
        let wide = (self.write(wide.as_bytes())?, wide.len());
        let block = block.with_numbers(Numbers::Owned(Vec::new()), Numbers::Owned(Vec::new()));
        self.blocks.push(Spilled { block, narrow, wide });
        Ok(())
    }

    /// All rows, of `columns` numbers each.
    pub(crate) fn finish(self, columns: usize) -> io::Result<Matrix> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        // A full or failing disk is reported here; later, it would end the program.
        file.sync_data()?;
        let map = Mapped::new(&file)?;
        let mut matrix = Matrix::new(columns);
        for Spilled { block, narrow, wide } in self.blocks {
            let numbers =
                Numbers::mapped(&map, narrow.0, narrow.1).zip(Numbers::mapped(&map, wide.0, wide.1));
            let (narrow, wide) = numbers.ok_or(ErrorKind::UnexpectedEof)?;
            matrix.push(block.with_numbers(narrow, wide));
        }
        map.expect_random_access();
        Ok(matrix)
    }

    /// Writes bytes at an aligned offset, which is returned.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let start = self.offset;
        let padding = bytes.len().next_multiple_of(ALIGNMENT) - bytes.len();
        self.file.write_all(bytes)?;
        self.file.write_all(&[0; ALIGNMENT][..padding])?;
        self.offset += bytes.len() + padding;
        Ok(start)
    }
}
