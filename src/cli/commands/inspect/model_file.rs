//! The contents of a model file or a run directory.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::commands::report::not_finished;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::data::pattern_of_folder;
use crate::model::Model;
use crate::report::{model_facts, run_facts};
use crate::run_dir::{ENSEMBLE, models_in};
use crate::text::{DisplayPath, shortened};

/// Shows a model file: layers, statistics of the tensors, history, columns.
pub(crate) fn show(path: &Path, output: &Output) -> Result<(), CliError> {
    let model = Model::load(path)?;
    match output.json {
        true => output.result(&format!("{}\n", json!(model.facts()))),
        false => output.result(&model_facts(&model.facts())),
    }
}

/// Shows a run directory: the run, and a line for each of its models, the ensemble first.
pub(crate) fn show_run(path: &Path, output: &Output) -> Result<(), CliError> {
    let run_json = run_json(path)?;
    let mut models = Vec::new();
    let ensemble = path.join(ENSEMBLE);
    for file in ensemble.is_file().then_some(ensemble).into_iter().chain(models_in(path)?) {
        let name = file.strip_prefix(path).unwrap_or(&file).to_string_lossy().into_owned();
        models.push((name, Model::load(&file)?));
    }
    let facts: Vec<_> = models.iter().map(|(name, model)| (name.clone(), model.facts())).collect();
    if !output.json {
        return output.result(&run_facts(&run_json, &facts));
    }
    let models: Vec<Value> =
        facts.iter().map(|(path, facts)| json!({ "path": path, "model": facts })).collect();
    output.result(&format!("{}\n", json!({ "run": run_json, "models": models })))
}

/// Reads `run.json`.
fn run_json(directory: &Path) -> Result<Value, CliError> {
    let path = directory.join("run.json");
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            // A run that has not finished has tables, too.
            let pattern = pattern_of_folder(directory).filter(|_| !directory.join("config.toml").exists());
            let hint = pattern.map_or_else(String::new, |pattern| {
                format!("; to read the data files in it, give a pattern: {}", DisplayPath(&pattern))
            });
            not_finished(directory, &hint)
        }
        _ => CliError::io("read", &path, &error),
    })?;
    serde_json::from_str(&text).map_err(|error| {
        CliError::new(exit_code::DATA, format!("{}: {error}", shortened(&path.to_string_lossy())))
    })
}
