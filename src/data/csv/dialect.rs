//! How the text of files is read: its special characters, and how much at a time.

use std::num::NonZeroUsize;
use std::thread;

use crate::data::error::ErrorKind;
use crate::data::limits::{MAX_BYTES, MAX_SURVEY_BYTES};
use crate::data::spec::{DataSpec, Mark};
use crate::data::spec_check;
use crate::data::table::byte_size::Bytes;

/// The special characters of a file, all ASCII and all different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Between fields; no line end.
    pub(crate) delimiter: u8,
    /// Around fields.
    pub(crate) quote: Option<u8>,
    pub(crate) comments: Comments,
}

/// How comment lines are handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comments {
    /// A line that starts with `#` is refused, since `comment` is not set.
    Refused,
    /// The file has none; a line may start with any character.
    Absent,
    /// Lines that start with this byte are skipped.
    Skipped(u8),
}

impl Dialect {
    /// The characters of `spec`, which was checked: each is ASCII.
    pub(crate) fn new(spec: &DataSpec) -> Self {
        let byte = |char: char| u8::try_from(char).expect("a checked character is ASCII");
        let comments = match spec.comment {
            Some(Mark(Some(char))) => Comments::Skipped(byte(char)),
            Some(Mark(None)) => Comments::Absent,
            None => Comments::Refused,
        };
        Self { delimiter: byte(spec.delimiter()), quote: spec.quote.0.map(byte), comments }
    }

    /// Whether a line of such bytes alone is blank. A tab that separates fields is none of them.
    pub(crate) fn is_blank(self, byte: u8) -> bool {
        byte == b' ' || (byte == b'\t' && self.delimiter != b'\t')
    }

    /// The quote, or the delimiter where there is no quote.
    pub(crate) fn quote_or_delimiter(self) -> u8 {
        self.quote.unwrap_or(self.delimiter)
    }
}

impl Comments {
    /// The first byte of lines that are skipped.
    pub(crate) fn skipped(self) -> Option<u8> {
        match self {
            Self::Skipped(byte) => Some(byte),
            Self::Refused | Self::Absent => None,
        }
    }
}

/// How the text of every file of a config is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CsvFormat {
    pub(crate) dialect: Dialect,
    /// Whether the delimiter was set, so that no other one is suggested.
    pub(crate) is_delimiter_set: bool,
    /// Whether the first record names the columns.
    pub(crate) header: bool,
    /// Lines before and after the table that are skipped.
    pub(crate) skip_rows: usize,
    pub(crate) skip_footer: usize,
    pub(crate) reading: ReadOptions,
}

/// Limits, chunk size and threads; apart from the limits, results do not depend on them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadOptions {
    /// Bytes that the text of a file may have.
    pub(crate) limit: u64,
    /// Bytes that its rows may take in memory; that of the config if this is more.
    pub(crate) memory: Bytes,
    /// Bytes of distinct values and row hashes that a survey of its columns may keep.
    pub(crate) survey: u64,
    /// Bytes that a thread parses at a time: few enough to stay in its cache.
    pub(crate) chunk: usize,
    pub(crate) threads: NonZeroUsize,
    /// Whether the file is read only once: without a hash, and standard input is not kept.
    pub(crate) streamed: bool,
    /// Whether a single column is enough.
    pub(crate) one_column: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            limit: MAX_BYTES,
            memory: Bytes(u64::MAX),
            survey: MAX_SURVEY_BYTES,
            chunk: 1 << 18,
            threads,
            streamed: false,
            one_column: false,
        }
    }
}

impl CsvFormat {
    /// Checks `spec` as far as that needs no file.
    pub(crate) fn new(spec: &DataSpec, reading: ReadOptions) -> Result<Self, ErrorKind> {
        if let Some(problem) = spec_check::problems(spec).into_iter().next() {
            return Err(ErrorKind::Spec(problem));
        }
        let memory = reading.memory.min(spec.memory);
        Ok(Self {
            dialect: Dialect::new(spec),
            is_delimiter_set: spec.delimiter.is_some(),
            header: spec.header,
            skip_rows: spec.skip_rows.unwrap_or(0),
            skip_footer: spec.skip_footer.unwrap_or(0),
            reading: ReadOptions { memory, ..reading },
        })
    }
}
