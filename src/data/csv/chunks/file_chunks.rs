//! Splits a file into chunks that end where records end, so that each can be parsed separately.

use std::path::Path;

use memchr::memrchr2;

use crate::data::csv::chunks::chunk::Chunk;
use crate::data::csv::chunks::record_boundaries::RecordBoundaries;
use crate::data::csv::dialect::CsvFormat;
use crate::data::csv::dialect::Dialect;
use crate::data::csv::parser::{Parser, overlong};
use crate::data::csv::position::has_line_end;
use crate::data::error::{AtOffset, ErrorKind, Located};
use crate::data::limits::{MAX_BLANK_LINES, MAX_BYTES_BEHIND, MAX_QUOTED_BYTES, MAX_RECORD_BYTES};
use crate::data::source::file_signature::signature;
use crate::data::source::{Disk, FileVersion};

/// Ctrl-Z, which programs for DOS write after a text.
const END_OF_TEXT: u8 = 0x1a;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The chunks of a file, in order. Where it is split depends on the file and `target` only.
#[derive(Debug)]
pub(crate) struct FileChunks {
    disk: Disk,
    target: usize,
    dialect: Dialect,
    skip_rows: usize,
    skip_footer: usize,
    /// The next chunk or the fault in its place, read ahead because lines after the table are skipped.
    ahead: Option<Result<Chunk, Box<Located>>>,
    /// The number of chunks so far.
    index: usize,
    offset: usize,
    /// What was read after the last boundary.
    rest: Vec<u8>,
    is_done: bool,
}

impl FileChunks {
    /// Opens a regular file, or standard input.
    pub(crate) fn open(path: &Path, format: CsvFormat) -> Result<Self, ErrorKind> {
        let CsvFormat { dialect, skip_rows, skip_footer, reading, .. } = format;
        let disk = Disk::open(path, reading)?;
        Ok(Self {
            disk,
            target: reading.chunk,
            dialect,
            skip_rows,
            skip_footer,
            ahead: None,
            index: 0,
            offset: 0,
            rest: Vec::new(),
            is_done: false,
        })
    }

    /// Replaces `chunk` by the next one, of about `target` bytes; more only where a record is
    /// longer. False at the end of the file. After a fault there is none.
    pub(crate) fn next(&mut self, chunk: &mut Chunk) -> Result<bool, Box<Located>> {
        if self.skip_footer == 0 {
            return self.read(chunk);
        }
        *chunk = match self.ahead.take() {
            Some(ahead) => ahead?,
            None if self.index > 0 => return self.read(chunk),
            None => Chunk::default(),
        };
        if self.index == 0 {
            self.read(chunk)?;
        }
        let mut skipped = self.skip_footer;
        if !chunk.is_last {
            let ahead = match self.read_ahead(skipped) {
                Ok(ahead) => ahead,
                Err(fault) => {
                    // After this chunk, whose own fault comes first.
                    self.ahead = Some(Err(fault));
                    return Ok(true);
                }
            };
            let lines = ahead.filled_lines(self.dialect, skipped.saturating_add(1));
            if lines > skipped {
                self.ahead = Some(Ok(ahead));
                return Ok(true);
            }
            chunk.is_last = true;
            skipped -= lines;
        }
        chunk.drop_lines(self.dialect, skipped);
        Ok(true)
    }

    /// The next chunk, with more than this many lines that are not blank, unless the file ends: all that are skipped
    /// are in two chunks.
    fn read_ahead(&mut self, lines: usize) -> Result<Chunk, Box<Located>> {
        let mut ahead = Chunk::default();
        self.read(&mut ahead)?;
        while !ahead.is_last && ahead.filled_lines(self.dialect, lines.saturating_add(1)) <= lines {
            let mut more = Chunk::default();
            self.read(&mut more).map_err(|fault| fault.below(ahead.lines()))?;
            ahead.bytes.append(&mut more.bytes);
            ahead.is_last = more.is_last;
        }
        Ok(ahead)
    }

