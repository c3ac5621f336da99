//! What of `[data]` can be checked before a file is read.

use std::num::NonZeroUsize;
use std::thread;

use crate::data::csv::dialect::Dialect;
use crate::data::error::ErrorKind;
use crate::data::limits::MAX_BYTES;
use crate::data::spec::DataSpec;
use crate::data::table::byte_size::Bytes;

/// How the text of every file of a config is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub(crate) dialect: Dialect,
    /// Whether somebody said that the delimiter is right.
    pub(crate) is_delimiter_told: bool,
    /// Whether the first record names the columns.
    pub(crate) header: bool,
    pub(crate) reading: Reading,
}

/// How much is read, and in which portions; beyond the limit nothing of it shows in what is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// Bytes that the text of a file may have.
    pub(crate) limit: u64,
    /// Bytes that its rows may take in memory; that of the config if this is more.
    pub(crate) memory: Bytes,
    /// Bytes that a thread parses at a time: few enough to stay in its cache.
    pub(crate) chunk: usize,
    pub(crate) threads: NonZeroUsize,
    /// Whether nobody asks for the hash, and standard input is read but once.
    pub(crate) streamed: bool,
    /// Whether a single column is enough.
    pub(crate) one_column: bool,
}

impl Default for Reading {
    fn default() -> Self {
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            limit: MAX_BYTES,
            memory: Bytes(u64::MAX),
            chunk: 1 << 18,
            threads,
            streamed: false,
            one_column: false,
        }
    }
}

impl Format {
    /// Checks the dialect, and that the parts of the split do not contradict each other.
    pub(crate) fn new(spec: &DataSpec, reading: Reading) -> Result<Self, ErrorKind> {
        let dialect = Dialect::new(spec)?;
        if spec.header && !spec.column_names.is_empty() {
            return Err(ErrorKind::NamesTwice);
        }
        let parts = [("valid", spec.valid, &spec.valid_path), ("test", spec.test, &spec.test_path)];
        for (key, share, path) in parts {
            if !(0.0..1.0).contains(&share) {
                return Err(ErrorKind::Share { key, share });
            }
            if share > 0.0 && path.is_some() {
                return Err(ErrorKind::ShareAndFile { key });
            }
        }
        if spec.valid + spec.test >= 1.0 {
            return Err(ErrorKind::Shares { valid: spec.valid, test: spec.test });
        }
        let memory = reading.memory.min(spec.memory);
        Ok(Self {
            dialect,
            is_delimiter_told: spec.delimiter.is_some(),
            header: spec.header,
            reading: Reading { memory, ..reading },
        })
    }
}
