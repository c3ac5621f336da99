//! The cache of a data file whose rows exceed `data.memory`: its numbers, mapped into memory.
//!
//! The file is safe to delete; it is written again when it is needed. It starts with [`MAGIC`], then
//! holds, in the byte order of the machine and each padded to 8 bytes: for every block of rows its numbers in
//! single precision, those in double precision, and the smallest and largest value of each column; then
//! the [`SideColumns`]. The [`Directory`] as JSON, its length, its SHA-256 and [`MAGIC`] again end the
//! file: one that was truncated, or damaged at one end, is still recognised as a cache.

pub(crate) mod contents;
#[cfg(feature = "cache")]
mod lookup;
#[cfg(feature = "cache")]
mod read;
#[cfg(test)]
mod tests;
#[cfg(not(feature = "cache"))]
mod unavailable;
#[cfg(feature = "cache")]
mod write;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

#[cfg(not(feature = "cache"))]
pub(crate) use crate::data::table::cache::unavailable::{CacheWriter, find, key, open};
#[cfg(feature = "cache")]
pub(crate) use crate::data::table::cache::{
    lookup::{find, key},
    read::open,
    write::CacheWriter,
};
use crate::data::table::matrix::Matrix;

/// The first and the last bytes of every cache.
const MAGIC: [u8; 16] = *b"bntrain rows   \n";
/// The version of the format; a cache of another one is stale.
const FORMAT: u32 = 4;
/// Bytes after the directory: its length, its hash, the magic.
const TRAILER: usize = 8 + 32 + MAGIC.len();
/// The largest alignment of a number.
const ALIGNMENT: usize = 8;

/// A data file as it was read, from CSV or from its cache.
#[derive(Debug)]
pub(crate) struct StoredFile<C> {
    /// One column per feature. Those of a cache stay in the file.
    pub(crate) features: Matrix,
    pub(crate) side: SideColumns,
    /// Everything else that was read.
    pub(crate) content: C,
}

/// What was read of each row besides its features.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct SideColumns {
    /// Targets, then the weight, row after row.
    pub(crate) numbers: Vec<f64>,
    /// For each text column, the number of its text in each row.
    pub(crate) codes: Vec<Vec<u32>>,
    /// The hash of each numbered group or key text.
    pub(crate) keys: Vec<u64>,
}

/// Where each part of a cache is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Directory<C> {
    format: u32,
    little_endian: bool,
    /// Hash of the source, of how it was read, and of the version of this program.
    key: String,
    columns: usize,
    /// The distinct row layouts: for each run of adjacent columns of one precision, its length and
    /// whether that is single precision.
    layouts: Vec<Vec<(usize, bool)>>,
    blocks: Vec<BlockEntry>,
    numbers: ArrayEntry,
    codes: Vec<ArrayEntry>,
    keys: ArrayEntry,
    content: C,
}

/// A block of rows.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockEntry {
    start: usize,
    rows: usize,
    /// An index into the layouts.
    layout: usize,
    /// CRC-32 of its bytes.
    checksum: u32,
}

/// One of the side columns.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArrayEntry {
    start: usize,
    count: usize,
    /// CRC-32 of its bytes, padding included.
    checksum: u32,
}

/// The path of the cache of `source`.
pub(crate) fn path_of(source: &Path) -> PathBuf {
    let mut name = source.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".bntrain-cache");
    source.with_file_name(name)
}

/// Whether the file at `path` was not written by this program: it is not empty, and neither starts nor
/// ends like a cache.
pub(crate) fn is_foreign(path: &Path) -> io::Result<bool> {
    let length = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        // Opening it for writing reports directories and the like.
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
    // A truncated cache may be shorter than the magic.
    let is_ours = MAGIC.starts_with(&bytes(0)?) || bytes(length.saturating_sub(MAGIC.len() as u64))? == MAGIC;
    Ok(!is_ours)
}

/// Bytes up to the next aligned offset.
fn padding(length: usize) -> usize {
    length.next_multiple_of(ALIGNMENT) - length
}
