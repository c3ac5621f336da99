//! The bytes of a data file: read once, decompressed, hashed as they lie on disk.

use std::fs::{File, FileType, Metadata};
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::fault::Fault;

/// A regular file that is read from beginning to end; one whose name ends in `.gz` is decompressed.
#[derive(Debug)]
pub(super) struct Disk {
    body: Body,
    /// Bytes of text that are read at most, and those that were.
    limit: u64,
    read: u64,
}

#[derive(Debug)]
enum Body {
    Plain(Hashing),
    Packed(Box<MultiGzDecoder<BufReader<Hashing>>>),
}

impl Disk {
    /// Opens a file, of which `limit` bytes of text are read at most.
    pub(super) fn open(path: &Path, limit: u64) -> Result<Self, Fault> {
        let (file, length) = open(path)?;
        let hashing = Hashing { file, sha256: Sha256::new(), bytes: 0 };
        let body = if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz")) {
            Body::Packed(Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, hashing))))
        } else if length > limit {
            return Err(Fault::TooLarge { needs: length, limit });
        } else {
            Body::Plain(hashing)
        };
        Ok(Self { body, limit, read: 0 })
    }

    /// Appends the next `count` bytes of text; fewer only at the end.
    pub(super) fn read(&mut self, count: usize, to: &mut Vec<u8>) -> Result<(), Fault> {
        if to.try_reserve(count).is_err() {
            return Err(Fault::OutOfMemory { needs: (to.len() + count) as u64 });
        }
        let limit = self.limit;
        let read = match &mut self.body {
            Body::Plain(file) => file.take(count as u64).read_to_end(to).map_err(Fault::Read)?,
            Body::Packed(file) => match file.as_mut().take(count as u64).read_to_end(to) {
                Ok(read) => read,
                Err(_) if file.get_ref().get_ref().bytes == 0 => return Err(Fault::Empty),
                Err(error) if error.raw_os_error().is_none() => return Err(Fault::Gzip(error)),
                Err(error) => return Err(Fault::Read(error)),
            },
        };
        self.read += read as u64;
        match &self.body {
            _ if self.read <= limit => Ok(()),
            Body::Plain(_) => Err(Fault::TooLarge { needs: self.read, limit }),
            Body::Packed(_) => Err(Fault::TooLargeUnpacked { limit }),
        }
    }

    /// The hash, in hexadecimal, and the number of the bytes that were read from disk.
    pub(super) fn finish(self) -> (String, u64) {
        let Hashing { sha256, bytes, .. } = match self.body {
            Body::Plain(file) => file,
            Body::Packed(file) => file.into_inner().into_inner(),
        };
        (format!("{:x}", sha256.finalize()), bytes)
    }
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

/// A file whose bytes are hashed and counted as they are read.
#[derive(Debug)]
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
