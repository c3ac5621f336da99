//! What is read of a file.

use std::collections::BTreeSet;

use crate::data::schema::Schema;
use crate::data::table::SourceFiles;
use crate::data::table::matrix::Matrix;

/// A data file as it was read.
#[derive(Debug)]
pub(crate) struct FileRows<C> {
    /// One column per feature.
    pub(crate) features: Matrix,
    pub(crate) side: SideColumns,
    /// Everything else that was read.
    pub(crate) content: C,
}

/// What was read of each row besides its features.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct SideColumns {
    /// Targets, then the weight, row after row.
    pub(crate) numbers: Vec<f64>,
    /// For each text column, the number of its text in each row.
    pub(crate) codes: Vec<Vec<u32>>,
    /// The hash of each numbered group or key text.
    pub(crate) keys: Vec<u64>,
}

/// What was read of a training file besides its rows.
#[derive(Debug)]
pub(crate) struct TrainingContent {
    pub(crate) schema: Schema,
    pub(crate) classes: Vec<String>,
    /// The number of groups.
    pub(crate) groups: usize,
    pub(crate) file: FileContent,
}

/// What was read of any file besides its rows.
#[derive(Debug)]
pub(crate) struct FileContent {
    pub(crate) source: SourceFiles,
    pub(crate) notes: Vec<String>,
    /// Its labels that `data.label_names` replaced.
    pub(crate) renamed: BTreeSet<String>,
}
