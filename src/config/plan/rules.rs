//! Rules over several keys: values that contradict each other.

use crate::config::document::key_path::join;
use crate::config::document::tree::{Node, Value};
use crate::config::plan::spec::ConfigSpec;
use crate::config::problems::Problems;
use crate::data::spec_check;
use crate::data::{ColumnRef, ColumnSpec, ColumnType, DataSpec, Fold};
use crate::nn::{Loss, Norm, Task};
use crate::optim::OptimizerSpec;
use crate::settings::Allowed;
use crate::text::{Quoted, shortened, similar_names};
use crate::train::{Dtype, Metric};

/// Checks everything outside of the layer list and `[compare]`.
///
/// A rule is skipped if one of its keys has already been reported.
pub(crate) fn check(spec: &ConfigSpec, tree: &Node, problems: &mut Problems) {
    label(spec, tree, problems);
    one_description(tree, problems);
    if let Some(data) = &spec.data {
        for problem in spec_check::problems(data) {
            let keys = [Some(problem.key), problem.other];
            if keys.into_iter().flatten().all(|key| problems.is_valid(&join("data", key))) {
                problems.push(&join("data", problem.key), problem.message);
            }
        }
        names(data, problems);
    }
    loss(spec, problems);
    class_weights(spec, problems);
    early_stopping(spec, problems);
    ensemble(spec, tree, problems);
    fold(spec, problems);
    nesterov(spec, problems);
    labels(spec, problems);
    if spec.training.dtype == Dtype::F32 && problems.is_valid("training.dtype") {
        for key in ["optimizer", "layers", "model"] {
            if let Some(node) = tree.get(key) {
                fits_f32(key, node, problems);
            }
        }
    }
}

fn one_description(tree: &Node, problems: &mut Problems) {
    match (tree.get("model"), tree.get("layers")) {
        (Some(_), Some(_)) => {
            problems.push("model", "both [model] and [[layers]] describe the network; keep one of them")
        }
        (None, None) => {
            let message = "missing [model] or [[layers]], the description of the network";
            problems.push_key("", "layers", Some("layers"), message.to_owned());
        }
        _ => {}
    }
}

/// A config must name a label or target.
fn label(spec: &ConfigSpec, tree: &Node, problems: &mut Problems) {
    let columns = spec.data.iter().flat_map(|data| data.columns.values());
    let is_learnt = |word| matches!(word, Some(ColumnType::Label | ColumnType::Target));
    let is_among_columns = columns.into_iter().any(|column| is_learnt(column.column_type));
    let has = |path: &str| tree.find(path).is_some() || !problems.is_valid(path);
    match (has("data.label"), has("data.target")) {
        (false, false) if !is_among_columns => {}
        _ => return,
    }
    if problems.is_valid_itself("data.columns") {
        let kind = Allowed::Column.description();
        let message =
            format!("missing key `label`, {kind}: the column with the class (or `target`, for values)");
        problems.push_key("data", "label", Some("label"), message);
    }
}

/// Without a header, names are those of `column_names`, or numbered.
fn names(data: &DataSpec, problems: &mut Problems) {
    if data.header || !problems.is_valid("data.header") || !problems.is_valid("data.column_names") {
        return;
    }
    let label = data.label.iter().map(|label| ("data.label".to_owned(), label));
    let target = data.target.0.iter().map(|target| ("data.target".to_owned(), target));
    let ignored = data.ignore.iter().enumerate();
    let ignored = ignored.map(|(index, column)| (format!("data.ignore[{index}]"), column));
    for (path, column) in label.chain(target).chain(ignored) {
        let is_there = match column {
            ColumnRef::Name(name) if !data.column_names.is_empty() => data.column_names.contains(name),
            ColumnRef::Name(name) => {
                name.strip_prefix('c').is_some_and(|digits| digits.parse::<u32>().is_ok())
            }
            ColumnRef::Index(_) => true,
        };
        if !is_there && problems.is_valid(&path) {
            let shown = shortened(&column.to_string());
            let names = if data.column_names.is_empty() {
                "without a header they are c0, c1, ..., unless data.column_names says otherwise"
            } else {
                "see data.column_names"
            };
            problems.push(&path, format!("there is no column {shown}: {names}"));
        }
    }
}

/// Labels are of norms.
fn labels(spec: &ConfigSpec, problems: &mut Problems) {
    let names = Norm::ALL.map(Norm::name);
    for norm in spec.report.labels.keys().filter(|norm| !names.contains(&norm.as_str())) {
        let hint = match similar_names(norm, names).first() {
            Some(similar) => format!("did you mean `{similar}`?"),
            None => format!("allowed are {}", names.join(", ")),
        };
        let message = format!("{} is not a norm; {hint}", Quoted(norm));
        problems.push_key("report.labels", norm, None, message);
    }
}

/// The loss, and the path where it is or would be given.
fn loss_of(spec: &ConfigSpec) -> Option<(String, Loss)> {
    match (&spec.layers, &spec.model) {
        (Some(layers), None) => {
            let last = layers.len().checked_sub(1)?;
            Some((format!("layers[{last}]"), layers[last].loss()?))
        }
        (None, Some(model)) => Some(("model.loss".to_owned(), model.loss(spec.task()))),
        _ => None,
    }
}

