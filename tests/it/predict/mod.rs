//! `bntrain predict` on the command line.

mod columns;
mod coverage;
mod output;
mod rows;

use crate::support::work::{Ended, Work};

/// Features of every kind, an id and a label; missing ages are imputed.
const CONFIG: &str = r#"
[data]
path = "train.csv"
label = "kind"
valid = 0.2
[data.columns]
id = "id"
age = { missing = "median", indicator = true }
[model]
hidden = [8]
norm = "batch_norm"
activation = "relu"
[optimizer]
type = "adam"
learning_rate = 0.02
[training]
epochs = 4
batch_size = 16
"#;

/// A folder with `train.csv` and the model file `m.safetensors`.
fn trained() -> Work {
    let work = Work::new();
    let rows: String = (0..80_usize)
        .map(|row| {
            let age =
                if row % 9 == 4 { String::new() } else { format!("{:.1}", 20.0 + (row * 7 % 31) as f64) };
            let (city, member) = (["Oslo", "Rome", "Bern"][row % 3], ["yes", "no"][row % 2]);
            let kind = if (row * 7 % 31) + 5 * (row % 3) > 20 { "=old" } else { "new, \"er\"" };
            format!("r{row},{age},{city},{member},{:.3},{}\n", row as f64 / 17.0, quoted(kind))
        })
        .collect();
    work.write("train.csv", &format!("id,age,city,member,x,kind\n{rows}"));
    work.write("model.toml", CONFIG);
    work.ok(&["-c", "model.toml", "-o", "run"]);
    std::fs::copy(work.path("run/batch_norm/seed-0/model.safetensors"), work.path("m.safetensors"))
        .expect("a model");
    work
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Without the note on the names of classes that look like formulas.
fn predict(work: &Work, data: &str, more: &[&str]) -> Ended {
    let mut ended = work.ok(&[&["predict", "m.safetensors", "--data", data], more].concat());
    let lines = ended.stderr.lines().filter(|line| !line.contains(" written with a ' in front"));
    ended.stderr = lines.map(|line| format!("{line}\n")).collect();
    ended
}

/// The columns that a model needs, in the order of the training file.
const HEAD: &str = "id,age,city,member,x\n";
