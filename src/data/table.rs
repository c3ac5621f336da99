//! The data of a config in memory, as they were written; one table serves every seed.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::assembly::RawRows;
use super::class::Classes;
use super::error::{DataError, Told};
use super::fault::Fault;
use super::file::CsvFile;
use super::format::{Format, Reading};
use super::matrix::Matrix;
use super::schema::Schema;
use super::shown::{ShownNames, ShownPath};
use super::spec::{DataSpec, Scale};
use super::split::Shares;

/// The rows of a config's files, every cell checked. [`prepare`](Self::prepare) splits and scales
/// them for one seed.
#[derive(Clone, Debug)]
pub struct Table {
    pub(super) features: Vec<String>,
    pub(super) classes: Vec<String>,
    pub(super) main: Part,
    pub(super) own_valid: Option<Part>,
    pub(super) own_test: Option<Part>,
    pub(super) shares: Shares,
    pub(super) scale: Scale,
    label: String,
    notes: Vec<String>,
}

/// The rows of one file, unscaled.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) source: Source,
    pub(super) raw: Arc<Matrix>,
    /// The class of each row.
    pub(super) labels: Vec<u32>,
}

/// A file that data came from.
#[derive(Clone, Debug, PartialEq, Serialize)]
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

impl Table {
    /// Reads the training file of `spec`, and its files for validation and test if it has any.
    ///
    /// Fields follow RFC 4180; LF, CRLF and CR end a line, and blank lines may stand at the end
    /// only. Spaces and tabs around names, labels and numbers do not count. Features are finite
    /// and in the range of `f32`, but kept in double precision where that holds more. Large files
    /// are read on as many threads as the machine runs at once, with the same result.
    ///
    /// # Errors
    ///
    /// The first fault, with its place. Nothing is padded, cut, skipped or guessed.
    pub fn load(spec: &DataSpec) -> Result<Self, DataError> {
        Self::load_as(spec, Reading::default())
    }

    /// [`load`](Self::load) with another limit on the bytes of each file, or in other portions.
    pub(super) fn load_as(spec: &DataSpec, reading: Reading) -> Result<Self, DataError> {
        let of_spec = |fault| DataError::new(&spec.path, fault);
        let format = Format::new(spec, reading).map_err(of_spec)?;
        let mut notes = Vec::new();
        let file = CsvFile::open(&spec.path, format, &spec.column_names)?;
        let schema = Schema::new(file.names.clone(), spec).map_err(|fault| file.fail(fault))?;
        let (main, classes) = training_part(file, &schema, &mut notes)?;
        let counts = class_counts(&main.labels, classes.len());
        let shares = Shares::new(&counts, spec.valid, spec.test);
        check_shares(spec, &shares, main.labels.len()).map_err(of_spec)?;
        note_absent_classes(spec, &shares, &classes, &mut notes);

        let mut own = |path: &Option<PathBuf>, kind| match path {
            None => Ok(None),
            Some(path) => {
                let file = CsvFile::open(path, format, &spec.column_names)?;
                let part = own_part(file, &schema, format, &classes, kind, &mut notes)?;
                if part.source.sha256 == main.source.sha256 {
                    notes.push(format!("{} holds the same bytes as the training file", ShownPath(path)));
                }
                Ok(Some(part))
            }
        };
        let own_valid = own(&spec.valid_path, "a validation file")?;
        let own_test = own(&spec.test_path, "a test file")?;
        Ok(Self {
            features: schema.feature_names().cloned().collect(),
            classes,
            main,
            own_valid,
            own_test,
            shares,
            scale: spec.scale,
            label: schema.label().to_owned(),
            notes,
        })
    }

    /// Names of the features, in the order of the training file.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The name of the label column.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Names of the classes; whole numbers in numeric order, others in byte order.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Rows of each class in the training file, before the split.
    pub fn class_counts(&self) -> Vec<usize> {
        class_counts(&self.main.labels, self.classes.len())
    }

