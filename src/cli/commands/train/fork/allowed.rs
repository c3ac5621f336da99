//! What may change in a fork, and what may not.

use crate::cli::commands::train::fork::place::ForkPlace;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::session::Session;
use crate::config::{ChangedKey, changed_keys};

/// Keys, or the tables that they are in, that cannot change, and why.
const FIXED: &[(&str, &str)] = &[
    ("data.memory", ""),
    ("data", "the rows are those that the run was trained on"),
    ("compare", "the runs are those of the directory"),
    ("optimizer.type", "the state of the optimizer is that of the run"),
    ("training.seed", "the seed decides which rows are trained on"),
    ("training.dtype", "the tensors of the run are of its precision"),
    ("training.init_from", "initial weights were read before the first step"),
    ("training.early_stopping.metric", "the best epoch so far was chosen by it"),
];

/// Keys that decide which batches are left of an epoch.
const BATCHES: [&str; 3] = ["training.batch_size", "training.last_batch", "training.sampling"];

/// The keys that change from `before` to `now`.
///
/// # Errors
///
/// If one of them cannot.
pub(crate) fn check(before: &Session, now: &Session, place: ForkPlace) -> Result<Vec<ChangedKey>, CliError> {
    let changes = changed_keys(&before.plan.to_table(), &now.plan.to_table());
    let grid = now.plan.compare.iter().flat_map(|compare| &compare.grid);
    let grid: Vec<&str> = grid.map(|axis| &*axis.key).collect();
    let refusals: Vec<String> = changes.iter().filter_map(|change| refusal(change, place, &grid)).collect();
    if !refusals.is_empty() {
        let message = format!("a fork cannot change everything\n  {}", refusals.join("\n  "));
        return Err(CliError::new(exit_code::USAGE, message));
    }
    Ok(changes)
}

/// Why `change` cannot be made after `place`, with these keys in `[compare.grid]`; none if it can.
fn refusal(change: &ChangedKey, place: ForkPlace, grid: &[&str]) -> Option<String> {
    let key = change.key.as_str();
    let is_in = |table: &str| {
        let rest = key.strip_prefix(table);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let fixed = FIXED.iter().find(|(table, _)| is_in(table)).map(|(_, reason)| *reason);
    let reason = match fixed {
        Some("") => return None,
        Some(reason) => reason,
        None if grid.contains(&key) => {
            "the runs have the values of compare.grid, so that it would change nothing; train without the key in the \
             grid, and fork that"
        }
        None if matches!(place, ForkPlace::Step(_)) && BATCHES.contains(&key) => {
            "the batches of an epoch are drawn together; fork after an epoch, with --at-epoch"
        }
        None => return None,
    };
    Some(format!("{change}: {reason}"))
}
