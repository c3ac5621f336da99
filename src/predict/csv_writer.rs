//! The rows of predictions as records of a CSV file.

use crate::data::{Piece, RowStream};
use crate::kernel::real::Real;
use crate::predict::PredictOptions;
use crate::predict::prediction::{Answer, Answered};
use crate::predict::quoting::Quoting;
use crate::predict::writer::Columns;

/// How a record is written: with the delimiter and the quote of the file that is predicted.
pub(crate) struct CsvForm {
    quoting: Quoting,
    header: Vec<u8>,
    keeps_all: bool,
    has_problems: bool,
    /// Fields of a prediction; at least one.
    predicted: usize,
    /// Classes as fields; none where values are predicted.
    classes: Vec<Vec<u8>>,
}

impl CsvForm {
    pub(crate) fn new(
        answer: &Answer,
        columns: &Columns,
        stream: &RowStream,
        options: &PredictOptions,
    ) -> Self {
        let ((delimiter, quote), comment) = (stream.delimiter_and_quote(), stream.comment());
        let usual = if comment == Some(b'"') { b'\'' } else { b'"' };
        let quoting = Quoting {
            delimiter,
            quote: quote.unwrap_or(usual),
            comment,
            source_is_quoted: quote.is_some(),
            escape_formulas: options.escape_formulas,
        };
        let Columns { kept, predicted, problem } = columns;
        let names = kept.iter().chain(predicted).chain(problem);
        let mut header = names.map(|name| quoting.field(name)).collect::<Vec<_>>().join(&delimiter);
        header.push(b'\n');
        Self {
            quoting,
            header,
            keeps_all: options.keep_columns,
            has_problems: problem.is_some(),
            predicted: predicted.len(),
            classes: answer.classes().iter().map(|class| quoting.field(class)).collect(),
        }
    }

    pub(crate) fn header(&self) -> &[u8] {
        &self.header
    }

    pub(crate) fn put_answer<F: Real>(
        &self,
        piece: &Piece<'_>,
        row: usize,
        answered: &Answered<F>,
        out: &mut Vec<u8>,
    ) {
        let delimiter = self.quoting.delimiter;
        self.put_kept(piece, row, out);
        if let Some(class) = self.classes.get(answered.class) {
            out.extend_from_slice(class);
            out.push(delimiter);
        }
        for &number in &answered.numbers {
            number.put_decimal(out);
            out.push(delimiter);
        }
        if !self.has_problems {
            out.pop(); // the last delimiter
        }
        out.push(b'\n');
    }

    pub(crate) fn put_problem(&self, piece: &Piece<'_>, row: usize, problem: &str, out: &mut Vec<u8>) {
        self.put_kept(piece, row, out);
        out.extend(std::iter::repeat_n(self.quoting.delimiter, self.predicted));
        self.quoting.put(problem, out);
        out.push(b'\n');
    }

    /// Appends the columns before the prediction, a delimiter behind each.
    fn put_kept(&self, piece: &Piece<'_>, row: usize, out: &mut Vec<u8>) {
        let delimiter = self.quoting.delimiter;
        let mut put = |field: &str| {
            self.quoting.put(field, out);
            out.push(delimiter);
        };
        if !self.keeps_all {
            return piece.cells(row).iter().for_each(|cell| put(cell));
        }
        let (record, is_plain) = piece.record(row);
        if is_plain && self.quoting.may_stay(record) {
            out.extend_from_slice(record.as_bytes());
            out.push(delimiter);
        } else {
            piece.fields(row).iter().for_each(|field| put(field));
        }
    }
}
