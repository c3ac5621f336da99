//! A data set in memory, as it was read, and its preparation for one run.

pub(crate) mod array_error;
pub(crate) mod arrays;
pub(crate) mod byte_size;
pub(crate) mod contents;
pub(crate) mod duplicates;
pub(crate) mod leakage;
pub(crate) mod load;
pub(crate) mod matrix;
#[cfg(not(feature = "out-of-core"))]
mod no_spill;
pub(crate) mod notes;
pub(crate) mod prepare;
pub(crate) mod raw_rows;
pub(crate) mod row_store;
#[cfg(feature = "out-of-core")]
mod spill;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{Array2, s};

use crate::data::csv::file::expect_same;
use crate::data::dates::date_format::DateFormat;
use crate::data::dates::date_part::DatePart;
use crate::data::error::{DataError, ErrorKind};
use crate::data::schema::Schema;
use crate::data::schema::column::{ColumnKind, FeatureColumn};
use crate::data::schema::profile::Profile;
use crate::data::source::combined_hash;
use crate::data::spec::ClipMethod;
use crate::data::split::{SplitKey, SplitRule};
use crate::data::table::matrix::Matrix;
use crate::data::transform::reading_format::ReadingFormat;
use crate::targets::{Targets, Task};

/// All rows of a data set, as they were read. [`prepare`](Self::prepare) splits and encodes them for one
/// seed.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub(crate) schema: Schema,
    pub(crate) reading: ReadingFormat,
    pub(crate) label_names: BTreeMap<String, String>,
    pub(crate) max_categories: usize,
    pub(crate) clip: ClipMethod,
    pub(crate) classes: Vec<String>,
    pub(crate) main: SourceRows,
    /// The rows of `valid_path`.
    pub(crate) own_valid: Option<SourceRows>,
    /// The rows of `test_path`.
    pub(crate) own_test: Option<SourceRows>,
    pub(crate) split_rule: SplitRule,
    /// The validation and test shares, with the names of their keys.
    pub(crate) shares: [(&'static str, f64); 2],
    pub(crate) notes: Vec<String>,
}

/// The rows of a table: of one file, or of several.
#[derive(Clone, Debug)]
pub(crate) struct SourceRows {
    pub(crate) source: SourceFiles,
    pub(crate) features: Arc<Matrix>,
    /// Values are in the unit of the file.
    pub(crate) targets: Targets,
    /// The weight of each row, if the file has a weight column.
    pub(crate) weights: Option<Vec<f64>>,
}

impl SourceRows {
    /// `numbers` are the values of the targets, then the weight, row after row.
    pub(crate) fn new(
        source: SourceFiles,
        features: Matrix,
        labels: Option<Vec<u32>>,
        numbers: Vec<f64>,
        schema: &Schema,
    ) -> Self {
        let shape = (features.rows(), schema.side_numbers().len());
        let numbers = Array2::from_shape_vec(shape, numbers).expect("side numbers of every row");
        let weights = schema.weight.map(|_| numbers.column(shape.1 - 1).to_vec());
        let targets = match (labels, &weights) {
            (Some(labels), _) => Targets::Classes(labels),
            (None, None) => Targets::Values(numbers),
            (None, Some(_)) => Targets::Values(numbers.slice(s![.., ..-1]).to_owned()),
        };
        Self { source, features: Arc::new(features), targets, weights }
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.features.rows()
    }

    /// The class of each row; empty for regression.
    pub(crate) fn labels(&self) -> &[u32] {
        match &self.targets {
            Targets::Classes(labels) => labels,
            Targets::Values(_) => &[],
        }
    }

    /// The weights of some rows, if the file has any.
    pub(crate) fn weights_of(&self, rows: &[usize]) -> Option<Vec<f64>> {
        self.weights.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect())
    }
}

/// What the rows of a table came from.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceFiles {
    /// The path or pattern in the config; of a list the first one and the number of the others.
    pub name: PathBuf,
    /// The hash of the bytes on disk, in hexadecimal; of several files that of their hashes, each in a line.
    pub sha256: String,
    /// The number of rows, without the headers.
    pub rows: usize,
    /// The files, in order.
    pub files: Vec<SourceFile>,
}

/// A file that data came from.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceFile {
    /// As in the config, or as the pattern there found it.
    pub path: PathBuf,
    /// Hash of the bytes on disk, in hexadecimal.
    pub sha256: String,
    /// Size on disk.
    pub bytes: u64,
}

impl SourceFiles {
    /// These files with all of their rows.
    pub(crate) fn new(name: PathBuf, rows: usize, files: Vec<SourceFile>) -> Self {
        let sha256 = combined_hash(files.iter().map(|file| file.sha256.as_str()));
        Self { name, sha256, rows, files }
    }
}

