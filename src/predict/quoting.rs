//! Texts as fields of a CSV file.

use crate::data::is_number;

/// How a text becomes a field that every reader takes for that text, and no spreadsheet for a
/// formula.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoting {
    pub(super) delimiter: u8,
    pub(super) quote: u8,
    /// Whether a text that looks like a formula gets a `'` before it.
    pub(super) escape_formulas: bool,
}

impl Quoting {
    /// Appends a text as a field.
    pub(super) fn put(&self, text: &str, out: &mut Vec<u8>) {
        let escaped = self.escape_formulas && is_formula(text);
        let is_special =
            |byte: u8| matches!(byte, b'\n' | b'\r') || byte == self.delimiter || byte == self.quote;
        if !text.bytes().any(is_special) {
            if escaped {
                out.push(b'\'');
            }
            out.extend_from_slice(text.as_bytes());
            return;
        }
        out.push(self.quote);
        if escaped {
            out.push(b'\'');
        }
        for byte in text.bytes() {
            if byte == self.quote {
                out.push(byte);
            }
            out.push(byte);
        }
        out.push(self.quote);
    }

    /// A text as a field.
    pub(super) fn field(&self, text: &str) -> Vec<u8> {
        let mut field = Vec::with_capacity(text.len() + 2);
        self.put(text, &mut field);
        field
    }

    /// Whether a record without quotes may be written as it stands.
    pub(super) fn may_stay(&self, record: &str) -> bool {
        !self.escape_formulas || !record.split(char::from(self.delimiter)).any(is_formula)
    }
}

/// Whether a spreadsheet could run this: it starts like a formula, and is no number.
fn is_formula(text: &str) -> bool {
    let starts = text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r']);
    starts && !is_number(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str, escape_formulas: bool) -> String {
        let quoting = Quoting { delimiter: b';', quote: b'"', escape_formulas };
        String::from_utf8(quoting.field(text)).expect("UTF-8")
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        for (text, expected) in [
            ("a,b c", "a,b c"),
            ("a;b", "\"a;b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\nb", "\"a\nb\""),
            ("a\rb", "\"a\rb\""),
            ("", ""),
        ] {
            assert_eq!(field(text, true), expected);
            assert_eq!(field(text, false), expected);
        }
    }

    #[test]
    fn formulas_are_escaped_and_numbers_are_not() {
        for (text, expected) in [
            ("=cmd|' /c calc'!A1", "'=cmd|' /c calc'!A1"),
            ("+1+2", "'+1+2"),
            ("-a", "'-a"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1+1", "' =1+1"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("=\"a;b\"", "\"'=\"\"a;b\"\"\""),
        ] {
            assert_eq!(field(text, true), expected);
        }
        for number in ["-1", "+2.5e-3", " -0.5 ", "-.5"] {
            assert_eq!(field(number, true), number);
        }
        assert_eq!(field("=1+1", false), "=1+1");
    }

    #[test]
    fn records_stay_as_they_are_unless_a_field_is_a_formula() {
        let quoting = Quoting { delimiter: b';', quote: b'"', escape_formulas: true };
        assert!(quoting.may_stay("a;-1;+2;b=c"));
        assert!(!quoting.may_stay("a;-1;=b"));
        assert!(Quoting { escape_formulas: false, ..quoting }.may_stay("=b"));
    }
}
