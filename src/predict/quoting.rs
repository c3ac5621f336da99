//! Quotes fields of a CSV file.

use crate::data::{NumberFormat, is_number};

/// How texts are quoted, so that every CSV reader gives them back and no spreadsheet runs them as
/// formulas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quoting {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    /// The first byte of comment lines, besides `#`.
    pub(crate) comment: Option<u8>,
    /// Whether the input file has quoted fields.
    pub(crate) source_is_quoted: bool,
    /// Whether a text that looks like a formula is prefixed with `'`.
    pub(crate) escape_formulas: bool,
    /// How the file writes numbers, which are no formulas.
    pub(crate) numbers: NumberFormat,
}

impl Quoting {
    /// Appends a text as a field; whether it was prefixed.
    pub(crate) fn write(&self, text: &str, out: &mut Vec<u8>) -> bool {
        let is_escaped = self.escape_formulas && self.is_formula(text);
        let escape = if is_escaped { "'" } else { "" };
        let bytes = || escape.bytes().chain(text.bytes());
        let is_special =
            |byte: u8| matches!(byte, b'\n' | b'\r') || byte == self.delimiter || byte == self.quote;
        if !bytes().any(is_special) && !self.is_comment(bytes().next()) {
            out.extend(bytes());
            return is_escaped;
        }
        out.push(self.quote);
        for byte in bytes() {
            if byte == self.quote {
                out.push(byte);
            }
            out.push(byte);
        }
        out.push(self.quote);
        is_escaped
    }

    /// A text as a field.
    pub(crate) fn field(&self, text: &str) -> Vec<u8> {
        let mut field = Vec::with_capacity(text.len() + 2);
        self.write(text, &mut field);
        field
    }

    /// Whether a record without quoted fields can be copied unchanged.
    pub(crate) fn can_copy(&self, record: &str) -> bool {
        // In a file without quoted fields, a quote character is part of a text.
        let has_quotes = !self.source_is_quoted && record.as_bytes().contains(&self.quote);
        !has_quotes
            && !self.is_comment(record.bytes().next())
            && (!self.escape_formulas
                || !record.split(char::from(self.delimiter)).any(|field| self.is_formula(field)))
    }

    /// Whether a line with this first byte could be taken for a comment.
    fn is_comment(&self, first: Option<u8>) -> bool {
        first.is_some_and(|first| first == b'#' || Some(first) == self.comment)
    }

    /// Whether a spreadsheet could run this: it starts like a formula and is not a number.
    fn is_formula(&self, text: &str) -> bool {
        let starts = text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r']);
        starts && !is_number(text) && self.numbers.number(text).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTING: Quoting = Quoting {
        delimiter: b';',
        quote: b'"',
        comment: Some(b'%'),
        source_is_quoted: true,
        escape_formulas: true,
        numbers: NumberFormat::GERMAN,
    };

    fn field(text: &str, escape_formulas: bool) -> String {
        let quoting = Quoting { escape_formulas, ..QUOTING };
        String::from_utf8(quoting.field(text)).expect("UTF-8")
    }

    #[test]
    fn fields_are_quoted_only_if_necessary() {
        for (text, expected) in [
            ("a,b c", "a,b c"),
            ("a;b", "\"a;b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\nb", "\"a\nb\""),
            ("a\rb", "\"a\rb\""),
            ("", ""),
            ("#a", "\"#a\""),
            ("%a", "\"%a\""),
            ("a#%", "a#%"),
        ] {
            assert_eq!(field(text, true), expected);
            assert_eq!(field(text, false), expected);
        }
    }

    #[test]
    fn the_prefix_of_a_formula_is_quoted_if_it_is_a_quote_or_a_comment_sign() {
        let quoted = |quoting: Quoting| String::from_utf8(quoting.field("=a")).expect("UTF-8");
        assert_eq!(quoted(Quoting { quote: b'\'', ..QUOTING }), "'''=a'");
        assert_eq!(quoted(Quoting { comment: Some(b'\''), ..QUOTING }), "\"'=a\"");
    }

    #[test]
    fn formulas_are_escaped_but_not_numbers() {
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
        for number in ["-1", "+2.5e-3", " -0.5 ", "-.5", "-1.234,5"] {
            assert_eq!(field(number, true), number);
        }
        assert_eq!(field("=1+1", false), "=1+1");
    }

    #[test]
    fn records_are_copied_unless_a_field_is_a_formula() {
        assert!(QUOTING.can_copy("a;-1;+2;b=c"));
        assert!(!QUOTING.can_copy("a;-1;=b"));
        assert!(Quoting { escape_formulas: false, ..QUOTING }.can_copy("=b"));
    }

    #[test]
    fn records_are_quoted_again_if_readers_would_misread_them() {
        assert!(QUOTING.can_copy("a;#b;%"));
        assert!(!QUOTING.can_copy("#a;b"));
        assert!(!QUOTING.can_copy("%a;b"));
        let unquoted = Quoting { source_is_quoted: false, ..QUOTING };
        assert!(unquoted.can_copy("a;'b'"));
        assert!(!unquoted.can_copy("a;b\"c"));
    }
}
