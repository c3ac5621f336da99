//! How the text of files is read.

use std::num::NonZeroUsize;
use std::thread;

use crate::data::csv::dialect::Dialect;
use crate::data::error::ErrorKind;
use crate::data::limits::MAX_BYTES;
use crate::data::spec::DataSpec;
use crate::data::spec_check;
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
    /// Checks `spec` as far as that needs no file.
    pub(crate) fn new(spec: &DataSpec, reading: Reading) -> Result<Self, ErrorKind> {
        if let Some(problem) = spec_check::problems(spec).into_iter().next() {
            return Err(ErrorKind::Spec(problem));
        }
        let memory = reading.memory.min(spec.memory);
        Ok(Self {
            dialect: Dialect::new(spec),
            is_delimiter_told: spec.delimiter.is_some(),
            header: spec.header,
            reading: Reading { memory, ..reading },
        })
    }
}
