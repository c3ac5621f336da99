//! From a CSV file to rows that a network can train on.
//!
//! `Table::load` reads the files once, with every cell checked; `Table::prepare` splits and
//! scales them for one seed. Errors carry file, line, column and value.

mod batch;
mod spec;

mod cell;
mod class;
mod error;
mod fault;
mod file;
mod format;
mod lexer;
mod limits;
mod prepare;
mod rows;
mod scale;
mod schema;
mod shown;
mod split;
mod table;
mod text;

#[cfg(test)]
mod tests;

pub use batch::{Batches, LastBatch, Sampling};
pub use error::{DataError, DataErrorKind};
pub use limits::{MAX_BYTES, MAX_CLASSES, MAX_COLUMNS, MAX_RECORD_BYTES};
pub use prepare::Prepared;
pub use spec::{ColumnRef, DataSpec, Scale};
pub use table::{Source, Table};

use ndarray::Array2;

/// Rows that go into a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows<F> {
    /// Scaled features, `(rows, features)`.
    pub x: Array2<F>,
    /// The class of each row, an index into [`Data::classes`].
    pub labels: Vec<u32>,
}

impl<F> Rows<F> {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// A data set, split and scaled for one seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Data<F> {
    /// The rows that are trained on.
    pub train: Rows<F>,
    /// The rows that decide: early stopping, comparison. None where the config asks for none.
    pub valid: Option<Rows<F>>,
    /// The rows that are looked at once, at the end.
    pub test: Option<Rows<F>>,
    /// Names of the feature columns, in the order of the columns of `x`.
    pub features: Vec<String>,
    /// Names of the classes; numeric ones in numeric order, others in byte order.
    pub classes: Vec<String>,
    /// What was done to each feature: `scaled = (raw - offset) / divisor`.
    pub scaling: Vec<Scaling>,
}

/// The scaling of one feature, fitted on training rows.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Scaling {
    /// Taken off first.
    pub offset: f64,
    /// Divided by then; 1 for a constant column.
    pub divisor: f64,
}
