//! The bytes of a data file: read once, hashed as they are on disk, decompressed.

pub(crate) mod encoding_guess;
pub(crate) mod file_signature;
#[cfg(not(feature = "unicode"))]
mod no_utf16;
pub(crate) mod paths;
pub(crate) mod pattern;
pub(crate) mod stdin;
#[cfg(any(not(feature = "gzip"), not(feature = "zstd")))]
mod unavailable;
#[cfg(feature = "unicode")]
mod utf16;
#[cfg(feature = "zstd")]
mod zstd;

use std::fs::{File, FileType, Metadata};
use std::io::{self, BufReader, Read, Stdin};
use std::path::Path;
#[cfg(feature = "cli")]
use std::path::PathBuf;
use std::time::SystemTime;

#[cfg(feature = "gzip")]
use flate2::read::MultiGzDecoder as GzipReader;
use sha2::{Digest, Sha256};

use crate::data::csv::dialect::ReadOptions;
use crate::data::error::ErrorKind;
use crate::data::error::phrases::NonRegularFile;
#[cfg(not(feature = "unicode"))]
use crate::data::source::no_utf16::NoUtf16 as Utf16;
use crate::data::source::stdin::Spooled;
#[cfg(not(feature = "gzip"))]
use crate::data::source::unavailable::Unavailable as GzipReader;
#[cfg(not(feature = "zstd"))]
use crate::data::source::unavailable::Unavailable as ZstdReader;
#[cfg(feature = "unicode")]
use crate::data::source::utf16::Utf16;
#[cfg(feature = "zstd")]
use crate::data::source::zstd::ZstdReader;
use crate::text::STANDARD_INPUT;

/// Bytes that are looked at to recognize an encoding: those of the longest byte order mark.
const MARK_BYTES: usize = 4;

/// A regular file, or standard input, that is read from beginning to end; a file whose name ends in
/// `.gz` or `.zst` is decompressed, and UTF-16 with its byte order mark becomes UTF-8.
#[derive(Debug)]
pub(crate) struct Disk {
    body: Body,
    encoding: FileEncoding,
    /// The limit on bytes of text, and those read so far.
    limit: u64,
    read: u64,
    /// That of a regular file when it was opened.
    version: Option<FileVersion>,
}

/// What changes when a file is written or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileVersion {
    length: u64,
    modified: Option<SystemTime>,
    /// Device and number, where files have them.
    identity: (u64, u64),
}

impl FileVersion {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let identity = (0, 0);
        Self { length: metadata.len(), modified: metadata.modified().ok(), identity }
    }
}

#[derive(Debug)]
enum FileEncoding {
    /// Nothing was read yet.
    Unknown,
    /// UTF-8, or what is not text.
    Plain,
    Utf16(Utf16),
}

#[derive(Debug)]
enum Body {
    Plain(Hashing),
    Gzip(Box<GzipReader<BufReader<Hashing>>>),
    Zstd(Box<ZstdReader<BufReader<Hashing>>>),
}

