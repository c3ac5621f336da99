//! Data on a terminal: cells come from anywhere, and a terminal acts on control characters.

use std::io::{self, Write};
use std::mem;

use crate::text::escaped_lines;

/// Passes on UTF-8 text with everything escaped that a terminal would act on; line feeds and tabs stay.
pub(crate) struct TerminalText<W> {
    inner: W,
    /// The start of a character that is not complete yet.
    cut: Vec<u8>,
}

impl<W: Write> TerminalText<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, cut: Vec::new() }
    }
}

impl<W: Write> Write for TerminalText<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = mem::take(&mut self.cut);
        text.extend_from_slice(bytes);
        let end = match std::str::from_utf8(&text) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => text.len(),
        };
        self.cut = text.split_off(end);
        self.inner.write_all(escaped_lines(&String::from_utf8_lossy(&text)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_wherever_the_text_is_cut() {
        let text = "id\tclass\nü\u{1b}[31mred\u{7}\u{9b}1m,\u{202e}x\r\n€,\"a\"\n";
        let expected = "id\tclass\nü\\u{1b}[31mred\\u{7}\\u{9b}1m,\\u{202e}x\\r\n€,\"a\"\n";
        for size in 1..=text.len() {
            let mut shown = Vec::new();
            let mut terminal = TerminalText::new(&mut shown);
            for part in text.as_bytes().chunks(size) {
                terminal.write_all(part).expect("memory can be written");
            }
            assert_eq!(String::from_utf8(shown).expect("UTF-8"), expected, "{size} bytes at a time");
        }
    }
}
