//! What no key can say alone: values that contradict each other.

use crate::config::document::tree::{Node, Value};
use crate::config::draft::Draft;
use crate::config::problems::{Problems, join};
use crate::config::schema::Kind;
use crate::data::spec_check;
use crate::data::{ColumnRef, ColumnSpec, ColumnType, DataSpec};
use crate::nn::{Loss, Task};
use crate::optim::OptimizerSpec;
use crate::text::shortened;
use crate::train::{Dtype, Metric};

/// Checks everything outside of the layer list and `[compare]`.
///
/// A rule is silent where one of the keys that it reads has a problem of its own.
pub(crate) fn check(draft: &Draft, tree: &Node, problems: &mut Problems) {
    label(draft, tree, problems);
    one_description(tree, problems);
    if let Some(data) = &draft.data {
        for problem in spec_check::problems(data) {
            let keys = [Some(problem.key), problem.other];
            if keys.into_iter().flatten().all(|key| problems.trusts(&join("data", key))) {
                problems.push(&join("data", problem.key), problem.message);
            }
        }
        names(data, problems);
    }
    loss(draft, problems);
    class_weights(draft, problems);
    early_stopping(draft, problems);
    nesterov(draft, problems);
    if draft.training.dtype == Dtype::F32 && problems.trusts("training.dtype") {
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

/// Somewhere a config says what is to be learnt.
fn label(draft: &Draft, tree: &Node, problems: &mut Problems) {
    let columns = draft.data.iter().flat_map(|data| data.columns.values());
    let is_learnt = |word| matches!(word, Some(ColumnType::Label | ColumnType::Target));
    let is_among_columns = columns.into_iter().any(|column| is_learnt(column.column_type));
    let has = |path: &str| tree.find(path).is_some() || !problems.trusts(path);
    match (has("data.label"), has("data.target")) {
        (false, false) if !is_among_columns => {}
        _ => return,
    }
    if problems.trusts_outright("data.columns") {
        let kind = Kind::Column.description();
        let message =
            format!("missing key `label`, {kind}: the column with the class (or `target`, for values)");
        problems.push_key("data", "label", Some("label"), message);
    }
}

/// Without a header, names are those of `column_names`, or numbered.
fn names(data: &DataSpec, problems: &mut Problems) {
    if data.header || !problems.trusts("data.header") || !problems.trusts("data.column_names") {
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
        if !is_there && problems.trusts(&path) {
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

/// The loss and where it is given, or would be.
fn loss_of(draft: &Draft) -> Option<(String, Loss)> {
    match (&draft.layers, &draft.model) {
        (Some(layers), None) => {
            let last = layers.len().checked_sub(1)?;
            Some((format!("layers[{last}]"), layers[last].loss()?))
        }
        (None, Some(model)) => Some(("model.loss".to_owned(), model.loss(draft.task()))),
        _ => None,
    }
}

/// Only classes have class weights.
fn class_weights(draft: &Draft, problems: &mut Problems) {
    let path = "training.class_weights";
    let Some((loss_path, loss)) = loss_of(draft).filter(|_| problems.trusts(path)) else { return };
    let has_weights = draft.training.class_weights.is_some();
    if has_weights && loss.task() != Task::Classification && problems.trusts(&loss_path) {
        problems.push(path, "it is for classes; values have none".to_owned());
    }
}

/// The loss is one for what the data have.
fn loss(draft: &Draft, problems: &mut Problems) {
    let (Some((path, loss)), Some(data)) = (loss_of(draft), &draft.data) else { return };
    let trusted = ["data.label", "data.target", "data.columns"].iter().all(|path| problems.trusts(path));
    if loss.task() == data.task() || !trusted || !problems.trusts(&path) {
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

fn early_stopping(draft: &Draft, problems: &mut Problems) {
    let (Some(stopping), Some(data)) = (&draft.training.early_stopping, &draft.data) else { return };
    let needs_rows = matches!(stopping.metric, Metric::ValidLoss | Metric::ValidAccuracy | Metric::ValidR2);
    let says_which = |column: &ColumnSpec| column.column_type == Some(ColumnType::Split);
    let has_rows = data.valid > 0.0 || data.valid_path.is_some() || data.columns.values().any(says_which);
    let path = "training.early_stopping.metric";
    let trusted = [path, "data.valid", "data.valid_path"].iter().all(|path| problems.trusts(path));
    if needs_rows && !has_rows && trusted {
        problems.push(path, "it is measured on validation rows; set data.valid or data.valid_path");
    }
    let loss = loss_of(draft).filter(|(path, _)| problems.trusts(path));
    let (Some((_, loss)), Some(task)) = (loss, stopping.metric.task()) else { return };
    if task != loss.task() && problems.trusts(path) {
        let (is_for, instead) = match task {
            Task::Classification => ("classes", "r2"),
            Task::Regression => ("values", "accuracy"),
        };
        problems.push(path, format!("it is measured for {is_for} only; use the loss or the {instead}"));
    }
}

fn nesterov(draft: &Draft, problems: &mut Problems) {
    let Some(OptimizerSpec::Sgd(sgd)) = &draft.optimizer else { return };
    let trusted = problems.trusts("optimizer.nesterov") && problems.trusts("optimizer.momentum");
    if sgd.nesterov && sgd.momentum == 0.0 && trusted {
        problems.push("optimizer.nesterov", "it needs a momentum greater than 0, such as momentum = 0.9");
    }
}

/// Numbers that enter the arithmetic must not become 0 or infinite on the way.
fn fits_f32(path: &str, node: &Node, problems: &mut Problems) {
    match &node.value {
        Value::Number(number) => {
            let narrow = *number as f32;
            let fits = narrow.is_finite() && (narrow != 0.0 || *number == 0.0);
            if !fits && problems.trusts(path) {
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
