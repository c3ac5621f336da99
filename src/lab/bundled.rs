//! The data that the claims are tried on, in a temporary folder: they are part of the program, so that it needs no files.
//! The folder has the layout of the repository, so that the file of a claim names its data in the same way in both.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use ndarray::Array2;
use rand::Rng;

use crate::lab::LabError;
use crate::random::stream;

/// The bundled digits.
const DIGITS: &[u8] = include_bytes!("../../data/digits.csv");

const CLAIMS: &str = "configs/lab";
const DATA: &str = "data";

/// Rows, inputs and targets of `linear.csv`.
const LINEAR: (usize, usize) = (200, 10);

/// The folder; it is removed when this is dropped.
pub(crate) struct BundledData {
    folder: tempfile::TempDir,
}

impl BundledData {
    /// Writes `digits.csv`, and `linear.csv`: `y = A x` with all numbers from a standard normal distribution.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written.
    pub(crate) fn write() -> Result<Self, LabError> {
        let folder = tempfile::tempdir().map_err(LabError::Bundled)?;
        for path in [CLAIMS, DATA] {
            fs::create_dir_all(folder.path().join(path)).map_err(LabError::Bundled)?;
        }
        let data = folder.path().join(DATA);
        let write = |name: &str, bytes: &[u8]| fs::write(data.join(name), bytes).map_err(LabError::Bundled);
        write("digits.csv", DIGITS)?;
        write("linear.csv", linear().as_bytes())?;
        Ok(Self { folder })
    }

    /// Where the files of claims would be.
    pub(crate) fn claims(&self) -> PathBuf {
        self.folder.path().join(CLAIMS)
    }
}

/// After Santurkar et al. 2018, section 3.1.
fn linear() -> String {
    let (rows, width) = LINEAR;
    let mut random = stream(0, "lab", &[]);
    let mut normal = |shape| {
        Array2::<f64>::from_shape_simple_fn(shape, || random.sample(ndarray_rand::rand_distr::StandardNormal))
    };
    let (x, a) = (normal((rows, width)), normal((width, width)));
    let y = x.dot(&a);
    let names = |letter: char| (0..width).map(move |index| format!("{letter}{index}"));
    let mut text = names('x').chain(names('y')).collect::<Vec<_>>().join(",");
    for (x, y) in x.rows().into_iter().zip(y.rows()) {
        text.push('\n');
        for (column, value) in x.iter().chain(y).enumerate() {
            let comma = if column == 0 { "" } else { "," };
            let _ = write!(text, "{comma}{value}");
        }
    }
    text.push('\n');
    text
}
