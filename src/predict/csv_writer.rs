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
    /// Classes as fields, and whether they are prefixed; none for a regression.
    classes: Vec<(Vec<u8>, bool)>,
}

impl CsvWriter {
    pub(crate) fn new(
        columns: &OutputColumns,
        encoding: &Encoding,
        stream: &RowStream,
        options: &PredictOptions<'_>,
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
            numbers: encoding.reading.cells().numbers,
        };
        let names: Vec<Vec<u8>> = columns.names().map(|name| quoting.field(name)).collect();
        let mut header = if has_mark { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
        header.extend(names.join(&delimiter));
        header.extend_from_slice(line_end.as_bytes());
        let class = |class: &String| {
            let mut field = Vec::new();
            let is_escaped = quoting.write(class, &mut field);
            (field, is_escaped)
        };
        Self {
            quoting,
            line_end: line_end.as_bytes(),
            has_decimal_comma: encoding.reading.decimal == Some(','),
            header,
            keep_columns: options.keep_columns,
            has_problems: columns.problem.is_some(),
            predicted: columns.predicted.len(),
            classes: encoding.classes().iter().map(class).collect(),
        }
    }

    /// Appends the columns copied from the file, each with a delimiter after it; returns how many are prefixed.
    fn write_copied(&self, chunk: &RowChunk<'_>, row: usize, out: &mut Vec<u8>) -> u64 {
        let delimiter = self.quoting.delimiter;
        let mut escaped = 0;
        let mut write = |field: &str| {
            escaped += u64::from(self.quoting.write(field, out));
            out.push(delimiter);
        };
        if !self.keep_columns {
            chunk.cells(row).iter().for_each(|cell| write(cell));
            return escaped;
        }
        let (record, is_plain) = chunk.record(row);
        if is_plain && self.quoting.can_copy(record) {
            out.extend_from_slice(record.as_bytes());
            out.push(delimiter);
        } else {
            chunk.fields(row).iter().for_each(|field| write(field));
        }
        escaped
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
    ) -> u64 {
        let delimiter = self.quoting.delimiter;
        let mut escaped = self.write_copied(chunk, row, out);
        if let Some((class, is_escaped)) = self.classes.get(prediction.class) {
            escaped += u64::from(*is_escaped);
            out.extend_from_slice(class);
            out.push(delimiter);
        }
        prediction.each_number(|put| {
            let start = out.len();
            put(out);
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
        });
        if !self.has_problems {
            out.pop(); // the last delimiter
        }
        out.extend_from_slice(self.line_end);
        escaped
    }

    fn write_problem(&self, chunk: &RowChunk<'_>, row: usize, problem: &str, out: &mut Vec<u8>) -> u64 {
        let escaped = self.write_copied(chunk, row, out);
        out.extend(std::iter::repeat_n(self.quoting.delimiter, self.predicted));
        self.quoting.write(problem, out);
        out.extend_from_slice(self.line_end);
        escaped
    }
}
