//! From a CSV file to rows that a network can train on.
//!
//! `Dataset::load` finds out what the columns are and reads the files, with every cell checked;
//! `Dataset::prepare` splits them for one seed and fits the [`Encoding`]. The values are kept once, as
//! they were written (a category by its number, a missing value as NaN), and encoded when
//! `Rows::gather` copies a batch of them. Errors carry file, line, column and value.

pub(crate) mod batch;
pub(crate) mod csv;
pub(crate) mod dates;
pub(crate) mod error;
pub(crate) mod limits;
pub(crate) mod schema;
pub(crate) mod source;
pub(crate) mod spec;
pub(crate) mod spec_check;
pub(crate) mod split;
pub(crate) mod stream;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod transform;

pub use crate::data::batch::rows::{Batch, Rows};
pub(crate) use crate::data::batch::sampler::joins_batch_before;
pub use crate::data::batch::sampler::{BatchSampler, LastBatch, Sampling, batch_ranges};
#[cfg(feature = "model")]
pub(crate) use crate::data::csv::delimiter_guess::looks_like_table;
pub(crate) use crate::data::csv::missing::is_missing_text;
pub(crate) use crate::data::csv::number::is_number;
pub use crate::data::csv::number_format::{NumberFormat, NumberSign};
pub use crate::data::csv::table_guess::TableGuess;
#[cfg(feature = "cli")]
pub(crate) use crate::data::csv::table_guess::is_measured;
pub use crate::data::dates::date_format::DateFormat;
pub use crate::data::dates::date_part::DatePart;
pub use crate::data::error::{DataError, ErrorCategory};
pub use crate::data::limits::{
    MAX_BYTES, MAX_CATEGORIES, MAX_CLASSES, MAX_COLUMNS, MAX_INPUT_BYTES, MAX_RECORD_BYTES,
};
pub use crate::data::schema::column::{ColumnKind, Role};
pub use crate::data::schema::column_spec::{ColumnSpec, ColumnType, Constant, MissingPolicy};
pub use crate::data::schema::numeric::{NumericEncoding, NumericEncodings};
pub use crate::data::schema::profile::{ColumnProfile, Nature, NumberRange, Profile};
pub(crate) use crate::data::source::file_signature::{is_config, is_model, is_text, known_format};
pub use crate::data::source::paths::DataPaths;
#[cfg(feature = "model")]
pub(crate) use crate::data::source::pattern::relative_to as path_relative_to;
#[cfg(feature = "cli")]
pub(crate) use crate::data::source::pattern::{
    files_in_one_folder, from_folder as path_from_folder, known_files, matches as pattern_matches,
    of_folder as pattern_of_folder,
};
#[cfg(feature = "cli")]
pub(crate) use crate::data::source::{combined_hash, file_hashes};
pub use crate::data::spec::{ClipMethod, ColumnRef, ColumnRefs, DataSpec, Mark, ScalingMethod, SplitBy};
pub(crate) use crate::data::spec::{MAX_SKIP_FOOTER, MAX_SKIP_ROWS};
pub use crate::data::split::{Fold, SplitKey};
pub use crate::data::stream::chunk::{BadRows, RowChunk, RowProblem};
pub use crate::data::stream::labelled::LabelledRows;
pub use crate::data::stream::reading_notes::ReadingNotes;
pub use crate::data::stream::{LinePlaces, RowStream, StreamEnd, StreamError};
pub use crate::data::table::array_error::ArrayError;
pub use crate::data::table::arrays::ArraySpec;
pub use crate::data::table::byte_size::Bytes;
pub use crate::data::table::prepare::Prepared;
pub use crate::data::table::{Dataset, SourceFile, SourceFiles};
pub use crate::data::transform::class_weights::ClassWeights;
pub use crate::data::transform::clip::SmoothClip;
pub(crate) use crate::data::transform::encode::Encoder;
pub use crate::data::transform::encoding::{
    ConstantInput, EncodedColumn, Encoding, FeatureEncoding, TargetEncoding, TrainedRange, ValueEncoding,
    ValueTarget,
};
pub use crate::data::transform::numbers::NumberInputs;
pub use crate::data::transform::numbers::normal_quantiles::NormalQuantiles;
pub use crate::data::transform::numbers::piecewise_linear::PiecewiseLinear;
pub use crate::data::transform::reading_format::ReadingFormat;
pub(crate) use crate::data::transform::usual::{CellCheck, UnusualCounts, unusual_notes};
pub use crate::data::transform::usual::{UnusualCells, Usual};
pub use crate::text::STANDARD_INPUT;

/// A data set, split and scaled for one seed.
#[derive(Clone, Debug, PartialEq)]
pub struct PreparedData<F> {
    /// Training rows.
    pub train: Rows<F>,
    /// Validation rows, for early stopping and comparison, if there are any.
    pub valid: Option<Rows<F>>,
    /// Test rows, evaluated once at the end, if there are any.
    pub test: Option<Rows<F>>,
    /// From the columns of the files to the inputs and outputs of a network.
    pub encoding: Encoding,
}

/// The scaling of one feature, fitted on training rows: `scaled = (raw - offset) * (1 / divisor)`,
/// each of the three operations rounded to double precision, and the result to that of the network.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Scaling {
    /// Subtracted first.
    pub offset: f64,
    /// Divides the difference; 1 for a constant column, and never so small that `1 / divisor` is infinite.
    pub divisor: f64,
}
