//! `bntrain inspect`: the contents of a data file, a model file or a run directory.

pub(crate) mod data_file;
pub(crate) mod model_file;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::csv_args::CsvArgs;
use crate::cli::error::CliError;
use crate::cli::output::Output;

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// A CSV file, a model file or a run directory; several CSV files, also by a pattern in quotes, are read as one table
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// The label column: also look for columns that give it away
    #[arg(long, value_name = "NAME")]
    pub(crate) label: Option<String>,
    /// The target column: also look for columns that give it away
    #[arg(long, value_name = "NAME", conflicts_with = "label")]
    pub(crate) target: Option<String>,
    #[command(flatten)]
    pub(crate) csv: CsvArgs,
}

pub(crate) fn run(args: &InspectArgs, output: &Output) -> Result<(), CliError> {
    match &args.paths[..] {
        [path] if path.is_dir() => model_file::show_run(path, output),
        [path] if is_model(path) => model_file::show(path, output),
        _ => data_file::show(args, output),
    }
}

/// Whether a file is a safetensors file, by its extension or its first bytes: the length of the JSON
/// header in 8 bytes, and the header.
fn is_model(path: &Path) -> bool {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors")) {
        return true;
    }
    let mut start = [0; 9];
    // Opening a named pipe could wait forever.
    let is_read = path.is_file() && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok();
    is_read && start[8] == b'{' && start[7] == 0
}
