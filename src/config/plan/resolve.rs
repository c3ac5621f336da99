//! Resolves a tree to a plan: defaults, rules, layers, absolute paths.

use std::path::Path;

use crate::config::document::key_path::join;
use crate::config::document::tree::Node;
use crate::config::error::byte_count;
use crate::config::plan::size::SIZE_LIMIT;
use crate::config::plan::spec::ConfigSpec;
use crate::config::plan::{ComparePlan, GridAxis, Plan, TunePlan};
use crate::config::plan::{experiment, rules, stack};
use crate::config::problems::Problems;
use crate::config::schema::check;
use crate::data::DataSpec;
use crate::nn::layers::affine::weight_norm::{centered_alone, centered_alone_message};
use crate::nn::{AffineSpec, Init, LayerSpec, Norm, WeightForm, default_init, twin};
use crate::train::TrainingSpec;
use crate::train::tensor_rules::{self, RuleEntry, TensorRuleProblem};

/// What a config says.
pub(crate) struct Resolved {
    /// Without the points of the grid; none if there are problems.
    pub(crate) plan: Option<Plan>,
    /// The axes of the grid, even if there are problems.
    pub(crate) grid: Vec<GridAxis>,
    /// What is tuned, even if there are problems.
    pub(crate) tune: Option<TunePlan>,
}

/// Resolves `tree`, the config at `source`. Earlier and new `problems` prevent a plan.
pub(crate) fn resolve(tree: &Node, source: &Path, problems: &mut Problems) -> Resolved {
    let base = source.parent().unwrap_or(source);
    let spec = ConfigSpec::new(check::check(tree, problems), problems);
    rules::check(&spec, tree, problems);
    let layers = layers(&spec, tree, problems);
    let compare = experiment::resolve(&spec, layers.as_deref(), tree, base, problems);
    if let Some(layers) = &layers {
        let norms = compare.as_ref().map(|compare| compare.norms.as_slice());
        let networks = networks(layers, norms);
        rows_for_blocks(&spec, problems);
        rows_for_norms(&spec, &networks, problems);
        starts(&networks, tree, problems);
        tensors(&spec, &networks, problems);
    }
    let grid = compare.as_ref().map(|compare| compare.grid.clone()).unwrap_or_default();
    let tune = compare.as_ref().and_then(|compare| compare.tune.clone());
    let mut plan = None;
    if let (Some(data), Some(optimizer), Some(layers), true) =
        (spec.data, spec.optimizer, layers, problems.is_empty())
    {
        let is_model = |key: &String| key.split('.').next() == Some("model");
        let varies_model = |compare: &ComparePlan| {
            let tuned = compare.tune.iter().flat_map(|tune| tune.axes.iter().map(|axis| &axis.key));
            compare.grid.iter().map(|axis| &axis.key).chain(tuned).any(is_model)
        };
        let resolved = Plan {
            name: source.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            source: source.to_owned(),
            data: absolute(data, base, problems),
            optimizer,
            training: from_folder(spec.training, base),
            diagnose: spec.diagnose,
            model: spec.model.filter(|_| compare.as_ref().is_some_and(varies_model)),
            compare,
            report: spec.report,
            layers,
            points: Vec::new(),
        };
        size(&resolved, tree, problems);
        plan = Some(resolved).filter(|_| problems.is_empty());
    }
    Resolved { plan, grid, tune }
}

/// The layer list, as written or expanded from `[model]`, with every `init` filled in.
fn layers(spec: &ConfigSpec, tree: &Node, problems: &mut Problems) -> Option<Vec<LayerSpec>> {
    let mut layers = match (&spec.layers, &spec.model) {
        (Some(layers), None) => {
            stack::check(layers, tree, problems);
            layers.clone()
        }
        (None, Some(model)) if problems.is_valid("model") => model.layers(spec.task()),
        _ => return None,
    };
    for index in 0..layers.len() {
        let (before, following) = layers.split_at_mut(index + 1);
        if let LayerSpec::Affine(affine) = &mut before[index] {
            affine.init.get_or_insert_with(|| default_init(following));
        }
    }
    Some(layers)
}

/// The networks of all `norms` to compare; if there is no comparison, that of `layers`.
fn networks(layers: &[LayerSpec], norms: Option<&[Norm]>) -> Vec<Vec<LayerSpec>> {
    match norms {
        None => vec![layers.to_vec()],
        Some(norms) => norms.iter().map(|&norm| twin(layers, norm)).collect(),
    }
}

