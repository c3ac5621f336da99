//! Tests of reading: files in, tables or error messages out.

pub(crate) mod changes;
pub(crate) mod columns;
mod dates;
pub(crate) mod errors;
pub(crate) mod hints;
pub(crate) mod leaks;
mod missing;
pub(crate) mod numeric;
pub(crate) mod prepared;
pub(crate) mod profiles;
pub(crate) mod reading;
pub(crate) mod spellings;
pub(crate) mod spill;
pub(crate) mod splits;
pub(crate) mod targets;

use std::path::PathBuf;

use ndarray::Array2;

use crate::data::table::SourceRows;
use crate::data::{
    ColumnRef, DataError, DataSpec, Dataset, Mark, MissingPolicy, Prepared, PreparedData, Scaling,
    ValueEncoding,
};

/// A temporary directory, removed with the test.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory for temporary files"))
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).expect("a temporary file can be written");
        path
    }

    /// The text of an error without the name of the directory.
    fn message_of(&self, error: &DataError) -> String {
        error.to_string().replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn name(name: &str) -> ColumnRef {
    ColumnRef::Name(name.to_owned())
}

/// The unscaled features of a file.
fn numbers(part: &SourceRows) -> Array2<f64> {
    let shape = (part.rows(), part.features.columns());
    Array2::from_shape_fn(shape, |(row, column)| part.features.value(row, column))
}

/// The last column is the label.
fn spec() -> DataSpec {
    DataSpec { label: Some(ColumnRef::Index(-1)), ..DataSpec::default() }
}

/// The scaling of a numeric feature.
fn scaling<F>(data: &PreparedData<F>, feature: usize) -> Scaling {
    match &data.encoding.features().nth(feature).expect("there are more features").1.values {
        ValueEncoding::Numeric { scaling, .. } => *scaling,
        other => panic!("no number: {other:?}"),
    }
}

fn without_header() -> DataSpec {
    DataSpec { header: false, ..spec() }
}

/// Loads `content` as `t.csv` with the other keys of `spec`.
fn load(content: impl AsRef<[u8]>, spec: &DataSpec) -> Result<Dataset, DataError> {
    let files = Files::new();
    Dataset::load(&DataSpec { path: files.write("t.csv", content).into(), ..spec.clone() })
}

/// The message about `content`, or nothing if it loads.
fn message(content: impl AsRef<[u8]>, spec: &DataSpec) -> String {
    let files = Files::new();
    let spec = DataSpec { path: files.write("t.csv", content).into(), ..spec.clone() };
    Dataset::load(&spec).err().map(|error| files.message_of(&error)).unwrap_or_default()
}

/// Checks pairs of content and message, and reports all that differ.
fn expect_messages(cases: &[(&[u8], &str)], spec: &DataSpec) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(content, expected)| (content, *expected, message(content, spec)))
        .filter(|(_, expected, found)| expected != found)
        .map(|(content, expected, found)| {
            let content = String::from_utf8_lossy(content);
            format!("{content:?}\n  expected {expected}\n  found    {found}")
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Like [`spec`], with a rule for missing values, and unscaled.
pub(crate) fn with_missing(missing: MissingPolicy) -> DataSpec {
    DataSpec { missing, scale: crate::data::ScalingMethod::None, ..spec() }
}

pub(crate) fn prepared(content: &str, spec: &DataSpec) -> Prepared<f64> {
    load(content, spec).expect("the table loads").prepare(1, None).expect("it can be encoded")
}

/// The names and the values of all inputs.
pub(crate) fn inputs(content: &str, spec: &DataSpec) -> (Vec<String>, Array2<f64>) {
    let data = prepared(content, spec).data;
    (data.encoding.inputs.clone(), data.train.to_array())
}
