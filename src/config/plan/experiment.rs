//! Resolves `[compare]`: which norms, seeds and grid points to run.

use std::path::Path;

use crate::config::document::tree::Node;
use crate::config::grid::axes::{MAX_AXES, MAX_POINTS};
use crate::config::overrides::in_other_form;
use crate::config::plan::spec::{CompareSpec, ConfigSpec, Seeds};
use crate::config::plan::{ComparePlan, ComparedMeasure, GridAxis};
use crate::config::problems::Problems;
use crate::nn::{LayerSpec, Norm, Task, has_norm_slot};

/// The checked `[compare]` of `spec` with its defaults, seeds as a list, and paths from `base`.
/// `layers` are none where they are not known.
pub(crate) fn resolve(
    spec: &ConfigSpec,
    layers: Option<&[LayerSpec]>,
    tree: &Node,
    base: &Path,
    problems: &mut Problems,
) -> Option<ComparePlan> {
    let compare = spec.compare.as_ref()?;
    let norms = compare.norms.list();
    refuse_repeats("compare.norms", &norms, |norm| format!("\"{}\"", norm.name()), problems);
    if let Some(layers) = layers {
        let differs = norms.iter().any(|norm| *norm != Norm::None);
        if differs && !has_norm_slot(layers) && problems.is_valid("compare.norms") {
            let message = "the network has no norm to replace; add one, such as batch_norm, or set \
                           norms = [\"none\"]";
            problems.push("compare.norms", message);
        }
    }
    let seeds = seeds(&compare.seeds, spec.training.seed, problems);
    let grid = grid(compare, tree, base, problems);
    let &CompareSpec { primary, bound, smallest, .. } = compare;
    check_primary(primary, spec, problems);
    Some(ComparePlan { norms, seeds, primary, bound, smallest, grid })
}

/// Refuses a measure that the data do not have.
fn check_primary(primary: ComparedMeasure, spec: &ConfigSpec, problems: &mut Problems) {
    if !problems.is_valid("compare.primary") {
        return;
    }
    let task = spec.task();
    let what = match task {
        Task::Classification => "classes",
        Task::Regression => "values",
    };
    if primary.task().is_some_and(|of| of != task) {
        let names: Vec<String> =
            ComparedMeasure::of_task(task).map(|measure| format!("\"{}\"", measure.name())).collect();
        let message =
            format!("for {what} there is no \"{}\"; use one of {}", primary.name(), names.join(", "));
        problems.push("compare.primary", message);
    } else if primary.is_of_test()
        && spec.data.as_ref().is_some_and(|data| data.test == 0.0 && data.test_path.is_none())
    {
        let message = format!("\"{}\" needs test rows; set data.test or data.test_path", primary.name());
        problems.push("compare.primary", message);
    }
}

fn seeds(seeds: &Seeds, first: u64, problems: &mut Problems) -> Vec<u64> {
    match seeds {
        Seeds::Count(count) => {
            let last = first.checked_add(count.saturating_sub(1)).filter(|last| i64::try_from(*last).is_ok());
            if last.is_none() {
                let message = format!("{count} seeds from {first} on exceed the largest seed, 2^63 - 1");
                problems.push("compare.seeds", message);
            }
            last.map(|last| (first..=last).collect()).unwrap_or_default()
        }
        Seeds::List(seeds) => {
            refuse_repeats("compare.seeds", seeds, u64::to_string, problems);
            seeds.clone()
        }
    }
}

fn refuse_repeats<T: Ord>(path: &str, items: &[T], show: impl Fn(&T) -> String, problems: &mut Problems) {
    let mut seen = std::collections::BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        if !seen.insert(item) {
            problems.push(&format!("{path}[{index}]"), format!("{} is listed twice", show(item)));
        }
    }
}

fn grid(compare: &CompareSpec, tree: &Node, base: &Path, problems: &mut Problems) -> Vec<GridAxis> {
    let axes = &compare.grid;
    if axes.len() > MAX_AXES {
        problems.push("compare.grid", format!("it varies {} keys, limit {MAX_AXES}", axes.len()));
        return Vec::new();
    }
    let mut grid = Vec::with_capacity(axes.len());
    for (key, values) in axes {
        if let Some(reason) = refusal(key, tree) {
            problems.push(&format!("compare.grid.{key}"), reason);
        }
        let values = values.as_array().cloned().unwrap_or_default();
        let is_path = matches!(key.as_str(), "data.path" | "data.valid_path" | "data.test_path");
        // The grid is written into the run directory, where a relative path would mean another file.
        let absolute = |value: toml::Value| match &value {
            toml::Value::String(path) if is_path && !path.is_empty() => {
                base.join(path).to_str().map_or(value.clone(), toml::Value::from)
            }
            _ => value,
        };
        grid.push(GridAxis { key: key.clone(), values: values.into_iter().map(absolute).collect() });
    }
    let points = grid.iter().try_fold(1_usize, |points, axis| points.checked_mul(axis.values.len()));
    let are_few = points.is_some_and(|points| points <= MAX_POINTS);
    if !are_few {
        let shown = points.map_or_else(|| "more than 2^64".to_owned(), |points| points.to_string());
        problems.push("compare.grid", format!("it has {shown} points, limit {MAX_POINTS}"));
    }
    grid
}

/// Why a key cannot vary in a grid.
fn refusal(key: &str, tree: &Node) -> Option<String> {
    let (table, rest) = key.split_once('.').unwrap_or((key, ""));
    let reason = match (table, rest) {
        ("compare", _) => "a grid cannot vary the comparison itself",
        ("training", "seed") => "seeds vary in compare.seeds, so that runs can be paired by seed",
        ("model", "norm") => "norms vary in compare.norms, so that twins can be paired",
        ("data", "") => "vary its keys one by one, such as data.path",
        ("optimizer", "type") => {
            "other types have other keys; vary the table: optimizer = [{ type = \"sgd\" }, { type = \"adam\" }]"
        }
        ("training", "schedule.type") => {
            "other types have other keys; vary the table: training.schedule = [{ type = \"cosine\" }]"
        }
        ("layers", rest) if rest.ends_with(".type") => {
            "other types have other keys; vary the entry: layers.1 = [{ type = \"relu\" }, { type = \"tanh\" }]"
        }
        _ => in_other_form(key, tree)?,
    };
    Some(reason.to_owned())
}
