//! Errors of datasets from arrays.

use crate::data::DataError;

/// Why arrays are not a dataset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// There are too few rows or no columns.
    #[error("x is {rows} x {columns}; a dataset needs at least 2 rows and 1 column")]
    TooSmall {
        /// Rows of `x`.
        rows: usize,
        /// Columns of `x`.
        columns: usize,
    },
    /// `x` and the targets do not have the same number of rows.
    #[error("x has {rows} rows, but there are {targets} targets")]
    RowCount {
        /// Rows of `x`.
        rows: usize,
        /// Rows of the targets.
        targets: usize,
    },
    /// Held-out rows do not have the columns of the training rows.
    #[error("{what} has {found} columns, but the training rows have {expected}")]
    ColumnCount {
        /// The array.
        what: &'static str,
        /// Its columns.
        found: usize,
        /// Columns of the training rows.
        expected: usize,
    },
    /// A number is infinite, NaN or beyond the range of `f32`.
    #[error(
        "{what}: {value} at [{row}, {column}]; only finite numbers in the range of f32 can be trained on"
    )]
    NotFinite {
        /// The array.
        what: &'static str,
        /// Counted from 0.
        row: usize,
        /// Counted from 0.
        column: usize,
        /// The number.
        value: f64,
    },
    /// Target values have no columns.
    #[error("the targets have no columns; give at least one value per row")]
    NoTargets,
    /// The targets are all of the same class.
    #[error("all rows are of class 0; there must be at least 2 classes")]
    OneClass,
    /// A class is not below the number of classes.
    #[error("class {class} at row {row} is out of range; classes are numbers from 0 to {}", .classes - 1)]
    UnknownClass {
        /// The class.
        class: u32,
        /// Counted from 0.
        row: usize,
        /// How many classes there can be.
        classes: usize,
    },
    /// Training rows have classes and held-out rows values, or the other way round.
    #[error("the held-out rows must have {} as targets, like the training rows", if *.classes { "classes" } else { "values" })]
    OtherTargets {
        /// Whether the training rows have classes.
        classes: bool,
    },
    /// A name is missing, is used twice or is empty.
    #[error("{count} {what} names for {expected}; each needs one name that no other has")]
    Names {
        /// `feature` or `class`.
        what: &'static str,
        /// Distinct names that were given.
        count: usize,
        /// Names that are needed.
        expected: usize,
    },
    /// The shares leave no row for a part.
    #[error(
        "{key} = {share} of {rows} rows is not possible; shares are at least 0, sum to less than 1 and hold at least 1 row"
    )]
    Share {
        /// `valid` or `test`.
        key: &'static str,
        /// The share.
        share: f64,
        /// Rows in all.
        rows: usize,
    },
    /// The features of the dataset are not all numeric.
    #[error("feature {0:?} of the dataset is not numeric, so rows cannot come from an array")]
    NotNumeric(String),
    /// The columns cannot be used together.
    #[error(transparent)]
    Columns(#[from] DataError),
}
