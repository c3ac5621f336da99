//! A part of the text of a file.

use memchr::memrchr2;

use crate::data::csv::dialect::Dialect;
use crate::data::csv::position::line_ends;
use crate::data::error::{AtOffset, ErrorKind, Located};

/// Text of a file that ends at a record boundary.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// From 0, in the order of all files.
    pub(crate) index: usize,
    /// The place of its file among all.
    pub(crate) file: usize,
    /// What is known of its place in the file.
    pub(crate) place: ChunkPlace,
    /// Decompressed, without byte order mark.
    pub(crate) bytes: Vec<u8>,
    /// Bytes of the file before these, decompressed.
    pub(crate) offset: usize,
    /// Whether the file is known to end here.
    pub(crate) is_last: bool,
    /// Whether the file begins with a byte order mark; of the first chunk.
    pub(crate) has_mark: bool,
}

/// Where in its file a chunk is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ChunkPlace {
    /// Whether the file begins with it.
    pub(crate) is_first: bool,
    /// The line of the first record of the file, which says how many columns there are.
    pub(crate) first_line: u64,
}

impl Chunk {
    /// The text, if it is UTF-8.
    pub(crate) fn text(&self) -> Result<&str, Box<Located>> {
        let error = |offset, kind| AtOffset::new(offset, kind).located(&self.bytes);
        let text = std::str::from_utf8(&self.bytes).map_err(|utf8| {
            let place = utf8.valid_up_to();
            let (byte, offset) = (self.bytes[place], self.offset + place);
            error(place, ErrorKind::NotUtf8 { byte, offset, guess: None })
        })?;
        match memchr::memchr(0, &self.bytes) {
            Some(offset) => Err(error(offset, ErrorKind::Nul)),
            None => Ok(text),
        }
    }

    /// Whether the file begins with a byte order mark; of the first chunk.
    pub(crate) fn has_mark(&self) -> bool {
        self.has_mark
    }

    /// The end of its first line.
    pub(crate) fn line_end(&self) -> &'static str {
        let end = memchr::memchr2(b'\n', b'\r', &self.bytes);
        match end.map(|end| (self.bytes[end], self.bytes.get(end + 1))) {
            Some((b'\r', Some(b'\n'))) => "\r\n",
            Some((b'\r', _)) => "\r",
            _ => "\n",
        }
    }

    /// The number of lines that are not blank, up to `most`.
    pub(crate) fn filled_lines(&self, dialect: Dialect, most: usize) -> usize {
        let lines = self.bytes.rsplit(|byte| matches!(byte, b'\n' | b'\r'));
        lines.filter(|line| !line.iter().all(|byte| dialect.is_blank(*byte))).take(most).count()
    }

    /// Drops the last lines that are not blank, and blank ones after them.
    pub(crate) fn drop_lines(&mut self, dialect: Dialect, count: usize) {
        let is_filled = |byte: &u8| !matches!(byte, b'\n' | b'\r') && !dialect.is_blank(*byte);
        for _ in 0..count {
            let last = self.bytes.iter().rposition(is_filled).unwrap_or(0);
            let end = memrchr2(b'\n', b'\r', &self.bytes[..last]);
            self.bytes.truncate(end.map_or(0, |end| end + 1));
        }
    }

    /// The number of lines; the last line of a file may lack its line end.
    pub(crate) fn lines(&self) -> u64 {
        let is_open = self.bytes.last().is_some_and(|&last| last != b'\n' && last != b'\r');
        (line_ends(&self.bytes) + usize::from(is_open)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_one_or_two_characters() {
        let line_end = |text: &str| Chunk { bytes: text.into(), ..Chunk::default() }.line_end();
        assert_eq!(
            ["a\nb\r", "a\r\nb", "a\rb\n", "a\r", "a"].map(line_end),
            ["\n", "\r\n", "\r", "\r", "\n"]
        );
    }
}
