//! Opening a cache: everything in it is verified first.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use zerocopy::{FromBytes, Immutable};

use crate::data::table::cache::{
    ArrayEntry, BlockEntry, Directory, FORMAT, MAGIC, SideColumns, StoredFile, TRAILER, padding,
};
use crate::data::table::matrix::{Block, Matrix};
use crate::kernel::{Mapped, Numbers};

/// Why a cache cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheMiss {
    /// It does not exist.
    Absent,
    /// The source, how it is read, or this program changed.
    Stale,
    /// It was truncated or modified.
    Damaged,
}

/// Opens the cache at `path` if it was written under `key`. All of it is read once, to verify its
/// checksums.
pub(crate) fn open<C: DeserializeOwned>(path: &Path, key: &str) -> Result<StoredFile<C>, CacheMiss> {
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => CacheMiss::Absent,
        _ => CacheMiss::Damaged,
    })?;
    if !file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0) {
        return Err(CacheMiss::Damaged);
    }
    let map = Mapped::new(&file).map_err(|_| CacheMiss::Damaged)?;
    let directory = directory(map.bytes()).ok_or(CacheMiss::Damaged)?;
    // Another version may have another directory.
    let version: Version = serde_json::from_slice(directory).map_err(|_| CacheMiss::Damaged)?;
    if version.format != FORMAT || version.key != key {
        return Err(CacheMiss::Stale);
    }
    let directory: Directory<C> = serde_json::from_slice(directory).map_err(|_| CacheMiss::Damaged)?;
    if directory.little_endian != cfg!(target_endian = "little") {
        return Err(CacheMiss::Stale);
    }
    stored_file(&map, directory).ok_or(CacheMiss::Damaged)
}

fn stored_file<C>(map: &Mapped, directory: Directory<C>) -> Option<StoredFile<C>> {
    let Directory { columns, layouts, blocks, numbers, codes, keys, content, .. } = directory;
    let mut features = Matrix::new(columns);
    for entry in blocks {
        let layout = layouts.get(entry.layout)?;
        features.push(block(map, entry, layout, columns)?);
    }
    let side = SideColumns {
        numbers: array(map, numbers)?,
        codes: codes.into_iter().map(|entry| array(map, entry)).collect::<Option<_>>()?,
        keys: array(map, keys)?,
    };
    map.expect_random_access();
    Some(StoredFile { features, side, content })
}

/// The fields of a directory that every version has.
#[derive(Deserialize)]
struct Version {
    format: u32,
    key: String,
}

/// The bytes of the directory, if its hash is right.
fn directory(bytes: &[u8]) -> Option<&[u8]> {
    let (before, trailer) = bytes.split_at_checked(bytes.len().checked_sub(TRAILER)?)?;
    let (length, trailer) = trailer.split_first_chunk()?;
    let (hash, magic) = trailer.split_first_chunk::<32>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let directory = &before[before.len().checked_sub(length)?..];
    let is_right =
        bytes.starts_with(&MAGIC) && magic == MAGIC && Sha256::digest(directory).as_slice() == hash;
    is_right.then_some(directory)
}

fn block(map: &Mapped, entry: BlockEntry, layout: &[(usize, bool)], columns: usize) -> Option<Block> {
    let width = |is_narrow| {
        let mut same = layout.iter().filter(|(_, narrow)| *narrow == is_narrow);
        same.try_fold(0_usize, |sum, (width, _)| sum.checked_add(*width))
    };
    let (narrow, wide) = (width(true)?, width(false)?);
    if narrow.checked_add(wide)? != columns || layout.iter().any(|(width, _)| *width == 0) || entry.rows == 0
    {
        return None;
    }
    let (narrow, wide) = (entry.rows.checked_mul(narrow)?, entry.rows.checked_mul(wide)?);
    let narrow_numbers = Numbers::<f32>::mapped(map, entry.start, narrow)?;
    let narrow_bytes = narrow * size_of::<f32>();
    let start = entry.start + narrow_bytes + padding(narrow_bytes);
    let wide_numbers = Numbers::<f64>::mapped(map, start, wide)?;
    let start = start + wide * size_of::<f64>();
    let low = Numbers::<f64>::mapped(map, start, columns)?;
    let start = start + columns * size_of::<f64>();
    let high = Numbers::<f64>::mapped(map, start, columns)?;
    let end = start + columns * size_of::<f64>();
    let is_right = crc32fast::hash(&map.bytes()[entry.start..end]) == entry.checksum;
    is_right.then(|| Block::new(entry.rows, layout, narrow_numbers, wide_numbers, &low, &high))
}

fn array<T: FromBytes + Immutable + Copy>(map: &Mapped, entry: ArrayEntry) -> Option<Vec<T>> {
    let values = Numbers::<T>::mapped(map, entry.start, entry.count)?;
    let length = entry.count * size_of::<T>();
    let bytes = map.bytes().get(entry.start..entry.start + length + padding(length))?;
    (crc32fast::hash(bytes) == entry.checksum).then(|| values.to_vec())
}