    /// The next chunk, with the lines after the table.
    fn read(&mut self, chunk: &mut Chunk) -> Result<bool, Box<Located>> {
        let is_first = self.index == 0;
        chunk.place.is_first = is_first;
        chunk.offset = self.offset;
        chunk.bytes.clear();
        chunk.bytes.append(&mut self.rest);
        self.index += 1;
        if !self.is_done {
            self.is_done = true; // unless it goes well
            self.is_done = self.fill(&mut chunk.bytes)?;
        }
        chunk.is_last = self.is_done;
        self.offset += chunk.bytes.len();
        if chunk.is_last && chunk.bytes.last() == Some(&END_OF_TEXT) {
            let length = chunk.bytes.iter().rposition(|byte| *byte != END_OF_TEXT).map_or(0, |last| last + 1);
            chunk.bytes.truncate(length);
        }
        chunk.has_mark = is_first && self.disk.is_utf16();
        if is_first && chunk.bytes.starts_with(BYTE_ORDER_MARK) {
            chunk.bytes.drain(..BYTE_ORDER_MARK.len());
            chunk.offset = BYTE_ORDER_MARK.len();
            chunk.has_mark = true;
        }
        if is_first {
            self.refuse_other_formats(&chunk.bytes)?;
        }
        Ok(is_first || !chunk.bytes.is_empty())
    }

    fn refuse_other_formats(&self, start: &[u8]) -> Result<(), Box<Located>> {
        match signature(start, self.disk.is_standard_input()) {
            Some(signature) => Err(Located::at_line(1, ErrorKind::NotCsv(signature))),
            None => Ok(()),
        }
    }

    /// Whether there is a record, or a fault, in the text from the beginning of the table on.
    fn has_record(&self, table: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(table) else { return true };
        !matches!(Parser::new(text, self.dialect).next_record(), Ok(false))
    }

    /// Whether the file was changed since it was opened.
    pub(crate) fn is_changed(&self) -> bool {
        self.disk.is_changed()
    }

    /// What identifies the version of the file; none of standard input.
    pub(crate) fn version(&self) -> Option<FileVersion> {
        self.disk.version()
    }

    /// Reads what is left after a fault, `lines` being those so far, and of standard input no more
    /// than [`MAX_BYTES_BEHIND`]: the fault, or another one that explains more. What the first bytes say
    /// the file to be explains all.
    pub(crate) fn skip(&mut self, mut fault: Box<Located>, mut lines: u64) -> Box<Located> {
        if let ErrorKind::NotCsv(_) = fault.kind {
            return fault;
        }
        let is_endless = self.disk.is_standard_input();
        let end = if is_endless { self.offset.saturating_add(MAX_BYTES_BEHIND) } else { usize::MAX };
        let mut chunk = Chunk::default();
        while self.offset < end {
            let found = match self.next(&mut chunk) {
                Ok(false) => break,
                Ok(true) => chunk.text().err(),
                Err(error) => Some(error),
            };
            if let Some(error) = found {
                fault = fault.more_informative(error.below(lines));
            }
            lines += chunk.lines();
        }
        fault
    }

    /// The hash, in hexadecimal, and the number of the bytes that were read from disk.
    pub(crate) fn finish(self) -> (String, u64) {
        self.disk.finish()
    }

