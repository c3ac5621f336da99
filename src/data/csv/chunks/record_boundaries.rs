//! Finds where text can be split so that every chunk holds whole records.

use memchr::{memchr_iter, memchr2, memchr3, memrchr2};

use crate::data::csv::dialect::Dialect;

/// Looks for the last boundary between records in growing bytes, which start outside of quotes, at the
/// start of a line.
///
/// Malformed CSV may be split anywhere after its first error. No boundary follows a comment, so that
/// only the last chunk can hold nothing but comments.
#[derive(Debug)]
pub(crate) struct RecordBoundaries {
    quote: Option<u8>,
    comment: Option<u8>,
    seen: usize,
    state: State,
    last: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the start of a line, outside of quotes. Without comments lines are not distinguished, and
    /// this is anywhere outside of quotes.
    Line,
    Record,
    Quoted,
    Comment,
}

impl RecordBoundaries {
    pub(crate) fn new(dialect: Dialect) -> Self {
        let Dialect { quote, comments, .. } = dialect;
        Self { quote, comment: comments.skipped(), seen: 0, state: State::Line, last: None }
    }

    /// Skips the first bytes of the file.
    pub(crate) fn start_at(&mut self, offset: usize) {
        self.seen = offset;
    }

    /// Whether the bytes end within quotes, as far as they are known.
    pub(crate) fn is_quoted(&self) -> bool {
        self.state == State::Quoted
    }

    /// The last boundary in `bytes`, the first of which were scanned before.
    pub(crate) fn last_in(&mut self, bytes: &[u8]) -> Option<usize> {
        // A CR at the end may be the first half of CR LF.
        let known = bytes.len() - usize::from(bytes.last() == Some(&b'\r'));
        if known > self.seen {
            match self.comment {
                Some(comment) => self.by_lines(bytes, known, comment),
                None => self.by_quotes(bytes, known),
            }
            self.seen = known;
        }
        self.last
    }

    /// Only quotes are visited, which is fast where they are rare.
    fn by_quotes(&mut self, bytes: &[u8], known: usize) {
        let mut start = self.seen;
        if let Some(quote) = self.quote {
            for place in memchr_iter(quote, &bytes[self.seen..known]) {
                let place = self.seen + place;
                if self.state == State::Quoted {
                    self.state = State::Line;
                } else {
                    self.last = last_line_end(bytes, start, place).or(self.last);
                    self.state = State::Quoted;
                }
                start = place + 1;
            }
        }
        if self.state != State::Quoted {
            self.last = last_line_end(bytes, start, known).or(self.last);
        }
    }

    /// Quotes in comments do not count, so that every line is visited.
    fn by_lines(&mut self, bytes: &[u8], known: usize, comment: u8) {
        let quote = self.quote.unwrap_or(b'\n');
        let mut at = self.seen;
        while at < known {
            let rest = &bytes[at..known];
            let found = match self.state {
                State::Line => {
                    self.state = if rest[0] == comment { State::Comment } else { State::Record };
                    continue;
                }
                State::Record => memchr3(quote, b'\n', b'\r', rest),
                State::Quoted => memchr::memchr(quote, rest),
                State::Comment => memchr2(b'\n', b'\r', rest),
            };
            let Some(place) = found.map(|place| at + place) else { return };
            at = place + 1;
            match (self.state, bytes[place]) {
                (State::Quoted, _) => self.state = State::Record,
                (State::Record, byte) if Some(byte) == self.quote => self.state = State::Quoted,
                (state, byte) => {
                    at += usize::from(byte == b'\r' && bytes.get(at) == Some(&b'\n'));
                    if state == State::Record {
                        self.last = Some(at);
                    }
                    self.state = State::Line;
                }
            }
        }
    }
}

/// Where the last line that ends between two places does. No CR before `end` has its LF after it: there is a quote, or
/// the CR that ends the bytes.
fn last_line_end(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    memrchr2(b'\n', b'\r', &bytes[start..end]).map(|place| start + place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::dialect::Comments;

    /// Whatever part of the text was scanned before.
    #[track_caller]
    fn assert_boundaries(comments: Comments, text: &str, expected: &[usize], quoted: usize) {
        let dialect = Dialect { delimiter: b',', quote: Some(b'"'), comments };
        let bytes = text.as_bytes();
        for end in 0..=bytes.len() {
            // The LF after a CR may follow.
            let known = end - usize::from(bytes[..end].last() == Some(&b'\r'));
            let last = expected.iter().rev().find(|boundary| **boundary <= known);
            for before in 0..=end {
                let mut boundaries = RecordBoundaries::new(dialect);
                boundaries.last_in(&bytes[..before]);
                assert_eq!(boundaries.last_in(&bytes[..end]), last.copied(), "{before} {end}");
                assert_eq!(
                    boundaries.is_quoted(),
                    text[..known].matches('"').count() % 2 == 1 && known < quoted
                );
            }
        }
    }

    #[test]
    fn records_end_at_lines_outside_of_quotes() {
        let text = "a,\"x\n#y\"\nb\r\n1,2\r\"z\"\n";
        assert_boundaries(Comments::Absent, text, &[9, 12, 16, 20], text.len());
    }

    #[test]
    fn comments_may_have_quotes() {
        let text = "a,\"x\n#y\"\nb\r\n1,2\r3\n#c \"q\r\n#\n4\n";
        assert_boundaries(Comments::Skipped(b'#'), text, &[9, 12, 16, 18, 29], 9);
    }
}
