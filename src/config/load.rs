//! Loads a config file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::config::error::ConfigError;
use crate::config::grid::points;
use crate::config::plan::Plan;
use crate::config::plan::resolve::{Resolved, resolve};
use crate::config::problems::Problems;
use crate::config::{document, overrides};

/// Longer than any config that a person writes, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The plan that the config file at `path` describes, after `overrides`: pairs of a dotted key and a TOML value
/// (or a string without quotes), in order.
///
/// # Errors
///
/// If the file cannot be read; or all problems of the config at once.
pub fn load(path: &Path, overrides: &[(String, String)]) -> Result<Plan, ConfigError> {
    parse(&read(path)?, path, overrides)
}

/// Like [`load`], for the text of a file at `path`, which need not exist.
///
/// # Errors
///
/// All problems of the config at once.
pub fn parse(text: &str, path: &Path, overrides: &[(String, String)]) -> Result<Plan, ConfigError> {
    // Fails only if the working directory was removed; then there is nothing that relative paths could lead to.
    let source = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut tree = document::read(text)
        .map_err(|fault| ConfigError::Syntax { path: path.to_owned(), fault: Box::new(fault) })?;
    let mut problems = Problems::default();
    overrides::apply(&mut tree, overrides, &mut problems);
    let Resolved { plan, grid } = resolve(&tree, &source, &mut problems);
    let points = match plan {
        Some(_) => points::resolve_all(&tree, &source, &grid, &mut problems),
        None => {
            points::check_axes(&grid, &tree, &mut problems);
            Vec::new()
        }
    };
    match plan {
        Some(plan) if problems.is_empty() => Ok(Plan { points, ..plan }),
        _ => Err(problems.into_error(&tree, path)),
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
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
        return Err(ConfigError::TooLong { path: path.to_owned(), limit: MAX_BYTES });
    }
    String::from_utf8(bytes).map_err(|error| ConfigError::NotUtf8 {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}
