//! From a CSV file to rows that a network can train on.
//!
//! `Table::load` finds out what the columns are and reads the files, with every cell checked;
//! `Table::prepare` splits them for one seed and fits the [`Encoding`]. The values are kept once, as
//! they were written (a category by its number, a missing value as NaN), and encoded when
//! `Rows::gather` copies a batch of them. Errors carry file, line, column and value.

mod batch;
mod spec;

mod assembly;
mod blank;
mod borders;
mod cache;
mod cell;
mod chunks;
mod class;
mod class_weights;
mod column;
mod delimiter;
mod dialect;
mod disk;
mod divide;
mod drawn;
mod encoder;
mod encoding;
mod error;
mod fault;
mod file;
mod fit;
mod format;
mod gathered;
mod guise;
mod infer;
mod kept;
mod labelled;
mod layout;
mod leaks;
mod lexer;
mod limits;
mod load;
mod markers;
mod matching;
mod matrix;
mod memory;
mod phrases;
mod piece;
mod place;
mod plain;
mod prepare;
mod profile;
mod records;
mod roles;
mod row_stream;
mod rows;
mod scale;
mod schema;
mod shown;
mod split;
mod spool;
mod store;
mod survey;
mod table;
mod truth;
mod weighting;
mod workers;
mod zstd;

#[cfg(test)]
mod tests;

pub use batch::{Batches, LastBatch, Sampling, batch_ranges};
pub(crate) use cell::is_number;
pub use class_weights::ClassWeights;
pub use column::{ColumnSpec, ColumnType, Constant, Kind, Missing, Role};
pub use dialect::Mark;
pub(crate) use dialect::is_mark;
pub use disk::STANDARD_INPUT;
pub use encoder::Encoder;
pub use encoding::{
    EncodedColumn, Encoding, FeatureEncoding, ReadingFormat, TargetEncoding, ValueEncoding, ValueTarget,
};
pub use error::{DataError, DataErrorKind};
pub use gathered::{Batch, RowTargets};
pub use labelled::LabelledRows;
pub use limits::{MAX_BYTES, MAX_CATEGORIES, MAX_CLASSES, MAX_COLUMNS, MAX_INPUT_BYTES, MAX_RECORD_BYTES};
pub use memory::Bytes;
pub use piece::{BadRows, Piece, RowProblem};
pub use prepare::Prepared;
pub use profile::{ColumnProfile, Nature, NumberRange, Profile};
pub use row_stream::{RowStream, StreamError};
pub use rows::Rows;
pub(crate) use shown::{Shown, ShownPath};
pub use spec::{ColumnRef, ColumnRefs, DataSpec, Scale, SplitBy};
pub use table::{Source, Table};

/// A data set, split and scaled for one seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Data<F> {
    /// The rows that are trained on.
    pub train: Rows<F>,
    /// The rows that decide: early stopping, comparison. None where the config asks for none.
    pub valid: Option<Rows<F>>,
    /// The rows that are looked at once, at the end.
    pub test: Option<Rows<F>>,
    /// From the columns of the files to the inputs and scores of a network.
    pub encoding: Encoding,
}

/// The scaling of one feature, fitted on training rows: `scaled = (raw - offset) * (1 / divisor)`,
/// each of the three operations rounded to double precision, and the result to that of the network.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Scaling {
    /// Taken off first.
    pub offset: f64,
    /// Divided by then; 1 for a constant column, never so small that `1 / divisor` is infinite.
    pub divisor: f64,
}
