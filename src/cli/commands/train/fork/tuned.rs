//! Why tuned norms are not forked: their settings differ, and a fork has one config for all.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::cli::commands::train::fork::shown;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::config::Plan;
use crate::experiment::Summary;

/// Refuses to fork the runs of `plan` in `directory` if it has `[compare.tune]`, and says how they can be forked.
pub(crate) fn refuse(directory: &Path, plan: &Plan) -> Result<(), CliError> {
    if plan.compare.as_ref().is_none_or(|compare| compare.tune.is_none()) {
        return Ok(());
    }
    let shown = shown(directory);
    let reason = "cannot be forked: each norm has settings that were tuned for it ([compare.tune]), and a fork has one \
                  config for all";
    let grid = grid_of_chosen(directory, plan);
    let message = if grid.is_empty() {
        format!(
            "{shown} {reason}; once it has finished, summary.json has the chosen settings: train with them, without \
             [compare.tune], and fork that"
        )
    } else {
        format!(
            "{shown} {reason}; train with the chosen settings and fork that: in a copy of {shown}/config.toml, put this \
             in the place of [compare.tune] and [compare.tune.keys]\n  [compare.grid]{grid}"
        )
    };
    Err(CliError::new(exit_code::REFUSED, message))
}

/// Lines of `[compare.grid]` with the values that were chosen for the norms; empty if they are not known.
fn grid_of_chosen(directory: &Path, plan: &Plan) -> String {
    let text = fs::read_to_string(directory.join("summary.json")).unwrap_or_default();
    let tuning = Summary::from_json(&text).ok().and_then(|summary| summary.tuning);
    let mut axes: Vec<(&str, Vec<toml::Value>)> = Vec::new();
    let best = tuning.iter().flat_map(|tuning| &tuning.norms).filter_map(|norm| norm.best?.checked_sub(1));
    for (key, value) in best.filter_map(|index| plan.points.get(index)).flat_map(|point| &point.settings) {
        match axes.iter_mut().find(|(name, _)| name == key) {
            Some((_, values)) if values.contains(value) => {}
            Some((_, values)) => values.push(value.clone()),
            None => axes.push((key, vec![value.clone()])),
        }
    }
    axes.into_iter().fold(String::new(), |mut lines, (key, values)| {
        // Writing to a string does not fail.
        let _ = write!(lines, "\n  {} = {}", toml::Value::from(key), toml::Value::Array(values));
        lines
    })
}
