//! Configs and `--set`: a plan, or an error; a plan that is written gives the same plan.

use std::path::Path;

use crate::config::{ConfigError, Plan, parse};
use crate::fuzzing::check_message;

/// The text of a config.
pub fn config(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    check(parse(text, PATH.as_ref(), &[]));
}

/// Pairs of key and value, a line each, over one of three configs: the first character is its number.
pub fn overrides(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some((base, sets)) = text.split_once('\n') else { return };
    let base = match base.bytes().next() {
        Some(b'1') => SHORT,
        Some(b'2') => LAYERS,
        _ => GRID,
    };
    let pairs = sets.lines().filter_map(|line| line.split_once('='));
    let pairs: Vec<_> = pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect();
    check(parse(base, PATH.as_ref(), &pairs));
}

const PATH: &str = "/fuzz/config.toml";

const SHORT: &str = r#"
data = { path = "d.csv", label = "y" }
model = { hidden = [4, 3], norm = "batch_norm", activation = "relu" }
optimizer = { type = "sgd" }
"#;

const LAYERS: &str = r#"
data = { path = "d.csv", target = ["y", -1], columns = { a = { type = "weight" } } }
optimizer = { type = "adam" }
training = { epochs = 3, early_stopping = {}, schedule = { type = "cosine" } }
layers = [
    { type = "affine", units = 4 },
    { type = "batch_norm", eps = 1e-3 },
    { type = "leaky_relu" },
    { type = "dropout", rate = 0.5 },
    { type = "affine" },
    { type = "squared_loss" },
]
"#;

const GRID: &str = r#"
data = { path = "d.csv", label = "y", valid = 0.2 }
model = { hidden = [4], norm = "mean_only", activation = "tanh" }
optimizer = { type = "sgd", momentum = 0.9 }
[compare]
norms = ["batch_norm", "none"]
seeds = [1, 2]
grid = { "optimizer.learning_rate" = [0.1, 0.2], "model.hidden" = [[2], [3, 4]] }
"#;

fn check(plan: Result<Plan, ConfigError>) {
    match plan {
        Ok(plan) => {
            let written = plan.to_toml();
            let again = parse(&written, Path::new(PATH), &[]);
            let again = again.unwrap_or_else(|error| panic!("refused what was written: {error}\n{written}"));
            assert_eq!(again.to_toml(), written);
            assert_eq!(again, plan);
        }
        Err(error) => check_message(&error.to_string()),
    }
}
