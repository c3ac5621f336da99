//! Resolves `[compare]`: which norms, seeds and grid points to run.

use std::path::Path;

use crate::config::document::tree::Node;
use crate::config::grid::axes::{MAX_AXES, MAX_POINTS};
use crate::config::overrides::in_other_form;
use crate::config::plan::rules::has_validation_rows;
use crate::config::plan::seeds::refuse_repeats;
use crate::config::plan::spec::{CompareSpec, ConfigSpec};
use crate::config::plan::{ComparePlan, ComparedMeasure, GridAxis, Vary, seeds, tune};
use crate::config::problems::Problems;
use crate::data::DataPaths;
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
    let tune = compare.tune.as_ref().map(|tune| tune::resolve(tune, spec, tree, problems));
    let tuned = tune.as_ref().map_or(&[][..], |tune| &tune.seeds);
    // Fresh seeds: the points were chosen by the others.
    let first = tuned.last().map_or(spec.training.seed, |last| last.saturating_add(1));
    let seeds = seeds::resolve(&compare.seeds, first, tuned, spec, problems);
    let mut grid = grid(compare, tree, base, problems);
    grid.extend(positions(compare, spec, problems));
    let CompareSpec { primary, bound, smallest, vary, .. } = compare;
    if let Vary::Parts(parts) = vary {
        refuse_repeats("compare.vary", parts, |part| format!("\"{}\"", part.name()), problems);
    }
    check_primary(*primary, spec, problems);
    if tune.is_some() {
        check_tune(*primary, spec, &grid, problems);
    }
    let (primary, bound, smallest, vary) = (*primary, *bound, *smallest, vary.clone());
    Some(ComparePlan { norms, seeds, vary, primary, bound, smallest, grid, tune })
}

/// Refuses to tune where there is nothing to choose by, and in a grid.
fn check_tune(primary: ComparedMeasure, spec: &ConfigSpec, grid: &[GridAxis], problems: &mut Problems) {
    let is_known =
        ["data.valid", "data.valid_path", "data.columns"].iter().all(|path| problems.is_valid(path));
    let is_of_training = primary == ComparedMeasure::FinalTrainEvalLoss;
    if is_known && !is_of_training && !has_validation_rows(spec) {
        problems.push("compare.tune", "it chooses on validation rows; set data.valid or data.valid_path");
    }
    if !grid.is_empty() {
        let what = if spec.compare.as_ref().is_some_and(|compare| compare.grid.is_empty()) {
            "compare.positions; tune in a config for each position, set by model.position"
        } else {
            "compare.grid; tune in a config for each point"
        };
        problems.push("compare.tune", format!("it cannot be combined with {what}"));
    }
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

/// The positions of norms as an axis of the grid; none if they do not vary.
fn positions(compare: &CompareSpec, spec: &ConfigSpec, problems: &mut Problems) -> Option<GridAxis> {
    const PATH: &str = "compare.positions";
    let (positions, key) = (&compare.positions, "model.position");
    if positions.is_empty() {
        return None;
    }
    refuse_repeats(PATH, positions, |position| format!("\"{}\"", position.name()), problems);
    if spec.layers.is_some() && problems.is_valid(PATH) {
        let message = "norms are where [[layers]] has them; compare positions with the short form, [model]";
        problems.push(PATH, message);
    }
    if compare.grid.contains_key(key) && problems.is_valid(PATH) {
        problems.push(PATH, format!("{key} varies in compare.grid already; leave one of them out"));
    }
    let values = positions.iter().map(|position| position.name().into()).collect();
    problems.is_valid(PATH).then(|| GridAxis { key: key.to_owned(), values })
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
            toml::Value::String(path) if is_path && path.is_empty() => value,
            _ if is_path => {
                let paths = value.clone().try_into::<DataPaths>().ok();
                paths.and_then(|paths| toml::Value::try_from(paths.in_folder(base)).ok()).unwrap_or(value)
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
pub(crate) fn refusal(key: &str, tree: &Node) -> Option<String> {
    let (table, rest) = key.split_once('.').unwrap_or((key, ""));
    let reason = match (table, rest) {
        ("compare", _) => "the comparison itself cannot vary",
        ("training", "seed" | "split_seed" | "weights_seed" | "order_seed") => {
            "seeds vary in compare.seeds, so that runs can be paired by seed"
        }
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
