//! Positions in text: lines, and characters of a line.

use memchr::{memchr_iter, memchr2};

use crate::data::error::{AtOffset, Located};

/// The line ends in some bytes; CR LF is one.
pub(crate) fn line_ends(bytes: &[u8]) -> usize {
    let lone_returns = memchr_iter(b'\r', bytes).filter(|&at| bytes.get(at + 1) != Some(&b'\n'));
    memchr_iter(b'\n', bytes).count() + lone_returns.count()
}

/// The physical line, from 1, that holds the byte at `offset`.
pub(crate) fn line_of(bytes: &[u8], offset: usize) -> u64 {
    line_ends(bytes.get(..offset).unwrap_or(bytes)) as u64 + 1
}

/// Whether a line ends somewhere in some bytes.
pub(crate) fn has_line_end(bytes: &[u8]) -> bool {
    memchr2(b'\n', b'\r', bytes).is_some()
}

impl AtOffset {
    /// The same error with its place as line and character of `text`.
    #[cold]
    pub(crate) fn located(self, text: &[u8]) -> Box<Located> {
        let Self { offset, field, kind } = self;
        let character = kind.is_of_a_character().then(|| character_of(text, offset));
        Box::new(Located { line: line_of(text, offset), character, field, kind })
    }
}

/// The place in its line, from 1, of the character at `offset`.
fn character_of(text: &[u8], offset: usize) -> u64 {
    let before = text.get(..offset).unwrap_or_default();
    let before = String::from_utf8_lossy(before);
    before.chars().rev().take_while(|char| !matches!(char, '\n' | '\r')).count() as u64 + 1
}

/// Converts ascending offsets to lines, scanning each byte once.
#[derive(Debug)]
pub(crate) struct LineCounter<'t> {
    text: &'t [u8],
    at: usize,
    line: u64,
}

impl<'t> LineCounter<'t> {
    /// Starts in line 1 of `text`.
    pub(crate) fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The line that holds the byte at `offset`, which is in a later record than the one before.
    pub(crate) fn line_of(&mut self, offset: usize) -> u64 {
        self.line += line_ends(&self.text[self.at..offset]) as u64;
        self.at = offset;
        self.line
    }
}
