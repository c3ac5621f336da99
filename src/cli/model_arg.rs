//! The argument MODEL: a model file, or a run directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::model::{Model, ModelError};
use crate::run_dir::{DirectoryState, ENSEMBLE, MODEL, models_in, state_of};
use crate::text::shortened;

/// Models that a message lists before it is cut.
const MAX_LISTED: usize = 6;

/// Models whose predictions are averaged.
pub(crate) struct Models {
    /// At least one.
    pub(crate) models: Vec<Model>,
    pub(crate) paths: Vec<PathBuf>,
}

/// Loads the model at `path`, and returns the path of its file too. A run directory has only one, or an ensemble.
pub(crate) fn load_model(path: &Path) -> Result<(Model, PathBuf), CliError> {
    let path = if path.is_dir() { only_model(path)? } else { path.to_owned() };
    Ok((Model::load(&path)?, path))
}

/// Loads the models at `paths`; of a run directory those of all seeds of its only network.
pub(crate) fn load_models(paths: &[PathBuf]) -> Result<Models, CliError> {
    let mut files = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => files.extend(models_of_network(path)?),
            false => files.push(path.clone()),
        }
    }
    let models = files.iter().map(|path| Model::load(path).map_err(|error| explained(error, path)));
    let models = models.collect::<Result<_, _>>()?;
    Ok(Models { models, paths: files })
}

/// A pattern of data files without quotes arrives here as the names of further models.
fn explained(error: ModelError, path: &Path) -> CliError {
    const TABLES: [&str; 5] = ["csv", "tsv", "txt", "gz", "zst"];
    let is_table =
        path.extension().is_some_and(|ending| TABLES.iter().any(|table| ending.eq_ignore_ascii_case(table)));
    let mut error = CliError::from(error);
    if is_table {
        error
            .message
            .push_str("; for several data files, put their pattern in quotes, or write --data for each");
    }
    error
}

/// A note for each run directory whose runs have not finished.
pub(crate) fn unfinished_notes<'p>(paths: impl IntoIterator<Item = &'p PathBuf>) -> Vec<String> {
    let is_unfinished = |path: &&PathBuf| matches!(state_of(path), Ok(DirectoryState::Unfinished));
    let note = |path: &PathBuf| {
        let path = shown(path);
        format!("note: the runs in {path} have not finished; `bntrain resume {path}` goes on with them")
    };
    paths.into_iter().filter(is_unfinished).map(note).collect()
}

fn only_model(directory: &Path) -> Result<PathBuf, CliError> {
    let mut found = found_in(directory)?;
    match found.len() {
        1 => Ok(found.remove(0)),
        count => {
            let message = format!("{} has {count} models; choose one of them:", shown(directory));
            Err(CliError::new(exit_code::USAGE, listed(message, found.iter().map(|path| shown(path)))))
        }
    }
}

/// The models of all seeds in a run directory with one network.
fn models_of_network(directory: &Path) -> Result<Vec<PathBuf>, CliError> {
    let found = found_in(directory)?;
    // norm/[point/]seed/model.safetensors
    let mut networks: BTreeMap<&Path, usize> = BTreeMap::new();
    for folder in found.iter().filter_map(|path| path.parent()?.parent()) {
        *networks.entry(folder).or_default() += 1;
    }
    if found.len() == 1 || networks.len() == 1 {
        return Ok(found);
    }
    let message =
        format!("{} has models of {} networks; choose one of them:", shown(directory), networks.len());
    Err(CliError::new(exit_code::USAGE, listed(message, networks.keys().map(|folder| shown(folder)))))
}

/// The ensemble in a directory, or else all of its models, at least one.
fn found_in(directory: &Path) -> Result<Vec<PathBuf>, CliError> {
    let ensemble = directory.join(ENSEMBLE);
    if ensemble.is_file() {
        return Ok(vec![ensemble]);
    }
    let found = models_in(directory)?;
    match found.is_empty() {
        true => {
            let message = format!("{}: no {MODEL} in this directory", shown(directory));
            Err(CliError::new(exit_code::IO, message))
        }
        false => Ok(found),
    }
}

fn listed(mut message: String, lines: impl ExactSizeIterator<Item = String>) -> String {
    let count = lines.len();
    lines.take(MAX_LISTED).for_each(|line| message.push_str(&format!("\n  {line}")));
    if count > MAX_LISTED {
        message.push_str(&format!("\n  and {} more", count - MAX_LISTED));
    }
    message
}

fn shown(path: &Path) -> String {
    shortened(&path.to_string_lossy())
}
