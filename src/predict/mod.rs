//! A trained model applied to new rows, written as CSV or JSON.
//!
//! Chunks of the file are parsed, encoded, put through the network and written as text on all
//! threads, and come out in the order of the file; a few chunks are in memory at a time. The
//! prediction for a row depends on that row alone.

pub(crate) mod calibration;
pub(crate) mod columns;
pub(crate) mod committee;
pub(crate) mod conformal;
pub(crate) mod csv_writer;
pub(crate) mod error;
pub(crate) mod json_writer;
pub(crate) mod mean;
pub(crate) mod options;
pub(crate) mod prediction;
pub(crate) mod quoting;
pub(crate) mod summary;
pub(crate) mod worker;
pub(crate) mod writer;

use std::io::Write;

use crate::data::{CellCheck, DataPaths, Role, RowStream, StreamEnd, StreamError, UnusualCounts};
use crate::kernel::real::Real;
use crate::model::Model;
pub use crate::predict::calibration::{scores_of_rows, scores_on_file};
use crate::predict::columns::OutputColumns;
use crate::predict::committee::Committee;
pub use crate::predict::conformal::{Conformal, TooFewRows};
use crate::predict::csv_writer::CsvWriter;
pub use crate::predict::error::PredictError;
use crate::predict::json_writer::JsonWriter;
pub use crate::predict::options::PredictOptions;
pub use crate::predict::summary::{PredictSummary, UnseenCategories};
use crate::predict::worker::{PredictedChunk, Predictor};
use crate::predict::writer::PredictionWriter;
use crate::train::with_dtype;

/// The stream that draws the validation rows whose scores are kept.
pub(crate) const CALIBRATION_STREAM: &str = "calibration";

/// Predicts the rows of CSV files (`-` for standard input) and writes them to `out`,
/// with a header if they are written as CSV. The predictions of several models, at least one, and those of the members
/// of an ensemble, are averaged: probabilities of classes, or values.
///
/// # Errors
///
/// If the models do not predict the same; the first error in the file or while writing, and then the rows before it
/// may have been written.
///
/// # Panics
///
/// Without a model.
pub fn predict(
    models: &[Model],
    paths: &DataPaths,
    options: &PredictOptions<'_>,
    out: &mut (dyn Write + Send),
) -> Result<PredictSummary, PredictError> {
    with_dtype!(models[0].plan.training.dtype, F => predict_in::<F>(models, paths, options, out))
}

fn predict_in<F: Real>(
    models: &[Model],
    paths: &DataPaths,
    options: &PredictOptions<'_>,
    out: &mut (dyn Write + Send),
) -> Result<PredictSummary, PredictError> {
    let committee = Committee::<F>::new(models)?;
    let encoding = &committee.reading;
    let stream = RowStream::open(paths, encoding, &[Role::Id], options.bad_rows)?;
    let columns = OutputColumns::new(&encoding.targets, &stream, options)?;
    let writer: Box<dyn PredictionWriter<F>> = match options.json {
        true => Box::new(JsonWriter::new(&columns, encoding.classes(), options)),
        false => Box::new(CsvWriter::new(&columns, encoding, &stream, options)),
    };

    let names = stream.names().to_vec();
    let ids = encoding.columns.iter().filter(|column| column.role == Role::Id);
    let ids = ids.map(|column| column.name.clone());
    let mut summary = PredictSummary {
        unknown_columns: stream.unknown().map(str::to_owned).collect(),
        absent_ids: ids.filter(|name| !names.contains(name)).collect(),
        ..PredictSummary::default()
    };
    out.write_all(writer.header())?;
    let cells = CellCheck::new(&models[0].description.encoding);
    let predictor = Predictor::new(&committee, cells, writer, options);
    let mut unseen: Vec<Option<UnseenCategories>> = vec![None; names.len()];
    let mut unusual = UnusualCounts::default();
    let written = stream.run(
        options.threads,
        |state, chunk| predictor.predict(state, chunk),
        |chunk: PredictedChunk, _| {
            summary.rows += chunk.rows;
            summary.bad_rows += chunk.bad_rows;
            summary.escaped += chunk.escaped;
            unusual.append(&chunk.unusual);
            for found in chunk.unseen {
                let column = || names[found.column].clone();
                let first = || UnseenCategories { column: column(), cells: 0, first: found.first };
                unseen[found.column].get_or_insert_with(first).cells += found.cells;
            }
            out.write_all(&chunk.text)
        },
    );
    let StreamEnd { mixed_line_ends, comments, .. } = written.map_err(|error| match error {
        StreamError::Data(error) => PredictError::Data(error),
        StreamError::Consumer(error) => PredictError::Write(error),
    })?;
    out.flush()?;
    (summary.mixed_line_ends, summary.comments) = (mixed_line_ends, comments);
    summary.unseen = unseen.into_iter().flatten().collect();
    summary.unusual = predictor.cells().found(&unusual);
    Ok(summary)
}
