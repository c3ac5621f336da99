//! The data of a config in memory, as they were written; one table serves every seed.

pub(crate) mod arrays;
pub(crate) mod byte_size;
pub(crate) mod cache;
pub(crate) mod load;
pub(crate) mod matrix;
pub(crate) mod prepare;
pub(crate) mod raw_rows;
pub(crate) mod row_store;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::schema::column::Kind;
use crate::data::schema::{FeatureColumn, Schema, TargetColumns};
use crate::data::spec::Scale;
use crate::data::split::Division;
use crate::data::table::matrix::Matrix;
use crate::data::transform::encoding::ReadingFormat;
use crate::targets::Task;

/// The rows of a config's files, every cell checked. [`prepare`](Self::prepare) splits and encodes
/// them for one seed.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub(crate) schema: Schema,
    pub(crate) reading: ReadingFormat,
    pub(crate) label_names: BTreeMap<String, String>,
    pub(crate) max_categories: usize,
    pub(crate) scale: Scale,
    pub(crate) classes: Vec<String>,
    pub(crate) main: Part,
    pub(crate) own_valid: Option<Part>,
    pub(crate) own_test: Option<Part>,
    pub(crate) division: Division,
    /// The shares of the parts by the names of their keys.
    pub(crate) held_back: [(&'static str, f64); 2],
    pub(crate) notes: Vec<String>,
}

/// The rows of one file, as they were written.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) source: Source,
    pub(crate) raw: Arc<Matrix>,
    /// The class of each row; empty where values are learnt.
    pub(crate) labels: Vec<u32>,
    /// The values of each row, row after row; empty where classes are learnt.
    pub(crate) targets: Vec<f64>,
    /// The weight of each row; empty where all count alike.
    pub(crate) weights: Vec<f64>,
}

impl Part {
    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.raw.rows()
    }

    /// The classes of some rows, if classes are learnt.
    pub(crate) fn labels_of(&self, rows: &[usize]) -> Option<Vec<u32>> {
        (!self.labels.is_empty()).then(|| rows.iter().map(|&row| self.labels[row]).collect())
    }

    /// The weights of some rows, if the file has any.
    pub(crate) fn weights_of(&self, rows: &[usize]) -> Option<Vec<f64>> {
        (!self.weights.is_empty()).then(|| rows.iter().map(|&row| self.weights[row]).collect())
    }
}

/// A file that data came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// As in the config.
    pub path: PathBuf,
    /// Of the bytes on disk, in hexadecimal.
    pub sha256: String,
    /// On disk.
    pub bytes: u64,
    /// Without header.
    pub rows: usize,
}

impl Dataset {
    /// Names of the features, in the order of the training file.
    pub fn features(&self) -> Vec<String> {
        self.schema.features().map(|(name, _)| name.clone()).collect()
    }

    /// Whether some feature was found to be no number though nobody said so.
    pub fn has_inferred_words(&self) -> bool {
        self.schema.features().any(|(_, feature)| feature.declared.is_none() && feature.kind != Kind::Numeric)
    }

    /// The most inputs that a network can have for these features; fewer where a category is only
    /// among rows that are held back.
    pub fn most_inputs(&self) -> usize {
        let width = |feature: &FeatureColumn| match feature.kind {
            Kind::Numeric | Kind::Boolean => 1,
            Kind::Categorical => feature.categories.len().min(self.max_categories.saturating_add(1)),
        };
        let inputs = |feature: &FeatureColumn| width(feature) + usize::from(feature.indicator);
        self.schema.features().map(|(_, feature)| inputs(feature)).sum()
    }

    /// The names of the columns with what is learnt: the label, or the targets.
    pub fn learnt(&self) -> Vec<String> {
        self.schema.learnt()
    }

    /// Whether classes or values are learnt.
    pub fn task(&self) -> Task {
        match &self.schema.truth {
            TargetColumns::Classes(_) => Task::Classification,
            TargetColumns::Values(_) => Task::Regression,
        }
    }

    /// The number of classes, or of targets.
    pub fn outputs(&self) -> usize {
        match &self.schema.truth {
            TargetColumns::Classes(_) => self.classes.len(),
            TargetColumns::Values(targets) => targets.len(),
        }
    }

    /// Names of the classes, none where values are learnt; whole numbers in numeric order, others in byte order.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Rows of each class in the training file, before the split.
    pub fn class_counts(&self) -> Vec<usize> {
        class_counts(&self.main.labels, self.classes.len())
    }

    /// Rows of the training file, before the split.
    pub fn rows(&self) -> usize {
        self.main.rows()
    }

    /// Rows that are trained on with this seed.
    pub fn train_rows(&self, seed: u64) -> usize {
        self.division.sizes(&self.main.labels, seed)[0]
    }

    /// Rows for validation with this seed, 0 for none.
    pub fn valid_rows(&self, seed: u64) -> usize {
        match &self.own_valid {
            Some(part) => part.rows(),
            None => self.division.sizes(&self.main.labels, seed)[1],
        }
    }

    /// Rows for the last test with this seed, 0 for none.
    pub fn test_rows(&self, seed: u64) -> usize {
        match &self.own_test {
            Some(part) => part.rows(),
            None => self.division.sizes(&self.main.labels, seed)[2],
        }
    }

    /// The hash of the training file's bytes on disk, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.main.source.sha256
    }

    /// The files: for training, then for validation and test where they have their own.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let own = self.own_valid.iter().chain(&self.own_test);
        std::iter::once(&self.main).chain(own).map(|part| &part.source)
    }

    /// What is odd about the files though no error, for people to read.
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