    /// Reads up to a record boundary; returns whether the file ended.
    fn fill(&mut self, bytes: &mut Vec<u8>) -> Result<bool, Box<Located>> {
        let mut boundaries = RecordBoundaries::new(self.dialect);
        let is_first = self.index == 1;
        // Where the records start, once it is known: after what the file begins with.
        let mut table = (!is_first).then_some(0);
        loop {
            let wanted = self.target.saturating_sub(bytes.len()).max(self.target.div_ceil(2));
            // A byte order mark is never split.
            let wanted = if bytes.is_empty() { wanted.max(BYTE_ORDER_MARK.len()) } else { wanted };
            let before = bytes.len();
            let read = self.disk.read(wanted, bytes);
            read.map_err(|kind| AtOffset::new(before, kind).located(bytes))?;
            let mark = if is_first && bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
            // At once: what follows in such a file may look like any other fault.
            if is_first && before == 0 {
                self.refuse_other_formats(&bytes[mark..])?;
            }
            if bytes.len() - before < wanted {
                return Ok(true);
            }
            if table.is_none() {
                // What is before the table may have quotes that are not closed.
                table = start_of_line(&bytes[mark..], self.skip_rows).map(|start| mark + start);
                table.into_iter().for_each(|start| boundaries.start_at(start));
            }
            let border = table.and_then(|start| {
                let border = boundaries.last_in(bytes)?;
                // What a file without a record is called depends on all of it, as far as it is looked at: as many blank
                // lines are that many bytes or more.
                let is_enough = !is_first
                    || bytes.len() - start > MAX_BLANK_LINES as usize
                    || self.has_record(&bytes[start..border]);
                is_enough.then_some(border)
            });
            if let Some(border) = border {
                self.rest.extend_from_slice(&bytes[border..]);
                bytes.truncate(border);
                return Ok(false);
            }
            refuse_endless_line(&bytes[mark..], self.dialect.delimiter)
                .map_err(|at| at.located(&bytes[mark..]))?;
            if bytes.len() > MAX_QUOTED_BYTES && boundaries.is_quoted() {
                // The parser finds the fault; the chunk ends with a line, so that it is text.
                bytes.truncate(memrchr2(b'\n', b'\r', bytes).map_or(0, |end| end + 1));
                return Ok(true);
            }
        }
    }
}

/// Where the line starts that `lines` lines are before.
fn start_of_line(bytes: &[u8], lines: usize) -> Option<usize> {
    let mut at = 0;
    for _ in 0..lines {
        at += memchr::memchr2(b'\n', b'\r', &bytes[at..])? + 1;
        match bytes.get(at) {
            Some(b'\n') if bytes[at - 1] == b'\r' => at += 1,
            None if bytes[at - 1] == b'\r' => return None, // CR LF may have been cut
            _ => {}
        }
    }
    Some(at)
}

/// Refuses an overlong line before all of it is in memory.
fn refuse_endless_line(bytes: &[u8], delimiter: u8) -> Result<(), Box<AtOffset>> {
    let Some(start) = bytes.len().checked_sub(MAX_RECORD_BYTES + 1) else { return Ok(()) };
    let line = &bytes[start..];
    if has_line_end(line) {
        return Ok(());
    }
    let line_start = bytes[..start].iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
    let offset = line_start.map_or(0, |end| end + 1);
    Err(AtOffset::new(offset, overlong(line, delimiter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_before_a_table_end_as_others_do() {
        let cases: [(&[u8], usize, Option<usize>); 8] = [
            (b"a\n\nb", 1, Some(2)),
            (b"a\r\nb", 1, Some(3)),
            (b"a\r\n\r\nb", 2, Some(5)),
            (b"a\rb", 1, Some(2)),
            (b"a\n", 1, Some(2)),
            // LF may follow.
            (b"a\r", 1, None),
            (b"a", 1, None),
            (b"a", 0, Some(0)),
        ];
        for (bytes, lines, expected) in cases {
            assert_eq!(start_of_line(bytes, lines), expected, "{bytes:?}");
        }
    }

    #[test]
    fn an_endless_line_is_refused_at_its_start() {
        let offset = |text: &str, more: usize| {
            let text = text.to_owned() + &"x".repeat(MAX_RECORD_BYTES + more);
            refuse_endless_line(text.as_bytes(), b',').err().map(|at| at.offset)
        };
        assert_eq!(offset("", 0), None);
        assert_eq!(offset("", 1), Some(0));
        assert_eq!(offset("ab\r\nc", 1), Some(4));
        assert_eq!(offset("ab\n", 0), None);
    }
}
