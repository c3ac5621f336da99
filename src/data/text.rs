//! The text of a data file: read once, hashed as it lies on disk, checked to be UTF-8.

use std::fs::{File, FileType, Metadata};
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::error::{At, DataError};
use super::fault::Fault;
use super::lexer::overlong;
use super::limits::MAX_RECORD_BYTES;

const BYTE_ORDER_MARK: char = '\u{feff}';
/// Bytes read at a time. One more than a record may have, so that a block without a line end is
/// part of a record that is too long.
const BLOCK: usize = MAX_RECORD_BYTES + 1;

/// A file in memory.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) path: PathBuf,
    /// Of the bytes on disk, in hexadecimal.
    pub(super) sha256: String,
    /// On disk.
    pub(super) bytes: u64,
    /// Decompressed, without byte order mark.
    pub(super) body: String,
}

impl Text {
    /// Reads a regular file; one whose name ends in `.gz` is decompressed. `limit` is the number
    /// of bytes of text that are read at most.
    pub(super) fn read(path: &Path, delimiter: u8, limit: u64) -> Result<Self, DataError> {
        let fail = |fault| DataError::new(path, fault);
        let (file, length) = open(path).map_err(fail)?;
        let packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let mut body = Vec::new();
        if !packed {
            if length > limit {
                return Err(fail(Fault::TooLarge { needs: length, limit }));
            }
            // With the room that reading asks for, nothing is ever moved.
            reserve(&mut body, length + BLOCK as u64).map_err(fail)?;
        }
        let mut disk = Hashing { file, sha256: Sha256::new(), bytes: 0 };
        let read = if packed {
            let unpacked = MultiGzDecoder::new(BufReader::with_capacity(1 << 16, &mut disk));
            read_blocks(unpacked, &mut body, limit, delimiter)
        } else {
            read_blocks(&mut disk, &mut body, limit, delimiter)
        };
        read.map_err(|at| match at.fault {
            Fault::Read(_) if packed && disk.bytes == 0 => fail(Fault::Empty),
            Fault::TooLarge { .. } if packed => fail(Fault::TooLargeUnpacked { limit }),
            Fault::Read(error) if packed && error.raw_os_error().is_none() => fail(Fault::Gzip(error)),
            Fault::RecordTooLong | Fault::TooManyColumns => {
                fail(at.fault).at(Some(line_of(&body, at.offset)), None, None)
            }
            other => fail(other),
        })?;
        let body = utf8(body).map_err(|(body, at)| {
            let is_text = !matches!(at.fault, Fault::Disguised(_));
            fail(at.fault).at(is_text.then(|| line_of(&body, at.offset)), None, None)
        })?;
        let sha256 = format!("{:x}", disk.sha256.finalize());
        let text = Self { path: path.to_owned(), sha256, bytes: disk.bytes, body };
        if text.body.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Err(DataError::new(path, Fault::Empty));
        }
        match text.body.find('\0') {
            Some(offset) => Err(text.error(*At::new(offset, Fault::Nul), &[])),
            None => Ok(text),
        }
    }

    /// Tells a fault's place as line and column; `names` are those of the file's columns.
    pub(super) fn error(&self, at: At, names: &[String]) -> DataError {
        let At { offset, field, fault } = at;
        let character = fault.is_of_a_character().then(|| self.character_of(offset));
        let line = (!fault.is_of_the_file()).then(|| line_of(self.body.as_bytes(), offset));
        let column = field.and_then(|index| Some((index, names.get(index)?.clone())));
        DataError::new(&self.path, fault).at(line, character, column)
    }

    /// The place in its line, from 1, of the character at `offset`.
    fn character_of(&self, offset: usize) -> u64 {
        let before = self.body.get(..offset).unwrap_or_default();
        before.chars().rev().take_while(|char| !matches!(char, '\n' | '\r')).count() as u64 + 1
    }
}

/// The line ends in some bytes; CR LF is one.
pub(super) fn line_ends(bytes: &[u8]) -> usize {
    let feeds = bytes.iter().filter(|&&byte| byte == b'\n').count();
    if !bytes.contains(&b'\r') {
        return feeds;
    }
    let lone_returns = bytes.windows(2).filter(|pair| pair[0] == b'\r' && pair[1] != b'\n').count();
    feeds + lone_returns + usize::from(bytes.last() == Some(&b'\r'))
}

