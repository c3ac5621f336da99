//! `[tune]`: what `bntrain tune` tries.

use std::path::Path;

use crate::config::document;
use crate::config::document::tree::Node;
use crate::config::error::ConfigError;
use crate::config::grid::points;
use crate::config::load::read;
use crate::config::overrides;
use crate::config::plan::model::ModelSpec;
use crate::config::plan::resolve::{Resolved, resolve};
use crate::config::plan::spec::ConfigSpec;
use crate::config::plan::tune::{TuneAxis, TuneRange, axes, short};
use crate::config::plan::{ComparedMeasure, GridPoint, Plan};
use crate::config::problems::Problems;
use crate::config::schema::check;
use crate::data::path_relative_to;
use crate::optim::OptimizerSpec;
use crate::settings::{Allowed, settings};

settings! {
    /// What `bntrain tune` tries; other commands ignore it.
    pub(crate) struct SearchSpec {
        /// How many points, besides the config as it is. They are those of a scrambled Sobol sequence, so that more
        /// points keep the ones before. With lists, each combination is tried once, and not the one of the config again:
        /// there may be fewer.
        points: usize = 30, range(2..=1024);
        /// Parts of a cross-validation for each point, stratified and grouped like the split.
        folds: Option<usize>, absent("the validation rows of the config; 5 if it has none"), range(2..=100);
        /// What points are chosen by.
        measure: Option<ComparedMeasure>, absent("the loss of the validation rows, with the saved weights");
        /// Config keys and where they are tried, as in `[compare.tune]`.
        keys: toml::Table, absent("width and depth, learning rate, decay, dropout and batch size, around those of the config"), is(Allowed::Ranges);
    }
}

/// What `bntrain tune` does.
#[derive(Clone, Debug)]
pub struct SearchPlan {
    /// The config as it is, for one network.
    pub plan: Plan,
    /// The config as it is, then what is tried.
    pub points: Vec<GridPoint>,
    /// How many points the config asks for, besides itself.
    pub n_asked: usize,
    /// Parts of a cross-validation; none to take the validation rows of the config.
    pub folds: Option<usize>,
    /// What points are chosen by: one of validation rows.
    pub measure: ComparedMeasure,
    /// The config as it was written, and its file.
    tree: Node,
}

/// What the config file at `path`, after `overrides`, asks `bntrain tune` to do.
///
/// # Errors
///
/// If the file cannot be read; or all problems of the config at once.
pub fn load_search(path: &Path, overrides: &[(String, String)]) -> Result<SearchPlan, ConfigError> {
    let source = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut tree = document::read(&read(path)?)
        .map_err(|fault| ConfigError::Syntax { path: path.to_owned(), fault: Box::new(fault) })?;
    let mut problems = Problems::default();
    overrides::apply(&mut tree, overrides, &mut problems);
    let Resolved { plan, .. } = resolve(&tree, &source, &mut problems);
    let spec = ConfigSpec::new(check::check(&tree, &mut Problems::default()), &mut Problems::default());
    let search = spec.tune.clone().unwrap_or_default();
    let found = plan.as_ref().and_then(|plan| search_plan(plan, &spec, &search, &tree, &mut problems));
    match found {
        Some(found) if problems.is_empty() => Ok(found),
        _ => Err(problems.into_error(&tree, path)),
    }
}

