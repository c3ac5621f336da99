//! Loads a config file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::config::error::ConfigError;
use crate::config::grid::points;
use crate::config::plan::resolve::{Resolved, resolve};
use crate::config::plan::{GridAxis, Plan, TuneAxis};
use crate::config::problems::Problems;
use crate::config::{document, overrides};
use crate::data::{is_config, is_model, looks_like_table};

/// Longer than any config that a person writes, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The bytes of another file that are looked at to say what it is.
const MAX_START: usize = 1 << 16;

/// More runs than anyone waits for. Limits on seeds and grid points alone would multiply.
const MAX_RUNS: usize = 100_000;

/// Bytes that the configs of all runs may have, since each run holds its own.
const MAX_BYTES_OF_RUNS: usize = 1 << 29;

/// The tables of a claim's file that are not part of its config.
pub(crate) const CLAIM: [&str; 3] = ["claim", "expect", "original"];

/// The plan that the config file at `path` describes, after `overrides`: pairs of a dotted key and a TOML value
/// (or a string without quotes), in order.
///
/// # Errors
///
/// If the file cannot be read; or all problems of the config at once.
pub fn load(path: &Path, overrides: &[(String, String)]) -> Result<Plan, ConfigError> {
    let text = read(path)?;
    parse(&text, path, overrides).map_err(|error| match error {
        ConfigError::Syntax { .. } => other_file(path, text.as_bytes()).unwrap_or(error),
        other => other,
    })
}

/// Like [`load`], for the text of a file at `path`, which need not exist.
///
/// # Errors
///
/// All problems of the config at once.
pub fn parse(text: &str, path: &Path, overrides: &[(String, String)]) -> Result<Plan, ConfigError> {
    // Fails only if the working directory was removed; then there is nothing that relative paths could lead to.
    let source = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    parse_at(text, path, &source, overrides)
}

/// Like [`parse`], for a config that is not a file, with absolute paths in it.
///
/// # Errors
///
/// All problems of the config at once.
pub(crate) fn parse_stored(text: &str) -> Result<Plan, ConfigError> {
    let name = Path::new("config.toml");
    parse_at(text, name, name, &[])
}

/// The plan of a config with relative paths from the folder of `source`; messages name `path`.
fn parse_at(
    text: &str,
    path: &Path,
    source: &Path,
    overrides: &[(String, String)],
) -> Result<Plan, ConfigError> {
    let mut tree = document::read(text)
        .map_err(|fault| ConfigError::Syntax { path: path.to_owned(), fault: Box::new(fault) })?;
    let mut problems = Problems::default();
    overrides::apply(&mut tree, overrides, &mut problems);
    if tree.get("claim").is_some() {
        // The file of a claim is a config, too. What is claimed is for `reproduce`, which checks it.
        CLAIM.iter().for_each(|table| tree.remove(table));
    }
    let Resolved { plan, grid, tune } = resolve(&tree, source, &mut problems);
    if let Some(plan) = &plan {
        check_runs(plan, &grid, text.len()).map_err(|(runs, limit)| ConfigError::TooManyRuns {
            path: path.to_owned(),
            runs,
            limit,
        })?;
    }
    let points = match (&plan, &tune) {
        (Some(_), None) => points::resolve_all(&tree, source, &grid, &mut problems),
        (Some(_), Some(tune)) => {
            let sequence = (tune.key, tune.points);
            points::resolve_tuned(&tree, source, "compare.tune.keys", &tune.axes, sequence, &mut problems)
        }
        (None, tune) => {
            points::check_axes(&grid, "compare.grid", &tree, &mut problems);
            // One by one: the combinations of all ends could be many.
            for TuneAxis { key, range } in tune.iter().flat_map(|tune| &tune.axes) {
                let ends = GridAxis { key: key.clone(), values: range.extremes() };
                points::check_axes(&[ends], "compare.tune.keys", &tree, &mut problems);
            }
            Vec::new()
        }
    };
    match plan {
        Some(plan) if problems.is_empty() => Ok(Plan { points, ..plan }),
        _ => Err(problems.into_error(&tree, path)),
    }
}

/// Checks the number of runs before any of them takes memory; the error is that number and the limit.
fn check_runs(plan: &Plan, grid: &[GridAxis], bytes: usize) -> Result<(), (usize, usize)> {
    let Some(compare) = &plan.compare else { return Ok(()) };
    let points = grid.iter().map(|axis| axis.values.len());
    let seeds = compare.seeds.all.len();
    let runs = points.chain([seeds, compare.norms.len()]).fold(1, usize::saturating_mul);
    let tuning = compare.tune.as_ref().map_or(0, |tune| tune.points.saturating_mul(tune.seeds.len()));
    let runs = runs.saturating_add(tuning.saturating_mul(compare.norms.len()));
    let limit = MAX_RUNS.min(MAX_BYTES_OF_RUNS / bytes.max(1));
    if runs <= limit { Ok(()) } else { Err((runs, limit)) }
}

/// The error that a file that is not TOML is not a config but a table or a model, by its name and first bytes.
fn other_file(path: &Path, bytes: &[u8]) -> Option<ConfigError> {
    if is_model(bytes) {
        return Some(ConfigError::Model { path: path.to_owned() });
    }
    is_table(path, bytes).then(|| ConfigError::Data { path: path.to_owned() })
}

/// Whether a file that is not TOML has the name of a table, or begins like one and not like a config with a mistake.
fn is_table(path: &Path, bytes: &[u8]) -> bool {
    const TABLES: [&str; 3] = [".csv", ".tsv", ".tab"];
    const COMPRESSED: [&str; 2] = [".gz", ".zst"];
    let name = path.to_string_lossy().to_lowercase();
    let unpacked = COMPRESSED.iter().find_map(|ending| name.strip_suffix(ending));
    let ends_like_one = |name: &str| TABLES.iter().any(|ending| name.ends_with(ending));
    if ends_like_one(unpacked.unwrap_or(&name)) || unpacked.is_some_and(|name| !name.ends_with(".toml")) {
        return true;
    }
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_START)]);
    // A line of TOML has one of these.
    let is_of_config = text.lines().next().unwrap_or_default().contains(['=', '[', '#']);
    !is_of_config && !is_config(bytes) && looks_like_table(&text)
}

pub(crate) fn read(path: &Path) -> Result<String, ConfigError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => ConfigError::NotFound { path: path.to_owned() },
        _ => ConfigError::Read { path: path.to_owned(), source },
    };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(ConfigError::IsDirectory { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        let too_long = ConfigError::TooLong { path: path.to_owned(), limit: MAX_BYTES };
        return Err(other_file(path, &bytes).unwrap_or(too_long));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        other_file(path, error.as_bytes()).unwrap_or(ConfigError::NotUtf8 { path: path.to_owned(), offset })
    })
}
