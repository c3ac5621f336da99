//! Plans written as TOML and read again.

use toml::{Table, Value};

use crate::config::document::inline::inline;
use crate::config::schema::{Place, sections};
use crate::config::tests::{SHORT, plan};
use crate::settings::{Allowed, DefaultValue};

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
fn a_written_plan_has_every_key_in_order() {
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
clip = "smooth"
intervals = 16

[optimizer]
type = "sgd"
learning_rate = 0.01
momentum = 0.0
nesterov = false
l2 = 0.0

[training]
epochs = 20
batch_size = 64
blocks = 1
seed = 0
last_batch = "merge"
ensemble = 1
sampling = "shuffle"
dtype = "f32"
baselines = true
eval_rows = 10000
log_every_steps = 1
checkpoint = "30 s"

[training.schedule]
type = "step"
warmup_steps = 0
factor = 0.1
every_epochs = 10

[compare]
norms = ["batch_norm", "none"]
seeds = [0, 1]
vary = "all"
primary = "final_loss"

[compare.grid]
"optimizer.learning_rate" = [0.001, 1e-5]

[[layers]]
type = "affine"
units = 4
init = { normal = 0.5 }
bias = "auto"
weights = "plain"

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
weights = "plain"

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
position = "before"
activation = "relu"
dropout = 0.0
"#;
    assert_eq!(end, expected);
}

#[test]
fn a_written_plan_is_read_as_the_same_plan() {
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

/// Tables with every key at its default, and with each word that a key allows.
fn samples(place: &Place) -> Vec<Table> {
    let mut samples = Vec::new();
    for section_type in place.section.types {
        let mut table = place.defaults(section_type.name);
        for key in section_type.keys {
            if matches!(key.default, DefaultValue::Required) {
                table.remove(key.name);
            }
            let kinds = match &key.allowed {
                Allowed::Either(kinds) => kinds,
                kind => std::slice::from_ref(kind),
            };
            for kind in kinds {
                let Allowed::Choice(words) = kind else { continue };
                samples.extend(words.iter().map(|word| {
                    let mut table = table.clone();
                    table.insert(key.name.to_owned(), Value::from(*word));
                    table
                }));
            }
        }
        samples.push(table);
    }
    samples
}

#[test]
fn every_default_and_every_word_of_the_reference_is_accepted() {
    let layer_list = plan(SHORT, &[]).to_toml();
    for place in sections() {
        let header = place.header();
        for mut sample in samples(&place) {
            let key = match header.trim_matches(['[', ']']) {
                "data" => {
                    sample.insert("path".to_owned(), Value::from("d.csv"));
                    sample.insert("label".to_owned(), Value::from("y"));
                    // The separators of numbers must differ.
                    if let Some(thousands) = sample.get("thousands").and_then(Value::as_str) {
                        let decimal = if thousands == "." { "," } else { "." };
                        sample.insert("decimal".to_owned(), Value::from(decimal));
                    }
                    round_trip(SHORT, &[&format!("data={}", inline(&Value::Table(sample)))]);
                    continue;
                }
                "layers" => "layers.1",
                key @ ("optimizer" | "training" | "training.schedule" | "training.early_stopping") => key,
                _ => continue,
            };
            // Metrics and losses that do not fit the rest of the config.
            if sample.get("metric").and_then(Value::as_str).is_some_and(|name| name.ends_with("_r2")) {
                continue;
            }
            match sample.get("type").and_then(Value::as_str) {
                Some("affine") => drop(sample.insert("units".to_owned(), Value::from(3))),
                Some(kind) if kind.ends_with("_loss") => continue,
                _ => {}
            }
            round_trip(&layer_list, &["data.valid=0.2", &format!("{key}={}", inline(&Value::Table(sample)))]);
        }
    }
}
