//! What is in a model file or a run directory.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::model::models_in;
use crate::cli::{Failure, Output, exit_code};
use crate::model::Model;
use crate::report::{model_facts, run_facts};
use crate::text::shortened;

/// A model file: layers, statistics of the tensors, history, schema of the data.
pub(crate) fn show(path: &Path, output: &Output) -> Result<(), Failure> {
    let model = Model::load(path)?;
    match output.json {
        true => output.result(&format!("{}\n", json!(model.facts()))),
        false => output.result(&model_facts(&model.facts())),
    }
}

/// A run directory: the run, and its models in short.
pub(crate) fn show_run(path: &Path, output: &Output) -> Result<(), Failure> {
    let run_json = run_json(path)?;
    let mut models = Vec::new();
    for file in models_in(path)? {
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

/// What a finished run says about itself.
fn run_json(directory: &Path) -> Result<Value, Failure> {
    let path = directory.join("run.json");
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let shown = shortened(&directory.to_string_lossy());
            Failure::new(exit_code::DATA, format!("{shown} is no finished run: there is no run.json in it"))
        }
        _ => Failure::io("read", &path, &error),
    })?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(exit_code::DATA, format!("{}: {error}", shortened(&path.to_string_lossy())))
    })
}
