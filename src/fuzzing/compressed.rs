//! Compressed input: the same text whatever the size of the reads, or an error.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::data::csv::dialect::ReadOptions;
use crate::data::source::Disk;
use crate::fuzzing::{ScratchFile, check_message};

/// Most bytes of text.
const LIMIT: usize = (1 << 16) - 1;
/// Bytes of a small read; a whole number of them is one more than the limit.
const PART: usize = 256;

/// The bytes of a `.gz` file; or, after a `D`, a deflate stream, which is given a header and its checksum so that
/// a change of the stream is not refused for that.
pub fn gzip(input: &[u8]) {
    let Some(stream) = input.strip_prefix(b"D") else {
        let _ = read("gz", input);
        return;
    };
    let mut inflater = Decompress::new(false);
    let mut text = vec![0; LIMIT + 1];
    let status = inflater.decompress(stream, &mut text, FlushDecompress::Finish);
    text.truncate(inflater.total_out() as usize);
    let mut file = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    file.extend(&stream[..inflater.total_in() as usize]);
    let mut crc = Crc::new();
    crc.update(&text);
    file.extend(crc.sum().to_le_bytes());
    file.extend((text.len() as u32).to_le_bytes());
    let found = read("gz", &file);
    // A text with the mark of UTF-16 is converted, so it has other bytes and another length.
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return;
    }
    if matches!(status, Ok(Status::StreamEnd)) && text.len() <= LIMIT {
        assert_eq!(found.as_deref(), Ok(&*text), "the text of a whole stream");
    } else {
        assert!(found.is_err(), "accepted a stream that is damaged or too long");
    }
}

/// The bytes of a `.zst` file.
pub fn zstd(input: &[u8]) {
    let _ = read("zst", input);
}

/// The text of a file with this ending.
fn read(ending: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let file = ScratchFile::new(ending, bytes);
    let at_once = read_by(&file, LIMIT + 1);
    let by_parts = read_by(&file, PART);
    assert_eq!(at_once, by_parts, "the size of the reads does not matter");
    at_once.inspect_err(|message| check_message(message))
}

/// Reads `count` bytes at a time.
fn read_by(file: &ScratchFile, count: usize) -> Result<Vec<u8>, String> {
    let reading = ReadOptions { limit: LIMIT as u64, ..ReadOptions::default() };
    let mut disk = Disk::open(&file.0, reading).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    loop {
        let before = text.len();
        disk.read(count, &mut text).map_err(|error| error.to_string())?;
        if text.len() < before + count {
            return Ok(text);
        }
    }
}
