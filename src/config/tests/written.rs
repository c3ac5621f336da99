//! A plan written out and read again.

use toml::{Table, Value};

use crate::config::document::write::inline;
use crate::config::schema::{
    DATA, EARLY_STOPPING, Kind, LAYERS, OPTIMIZER, SCHEDULE, Section, Standard, TRAINING,
};
use crate::config::tests::{SHORT, plan};

/// The same plan from its own text, and the same text again.
#[track_caller]
fn round_trip(text: &str, sets: &[&str]) {
    let first = plan(text, sets);
    let written = first.to_toml();
    let second = plan(&written, &[]);
    assert_eq!(first, second, "{sets:?}\n{written}");
    assert_eq!(written, second.to_toml());
}

#[test]
fn a_written_plan_is_complete_and_in_order() {
    let sets = [
        "compare.seeds=2",
        "compare.grid.optimizer.learning_rate=[1e-3, 1e-5]",
        "model.init={normal=0.5}",
        "training.schedule.type=step",
    ];
    let expected = r#"[data]
path = "/home/d.csv"
label = "y"
header = true
quote = "\""
ignore = []
missing = "refuse"
missing_indicator = false
max_categories = 50
memory = "4 GiB"
split_by = "rows"
valid = 0.0
test = 0.0
scale = "standardize"

[optimizer]
type = "sgd"
learning_rate = 0.01
momentum = 0.0
nesterov = false
l2 = 0.0

[training]
epochs = 20
batch_size = 64
seed = 0
last_batch = "merge"
sampling = "shuffle"
dtype = "f32"
baselines = true
log_every_steps = 1

[training.schedule]
type = "step"
warmup_steps = 0
factor = 0.1
every_epochs = 10

[compare]
norms = ["batch_norm", "none"]
seeds = [0, 1]

[compare.grid]
"optimizer.learning_rate" = [0.001, 1e-5]

[[layers]]
type = "affine"
units = 4
init = { normal = 0.5 }
bias = "auto"

[[layers]]
type = "batch_norm"
eps = 1e-5
running_update = 0.1
running_start = "first_batch"
running_variance = "unbiased"
scale = true
shift = true
backward = "fused"

[[layers]]
type = "relu"

[[layers]]
type = "affine"
init = { normal = 0.5 }
bias = "auto"

[[layers]]
type = "softmax_loss"
"#;
    assert_eq!(plan(SHORT, &sets).to_toml(), expected);
    // A network that the grid varies stays in the form in which it varies.
    let varied = plan(SHORT, &["compare.grid.model.hidden=[[3], [4, 5]]"]).to_toml();
    let (_, end) = varied.split_once("[compare.grid]\n").expect("there is a grid");
    let expected = r#""model.hidden" = [[3], [4, 5]]

[model]
hidden = [4]
norm = "batch_norm"
activation = "relu"
dropout = 0.0
"#;
    assert_eq!(end, expected);
}

#[test]
fn plans_survive_being_written() {
    for sets in [
        &[][..],
        &["data.delimiter=\"\\t\"", "data.label=\"a \\\"b\\\" \\\\ \\u001b ü\"", "data.ignore=[0, \"z\"]"],
        &[
            "data.columns={zip=\"categorical\", \"a.b c\"={missing={constant=\"x\"}, indicator=true}, z={}}",
            "data.ignore=[1]",
            "data.label_names={\"yes.\"=\"yes\"}",
            "data.missing_markers=[\"\", \"-999\"]",
            "data.missing={constant=0}",
        ],
        &["data.valid=0.25", "data.test_path=t.csv", "training.early_stopping={}"],
        &["training.clip_norm=1e300", "training.dtype=f64", "optimizer.l2=5e-324"],
        &["training.seed=9223372036854775807", "training.schedule={type=\"step\", every_epochs=3}"],
        &["model.init.normal=0.1", "model.dropout=0.1", "compare={}"],
        &["compare.grid.optimizer.learning_rate={logspace=[-3, -1, 5]}", "compare.seeds=[5, 4]"],
        &["compare.grid.model.hidden=[[3], [4, 5]]", "compare.grid.data.path=[\"a.csv\", \"/b.csv\"]"],
        &["compare.grid.optimizer=[{type=\"sgd\"}, {type=\"adam\", beta1=0.5}]"],
    ] {
        round_trip(SHORT, sets);
    }
}

/// Each key of each table at its default, and at each of its choices.
fn samples(section: &'static Section) -> Vec<Table> {
    let mut samples = Vec::new();
    for variant in section.variants {
        let mut table = Table::new();
        if section.is_typed() {
            table.insert("type".to_owned(), variant.name.into());
        }
        for key in variant.keys {
            if let Standard::Value(text) = key.default {
                table.insert(key.name.to_owned(), text.parse().expect("a default is TOML"));
            }
        }
        for key in variant.keys {
            let kinds = match &key.kind {
                Kind::Either(kinds) => kinds,
                kind => std::slice::from_ref(kind),
            };
            let choices = kinds
                .iter()
                .filter_map(|kind| if let Kind::Choice(choices) = kind { Some(choices) } else { None });
            for choice in choices.copied().flatten() {
                let mut table = table.clone();
                table.insert(key.name.to_owned(), Value::from(*choice));
                samples.push(table);
            }
        }
        samples.push(table);
    }
    samples
}

#[test]
fn whatever_the_reference_documents_is_taken() {
    let layer_list = plan(SHORT, &[]).to_toml();
    for (section, key) in [
        (&OPTIMIZER, "optimizer"),
        (&TRAINING, "training"),
        (&SCHEDULE, "training.schedule"),
        (&EARLY_STOPPING, "training.early_stopping"),
        (&LAYERS, "layers.1"),
    ] {
        for mut sample in samples(section) {
            // Only where values are predicted.
            if sample.get("metric").and_then(Value::as_str).is_some_and(|name| name.ends_with("_r2")) {
                continue;
            }
            match sample.get("type").and_then(Value::as_str) {
                Some("affine") => drop(sample.insert("units".to_owned(), Value::from(3))),
                Some(kind) if kind.ends_with("_loss") => continue, // Stands at the end, and nowhere else.
                _ => {}
            }
            round_trip(&layer_list, &["data.valid=0.2", &format!("{key}={}", inline(&Value::Table(sample)))]);
        }
    }
    for mut sample in samples(&DATA) {
        sample.insert("path".to_owned(), Value::from("d.csv"));
        sample.insert("label".to_owned(), Value::from("y"));
        round_trip(SHORT, &[&format!("data={}", inline(&Value::Table(sample)))]);
    }
}