/// A range has a lower end, and a weight of 0 no direction.
fn starts(networks: &[Vec<LayerSpec>], tree: &Node, problems: &mut Problems) {
    for layers in networks {
        if let Some(index) = centered_alone(layers, None) {
            let path = if tree.get("model").is_some() { "model.hidden" } else { "layers" };
            if problems.is_valid(path) {
                problems.push(path, centered_alone_message(index));
            }
            return;
        }
        for (index, layer) in layers.iter().enumerate() {
            let LayerSpec::Affine(AffineSpec { weights, init: Some(init), .. }) = layer else { continue };
            let path = if tree.get("model").is_some() { "model.init" } else { "layers" };
            if let Init::Uniform([low, high]) = init
                && *high - *low > f64::MAX / 2.0
                && problems.is_valid(path)
            {
                problems
                    .push(path, format!("uniform = [{low:e}, {high:e}] is too wide; give a narrower range"));
                return;
            }
            if let Init::Uniform([low, high]) = init
                && low > high
                && problems.is_valid(path)
            {
                problems.push(
                    path,
                    format!("uniform = [{low}, {high}] is not a range; give the lower end first"),
                );
                return;
            }
            if !matches!(init, Init::Normal(0.0) | Init::Uniform([0.0, 0.0])) {
                continue;
            }
            if *weights != WeightForm::Plain && problems.is_valid(path) {
                let message = format!(
                    "the weights of layer {index} start at 0, which has no direction, but {} needs one; \
                     give init another deviation",
                    weights.name()
                );
                problems.push(path, message);
                return;
            }
        }
    }
}

/// Settings of single tensors name tensors of the networks.
fn tensors(spec: &ConfigSpec, networks: &[Vec<LayerSpec>], problems: &mut Problems) {
    let is_fitted =
        |layer: &LayerSpec| matches!(layer, LayerSpec::Affine(affine) if affine.init == Some(Init::Lsuv));
    if spec.training.init_from.is_some() && networks.iter().flatten().any(is_fitted) {
        let message =
            "init = \"lsuv\" fits weights that are drawn, and these come from a file; give another init";
        problems.push("training.init_from", message);
    }
    for TensorRuleProblem { key, entry, message } in tensor_rules::problems(&spec.training, networks) {
        let key = join("training", key);
        let path = match entry {
            RuleEntry::Index(index) => format!("{key}[{index}]"),
            RuleEntry::Pattern(pattern) => join(&key, &pattern),
        };
        if problems.is_valid(&path) && problems.is_valid("layers") && problems.is_valid("model") {
            problems.push(&path, message);
        }
    }
}

/// Each block of a batch has a row.
fn rows_for_blocks(spec: &ConfigSpec, problems: &mut Problems) {
    let TrainingSpec { blocks, batch_size, .. } = spec.training;
    if blocks > batch_size && problems.is_valid("training.batch_size") && problems.is_valid("training.blocks")
    {
        let message = format!(
            "{blocks} blocks need at least as many rows per batch, but training.batch_size = {batch_size}"
        );
        problems.push("training.blocks", message);
    }
}

/// A batch of one row has no variance.
fn rows_for_norms(spec: &ConfigSpec, networks: &[Vec<LayerSpec>], problems: &mut Problems) {
    let Some(norm) = networks.iter().flatten().find(|layer| layer.needs_batch()) else { return };
    if spec.training.batch_size == 1 && problems.is_valid("training.batch_size") {
        let kind = norm.kind();
        let message = format!("1 is not allowed; {kind} needs at least 2 rows per batch");
        problems.push("training.batch_size", message);
    }
    let ghost = networks.iter().flatten().filter_map(LayerSpec::ghost_rows).max();
    let size = spec.training.batch_size.div_ceil(spec.training.blocks.max(1));
    if let Some(ghost) =
        ghost.filter(|&ghost| ghost > size).filter(|_| problems.is_valid("training.batch_size"))
    {
        let of_block = if spec.training.blocks > 1 { " in a block" } else { "" };
        let message = format!(
            "{size}{of_block} is less than the {ghost} rows of a ghost batch, `rows` of ghost_batch_norm"
        );
        problems.push("training.batch_size", message);
    }
}

fn from_folder(mut training: TrainingSpec, base: &Path) -> TrainingSpec {
    training.init_from = training.init_from.map(|path| base.join(path));
    training
}

fn absolute(mut data: DataSpec, base: &Path, problems: &mut Problems) -> DataSpec {
    let all = [Some(&mut data.path), data.valid_path.as_mut(), data.test_path.as_mut()];
    for paths in all.into_iter().flatten() {
        *paths = paths.in_folder(base);
        if paths.as_written().iter().any(|path| path.to_str().is_none()) {
            // It could not be written to the run directory.
            problems.push("data", "the directory of the config has a name that is not UTF-8");
        }
    }
    data
}

/// Checks the size for the smallest possible number of features; the actual number is not known yet.
fn size(plan: &Plan, tree: &Node, problems: &mut Problems) {
    let needs = plan.bytes(1, 1, 2);
    if needs > SIZE_LIMIT {
        let path = if tree.get("model").is_some() { "model.hidden" } else { "layers" };
        problems.push_limit(
            path,
            format!("the network needs {} bytes, limit {SIZE_LIMIT}; use fewer units", byte_count(needs)),
        );
    }
}
