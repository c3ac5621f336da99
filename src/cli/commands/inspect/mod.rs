//! `bntrain inspect`: what is in a data file, a model file or a run directory.

pub(crate) mod data_file;
pub(crate) mod model_file;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::cli::args::InspectArgs;
use crate::cli::{Failure, Output};

pub(crate) fn run(args: &InspectArgs, output: &Output) -> Result<(), Failure> {
    if args.path.is_dir() {
        model_file::show_run(&args.path, output)
    } else if is_model(&args.path) {
        model_file::show(&args.path, output)
    } else {
        data_file::show(args, output)
    }
}

/// Whether a file says by its name or by how it begins that it holds tensors: the length of a JSON
/// document in 8 bytes, which no text has, and the document.
fn is_model(path: &Path) -> bool {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors")) {
        return true;
    }
    let mut start = [0; 9];
    // Opening anything but a regular file could wait for ever.
    let is_read = path.is_file() && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok();
    is_read && start[8] == b'{' && start[7] == 0
}
