//! Predictions as CSV.

use crate::data::{RowChunk, RowStream};
use crate::kernel::real::Real;
use crate::predict::columns::OutputColumns;
use crate::predict::options::PredictOptions;
use crate::predict::prediction::Prediction;
use crate::predict::quoting::Quoting;
use crate::predict::writer::PredictionWriter;

/// Writes CSV with the delimiter and the quote of the input file.
pub(crate) struct CsvWriter {
    quoting: Quoting,
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
        classes: &[String],
        stream: &RowStream,
        options: &PredictOptions,
    ) -> Self {
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
        let mut header = names.join(&delimiter);
        header.push(b'\n');
        Self {
            quoting,
            header,
            keep_columns: options.keep_columns,
            has_problems: columns.problem.is_some(),
            predicted: columns.predicted.len(),
            classes: classes.iter().map(|class| quoting.field(class)).collect(),
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
        prediction.each_number(|put| {
            put(out);
            out.push(delimiter);
        });
        if !self.has_problems {
            out.pop(); // the last delimiter
        }
        out.push(b'\n');
    }

    fn write_problem(&self, chunk: &RowChunk<'_>, row: usize, problem: &str, out: &mut Vec<u8>) {
        self.write_copied(chunk, row, out);
        out.extend(std::iter::repeat_n(self.quoting.delimiter, self.predicted));
        self.quoting.write(problem, out);
        out.push(b'\n');
    }
}
