//! `--dump`: one batch through the network, as arrays for NumPy.

use std::io::{Cursor, Seek, Write};
use std::path::Path;

use ndarray::{Array2, ArrayView2};
use zip::ZipWriter;
use zip::result::{ZipError, ZipResult};
use zip::write::SimpleFileOptions;

use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::out_file::{OutFolder, Replacing};
use crate::gradcheck::Trace;
use crate::targets::TargetsView;

/// Writes `NAME.npz` into the directory, which is made if it is not there. A file of that name is replaced if
/// `force`.
pub(crate) fn write(
    directory: &Path,
    name: &str,
    trace: &Trace,
    targets: TargetsView<'_, f64>,
    force: bool,
) -> Result<(), CliError> {
    let mut bytes = Cursor::new(Vec::new());
    arrays(&mut bytes, trace, targets)
        .map_err(|error| CliError::new(exit_code::IO, format!("could not create {name}.npz: {error}")))?;
    let files = [(format!("{name}.npz"), bytes.into_inner())];
    let folder = OutFolder { named: directory, option: "--dump" };
    folder.write(&files, Replacing { force, ..Replacing::default() }).map(|_| ())
}

fn arrays(file: &mut (impl Write + Seek), trace: &Trace, targets: TargetsView<'_, f64>) -> ZipResult<()> {
    let mut npz = Npz(ZipWriter::new(file));
    match targets {
        TargetsView::Classes(classes) => {
            let bytes = classes.iter().flat_map(|&class| i64::from(class).to_le_bytes()).collect();
            npz.add("targets", "<i8", &[classes.len()], bytes)?;
        }
        TargetsView::Values(values) => npz.add_matrix("targets", &values)?,
    }
    npz.add("loss", "<f8", &[], trace.loss.to_le_bytes().to_vec())?;
    for layer in &trace.layers {
        let name = &layer.name;
        let parts = [("x", &layer.x), ("y", &layer.y), ("dy", &layer.dy), ("dx", &layer.dx)];
        for (part, array) in parts {
            npz.add_matrix(&format!("{name}.{part}"), &array.view())?;
        }
        for (param, value, gradient) in &layer.params {
            npz.add_param(param, value)?;
            npz.add_param(&format!("{param}.grad"), gradient)?;
        }
        let is_known = |name: &str| ["x", "y", "gamma", "beta"].contains(&name);
        for node in layer.nodes.iter().filter(|node| !is_known(node.name)) {
            npz.add_param(&format!("{name}.{}", node.name), &node.value)?;
            npz.add_param(&format!("{name}.{}.grad", node.name), &node.gradient)?;
        }
    }
    npz.0.finish().map(|_| ())
}

/// Arrays with names: a zip archive of .npy files.
struct Npz<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> Npz<W> {
    /// A matrix, or a vector if there is a single row.
    fn add_param(&mut self, name: &str, array: &Array2<f64>) -> ZipResult<()> {
        match array.nrows() {
            1 => self.add(name, "<f8", &[array.ncols()], bytes(array.iter())),
            _ => self.add_matrix(name, &array.view()),
        }
    }

    fn add_matrix(&mut self, name: &str, array: &ArrayView2<'_, f64>) -> ZipResult<()> {
        self.add(name, "<f8", array.shape(), bytes(array.iter()))
    }

    /// `bytes` of type `descr` in row-major order, in version 1.0 of the format that
    /// [NumPy documents](https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
    fn add(&mut self, name: &str, descr: &str, shape: &[usize], bytes: Vec<u8>) -> ZipResult<()> {
        let shape: String = shape.iter().map(|size| format!("{size},")).collect();
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
        // Magic, version and length take 10 bytes; the data begin at a multiple of 64.
        let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
        let header = format!("{header:<width$}\n", width = length - 1);
        let short =
            u16::try_from(length).map_err(|_| ZipError::InvalidArchive("a name is too long".into()))?;
        self.0.start_file(format!("{name}.npy"), SimpleFileOptions::default())?;
        self.0.write_all(b"\x93NUMPY\x01\x00")?;
        self.0.write_all(&short.to_le_bytes())?;
        self.0.write_all(header.as_bytes())?;
        self.0.write_all(&bytes)?;
        Ok(())
    }
}

fn bytes<'n>(numbers: impl Iterator<Item = &'n f64>) -> Vec<u8> {
    numbers.flat_map(|number| number.to_le_bytes()).collect()
}
