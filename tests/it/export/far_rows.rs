//! Rows that are unlike those of training: exported graphs agree with `predict` on them as well.

use ndarray::Array2;

use crate::export::interpreter::Interpreter;
use crate::export::{Rows, largest_difference};
use crate::support::work::Work;

const CONFIG: &str = r#"
[data]
path = "t.csv"
label = "y"
missing = "mean"
missing_indicator = true
[model]
hidden = [6]
norm = "batch_norm"
[optimizer]
type = "adam"
learning_rate = 0.02
[training]
epochs = 20
batch_size = 16
class_weights = "balanced"
dtype = "f64"
"#;

/// Classes of which every fifth or tenth row is of the last one.
fn table(classes: &[&str]) -> String {
    let row = |row: usize| {
        let (a, b) = ((row * 37 % 101) as f64 / 25.0 - 2.0, (row * 53 % 97) as f64 / 24.0 - 2.0);
        let class = match row % 10 {
            0 => classes[classes.len() - 1],
            5 => classes[1],
            _ => classes[0],
        };
        let shift = if class == classes[0] { 0.0 } else { 1.5 };
        format!("{:.3},{:.3},2023,no,only,{class}\n", a + shift, b)
    };
    format!("a,b,year,member,kind,y\n{}", (0..200).map(row).collect::<String>())
}

/// What differs from the training rows: numbers far outside their range, the year, the boolean, the category,
/// and missing values, of which there were none.
const NEW: [(f64, f64, f64, f64, &str); 7] = [
    (0.5, -1.0, 2023.0, 0.0, "only"),
    (1e6, 0.0, 2024.0, 1.0, "other"),
    (-1e6, 1e30, 1985.0, 0.0, ""),
    (f64::NAN, 7.5, f64::NAN, 1.0, "only"),
    (12.0, f64::NAN, 0.0, f64::NAN, "x"),
    (4.5, -4.5, 2023.0, 0.0, "only"),
    (-3e38, 3e38, -3e38, 1.0, "y"),
];

#[test]
fn graphs_bound_numbers_ignore_constant_inputs_and_correct_probabilities() {
    let cell = |value: f64| if value.is_nan() { String::new() } else { format!("{value:e}") };
    let word = |value: f64| {
        if value.is_nan() {
            ""
        } else if value == 1.0 {
            "yes"
        } else {
            "no"
        }
    };
    let new: String = NEW
        .iter()
        .map(|&(a, b, year, member, kind)| {
            format!("{},{},{},{},{kind}\n", cell(a), cell(b), cell(year), word(member))
        })
        .collect();
    for (classes, loss) in [(&["often", "seldom"][..], "logistic_loss"), (&["a", "b", "c"], "softmax_loss")] {
        let work = Work::new();
        work.write("t.csv", &table(classes));
        work.write("t.toml", &CONFIG.replace("norm =", &format!("loss = \"{loss}\"\nnorm =")));
        work.write("new.csv", &format!("a,b,year,member,kind\n{new}"));
        work.ok(&["-c", "t.toml", "-o", "run"]);
        let predicted = work.ok(&["predict", "run", "--data", "new.csv"]).stdout;
        let predicted: Vec<f64> = predicted
            .lines()
            .skip(1)
            .flat_map(|line| line.split(',').skip(1).map(|cell| cell.parse::<f64>().expect("a number")))
            .collect();
        let expected = Array2::from_shape_vec((NEW.len(), classes.len()), predicted).expect("probabilities");
        for options in [&["onnx"][..], &["onnx", "--no-fold"]] {
            work.ok(&[&["export", "run", "-o", "graph.onnx", "--force", "--to"], options].concat());
            let graph = std::fs::read(work.path("graph.onnx")).expect("a file");
            let rows = Rows {
                numbers: Array2::from_shape_fn((NEW.len(), 4), |(row, column)| {
                    let (a, b, year, member, _) = NEW[row];
                    [a, b, year, member][column]
                }),
                texts: Array2::from_shape_fn((NEW.len(), 1), |(row, _)| NEW[row].4.to_owned()),
                inputs: Array2::zeros((0, 0)),
            };
            let difference = largest_difference(&Interpreter::new(&graph).run(&rows), &expected);
            assert!(difference < 1e-12, "{options:?}: {difference:e}");
        }
    }
}