/// Class weights need classes.
fn class_weights(spec: &ConfigSpec, problems: &mut Problems) {
    let path = "training.class_weights";
    let Some((loss_path, loss)) = loss_of(spec).filter(|_| problems.is_valid(path)) else { return };
    let has_weights = spec.training.class_weights.is_some();
    if has_weights && loss.task() != Task::Classification && problems.is_valid(&loss_path) {
        problems.push(path, "it needs a label; a target has no classes".to_owned());
    }
}

/// The loss must fit the label or target.
fn loss(spec: &ConfigSpec, problems: &mut Problems) {
    let (Some((path, loss)), Some(data)) = (loss_of(spec), &spec.data) else { return };
    let trusted = ["data.label", "data.target", "data.columns"].iter().all(|path| problems.is_valid(path));
    if loss.task() == data.task() || !trusted || !problems.is_valid(&path) {
        return;
    }
    let kind = loss.layer().kind();
    let message = match data.task() {
        Task::Classification => {
            format!("{kind} is for values, but the label gives classes; use softmax_loss or logistic_loss")
        }
        Task::Regression => {
            format!("{kind} is for classes, but the target gives values; use squared_loss or huber_loss")
        }
    };
    problems.push(&path, message);
}

/// The members of an ensemble take the place of the seeds of a comparison.
fn ensemble(spec: &ConfigSpec, tree: &Node, problems: &mut Problems) {
    let path = "training.ensemble";
    let (seed, members) = (spec.training.seed, spec.training.ensemble);
    if members == 1 || !problems.is_valid(path) {
        return;
    }
    if tree.get("compare").is_some() {
        problems
            .push(path, "an ensemble cannot be compared; remove [compare], or set training.ensemble to 1");
    } else if seed.checked_add(members).is_none_or(|last| i64::try_from(last).is_err()) {
        problems.push(path, format!("{members} seeds from {seed} on exceed the largest seed, 2^63 - 1"));
    }
}

/// Whether there are validation rows, as far as the config says.
pub(crate) fn has_validation_rows(spec: &ConfigSpec) -> bool {
    let says_which = |column: &ColumnSpec| column.column_type == Some(ColumnType::Split);
    let has = |data: &DataSpec| {
        data.valid > 0.0 || data.valid_path.is_some() || data.columns.values().any(says_which)
    };
    spec.training.fold.is_some() || spec.data.as_ref().is_none_or(has)
}

/// A part of a cross-validation must exist.
fn fold(spec: &ConfigSpec, problems: &mut Problems) {
    let Some(Fold { index, of }) = spec.training.fold else { return };
    if of < index && problems.is_valid("training.fold") {
        problems.push("training.fold.index", format!("{index} is more than the {of} parts, `of`"));
    }
}

fn early_stopping(spec: &ConfigSpec, problems: &mut Problems) {
    let Some(stopping) = &spec.training.early_stopping else { return };
    let needs_rows = matches!(stopping.metric, Metric::ValidLoss | Metric::ValidAccuracy | Metric::ValidR2);
    let has_rows = has_validation_rows(spec);
    let path = "training.early_stopping.metric";
    let trusted = [path, "data.valid", "data.valid_path"].iter().all(|path| problems.is_valid(path));
    if needs_rows && !has_rows && trusted {
        problems.push(path, "it needs validation rows; set data.valid or data.valid_path");
    }
    let loss = loss_of(spec).filter(|(path, _)| problems.is_valid(path));
    let (Some((_, loss)), Some(task)) = (loss, stopping.metric.task()) else { return };
    if task != loss.task() && problems.is_valid(path) {
        let (is_for, instead) = match task {
            Task::Classification => ("classes", "r2"),
            Task::Regression => ("values", "accuracy"),
        };
        problems.push(path, format!("it is measured for {is_for} only; use the loss or the {instead}"));
    }
}

fn nesterov(spec: &ConfigSpec, problems: &mut Problems) {
    let Some(OptimizerSpec::Sgd(sgd)) = &spec.optimizer else { return };
    let trusted = problems.is_valid("optimizer.nesterov") && problems.is_valid("optimizer.momentum");
    if sgd.nesterov && sgd.momentum == 0.0 && trusted {
        problems.push("optimizer.nesterov", "it needs a momentum greater than 0, such as momentum = 0.9");
    }
}

/// Numbers must not become 0 or infinite in `f32`.
fn fits_f32(path: &str, node: &Node, problems: &mut Problems) {
    match &node.value {
        Value::Number(number) => {
            let narrow = *number as f32;
            let fits = narrow.is_finite() && (narrow != 0.0 || *number == 0.0);
            if !fits && problems.is_valid(path) {
                let name = if narrow == 0.0 { "0" } else { "infinite" };
                let message = format!("{} is {name} in f32; set training.dtype to f64", node.written);
                problems.push(path, message);
            }
        }
        Value::List(nodes) => {
            for (index, node) in nodes.iter().enumerate() {
                fits_f32(&format!("{path}[{index}]"), node, problems);
            }
        }
        Value::Table(entries) => {
            for (key, node) in entries {
                fits_f32(&join(path, key), node, problems);
            }
        }
        _ => {}
    }
}
