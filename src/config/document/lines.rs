//! Finds the line of a byte.

/// A text that knows where its lines start.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(place, _)| place + 1);
        Self { text, starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    /// The line of a byte, from 1; past the end it is the last line.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset)
    }

    /// The byte at which a line (from 1) starts.
    pub(crate) fn start(&self, line: usize) -> usize {
        self.starts[line - 1]
    }

    /// A line (from 1) without its break.
    pub(crate) fn content(&self, line: usize) -> &'t str {
        self.text[self.start(line)..].split(['\n', '\r']).next().unwrap_or_default()
    }
}
