//! Encodings of numbers: exported graphs agree with `predict` on rows far outside of the training range as well.

use ndarray::Array2;

use crate::export::interpreter::Interpreter;
use crate::export::{Rows, largest_difference};
use crate::support::work::Work;

const CONFIG: &str = r#"
[data]
path = "t.csv"
target = "y"
missing = "median"
missing_indicator = true
numeric = ["standardize", "quantile", "piecewise_linear"]
intervals = 5
[data.columns]
b = { numeric = "quantile" }
c = { numeric = "piecewise_linear" }
d = { numeric = ["piecewise_linear", "quantile"] }
[model]
hidden = [6]
norm = "batch_norm"
[optimizer]
type = "adam"
learning_rate = 0.02
[training]
epochs = 10
batch_size = 16
dtype = "f64"
"#;

/// Columns of other kinds: spread, with ties, of few values, with a gap, and constant; then a boolean.
fn table() -> String {
    let row = |row: usize| {
        let a = (row * 37 % 101) as f64 / 25.0 - 2.0;
        let b = (row * row % 7) as f64;
        let c = if row % 9 == 1 { String::new() } else { ((row * 53 % 97) as f64 * 1e6).to_string() };
        let d = [0, 0, 0, 1, 5][row % 5];
        format!("{a},{b},{c},{d},7,{},{:.4}\n", ["no", "yes"][row % 2], a * a + b)
    };
    format!("a,b,c,d,e,f,y\n{}", (0..200).map(row).collect::<String>())
}

#[test]
fn graphs_encode_numbers_like_the_program() {
    let far = [f64::NAN, -3e38, -1e9, -2.5, -2.0, 0.0, 0.3, 1.0, 4.9, 5.0, 6.0, 96e6, 1e9, 3e38];
    let work = Work::new();
    work.write("t.csv", &table());
    work.write("t.toml", CONFIG);
    work.ok(&["-c", "t.toml", "-o", "run"]);
    let numbers = Array2::from_shape_fn((far.len() * 5, 6), |(row, column)| match column {
        5 => [0.0, 1.0][row % 2],
        _ => far[(row + row / far.len() * (column + 1)) % far.len()],
    });
    let cell = |(column, value): (usize, &f64)| match (column, value.is_nan()) {
        (_, true) => String::new(),
        (5, _) => ["no", "yes"][*value as usize].to_owned(),
        _ => format!("{value:e}"),
    };
    let line = |row: ndarray::ArrayView1<'_, f64>| {
        row.iter().enumerate().map(cell).collect::<Vec<_>>().join(",") + "\n"
    };
    let lines: String = numbers.rows().into_iter().map(line).collect();
    work.write("new.csv", &format!("a,b,c,d,e,f\n{lines}"));
    let predicted = work.ok(&["predict", "run", "--data", "new.csv"]).stdout;
    let predicted: Vec<f64> =
        predicted.lines().skip(1).map(|line| line.parse::<f64>().expect("a number")).collect();
    let expected = Array2::from_shape_vec((numbers.nrows(), 1), predicted).expect("values");
    assert!(expected.iter().all(|value| value.abs() < 1e3), "inputs are bounded");
    work.ok(&["export", "run", "--to", "onnx", "-o", "graph.onnx"]);
    let graph = std::fs::read(work.path("graph.onnx")).expect("a file");
    let none = || Array2::from_shape_fn((0, 0), |_| String::new());
    let rows = Rows { numbers, texts: none(), inputs: Array2::zeros((0, 0)) };
    let difference = largest_difference(&Interpreter::new(&graph).run(&rows), &expected);
    assert!(difference < 1e-9, "{difference:e}");
    // Single precision is good for some seven digits of numbers of this size.
    work.ok(&[
        "export",
        "run",
        "--to",
        "onnx",
        "-o",
        "single.onnx",
        "--single-inputs",
        "--tolerance",
        "1e-4",
    ]);
}
