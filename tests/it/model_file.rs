//! Model files of every format, read by the current version.

use std::fs;
use std::path::Path;

use bntrain::data::TargetEncoding;
use bntrain::model::{FORMAT, Model, ensemble_to_bytes};

use crate::support::work::Work;

/// Columns of every kind and encoding, layers with every kind of tensor, several members, and a threshold.
const CONFIG: &str = r#"
optimizer = { type = "adam", learning_rate = 0.02 }
training = { epochs = 5, batch_size = 16, ensemble = 2 }
layers = [
    { type = "affine", units = 6 },
    { type = "batch_norm" },
    { type = "leaky_relu" },
    { type = "dropout", rate = 0.1 },
    { type = "affine", units = 5 },
    { type = "mean_only" },
    { type = "tanh" },
    { type = "affine" },
    { type = "softmax_loss" },
]
[data]
path = "train.csv"
label = "kind"
label_names = { "Old." = "old" }
valid = 0.2
max_categories = 2
numeric = ["standardize", "quantile", "piecewise_linear"]
intervals = 4
[data.columns]
id = "id"
age = { missing = "median", indicator = true }
member = { missing = "most_frequent" }
note = "ignore"
"#;

/// Trains a model and writes its file, rows and their predictions to `folder`; the paths in its config
/// are made up.
fn make(folder: &Path) {
    let work = Work::new();
    let rows: String = (0..80_usize)
        .map(|row| {
            let age =
                if row % 9 == 4 { String::new() } else { format!("{:.1}", 20.0 + (row * 7 % 31) as f64) };
            let city = ["Oslo", "Rome", "Oslo", "Bern", "Rome", "Lima"][row % 6];
            let (member, kind) = (["yes", "no"][row / 2 % 2], row * 7 % 31 + 5 * (row % 3));
            let kind = if kind > 25 { ["old", "Old."][row % 2] } else { "young" };
            format!("r{row},{age},{city},{member},n{row},{:.3},{kind}\n", row as f64 / 17.0)
        })
        .collect();
    work.write("train.csv", &format!("id,age,city,member,note,x,kind\n{rows}"));
    work.write("model.toml", CONFIG);
    work.ok(&["-c", "model.toml", "-o", "run"]);
    let mut model = Model::load(&work.path("run/ensemble.safetensors")).expect("a model");
    let here = work.path("train.csv").canonicalize().expect("a file");
    let here = here.to_string_lossy();
    for path in [here.as_ref(), &work.path("train.csv").to_string_lossy()] {
        model.description.config = model.description.config.replace(path, "/nowhere/train.csv");
    }
    if let TargetEncoding::Classes { threshold, .. } = &mut model.description.encoding.targets {
        *threshold = Some(0.375);
    }
    let bytes = ensemble_to_bytes(&model.networks::<f32>(), &model.description);
    work.write("rows.csv", ROWS);
    fs::write(work.path("model.safetensors"), bytes.expect("a file")).expect("the folder can be written");
    let predictions = work.ok(&["predict", "model.safetensors", "--data", "rows.csv"]).stdout;
    for (name, text) in [("rows.csv", ROWS), ("predictions.csv", &predictions)] {
        fs::write(folder.join(name), text).expect("the folder can be written");
    }
    fs::copy(work.path("model.safetensors"), folder.join("model.safetensors")).expect("a file");
}

const ROWS: &str = "\
x,id,city,age,member
0.5,a,Oslo,30,yes
3.25,b,Rome,,no
-1,c,Bern,55.5,?
2,d,Atlantis,20,Y
";

#[test]
fn files_of_every_format_give_the_same_predictions() {
    for format in 1..=FORMAT {
        let folder = Path::new("tests/golden").join(format!("model_format_{format}"));
        if std::env::var_os("BNTRAIN_UPDATE").is_some() && !folder.exists() {
            fs::create_dir(&folder).expect("a folder");
            make(&folder);
        }
        let work = Work::new();
        for name in ["model.safetensors", "rows.csv", "predictions.csv"] {
            fs::copy(folder.join(name), work.path(name)).expect(name);
        }
        let predicted = work.ok(&["predict", "model.safetensors", "--data", "rows.csv"]).stdout;
        let (mut expected, mut found) = (cells(&work.read("predictions.csv")), cells(&predicted));
        assert_eq!(found.len(), expected.len(), "{predicted}");
        for (found, expected) in found.drain(..).zip(expected.drain(..)) {
            match (found.parse::<f64>(), expected.parse::<f64>()) {
                // Rounding differs between processors.
                (Ok(number), Ok(wanted)) => assert!((number - wanted).abs() < 1e-5, "{number} {wanted}"),
                _ => assert_eq!(found, expected),
            }
        }
    }
}

/// The fields of a file without quotes.
fn cells(text: &str) -> Vec<String> {
    text.lines().flat_map(|line| line.split(',').map(str::to_owned)).collect()
}
