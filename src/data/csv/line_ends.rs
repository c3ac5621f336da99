//! Which line ends a file has.

/// The kinds of line end seen after records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineEnds {
    pub(crate) lf: bool,
    pub(crate) crlf: bool,
    pub(crate) cr: bool,
}

impl LineEnds {
    /// Adds the kinds seen elsewhere.
    pub(crate) fn add(&mut self, other: Self) {
        self.lf |= other.lf;
        self.crlf |= other.crlf;
        self.cr |= other.cr;
    }

    /// The names of the kinds, when there is more than one.
    pub(crate) fn mixed(self) -> Option<String> {
        let kinds = [(self.lf, "LF"), (self.crlf, "CRLF"), (self.cr, "CR")];
        let names: Vec<&str> = kinds.iter().filter(|(is_seen, _)| *is_seen).map(|&(_, name)| name).collect();
        (names.len() > 1).then(|| names.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv::dialect::{Comments, Dialect};
    use crate::data::csv::parser::Parser;

    const DIALECT: Dialect = Dialect { delimiter: b',', quote: Some(b'"'), comments: Comments::Refused };

    #[test]
    fn kinds_of_line_end_are_added() {
        let [none, lf, crlf, cr] = ["", "a\n", "a\r\n", "a\r"].map(|text| {
            let mut parser = Parser::new(text, DIALECT);
            while parser.next_record().expect("text") {
                parser.next_field().expect("a field");
            }
            parser.line_ends()
        });
        for (kind, other) in [(lf, crlf), (crlf, cr), (cr, lf)] {
            let sum = |mut first: LineEnds, second| {
                first.add(second);
                first
            };
            assert_eq!([sum(kind, kind), sum(kind, none), sum(none, kind)], [kind; 3]);
            assert_eq!((kind.mixed(), sum(kind, other)), (None, sum(other, kind)));
            assert!(sum(kind, other).mixed().is_some());
        }
        assert_eq!(lf, LineEnds { lf: true, ..LineEnds::default() });
    }
}
