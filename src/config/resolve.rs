//! From a tree to a plan.

use std::path::{Path, PathBuf};

use crate::config::document::tree::Node;
use crate::config::draft::Draft;
use crate::config::grid::points;
use crate::config::plan::{ComparePlan, GridAxis, Plan};
use crate::config::problems::Problems;
use crate::config::schema::check;
use crate::config::size::{SIZE_LIMIT, shown_bytes};
use crate::config::{experiment, rules, stack};
use crate::data::DataSpec;
use crate::nn::{LayerSpec, Norm, default_init};
use crate::text::STANDARD_INPUT;

/// The plan of `tree`, a config that stands at `source`; none if there were or are problems.
pub(crate) fn resolve(tree: &Node, source: &Path, problems: &mut Problems) -> Option<Plan> {
    let base = source.parent().unwrap_or(source);
    let draft = Draft::new(check::check(tree, problems), problems);
    rules::check(&draft, tree, problems);
    let layers = layers(&draft, tree, problems);
    let compare = experiment::resolve(&draft, layers.as_deref(), tree, base, problems);
    if let Some(layers) = &layers {
        let norms = compare.as_ref().map(|compare| compare.norms.as_slice());
        rows_for_norms(&draft, layers, norms, problems);
    }
    if let (Some(data), Some(optimizer), Some(layers), true) =
        (draft.data, draft.optimizer, layers, problems.is_empty())
    {
        let is_model = |axis: &GridAxis| axis.key.split('.').next() == Some("model");
        let varies_model = |compare: &ComparePlan| compare.grid.iter().any(is_model);
        let mut plan = Plan {
            name: source.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            source: source.to_owned(),
            data: absolute(data, base, problems),
            optimizer,
            training: draft.training,
            model: draft.model.filter(|_| compare.as_ref().is_some_and(varies_model)),
            compare,
            layers,
            points: Vec::new(),
        };
        size(&plan, tree, problems);
        if problems.is_empty() {
            plan.points = points::all(&plan, problems);
        } else if let Some(compare) = &plan.compare {
            points::check_axes(&compare.grid, tree, problems);
        }
        return Some(plan).filter(|_| problems.is_empty());
    }
    if let Some(compare) = &compare {
        points::check_axes(&compare.grid, tree, problems);
    }
    None
}

/// The layer list, written or expanded, with every `init` filled in.
fn layers(draft: &Draft, tree: &Node, problems: &mut Problems) -> Option<Vec<LayerSpec>> {
    let mut layers = match (&draft.layers, &draft.model) {
        (Some(layers), None) => {
            stack::check(layers, tree, problems);
            layers.clone()
        }
        (None, Some(model)) if problems.trusts("model") => model.layers(draft.task()),
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

/// A batch of one row has no spread. `norms` are those that will stand in the slots, if there is
/// a comparison.
fn rows_for_norms(draft: &Draft, layers: &[LayerSpec], norms: Option<&[Norm]>, problems: &mut Problems) {
    let stays = norms.is_none_or(|norms| norms.iter().any(|norm| *norm != Norm::None));
    let is_normalised = stays && layers.iter().any(LayerSpec::is_norm);
    if is_normalised && draft.training.batch_size == 1 && problems.trusts("training.batch_size") {
        problems.push("training.batch_size", "1 is not allowed; batch norm needs at least 2 rows per batch");
    }
}

fn absolute(mut data: DataSpec, base: &Path, problems: &mut Problems) -> DataSpec {
    let paths = [Some(&mut data.path), data.valid_path.as_mut(), data.test_path.as_mut()];
    let is_file = |path: &&mut PathBuf| **path != Path::new(STANDARD_INPUT);
    for path in paths.into_iter().flatten().filter(is_file) {
        *path = base.join(&path);
        if path.to_str().is_none() {
            // It could not be written into the run directory.
            problems.push("data", "the directory of the config has a name that is not UTF-8");
        }
    }
    data
}

/// The number of features is not known yet; one is the least.
fn size(plan: &Plan, tree: &Node, problems: &mut Problems) {
    let needs = plan.bytes(1, 1, 2);
    if needs > SIZE_LIMIT {
        let path = if tree.get("model").is_some() { "model.hidden" } else { "layers" };
        problems.push_limit(
            path,
            format!("the network needs {} bytes, limit {SIZE_LIMIT}; use fewer units", shown_bytes(needs)),
        );
    }
}
