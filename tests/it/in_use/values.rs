//! Values that are far from 0 next to their spread.

use std::collections::BTreeSet;

use crate::in_use::{Work, column, config, model, noise};

/// Numbers of a column.
fn numbers(csv: &str, name: &str) -> Vec<f64> {
    column(csv, name).iter().map(|cell| cell.parse().expect("a number")).collect()
}

/// The error of the predictions that are written is that of `eval`, which is computed in double precision.
#[test]
fn values_far_from_0_are_predicted_as_exactly_as_they_are_evaluated() {
    let work = Work::new();
    let row = |row: usize| {
        let (a, b) = (noise(row, 0), noise(row, 1));
        let (north, seconds) = (5_512_345.0 + 2.0 * a - b, 1_700_000_000.0 + 9.0 * b + 4.0 * a);
        // In single precision a step is 0.5 near the first value, 128 near the second, 2^33 near the third.
        format!("{a:.3},{b:.3},{north:.2},{seconds:.2},{:.0}\n", 9.1e15 + 1000.0 * a)
    };
    work.write("t.csv", &format!("a,b,north,seconds,id\n{}", (0..120).map(row).collect::<String>()));
    let data = "path = \"t.csv\"\ntarget = [\"north\", \"seconds\", \"id\"]\nvalid = 0.25";
    work.write("t.toml", &config(data, "none", 60));
    work.ok(&["-c", "t.toml", "-o", "run"]);
    let model = &model("run", "none");
    let text = work.ok(&["predict", model, "--data", "t.csv"]).stdout;
    let truth = work.read("t.csv");
    let evaluated = work.ok(&["eval", model, "--data", "t.csv", "--json"]).stdout;
    let evaluated: serde_json::Value = serde_json::from_str(&evaluated).expect("JSON");
    for (target, name) in ["north", "seconds", "id"].into_iter().enumerate() {
        let (truth, found) = (numbers(&truth, name), numbers(&text, &format!("predicted_{name}")));
        let square: f64 = truth.iter().zip(&found).map(|(truth, found)| (truth - found).powi(2)).sum();
        let error = (square / truth.len() as f64).sqrt();
        let expected = &evaluated["statistics"]["running"]["targets"][target]["rmse"]["value"];
        let expected = expected.as_f64().expect("an error");
        assert!((error / expected - 1.0).abs() < 1e-9, "{name}: {error} {expected}");
        let different: BTreeSet<u64> = found.iter().map(|value| value.to_bits()).collect();
        assert!(different.len() > 110, "{name}: {} different values", different.len());
    }
    // JSON has the same numbers.
    let json = work.ok(&["predict", model, "--data", "t.csv", "--json"]).stdout;
    let of_line = |line: &str| -> f64 {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        row["predicted_seconds"].as_f64().expect("a number")
    };
    assert_eq!(json.lines().map(of_line).collect::<Vec<_>>(), numbers(&text, "predicted_seconds"));
}
