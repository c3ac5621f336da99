//! What could go wrong unseen between training and use.

mod values; // far from 0
mod weights; // of 0

use crate::support::work::Work;

/// The config of one network on `data`, which is more of `[data]`.
fn config(data: &str, norm: &str, epochs: usize) -> String {
    format!(
        "[data]\n{data}\n[model]\nhidden = [8]\nnorm = \"{norm}\"\n[optimizer]\ntype = \"adam\"\nlearning_rate = 0.01\n\
         [training]\nepochs = {epochs}\nbatch_size = 16\nseed = 1\n"
    )
}

/// The model file of the run in `folder`.
fn model(folder: &str, norm: &str) -> String {
    format!("{folder}/{norm}/seed-1/model.safetensors")
}

/// The cells of a column of the CSV text `csv`.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut lines = csv.lines().map(|line| line.split(','));
    let place = lines.next().and_then(|mut names| names.position(|found| found == name));
    let place = place.unwrap_or_else(|| panic!("no column {name} in {csv}"));
    lines.map(|mut cells| cells.nth(place).unwrap_or_default().to_owned()).collect()
}

/// A number in -1 to 1 for each row and column.
fn noise(row: usize, column: usize) -> f64 {
    let mixed = (row * 7919 + column * 104_729 + 17).wrapping_mul(2_654_435_761) % 2_000_003;
    mixed as f64 / 1_000_001.0 - 1.0
}