/// The physical line, from 1, that holds the byte at `offset`.
pub(super) fn line_of(bytes: &[u8], offset: usize) -> u64 {
    line_ends(bytes.get(..offset).unwrap_or(bytes)) as u64 + 1
}

/// Opens a regular file; anything else could block, or never end.
fn open(path: &Path) -> Result<(File, u64), Fault> {
    let told = |error: io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Fault::NotFound,
        _ => Fault::Read(error),
    };
    // Asked before opening, because opening a FIFO waits for a writer.
    let regular = |metadata: Metadata| match metadata.is_file() {
        true => Ok(metadata.len()),
        false => Err(Fault::NotAFile(kind_of(metadata.file_type()))),
    };
    regular(std::fs::metadata(path).map_err(told)?)?;
    let file = File::open(path).map_err(told)?;
    let length = regular(file.metadata().map_err(told)?)?;
    Ok((file, length))
}

fn kind_of(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a FIFO (named pipe)";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() {
            return "a character device";
        }
        if kind.is_block_device() {
            return "a block device";
        }
    }
    if kind.is_dir() { "a directory" } else { "a special file" }
}

/// Reads to the end, unless the text gets too long, as a whole or between two line ends.
fn read_blocks(mut from: impl Read, body: &mut Vec<u8>, limit: u64, delimiter: u8) -> Result<(), Box<At>> {
    loop {
        let start = body.len();
        reserve(body, BLOCK as u64).map_err(|fault| At::new(start, fault))?;
        let read = from.by_ref().take(BLOCK as u64).read_to_end(body);
        let count = read.map_err(|error| At::new(start, Fault::Read(error)))?;
        if body.len() as u64 > limit {
            return Err(At::new(start, Fault::TooLarge { needs: body.len() as u64, limit }));
        }
        let block = &body[start..];
        if count == BLOCK && !block.contains(&b'\n') && !block.contains(&b'\r') {
            return Err(At::new(start, overlong(block, delimiter)));
        }
        if count == 0 {
            return Ok(());
        }
    }
}

/// Room for more bytes, or a fault instead of an abort.
fn reserve(body: &mut Vec<u8>, more: u64) -> Result<(), Fault> {
    let needs = body.len() as u64 + more;
    let fits = usize::try_from(more).is_ok_and(|more| body.try_reserve(more).is_ok());
    if fits { Ok(()) } else { Err(Fault::OutOfMemory { needs }) }
}

/// The bytes as text without byte order mark, or what they seem to be instead.
fn utf8(bytes: Vec<u8>) -> Result<String, (Vec<u8>, Box<At>)> {
    if let Some(guise) = disguise(&bytes) {
        return Err((bytes, At::new(0, Fault::Disguised(guise))));
    }
    let mut body = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        let fault = Fault::NotUtf8 { byte: bytes[offset], offset };
        (bytes, At::new(offset, fault))
    })?;
    if body.starts_with(BYTE_ORDER_MARK) {
        body.drain(..BYTE_ORDER_MARK.len_utf8());
    }
    Ok(body)
}

/// What the first bytes give away.
fn disguise(bytes: &[u8]) -> Option<&'static str> {
    const GUISES: [(&[u8], &str); 6] = [
        (b"\xff\xfe", "UTF-16 (little-endian, by its byte order mark); save it as UTF-8"),
        (b"\xfe\xff", "UTF-16 (big-endian, by its byte order mark); save it as UTF-8"),
        (b"\x1f\x8b", "gzip; give it a name that ends in .gz"),
        (b"PK\x03\x04", "a ZIP archive or spreadsheet; save it as CSV"),
        (b"\xd0\xcf\x11\xe0", "an old spreadsheet; save it as CSV"),
        (b"PAR1", "Parquet; save it as CSV"),
    ];
    GUISES.iter().find(|(start, _)| bytes.starts_with(start)).map(|&(_, guise)| guise)
}

/// A file whose bytes are hashed and counted as they are read.
struct Hashing {
    file: File,
    sha256: Sha256,
    bytes: u64,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.sha256.update(&buffer[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}
