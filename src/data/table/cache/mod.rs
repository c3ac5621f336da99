//! Rows that do not fit the memory they may take: a file of numbers beside the one they come from.
//!
//! The file is safe to delete; it is made again where it is needed. It starts with [`MAGIC`] and holds,
//! in the byte order of the machine and padded to 8 bytes each: for every block of rows its numbers in single precision,
//! those in double precision, the smallest and the largest value of each column; then the texts of
//! the rows as numbers. Behind them stands the [`Directory`] as JSON, its length, its SHA-256 and
//! [`MAGIC`] again: a file that was cut, or damaged at one end, is still known as one of ours.

pub(crate) mod contents;
pub(crate) mod read;
#[cfg(test)]
mod tests;
pub(crate) mod write;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(crate) use crate::data::table::cache::read::{Cache, Unusable};
pub(crate) use crate::data::table::cache::write::CacheWriter;

/// The first and the last bytes of every such file.
const MAGIC: [u8; 16] = *b"bntrain rows   \n";
/// Of the file; another one is made anew.
const FORMAT: u32 = 2;
/// Bytes behind the directory: its length, its hash, the magic.
const TRAILER: usize = 8 + 32 + MAGIC.len();
/// The largest alignment of a number.
const ALIGNMENT: usize = 8;

/// What is where.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Directory<C> {
    format: u32,
    /// Whether the machine puts the lowest byte first.
    little_endian: bool,
    /// Of the source, of how it was read, and of the program that read it.
    key: String,
    columns: usize,
    /// Different ways to lay out a row: how many columns beside each other are in the same
    /// precision, and whether that is the single one.
    layouts: Vec<Vec<(usize, bool)>>,
    blocks: Vec<BlockPlace>,
    texts: Vec<TextPlace>,
    /// What else was read.
    content: C,
}

/// A block of rows.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockPlace {
    start: usize,
    rows: usize,
    /// An index into the layouts.
    layout: usize,
    /// CRC-32 of its bytes.
    checksum: u32,
}

/// A text of every row.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TextPlace {
    start: usize,
    count: usize,
    checksum: u32,
}

/// The file for the rows of `source`.
pub(crate) fn path_of(source: &Path) -> PathBuf {
    let mut name = source.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".bntrain-cache");
    source.with_file_name(name)
}

/// Whether there is a file at `path` that is none of ours: it has something in it, and neither starts nor
/// ends as they do.
pub(crate) fn is_foreign(path: &Path) -> io::Result<bool> {
    let length = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        // What is no file cannot be replaced, which is found out elsewhere.
        Ok(metadata) if !metadata.is_file() => return Ok(false),
        metadata => metadata?.len(),
    };
    let mut file = File::open(path)?;
    let mut bytes = |from: u64| {
        let mut bytes = Vec::with_capacity(MAGIC.len());
        file.seek(SeekFrom::Start(from))?;
        file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    };
    // One that is shorter than the mark may still begin with it.
    let is_ours = MAGIC.starts_with(&bytes(0)?) || bytes(length.saturating_sub(MAGIC.len() as u64))? == MAGIC;
    Ok(!is_ours)
}

/// Bytes to the next border.
fn padding(length: usize) -> usize {
    length.next_multiple_of(ALIGNMENT) - length
}