impl Disk {
    /// Opens a file, of which as many bytes of text are read at most as `reading` allows.
    pub(crate) fn open(path: &Path, reading: ReadOptions) -> Result<Self, ErrorKind> {
        let ReadOptions { limit, memory, streamed, .. } = reading;
        if path == Path::new(STANDARD_INPUT) {
            // Kept as text, too.
            let limit = if streamed { limit } else { limit.min(memory.0) };
            let input =
                if streamed { Input::Stream(io::stdin()) } else { Input::Spooled(Spooled::default()) };
            let body = Body::Plain(Hashing::new(input, streamed));
            return Ok(Self { body, encoding: FileEncoding::Unknown, limit, read: 0, version: None });
        }
        let (file, version) = open(path)?;
        let hashing = Hashing::new(Input::File(file), streamed);
        let buffered = |hashing| BufReader::with_capacity(1 << 16, hashing);
        let ends_in =
            |ending: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending));
        let body = if ends_in("gz") {
            Body::Gzip(Box::new(GzipReader::new(buffered(hashing))))
        } else if ends_in("zst") {
            Body::Zstd(Box::new(ZstdReader::new(buffered(hashing))))
        } else if version.length > limit {
            return Err(ErrorKind::TooLarge { needs: version.length, limit });
        } else {
            Body::Plain(hashing)
        };
        Ok(Self { body, encoding: FileEncoding::Unknown, limit, read: 0, version: Some(version) })
    }

    /// Opens a file that was open before; none if it was standard input, which was not kept.
    pub(crate) fn open_again(path: &Path) -> Result<Option<Self>, ErrorKind> {
        if path == Path::new(STANDARD_INPUT) && !stdin::is_kept() {
            return Ok(None);
        }
        Self::open(path, ReadOptions { limit: u64::MAX, ..ReadOptions::default() }).map(Some)
    }

    /// Appends the next `count` bytes of text, or a few more; fewer only at the end.
    pub(crate) fn read(&mut self, count: usize, to: &mut Vec<u8>) -> Result<(), ErrorKind> {
        if to.try_reserve(count).is_err() {
            return Err(ErrorKind::OutOfMemory { needs: (to.len() + count) as u64 });
        }
        let needs = self.read + count as u64;
        let read = self.read_text(count, to).map_err(|error| match &self.body {
            _ if matches!(self.encoding, FileEncoding::Utf16(_))
                && error.kind() == io::ErrorKind::InvalidData =>
            {
                ErrorKind::Read(error)
            }
            _ if error.kind() == io::ErrorKind::OutOfMemory => ErrorKind::OutOfMemory { needs },
            Body::Plain(_) => ErrorKind::Read(error),
            // An empty file is not a truncated one.
            _ if self.body.hashing().bytes == 0 => ErrorKind::Empty,
            _ if error.raw_os_error().is_some() => ErrorKind::Read(error),
            Body::Gzip(_) => ErrorKind::Unpack("gzip", error),
            Body::Zstd(_) => ErrorKind::Unpack("zstd", error),
        })?;
        self.read += read as u64;
        if read < count && self.is_changed() {
            return Err(ErrorKind::Changed);
        }
        let limit = self.limit;
        match &self.body {
            _ if self.read <= limit => Ok(()),
            Body::Plain(Hashing { input: Input::Spooled(_), .. }) => {
                Err(ErrorKind::TooLargeSpooled { limit })
            }
            Body::Plain(_) => Err(ErrorKind::TooLarge { needs: self.read, limit }),
            Body::Gzip(_) | Body::Zstd(_) => Err(ErrorKind::TooLargeUnpacked { limit }),
        }
    }

    /// What identifies the version of the file that was opened; none of standard input.
    pub(crate) fn version(&self) -> Option<FileVersion> {
        self.version
    }

    /// What identifies the version of the file that is there now, if there is one; none of standard input.
    pub(crate) fn version_of(path: &Path) -> Option<FileVersion> {
        let is_file = path != Path::new(STANDARD_INPUT);
        let metadata = is_file.then(|| std::fs::metadata(path).ok()).flatten()?;
        Some(FileVersion::of(&metadata))
    }

    /// Whether the file was changed since it was opened.
    pub(crate) fn is_changed(&self) -> bool {
        let Input::File(file) = &self.body.hashing().input else { return false };
        file.metadata().is_ok_and(|metadata| self.version != Some(FileVersion::of(&metadata)))
    }

    /// Appends the next `count` bytes of text, of which the first bytes of the file say how it is encoded.
    fn read_text(&mut self, count: usize, to: &mut Vec<u8>) -> io::Result<usize> {
        let Self { body, encoding, .. } = self;
        let mut start = Vec::new();
        if let FileEncoding::Unknown = encoding {
            body.read(MARK_BYTES as u64, &mut start)?;
            *encoding = Utf16::new(&start).map_or(FileEncoding::Plain, FileEncoding::Utf16);
        }
        match encoding {
            FileEncoding::Utf16(decoder) => {
                decoder.read(count, to, |count, bytes| body.read(count as u64, bytes))
            }
            FileEncoding::Plain | FileEncoding::Unknown => {
                to.extend_from_slice(&start);
                let rest = count.saturating_sub(start.len());
                Ok(start.len() + body.read(rest as u64, to)?)
            }
        }
    }

    /// Whether the text was UTF-16 with a byte order mark; known once some of it was read.
    pub(crate) fn is_utf16(&self) -> bool {
        matches!(self.encoding, FileEncoding::Utf16(_))
    }

    /// Whether it is standard input, which may never end.
    pub(crate) fn is_standard_input(&self) -> bool {
        matches!(self.body.hashing().input, Input::Spooled(_) | Input::Stream(_))
    }

    /// The hash, in hexadecimal and empty where it is streamed, and the number of the bytes that were
    /// read from disk.
    pub(crate) fn finish(self) -> (String, u64) {
        let hashing = match self.body {
            Body::Plain(file) => file,
            Body::Gzip(file) => file.into_inner().into_inner(),
            Body::Zstd(file) => file.into_inner().into_inner(),
        };
        let bytes = hashing.bytes;
        (hashing.hash(), bytes)
    }
}

