//! Ensembles as one graph.

use ndarray::Array2;

use crate::export::interpreter::Interpreter;
use crate::export::{Rows, largest_difference};
use crate::support::work::Work;

#[test]
fn the_graph_of_an_ensemble_gives_the_mean_of_its_members() {
    for (loss, weights) in [
        ("softmax_loss", ""),
        ("logistic_loss", ""),
        ("softmax_loss", "class_weights = \"balanced\"\n"),
        ("logistic_loss", "class_weights = { up = 3.0 }\n"),
    ] {
        let work = Work::new();
        let config = Work::SINGLE.replace("norm =", &format!("loss = \"{loss}\"\nnorm ="));
        work.write("e.toml", &format!("{config}{weights}ensemble = 3\ndtype = \"f64\"\n"));
        work.ok(&["-c", "e.toml", "-o", "run"]);
        let predicted = work.ok(&["predict", "run", "--data", "data.csv"]).stdout;
        let predicted = predicted.lines().skip(1);
        let predicted = predicted.flat_map(|line| line.split(',').skip(1).map(str::parse::<f64>));
        let predicted: Vec<f64> = predicted.collect::<Result<_, _>>().expect("numbers");
        let expected = Array2::from_shape_vec((60, 2), predicted).expect("probabilities");
        work.ok(&["export", "run", "--to", "onnx", "-o", "graph.onnx"]);
        let graph = std::fs::read(work.path("graph.onnx")).expect("a file");
        let data = work.read("data.csv");
        let numbers = data.lines().skip(1).flat_map(|line| line.split(',').take(2).map(str::parse::<f64>));
        let numbers: Vec<f64> = numbers.collect::<Result<_, _>>().expect("numbers");
        let rows = Rows {
            numbers: Array2::from_shape_vec((60, 2), numbers).expect("rows"),
            texts: Array2::from_shape_fn((0, 0), |_| String::new()),
            inputs: Array2::zeros((0, 0)),
        };
        let difference = largest_difference(&Interpreter::new(&graph).run(&rows), &expected);
        assert!(difference < 1e-12, "{loss} {weights}: {difference:e}");
        for (format, names) in [
            ("json", ["\"members\"", "member_3.affine_1"]),
            ("safetensors", ["\\\"members\\\":3", "member_3.0.weight"]),
        ] {
            work.ok(&["export", "run", "--to", format, "-o", "other", "--force"]);
            let bytes = std::fs::read(work.path("other")).expect("a file");
            let text = String::from_utf8_lossy(&bytes);
            assert!(names.iter().all(|name| text.contains(name)), "{format}");
        }
    }
}