    /// Rows of the training file, before the split.
    pub fn rows(&self) -> usize {
        self.main.labels.len()
    }

    /// Rows that are trained on; the same for every seed.
    pub fn train_rows(&self) -> usize {
        self.rows() - self.shares.valid_rows() - self.shares.test_rows()
    }

    /// Rows for validation, 0 for none; the same for every seed.
    pub fn valid_rows(&self) -> usize {
        self.own_valid.as_ref().map_or(self.shares.valid_rows(), |part| part.labels.len())
    }

    /// Rows for the last test, 0 for none; the same for every seed.
    pub fn test_rows(&self) -> usize {
        self.own_test.as_ref().map_or(self.shares.test_rows(), |part| part.labels.len())
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

/// Reads the rows of the training file, and the names of the classes in their order.
fn training_part(
    mut file: CsvFile,
    schema: &Schema,
    notes: &mut Vec<String>,
) -> Result<(Part, Vec<String>), DataError> {
    let mut found = Classes::default();
    let mut rows = file.rows(&schema.roles, &mut |label, line| found.id(label, line))?;
    if rows.labels.len() == 1 {
        return Err(file.fail(Fault::OneRow));
    }
    let (classes, places) = found
        .into_sorted(rows.labels.len())
        .map_err(|told| file.error(Told { field: Some(schema.label), ..*told }))?;
    for label in &mut rows.labels {
        *label = places[*label as usize];
    }
    Ok((Part::new(file, rows, notes), classes))
}

/// Reads the rows of a file for validation or test; `kind` says which.
fn own_part(
    mut file: CsvFile,
    schema: &Schema,
    format: Format,
    classes: &[String],
    kind: &'static str,
    notes: &mut Vec<String>,
) -> Result<Part, DataError> {
    let roles = schema.roles_in(&file.names, format.header, kind).map_err(|fault| file.fail(fault))?;
    let ids: HashMap<&str, u32> = (0..).zip(classes).map(|(id, class)| (class.as_str(), id)).collect();
    let mut class_of = |label: &str, line| match ids.get(label) {
        Some(&id) => Ok(id),
        None => {
            let fault = Fault::UnseenClass { class: label.to_owned(), known: classes.to_vec() };
            Err(Told::at_line(line, fault))
        }
    };
    let rows = file.rows(&roles, &mut class_of)?;
    Ok(Part::new(file, rows, notes))
}

fn class_counts(labels: &[u32], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &label in labels {
        counts[label as usize] += 1;
    }
    counts
}

/// A part that is asked for has a row.
fn check_shares(spec: &DataSpec, shares: &Shares, rows: usize) -> Result<(), Fault> {
    let parts = [("valid", spec.valid, shares.valid_rows()), ("test", spec.test, shares.test_rows())];
    match parts.into_iter().find(|&(_, share, found)| share > 0.0 && found == 0) {
        Some((key, share, _)) => Err(Fault::EmptySplit { key, share, rows }),
        None => Ok(()),
    }
}

fn note_absent_classes(spec: &DataSpec, shares: &Shares, classes: &[String], notes: &mut Vec<String>) {
    for (key, share, absent) in
        [("valid", spec.valid, shares.absent_in_valid()), ("test", spec.test, shares.absent_in_test())]
    {
        let names: Vec<String> = absent.into_iter().map(|class| classes[class].clone()).collect();
        if share > 0.0 && !names.is_empty() {
            notes.push(format!(
                "classes too rare for a row under data.{key} = {share}: {}",
                ShownNames(&names)
            ));
        }
    }
}

impl Part {
    fn new(file: CsvFile, read: RawRows, notes: &mut Vec<String>) -> Self {
        let path = file.path.clone();
        if let Some(kinds) = read.line_ends.mixed() {
            notes.push(format!("{} has mixed line ends: {kinds}", ShownPath(&path)));
        }
        let (sha256, bytes) = file.finish();
        let source = Source { path, sha256, bytes, rows: read.labels.len() };
        Self { source, raw: Arc::new(read.matrix), labels: read.labels }
    }
}