impl Body {
    fn read(&mut self, count: u64, to: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.take(count).read_to_end(to),
            Self::Gzip(file) => file.as_mut().take(count).read_to_end(to),
            Self::Zstd(file) => file.as_mut().take(count).read_to_end(to),
        }
    }

    fn hashing(&self) -> &Hashing {
        match self {
            Self::Plain(file) => file,
            Self::Gzip(file) => file.get_ref().get_ref(),
            Self::Zstd(file) => file.get_ref().get_ref(),
        }
    }
}

/// The hash of the bytes of each file, in hexadecimal; none if one cannot be read.
#[cfg(feature = "cli")]
pub(crate) fn file_hashes(files: &[PathBuf]) -> Option<Vec<String>> {
    let of_file = |path: &PathBuf| {
        let mut hashing = Hashing::new(Input::File(open(path).ok()?.0), false);
        io::copy(&mut hashing, &mut io::sink()).ok()?;
        Some(hashing.hash())
    };
    files.iter().map(of_file).collect()
}

/// The hash of a table from those of its files, in hexadecimal: that of the only file, or that of a text with the
/// hash of each file in a line.
pub(crate) fn combined_hash<'h>(hashes: impl ExactSizeIterator<Item = &'h str>) -> String {
    let is_one = hashes.len() == 1;
    let lines: String = hashes.map(|hash| format!("{hash}\n")).collect();
    match is_one {
        true => lines.trim_end().to_owned(),
        false => format!("{:x}", Sha256::digest(lines)),
    }
}

/// Opens a regular file; anything else could block, or never end.
fn open(path: &Path) -> Result<(File, FileVersion), ErrorKind> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            match path.to_string_lossy().chars().any(char::is_control) {
                true => ErrorKind::NotFoundEscaped,
                false => ErrorKind::NotFound,
            }
        }
        _ => ErrorKind::Read(error),
    };
    // Asked before opening, because opening a FIFO waits for a writer.
    let regular = |metadata: Metadata| match metadata.is_file() {
        true => Ok(FileVersion::of(&metadata)),
        false if metadata.is_dir() => Err(directory(path)),
        false => Err(ErrorKind::NotAFile(kind_of(metadata.file_type()))),
    };
    regular(std::fs::metadata(path).map_err(failed)?)?;
    let file = File::open(path).map_err(failed)?;
    let version = regular(file.metadata().map_err(failed)?)?;
    Ok((file, version))
}

fn directory(path: &Path) -> ErrorKind {
    ErrorKind::Directory {
        pattern: pattern::of_folder(path).unwrap_or_else(|| pattern::from_folder(Path::new("*.csv"), path)),
    }
}

fn kind_of(kind: FileType) -> NonRegularFile {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return NonRegularFile::NamedPipe;
        }
        if kind.is_socket() {
            return NonRegularFile::Socket;
        }
        if kind.is_char_device() {
            return NonRegularFile::CharacterDevice;
        }
        if kind.is_block_device() {
            return NonRegularFile::BlockDevice;
        }
    }
    #[cfg(not(unix))]
    let _ = kind;
    NonRegularFile::Unknown
}

/// Bytes that are counted as they are read, and hashed unless the file is streamed.
#[derive(Debug)]
struct Hashing {
    input: Input,
    sha256: Option<Sha256>,
    bytes: u64,
}

#[derive(Debug)]
enum Input {
    File(File),
    Spooled(Spooled),
    Stream(Stdin),
}

impl Hashing {
    /// In hexadecimal; empty where it is not needed.
    fn hash(self) -> String {
        self.sha256.map_or_else(String::new, |sha256| format!("{:x}", sha256.finalize()))
    }

    fn new(input: Input, streamed: bool) -> Self {
        Self { input, sha256: (!streamed).then(Sha256::new), bytes: 0 }
    }
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.input {
            Input::File(file) => file.read(buffer)?,
            Input::Spooled(spooled) => spooled.read(buffer)?,
            Input::Stream(stdin) => stdin.read(buffer)?,
        };
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(&buffer[..count]);
        }
        self.bytes += count as u64;
        Ok(count)
    }
}