impl Dataset {
    /// Names of the features, in the order of the training file.
    pub fn features(&self) -> Vec<String> {
        self.schema.features().map(|(name, _)| name.clone()).collect()
    }

    /// Whether some feature without a declared type was found not to be numeric.
    pub fn has_inferred_words(&self) -> bool {
        self.schema
            .features()
            .any(|(_, feature)| feature.declared.is_none() && feature.kind != ColumnKind::Numeric)
    }

    /// The largest number of inputs that these features can be encoded as; there are fewer if the training
    /// rows lack a category.
    pub fn most_inputs(&self) -> usize {
        let width = |feature: &FeatureColumn| match feature.kind {
            ColumnKind::Numeric => feature.numeric.most_inputs(),
            ColumnKind::Boolean => 1,
            ColumnKind::Date => feature.format.iter().flat_map(DateFormat::parts).map(DatePart::inputs).sum(),
            ColumnKind::Categorical => feature.categories.len().min(self.max_categories.saturating_add(1)),
        };
        let inputs = |feature: &FeatureColumn| width(feature) + usize::from(feature.indicator);
        self.schema.features().map(|(_, feature)| inputs(feature)).sum()
    }

    /// The name of the label column, or those of the target columns.
    pub fn learnt(&self) -> Vec<String> {
        self.schema.learnt()
    }

    /// Whether classes or values are learned.
    pub fn task(&self) -> Task {
        match &self.main.targets {
            Targets::Classes(_) => Task::Classification,
            Targets::Values(_) => Task::Regression,
        }
    }

    /// The number of classes, or of targets for regression.
    pub fn outputs(&self) -> usize {
        match &self.main.targets {
            Targets::Classes(_) => self.classes.len(),
            Targets::Values(values) => values.ncols(),
        }
    }

    /// Names of the classes: whole numbers in numeric order, others in byte order; none for regression.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The number of rows of each class in the training file, before the split.
    pub fn class_counts(&self) -> Vec<usize> {
        class_counts(self.main.labels(), self.classes.len())
    }

    /// The number of rows of the training file, before the split.
    pub fn rows(&self) -> usize {
        self.main.rows()
    }

    /// The number of training rows with this seed or fold.
    pub fn train_rows(&self, key: impl Into<SplitKey>) -> usize {
        self.split_sizes(key.into())[0]
    }

    /// The number of validation rows with this seed or fold; may be 0.
    pub fn valid_rows(&self, key: impl Into<SplitKey>) -> usize {
        match &self.own_valid {
            Some(part) => part.rows(),
            None => self.split_sizes(key.into())[1],
        }
    }

    /// The number of test rows with this seed or fold; may be 0.
    pub fn test_rows(&self, key: impl Into<SplitKey>) -> usize {
        match &self.own_test {
            Some(part) => part.rows(),
            None => self.split_sizes(key.into())[2],
        }
    }

    /// Bytes of the features that are in memory.
    pub(crate) fn bytes(&self) -> u64 {
        let parts = std::iter::once(&self.main).chain(&self.own_valid).chain(&self.own_test);
        parts.map(|part| part.features.bytes() as u64).sum()
    }

    /// SHA-256 of the bytes of the training file on disk, in hexadecimal; of several files that of their hashes.
    pub fn sha256(&self) -> &str {
        &self.main.source.sha256
    }

    /// The training file, then those of `valid_path` and `test_path`.
    pub fn sources(&self) -> impl Iterator<Item = &SourceFiles> {
        let own = self.own_valid.iter().chain(&self.own_test);
        std::iter::once(&self.main).chain(own).map(|part| &part.source)
    }

    /// Checks that a summary is of the training file as it was read.
    pub(crate) fn expect_same(&self, profile: &Profile) -> Result<(), DataError> {
        expect_same(&self.main.source.files, &profile.sources)
    }

    /// Checks that a file that both data sets are from was the same when it was read.
    pub(crate) fn expect_same_files(&self, other: &Self) -> Result<(), DataError> {
        let read: HashMap<&Path, &SourceFile> = other
            .sources()
            .flat_map(|source| &source.files)
            .map(|file| (file.path.as_path(), file))
            .collect();
        let mut files = self.sources().flat_map(|source| &source.files);
        let is_changed = |file: &&SourceFile| {
            read.get(file.path.as_path()).is_some_and(|other| other.sha256 != file.sha256)
        };
        match files.find(is_changed) {
            Some(file) => Err(DataError::new(&file.path, ErrorKind::Changed)),
            None => Ok(()),
        }
    }

    /// Oddities of the files that are not errors, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

pub(crate) fn class_counts(labels: &[u32], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &label in labels {
        counts[label as usize] += 1;
    }
    counts
}
