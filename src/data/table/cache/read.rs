use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::data::table::cache::{BlockPlace, Directory, FORMAT, MAGIC, TRAILER, TextPlace, padding};
use crate::data::table::matrix::{Block, Matrix};
use crate::kernel::{Mapped, Numbers};

/// Rows as they were written.
#[derive(Debug)]
pub(crate) struct Cache<C> {
    /// Its numbers stay in the file.
    pub(crate) matrix: Matrix,
    pub(crate) texts: Vec<Vec<u32>>,
    pub(crate) content: C,
}

/// Why a file cannot stand for its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// There is none.
    Absent,
    /// It was made from another source, by other rules, or by another version.
    Stale,
    /// It is not whole, or not as it was written.
    Damaged,
}

impl<C: DeserializeOwned> Cache<C> {
    /// Opens the file at `path` if it was written under `key`. All of it is read once, to compare
    /// its checksums.
    pub(crate) fn open(path: &Path, key: &str) -> Result<Self, Unusable> {
        let file = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Unusable::Absent,
            _ => Unusable::Damaged,
        })?;
        if !file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0) {
            return Err(Unusable::Damaged);
        }
        let map = Mapped::new(&file).map_err(|_| Unusable::Damaged)?;
        let directory = directory(map.bytes()).ok_or(Unusable::Damaged)?;
        // Another version may have another directory, so it is asked first.
        let version: Version = serde_json::from_slice(directory).map_err(|_| Unusable::Damaged)?;
        if version.format != FORMAT || version.key != key {
            return Err(Unusable::Stale);
        }
        let directory: Directory<C> = serde_json::from_slice(directory).map_err(|_| Unusable::Damaged)?;
        if directory.little_endian != cfg!(target_endian = "little") {
            return Err(Unusable::Stale);
        }
        Self::new(&map, directory).ok_or(Unusable::Damaged)
    }

    fn new(map: &Mapped, directory: Directory<C>) -> Option<Self> {
        let Directory { columns, layouts, blocks, texts, content, .. } = directory;
        let mut matrix = Matrix::new(columns);
        for place in blocks {
            let layout = layouts.get(place.layout)?;
            matrix.push(block(map, place, layout, columns)?);
        }
        let texts = texts.into_iter().map(|place| text(map, place)).collect::<Option<_>>()?;
        map.expect_random_access();
        Some(Self { matrix, texts, content })
    }
}

/// What every version has in its directory.
#[derive(serde::Deserialize)]
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

fn block(map: &Mapped, place: BlockPlace, layout: &[(usize, bool)], columns: usize) -> Option<Block> {
    let width = |is_narrow| {
        let mut same = layout.iter().filter(|(_, narrow)| *narrow == is_narrow);
        same.try_fold(0_usize, |sum, (width, _)| sum.checked_add(*width))
    };
    let (narrow, wide) = (width(true)?, width(false)?);
    if narrow.checked_add(wide)? != columns || layout.iter().any(|(width, _)| *width == 0) || place.rows == 0
    {
        return None;
    }
    let (narrow, wide) = (place.rows.checked_mul(narrow)?, place.rows.checked_mul(wide)?);
    let narrow_numbers = Numbers::<f32>::mapped(map, place.start, narrow)?;
    let narrow_bytes = narrow * size_of::<f32>();
    let start = place.start + narrow_bytes + padding(narrow_bytes);
    let wide_numbers = Numbers::<f64>::mapped(map, start, wide)?;
    let start = start + wide * size_of::<f64>();
    let low = Numbers::<f64>::mapped(map, start, columns)?;
    let start = start + columns * size_of::<f64>();
    let high = Numbers::<f64>::mapped(map, start, columns)?;
    let end = start + columns * size_of::<f64>();
    let is_right = crc32fast::hash(&map.bytes()[place.start..end]) == place.checksum;
    is_right.then(|| Block::new(place.rows, layout, narrow_numbers, wide_numbers, (&low, &high)))
}

fn text(map: &Mapped, place: TextPlace) -> Option<Vec<u32>> {
    let text = Numbers::<u32>::mapped(map, place.start, place.count)?;
    let length = place.count * size_of::<u32>();
    let bytes = map.bytes().get(place.start..place.start + length + padding(length))?;
    (crc32fast::hash(bytes) == place.checksum).then(|| text.to_vec())
}
