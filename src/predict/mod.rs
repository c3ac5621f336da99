//! A trained network on new rows, as a stream: however many there are, a few pieces of them are in
//! memory at a time.
//!
//! Pieces of the file are parsed, encoded, put through the network and written as text on all cores
//! at once, and leave in the order in which they came. What is said of a row depends on that row
//! alone.

pub(crate) mod csv_writer;
pub(crate) mod json_writer;
pub(crate) mod prediction;
pub(crate) mod quoting;
pub(crate) mod work;
pub(crate) mod writer;

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;

use crate::data::{BadRows, DataError, Role, RowStream, StreamError};
use crate::kernel::real::Real;
use crate::model::{AnyNetwork, Model};
use crate::nn::Network;
use crate::predict::prediction::Answer;
use crate::predict::work::{Portion, Predictor};
use crate::predict::writer::Form;

/// How predictions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PredictOptions {
    /// Whether all columns of the file come before the prediction, and not only those of ids.
    pub keep_columns: bool,
    /// What becomes of a row that cannot be predicted.
    pub bad_rows: BadRows,
    /// Whether a text that a spreadsheet would run as a formula gets a `'` before it.
    pub escape_formulas: bool,
    /// Whether each row is a JSON object in a line of its own, instead of a record of a CSV file.
    pub json: bool,
    /// How many pieces are worked on at a time.
    pub threads: NonZeroUsize,
}

/// What was seen while predicting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Predicted {
    /// Rows of the file.
    pub rows: u64,
    /// Rows without prediction.
    pub bad_rows: u64,
    /// Columns that the model does not know.
    pub unknown_columns: Vec<String>,
    /// Columns that name rows and are not in the file.
    pub absent_ids: Vec<String>,
    /// The kinds of line end of the file, where there are several.
    pub mixed_line_ends: Option<String>,
    /// Columns with categories that the training rows did not have, in the order of the file.
    pub unseen: Vec<Unseen>,
}

/// Categories of a column that the training rows did not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// The name of the column.
    pub column: String,
    /// Cells with any of them.
    pub cells: u64,
    /// The first one.
    pub first: String,
}

/// Why not all rows were predicted.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// The rows cannot be read, or one of them cannot be predicted.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Two columns of what would be written have the same name.
    #[error("the column {name:?} would be in the predictions twice; rename it in the file")]
    ColumnTwice {
        /// The name.
        name: String,
    },
    /// The predictions cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Predicts the rows of the CSV file at `path` (`-` for standard input) and writes them to `out`, a
/// header first.
///
/// # Errors
///
/// The first fault of the file, or of writing; the rows before it may have been written.
pub fn predict(
    model: &Model,
    path: &Path,
    options: &PredictOptions,
    out: &mut (dyn Write + Send),
) -> Result<Predicted, PredictError> {
    let encoding = &model.description.encoding;
    let stream = RowStream::open(path, encoding, &[Role::Id], options.bad_rows)?;
    let form = Form::new(&Answer::new(&encoding.targets), &stream, options)?;
    match &model.network {
        AnyNetwork::F32(network) => run(network, model, form, stream, options, out),
        AnyNetwork::F64(network) => run(network, model, form, stream, options, out),
    }
}

fn run<F: Real>(
    network: &Network<F>,
    model: &Model,
    form: Form,
    stream: RowStream,
    options: &PredictOptions,
    out: &mut (dyn Write + Send),
) -> Result<Predicted, PredictError> {
    let names = stream.names().to_vec();
    let ids = model.description.encoding.columns.iter().filter(|column| column.role == Role::Id);
    let ids = ids.map(|column| column.name.clone());
    let mut seen = Predicted {
        unknown_columns: stream.unknown().map(str::to_owned).collect(),
        absent_ids: ids.filter(|name| !names.contains(name)).collect(),
        ..Predicted::default()
    };
    out.write_all(form.header())?;
    let predictor = Predictor::new(network, &model.description.encoding, form, options.bad_rows);
    let mut unseen: Vec<Option<Unseen>> = vec![None; names.len()];
    let taken = stream.run(
        options.threads,
        |room, piece| predictor.predict(room, piece),
        |portion: Portion, _| {
            seen.rows += portion.rows;
            seen.bad_rows += portion.bad_rows;
            for (column, cells, first) in portion.unseen {
                let name = || Unseen { column: names[column].clone(), cells: 0, first };
                unseen[column].get_or_insert_with(name).cells += cells;
            }
            out.write_all(&portion.text)
        },
    );
    seen.mixed_line_ends = taken.map_err(|error| match error {
        StreamError::Data(error) => PredictError::Data(error),
        StreamError::Taker(error) => PredictError::Write(error),
    })?;
    out.flush()?;
    seen.unseen = unseen.into_iter().flatten().collect();
    Ok(seen)
}
