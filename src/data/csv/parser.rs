//! Parses CSV text into records and fields, strictly.
//!
//! The grammar is RFC 4180 with any one-byte delimiter and quote, or no quote at all, and LF, CRLF or
//! CR as line end; lines that start with a comment mark may be skipped. What other readers
//! reinterpret is an error here: a quote that never closes, quotes inside unquoted fields,
//! characters after a closing quote, blank lines between records, unexpected comment lines. Blank lines
//! at the end of the text are accepted.
//!
//! Nothing is allocated unless a field has doubled quotes. Places are byte offsets, and lines are
//! counted for a message only.

use std::borrow::Cow;

use memchr::memchr2;

use crate::data::csv::dialect::{Comments, Dialect};
use crate::data::csv::line_ends::LineEnds;
use crate::data::csv::position::line_of;
use crate::data::error::{AtOffset, ErrorKind};
use crate::data::limits::{MAX_COLUMNS, MAX_QUOTED_BYTES, MAX_RECORD_BYTES};

/// Visits every field of a text once, in order.
#[derive(Clone, Debug)]
pub(crate) struct Parser<'t> {
    text: &'t str,
    dialect: Dialect,
    ends_plain_run: [bool; 256],
    at: usize,
    record: usize,
    stop: usize, // where the current record becomes too long
    line_ends: LineEnds,
    comments: usize,          // lines that were skipped
    blank_end: Option<usize>, // where blank lines begin that nothing follows
}

/// A field of the current record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// Bytes of the content, without the quotes around it.
    start: usize,
    end: usize,
    /// Whether quotes inside are doubled.
    is_escaped: bool,
    /// Whether the record ends here.
    pub(crate) is_last: bool,
}

impl<'t> Parser<'t> {
    /// Starts at the first record.
    pub(crate) fn new(text: &'t str, dialect: Dialect) -> Self {
        let mut ends_plain_run = [false; 256];
        for byte in [dialect.delimiter, dialect.quote_or_delimiter(), b'\n', b'\r'] {
            ends_plain_run[usize::from(byte)] = true;
        }
        Self {
            text,
            dialect,
            ends_plain_run,
            at: 0,
            record: 0,
            stop: 0,
            line_ends: LineEnds::default(),
            comments: 0,
            blank_end: None,
        }
    }

    /// Skips lines before the first record, whatever is in them.
    pub(crate) fn skip_raw_lines(&mut self, count: usize) {
        for _ in 0..count {
            if self.at == self.text.len() {
                break;
            }
            match memchr2(b'\n', b'\r', &self.bytes()[self.at..]) {
                Some(length) => self.end_line(self.at + length),
                None => self.at = self.text.len(),
            }
        }
        self.line_ends = LineEnds::default();
    }

    /// Goes on to the next record; false at the end of the text.
    pub(crate) fn next_record(&mut self) -> Result<bool, Box<AtOffset>> {
        let first_blank = self.skip_lines();
        self.record = self.at;
        self.skip_spaces();
        self.stop = self.text.len().min(self.record + MAX_RECORD_BYTES + 1);
        match (self.bytes().get(self.at), first_blank) {
            (None, _) => {
                self.blank_end = first_blank;
                Ok(false)
            }
            (Some(_), Some(first_blank)) => Err(AtOffset::new(first_blank, ErrorKind::BlankLine)),
            (Some(b'#'), None) if self.dialect.comments == Comments::Refused => {
                Err(AtOffset::new(self.at, ErrorKind::Comment))
            }
            (Some(_), None) => Ok(true),
        }
    }

    /// The next field of the current record; call it until one is the last.
    #[inline]
    pub(crate) fn next_field(&mut self) -> Result<Field, Box<AtOffset>> {
        let bytes = self.bytes();
        let start = self.at;
        if let Some(quote) = self.dialect.quote
            && bytes.get(start) == Some(&quote)
        {
            return self.quoted_field(quote);
        }
        let run = bytes[start..self.stop].iter();
        let length = run.take_while(|&&byte| !self.ends_plain_run[usize::from(byte)]).count();
        let end = start + length;
        if bytes.get(end) == Some(&self.dialect.delimiter) && end < self.stop {
            return Ok(self.separate(Field { start, end, is_escaped: false, is_last: false }, end));
        }
        self.close(Field { start, end, is_escaped: false, is_last: false }, end)
    }

    /// Skips the fields of the current record, none of which was visited; returns their number.
    pub(crate) fn skip_fields(&mut self) -> Result<usize, Box<AtOffset>> {
        let mut fields = 1;
        while !self.next_field()?.is_last {
            fields += 1;
        }
        Ok(fields)
    }

