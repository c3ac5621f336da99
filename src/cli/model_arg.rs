//! The argument MODEL: a model file, or a run directory that has only one.

use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::model::Model;
use crate::run_dir::{MODEL, models_in};
use crate::text::shortened;

/// Models that a message lists before it is cut.
const MAX_LISTED: usize = 6;

/// Loads the model at `path`, and returns the path of its file too.
pub(crate) fn load_model(path: &Path) -> Result<(Model, PathBuf), CliError> {
    let path = if path.is_dir() { only_model(path)? } else { path.to_owned() };
    Ok((Model::load(&path)?, path))
}

fn only_model(directory: &Path) -> Result<PathBuf, CliError> {
    let mut found = models_in(directory)?;
    let shown = |path: &Path| shortened(&path.to_string_lossy());
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => {
            let message = format!("{}: no {MODEL} in this directory", shown(directory));
            Err(CliError::new(exit_code::IO, message))
        }
        count => {
            let mut message = format!("{} has {count} models; choose one of them:", shown(directory));
            for path in found.iter().take(MAX_LISTED) {
                message.push_str(&format!("\n  {}", shown(path)));
            }
            if count > MAX_LISTED {
                message.push_str(&format!("\n  and {} more", count - MAX_LISTED));
            }
            Err(CliError::new(exit_code::USAGE, message))
        }
    }
}