fn search_plan(
    plan: &Plan,
    spec: &ConfigSpec,
    search: &SearchSpec,
    tree: &Node,
    problems: &mut Problems,
) -> Option<SearchPlan> {
    let place = "tune.keys";
    let mut axes = axes(place, &search.keys, tree, problems);
    if search.keys.is_empty() {
        axes = usual_axes(plan, spec.model.as_ref());
    }
    let has_valid = crate::config::plan::rules::has_validation_rows(spec);
    let folds = search.folds.or((!has_valid).then_some(5));
    let keeps_best = plan.training.early_stopping.is_some();
    let measure = search.measure.unwrap_or(ComparedMeasure::TestLoss).on_validation_rows(keeps_best);
    if measure.task().is_some_and(|task| task != plan.task()) {
        problems.push("tune.measure", format!("the data have no {}", measure.name()));
    }
    if folds.is_some() && plan.training.fold.is_some() {
        problems.push("training.fold", "bntrain tune cuts the parts itself; leave it out");
    }
    let mut tried = |n_points: usize| {
        let key = (plan.training.seed, n_points);
        points::resolve_tuned(tree, &plan.source, place, &axes, key, problems)
    };
    let as_it_is = GridPoint { label: AS_IT_IS.to_owned(), settings: Vec::new(), plan: plan.alone() };
    let n_asked = search.points;
    let mut others = tried(n_asked);
    let has_list = axes.iter().any(|axis| matches!(axis.range, TuneRange::Values(_)));
    if has_list && others.iter().any(|point| point.plan == as_it_is.plan) {
        others = tried(n_asked + 1);
        others.retain(|point| point.plan != as_it_is.plan);
    }
    let points = std::iter::once(as_it_is).chain(others).collect();
    Some(SearchPlan { plan: plan.alone(), points, n_asked, folds, measure, tree: tree.clone() })
}

/// The label of the first point.
const AS_IT_IS: &str = "the config as it is";

/// What matters in most networks, around what the config has.
fn usual_axes(plan: &Plan, model: Option<&ModelSpec>) -> Vec<TuneAxis> {
    let between = |key: &str, low: f64, high: f64, is_log| TuneAxis {
        key: key.to_owned(),
        range: TuneRange::Between { low, high, is_log, is_whole: false },
    };
    let rate = plan.optimizer.learning_rate();
    let mut axes =
        vec![between("optimizer.learning_rate", short(rate * 0.1, 6), short(rate * 10.0, 6), true)];
    axes.push(match plan.optimizer {
        OptimizerSpec::AdamW(_) => between("optimizer.weight_decay", 1e-3, 3.0, true),
        _ => between("optimizer.l2", 1e-6, 1e-2, true),
    });
    let batch = plan.training.batch_size;
    let sizes: Vec<toml::Value> = [batch / 2, batch, 2 * batch, 4 * batch]
        .into_iter()
        .filter(|size| 8 <= *size || *size == batch)
        .map(|size| toml::Value::Integer(size as i64))
        .collect();
    axes.push(TuneAxis { key: "training.batch_size".to_owned(), range: TuneRange::Values(sizes) });
    if let Some(model) = model.filter(|model| !model.hidden.is_empty()) {
        // Weights of a file fit the widths that they are for.
        if plan.training.init_from.is_none() {
            let range = TuneRange::Values(shapes(&model.hidden));
            axes.push(TuneAxis { key: "model.hidden".to_owned(), range });
        }
        axes.push(between("model.dropout", 0.0, 0.5, false));
    }
    axes
}

/// Half to twice the largest width, in one to three layers: wider ones take much longer and seldom win.
fn shapes(hidden: &[usize]) -> Vec<toml::Value> {
    let widest = hidden.iter().copied().max().unwrap_or(1);
    let widths = [widest.div_ceil(2), widest, 2 * widest];
    let shape =
        |depth: usize, width: usize| toml::Value::Array(vec![toml::Value::Integer(width as i64); depth]);
    (1..=3).flat_map(|depth| widths.map(|width| shape(depth, width))).collect()
}

impl SearchPlan {
    /// The complete config of a point, with `[model]` where the config has it, for a file in `folder`: paths below it are
    /// relative, so that it can be moved with its data.
    pub fn config_of(&self, point: &GridPoint, folder: &Path) -> String {
        let mut tree = self.tree.clone();
        ["compare", "tune"].iter().for_each(|table| tree.remove(table));
        for (key, value) in &point.settings {
            // It was set before.
            let _ = tree.set(key, Node::from_toml(value));
        }
        let spec = ConfigSpec::new(check::check(&tree, &mut Problems::default()), &mut Problems::default());
        let mut plan = Plan { model: spec.model, ..point.plan.clone() };
        let data = &mut plan.data;
        for paths in
            [Some(&mut data.path), data.valid_path.as_mut(), data.test_path.as_mut()].into_iter().flatten()
        {
            *paths = paths.relative_to(folder);
        }
        if let Some(model) = &mut plan.training.init_from {
            *model = path_relative_to(model, folder);
        }
        plan.to_toml()
    }
}