    /// The content of a field of this text.
    #[inline]
    pub(crate) fn content(&self, field: Field) -> Cow<'t, str> {
        let raw = &self.text[field.start..field.end];
        match self.dialect.quote {
            Some(quote) if field.is_escaped => {
                let quote = char::from(quote).to_string();
                Cow::Owned(raw.replace(&quote.repeat(2), &quote))
            }
            _ => Cow::Borrowed(raw),
        }
    }

    /// Where the next field, or the next record, starts.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Where the current record starts.
    pub(crate) fn record_start(&self) -> usize {
        self.record
    }

    /// All of the text.
    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    /// Goes on after the current record, which was read by other means up to `end`: the place of
    /// a line end, or the end of the text.
    pub(crate) fn end_record(&mut self, end: usize) {
        self.at = end;
        if end < self.text.len() {
            self.end_line(end);
        }
    }

    /// After the last record: where the blank lines at the end begin.
    pub(crate) fn blank_end(&self) -> Option<usize> {
        self.blank_end
    }

    /// The number of comment lines so far.
    pub(crate) fn comments(&self) -> usize {
        self.comments
    }

    /// The kinds of line end seen so far.
    pub(crate) fn line_ends(&self) -> LineEnds {
        self.line_ends
    }

    fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    /// Skips blank lines and comments; returns where the first blank line starts.
    fn skip_lines(&mut self) -> Option<usize> {
        let mut first_blank = None;
        loop {
            let start = self.at;
            if self.skip_blank_line() {
                first_blank.get_or_insert(start);
            } else if !self.skip_comment() {
                return first_blank;
            }
        }
    }

    fn skip_comment(&mut self) -> bool {
        let Some(comment) = self.dialect.comments.skipped() else { return false };
        if self.bytes().get(self.at) != Some(&comment) {
            return false;
        }
        self.comments += 1;
        let length = memchr2(b'\n', b'\r', &self.bytes()[self.at..]);
        self.end_record(length.map_or(self.text.len(), |length| self.at + length));
        true
    }

    fn skip_blank_line(&mut self) -> bool {
        let rest = &self.bytes()[self.at..];
        let spaces = rest.iter().take_while(|byte| self.dialect.is_blank(**byte)).count();
        match rest.get(spaces) {
            None => self.at = self.text.len(),
            Some(b'\n' | b'\r') => self.end_line(self.at + spaces),
            Some(_) => return false,
        }
        !rest.is_empty()
    }

    fn quoted_field(&mut self, quote: u8) -> Result<Field, Box<AtOffset>> {
        let bytes = self.bytes();
        let open = self.at;
        let mut end = open + 1;
        let mut is_escaped = false;
        loop {
            let Some(length) = bytes[end..].iter().position(|&byte| byte == quote) else {
                // Of a longer text the rest may not have been read.
                let is_long = bytes.len() - open > MAX_QUOTED_BYTES / 2;
                let fault = if is_long { ErrorKind::QuotedTooLong } else { ErrorKind::OpenQuote };
                return Err(AtOffset::new(open, fault));
            };
            end += length;
            if bytes.get(end + 1) != Some(&quote) {
                break;
            }
            is_escaped = true;
            end += 2;
        }
        match bytes.get(end + 1) {
            _ if end >= self.stop => Err(AtOffset::new(open, ErrorKind::QuotedTooLong)),
            Some(&next) if next != self.dialect.delimiter && next != b'\n' && next != b'\r' => {
                let opened_in = line_of(bytes, open);
                Err(AtOffset::new(end + 1, ErrorKind::AfterQuote { opened_in }))
            }
            _ => self.close(Field { start: open + 1, end, is_escaped, is_last: false }, end + 1),
        }
    }

    /// Steps over what ends a field at `end`.
    fn close(&mut self, mut field: Field, end: usize) -> Result<Field, Box<AtOffset>> {
        match self.bytes().get(end) {
            _ if end == self.stop && end < self.text.len() => {
                return Err(AtOffset::new(
                    self.record,
                    overlong(&self.bytes()[self.record..end], self.dialect.delimiter),
                ));
            }
            Some(&byte) if byte == self.dialect.delimiter => field = self.separate(field, end),
            Some(byte) if Some(*byte) == self.dialect.quote => {
                return Err(AtOffset::new(end, ErrorKind::StrayQuote));
            }
            Some(_) => {
                field.is_last = true;
                self.end_line(end);
            }
            None => {
                field.is_last = true;
                self.at = end;
            }
        }
        Ok(field)
    }

    /// Steps over the delimiter at `end`. One or more spaces separate two fields, and those at the end of a
    /// line nothing.
    fn separate(&mut self, mut field: Field, end: usize) -> Field {
        self.at = end + 1;
        if self.dialect.delimiter == b' ' {
            self.skip_spaces();
            match self.bytes().get(self.at) {
                None => field.is_last = true,
                Some(b'\n' | b'\r') => {
                    field.is_last = true;
                    self.end_line(self.at);
                }
                Some(_) => {}
            }
        }
        field
    }

    /// Skips spaces, if they are the delimiter.
    #[inline]
    fn skip_spaces(&mut self) {
        if self.dialect.delimiter == b' ' {
            self.at += self.bytes()[self.at..].iter().take_while(|&&byte| byte == b' ').count();
        }
    }

    /// Steps over the line end at `at`.
    fn end_line(&mut self, at: usize) {
        let bytes = self.bytes();
        let seen = &mut self.line_ends;
        let (kind, length) = match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\r'), Some(b'\n')) => (&mut seen.crlf, 2),
            (Some(b'\r'), _) => (&mut seen.cr, 1),
            _ => (&mut seen.lf, 1),
        };
        *kind = true;
        self.at = at + length;
    }
}

impl Field {
    /// Where the content starts.
    pub(crate) fn start(self) -> usize {
        self.start
    }
}

/// The error for a record over the length limit.
pub(crate) fn overlong(record: &[u8], delimiter: u8) -> ErrorKind {
    let fields = record.iter().filter(|&&byte| byte == delimiter).count() + 1;
    if fields > MAX_COLUMNS { ErrorKind::TooManyColumns } else { ErrorKind::RecordTooLong }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_record_of_many_fields_has_too_many_columns() {
        let kind = |fields: usize| overlong(&vec![b','; fields - 1], b',');
        assert!(matches!(kind(MAX_COLUMNS), ErrorKind::RecordTooLong));
        assert!(matches!(kind(MAX_COLUMNS + 1), ErrorKind::TooManyColumns));
        assert!(matches!(kind(MAX_COLUMNS + 2), ErrorKind::TooManyColumns));
    }
}
