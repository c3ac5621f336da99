//! Which of the files that a command reads its models were trained on.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::data::{DataPaths, combined_hash, file_hashes};
use crate::model::Model;
use crate::run_dir::{RUN_JSON, run_of_model};

/// Of as many files, each order is tried.
const MOST_ORDERED: usize = 6;

/// What messages call those files that any of the models was trained on; none of standard input, which is gone.
///
/// A model file has one hash for all of its files. Those of each are in its run directory: apart from it, several
/// files are known only if they are all there, and more than [`MOST_ORDERED`] only in their order.
pub(crate) fn training_files(data: &DataPaths, models: &[Model], model_paths: &[PathBuf]) -> Option<PathBuf> {
    if data.is_standard_input() {
        return None;
    }
    let files = data.files().ok()?.paths;
    let hashes = file_hashes(&files)?;
    let mut are_known = vec![false; files.len()];
    for (model, path) in models.iter().zip(model_paths) {
        if are_known.iter().all(|is_known| *is_known) {
            break;
        }
        add_files_of(model, path, &hashes, &mut are_known);
    }
    let found = files.into_iter().zip(&are_known).filter(|(_, is_known)| **is_known);
    let found: Vec<PathBuf> = found.map(|(file, _)| file).collect();
    match found.len() {
        0 => None,
        all if all == are_known.len() => Some(data.name()),
        _ => Some(found.into_iter().collect::<DataPaths>().name()),
    }
}

/// Adds the files, which have these hashes, that the model at `path` was trained on.
fn add_files_of(model: &Model, path: &Path, hashes: &[String], are_known: &mut [bool]) {
    let trained = model.description.data_sha256.as_str();
    let is_table = |order: &[&str]| combined_hash(order.iter().copied()) == trained;
    let mut order: Vec<&str> = hashes.iter().map(String::as_str).collect();
    if is_table(&order) || (order.len() <= MOST_ORDERED && any_order(&mut order, 0, &is_table)) {
        return are_known.fill(true);
    }
    let mut known = recorded_hashes(path, trained);
    known.insert(trained.to_owned());
    are_known.iter_mut().zip(hashes).for_each(|(is_known, hash)| *is_known |= known.contains(hash));
}

/// Whether an order of the hashes after the first `fixed` is accepted.
fn any_order(hashes: &mut [&str], fixed: usize, accepts: &impl Fn(&[&str]) -> bool) -> bool {
    if fixed == hashes.len() {
        return accepts(hashes);
    }
    for next in fixed..hashes.len() {
        hashes.swap(fixed, next);
        if any_order(hashes, fixed + 1, accepts) {
            return true;
        }
        hashes.swap(fixed, next);
    }
    false
}

/// The hashes of the files of a table with this hash, by the `run.json` of the run directory that a model lies in.
fn recorded_hashes(model: &Path, table: &str) -> HashSet<String> {
    let run = run_of_model(model).and_then(|folder| fs::read(folder.join(RUN_JSON)).ok());
    let run: Value = run.and_then(|run| serde_json::from_slice(&run).ok()).unwrap_or_default();
    let tables = run["data"].as_array().into_iter().flatten().filter(|source| source["sha256"] == table);
    let files = tables.filter_map(|source| source["files"].as_array()).flatten();
    files.filter_map(|file| file["sha256"].as_str()).map(str::to_owned).collect()
}
