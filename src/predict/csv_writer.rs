//! Predictions as CSV.

use crate::data::{Encoding, RowChunk, RowStream};
use crate::kernel::real::Real;
use crate::predict::columns::OutputColumns;
use crate::predict::options::PredictOptions;
use crate::predict::prediction::Prediction;
use crate::predict::quoting::Quoting;
use crate::predict::writer::PredictionWriter;

/// Writes CSV as the input file is written: with its delimiter, quote, line ends, decimal comma and byte order mark.
pub(crate) struct CsvWriter {
    quoting: Quoting,
    line_end: &'static [u8],
    has_decimal_comma: bool,
    header: Vec<u8>,
    keep_columns: bool,
    has_problems: bool,
    /// The number of fields of a prediction; at least one.
    predicted: usize,
    /// Classes as fields; none for a regression.
    classes: Vec<Vec<u8>>,
}

impl CsvWriter {
    pub(crate) fn new(
        columns: &OutputColumns,
        encoding: &Encoding,
        stream: &RowStream,
        options: &PredictOptions,
    ) -> Self {
        let (line_end, has_mark) = stream.line_end_and_mark();
        let ((delimiter, quote), comment) = (stream.delimiter_and_quote(), stream.comment());
        let default_quote = if comment == Some(b'"') { b'\'' } else { b'"' };
        let quoting = Quoting {
            delimiter,
            quote: quote.unwrap_or(default_quote),
            comment,
            source_is_quoted: quote.is_some(),
            escape_formulas: options.escape_formulas,
        };
        let names: Vec<Vec<u8>> = columns.names().map(|name| quoting.field(name)).collect();
        let mut header = if has_mark { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
        header.extend(names.join(&delimiter));
        header.extend_from_slice(line_end.as_bytes());
        Self {
            quoting,
            line_end: line_end.as_bytes(),
            has_decimal_comma: encoding.reading.decimal == Some(','),
            header,
            keep_columns: options.keep_columns,
            has_problems: columns.problem.is_some(),
            predicted: columns.predicted.len(),
            classes: encoding.classes().iter().map(|class| quoting.field(class)).collect(),
        }
    }

    /// Appends the columns copied from the file, each with a delimiter after it.
    fn write_copied(&self, chunk: &RowChunk<'_>, row: usize, out: &mut Vec<u8>) {
        let delimiter = self.quoting.delimiter;
        let mut write = |field: &str| {
            self.quoting.write(field, out);
            out.push(delimiter);
        };
        if !self.keep_columns {
            return chunk.cells(row).iter().for_each(|cell| write(cell));
        }
        let (record, is_plain) = chunk.record(row);
        if is_plain && self.quoting.can_copy(record) {
            out.extend_from_slice(record.as_bytes());
            out.push(delimiter);
        } else {
            chunk.fields(row).iter().for_each(|field| write(field));
        }
    }
}

impl<F: Real> PredictionWriter<F> for CsvWriter {
    fn header(&self) -> &[u8] {
        &self.header
    }

    fn write_prediction(
        &self,
        chunk: &RowChunk<'_>,
        row: usize,
        prediction: &Prediction<F>,
        out: &mut Vec<u8>,
    ) {
        let delimiter = self.quoting.delimiter;
        self.write_copied(chunk, row, out);
        if let Some(class) = self.classes.get(prediction.class) {
            out.extend_from_slice(class);
            out.push(delimiter);
        }
        for &number in &prediction.numbers {
            let start = out.len();
            number.put_decimal(out);
            if self.has_decimal_comma
                && let Some(point) = out[start..].iter().position(|&byte| byte == b'.')
            {
                out[start + point] = b',';
                if delimiter == b',' {
                    out.insert(start, self.quoting.quote);
                    out.push(self.quoting.quote);
                }
            }
            out.push(delimiter);
        }
        if !self.has_problems {
            out.pop(); // the last delimiter
        }
        out.extend_from_slice(self.line_end);
    }

    fn write_problem(&self, chunk: &RowChunk<'_>, row: usize, problem: &str, out: &mut Vec<u8>) {
        self.write_copied(chunk, row, out);
        out.extend(std::iter::repeat_n(self.quoting.delimiter, self.predicted));
        self.quoting.write(problem, out);
        out.extend_from_slice(self.line_end);
    }
}
