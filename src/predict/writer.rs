//! The rows of predictions as text.

use crate::data::{BadRows, Piece, RowProblem, RowStream};
use crate::kernel::real::Real;
use crate::predict::csv_writer::CsvForm;
use crate::predict::json_writer::JsonForm;
use crate::predict::prediction::{Answer, Answered};
use crate::predict::{PredictError, PredictOptions};

/// How a row is written.
pub(crate) enum Form {
    /// As a record of a CSV file.
    Csv(CsvForm),
    /// As a JSON object in a line of its own.
    Json(JsonForm),
}

/// The columns of what is written: those that are kept, then those of the prediction, then perhaps
/// one that says what is wrong with a row.
pub(crate) struct Columns {
    pub(crate) kept: Vec<String>,
    pub(crate) predicted: Vec<String>,
    pub(crate) problem: Option<String>,
}

impl Form {
    pub(crate) fn new(
        answer: &Answer,
        stream: &RowStream,
        options: &PredictOptions,
    ) -> Result<Self, PredictError> {
        let names = stream.names();
        let columns = Columns {
            kept: match options.keep_columns {
                true => names.to_vec(),
                false => stream.cells().iter().map(|&column| names[column].clone()).collect(),
            },
            predicted: answer.columns(),
            problem: (options.bad_rows == BadRows::Mark).then(|| "problem".to_owned()),
        };
        let mut made = columns.predicted.iter().chain(&columns.problem);
        if let Some(name) = made.find(|name| columns.kept.contains(name)) {
            return Err(PredictError::ColumnTwice { name: name.clone() });
        }
        Ok(match options.json {
            true => Self::Json(JsonForm::new(answer, &columns, options)),
            false => Self::Csv(CsvForm::new(answer, &columns, stream, options)),
        })
    }

    /// What comes before the first row.
    pub(crate) fn header(&self) -> &[u8] {
        match self {
            Self::Csv(form) => form.header(),
            Self::Json(_) => &[],
        }
    }

    /// Appends a row with its prediction.
    pub(crate) fn put_answer<F: Real>(
        &self,
        piece: &Piece<'_>,
        row: usize,
        answered: &Answered<F>,
        out: &mut Vec<u8>,
    ) {
        match self {
            Self::Csv(form) => form.put_answer(piece, row, answered, out),
            Self::Json(form) => form.put_answer(piece, row, answered, out),
        }
    }

    /// Appends a row without prediction, and why it has none.
    pub(crate) fn put_problem(&self, piece: &Piece<'_>, row: usize, problem: &RowProblem, out: &mut Vec<u8>) {
        match self {
            Self::Csv(form) => form.put_problem(piece, row, &problem.to_string(), out),
            Self::Json(form) => form.put_problem(piece, row, &problem.to_string(), out),
        }
    }
}
