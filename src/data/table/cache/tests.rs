use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::data::table::cache;
use crate::data::table::cache::read::CacheMiss;
use crate::data::table::cache::{CacheWriter, FORMAT, MAGIC, SideColumns, StoredFile, TRAILER, path_of};
use crate::data::table::matrix::{Block, Matrix};

const COLUMNS: usize = 3;

fn blocks() -> Vec<Block> {
    let values: [&[f64]; 3] = [
        &[1.0, 0.1, 255.0, 2.0, f64::NAN, -0.0, 3.0, 1e-300, 7.0],
        &[1.0, 2.0, 3.0],
        &[0.3, 0.5, f64::NAN, 0.1, 1.0, 4.0],
    ];
    values.map(|values| Block::pack(values, COLUMNS).expect("there is memory")).into()
}

fn write(path: &Path) {
    let mut writer = CacheWriter::new(path, COLUMNS).expect("the folder can be written");
    for block in blocks() {
        writer.push(&block).expect("it can be written");
    }
    let content = vec!["a".to_owned(), "é".to_owned()];
    writer.finish("key", &side(), &content).expect("it can be written");
}

fn side() -> SideColumns {
    SideColumns {
        numbers: vec![0.1, -0.0, 1e300],
        codes: vec![vec![0, 1, 0, 1, 1], vec![]],
        keys: vec![u64::MAX, 1 << 32, 7],
    }
}

fn open(path: &Path, key: &str) -> Result<StoredFile<Vec<String>>, CacheMiss> {
    cache::open(path, key)
}

/// All values as bits, so that NaN compares equal.
fn bits(matrix: &Matrix) -> Vec<u64> {
    let places = (0..matrix.rows()).flat_map(|row| (0..matrix.columns()).map(move |column| (row, column)));
    places.map(|(row, column)| matrix.value(row, column).to_bits()).collect()
}

#[test]
fn a_cache_reads_back_as_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = path_of(&folder.path().join("t.csv"));
    assert_eq!(path.file_name().and_then(|name| name.to_str()), Some("t.csv.bntrain-cache"));
    assert_eq!(open(&path, "key").unwrap_err(), CacheMiss::Absent);
    write(&path);
    let cache = open(&path, "key").expect("it is complete");
    let mut expected = Matrix::new(COLUMNS);
    blocks().into_iter().for_each(|block| expected.push(block));
    assert_eq!(bits(&cache.features), bits(&expected));
    let extents = |matrix: &Matrix| (0..COLUMNS).map(|column| matrix.extent(column)).collect::<Vec<_>>();
    assert_eq!(extents(&cache.features), extents(&expected));
    assert_eq!(cache.side, side());
    assert_eq!(cache.content, ["a", "é"]);
    let bytes = |matrix: Matrix| matrix.into_blocks().map(|block| block.bytes()).sum::<usize>();
    assert_eq!((bytes(cache.features), bytes(expected)), (0, 92));
}

#[test]
fn any_truncation_or_flipped_bit_is_detected() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("cache");
    write(&path);
    assert_eq!(open(&path, "other").unwrap_err(), CacheMiss::Stale);
    let whole = fs::read(&path).expect("it is there");
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).expect("it can be written");
        assert_eq!(open(&path, "key").unwrap_err(), CacheMiss::Damaged, "{length} bytes");
    }
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 1 << (place % 8);
        fs::write(&path, &damaged).expect("it can be written");
        assert_eq!(open(&path, "key").unwrap_err(), CacheMiss::Damaged, "byte {place}");
    }
    fs::remove_file(&path).and_then(|()| fs::create_dir(&path)).expect("a folder in its place");
    assert_eq!(open(&path, "key").unwrap_err(), CacheMiss::Damaged);
}

/// The file with `from` replaced in its directory, and the hash updated.
fn with_directory(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    let (before, trailer) = file.split_at(file.len() - TRAILER);
    let length = u64::from_le_bytes(trailer[..8].try_into().expect("8 bytes")) as usize;
    let (rows, directory) = before.split_at(before.len() - length);
    let directory = std::str::from_utf8(directory).expect("JSON");
    assert_eq!(directory.matches(from).count(), 1, "{directory}");
    let directory = directory.replace(from, to);
    let hash = Sha256::digest(&directory);
    [rows, directory.as_bytes(), &(directory.len() as u64).to_le_bytes(), &hash[..], &MAGIC].concat()
}

#[test]
fn caches_of_another_version_or_byte_order_are_stale() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("cache");
    write(&path);
    let whole = fs::read(&path).expect("it is there");
    let little = cfg!(target_endian = "little");
    let order = |little: bool| format!("\"little_endian\":{little}");
    for (from, to, expected) in [
        (format!("\"format\":{FORMAT}"), format!("\"format\":{}", FORMAT + 1), Err(CacheMiss::Stale)),
        (order(little), order(!little), Err(CacheMiss::Stale)),
        ("\"a\"".to_owned(), "\"b\"".to_owned(), Ok(vec!["b".to_owned(), "é".to_owned()])),
    ] {
        fs::write(&path, with_directory(&whole, &from, &to)).expect("it can be written");
        assert_eq!(open(&path, "key").map(|cache| cache.content), expected, "{to}");
    }
}
