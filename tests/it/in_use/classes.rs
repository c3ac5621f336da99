//! Probabilities of networks that were trained with class weights.

use crate::in_use::{Work, column, config, model, noise};

/// Rows of which a tenth are rare, decided by noise and one number.
fn rows(first: usize, classes: [&str; 2]) -> String {
    let row = |row: usize| {
        let rare = row.is_multiple_of(10);
        let x = noise(row, 0) + noise(row, 2) + if rare { 0.8 } else { 0.0 };
        format!("{x:.3},{:.3},{}\n", noise(row, 1), classes[usize::from(rare)])
    };
    format!("x,z,y\n{}", (first..first + 1000).map(row).collect::<String>())
}

fn mean(cells: &[String]) -> f64 {
    cells.iter().map(|cell| cell.parse::<f64>().expect("a number")).sum::<f64>() / cells.len() as f64
}

#[test]
fn probabilities_are_those_of_the_rows_and_predictions_those_of_the_weights() {
    let work = Work::new();
    work.write("t.csv", &rows(0, ["no", "rare"]));
    work.write("new.csv", &rows(5000, ["no", "rare"]));
    let data = "path = \"t.csv\"\nlabel = \"y\"";
    for (name, weights) in [
        ("plain", ""),
        ("balanced", "class_weights = \"balanced\"\n"),
        ("by_name", "class_weights = { rare = 20.0 }\n"),
    ] {
        work.write("t.toml", &format!("{}{weights}", config(data, "none", 25)));
        work.ok(&["-c", "t.toml", "-o", name]);
        let model = &model(name, "none");
        let predicted = work.ok(&["predict", model, "--data", "new.csv"]);
        let probability = mean(&column(&predicted.stdout, "probability_rare"));
        // The network's own mean would be 0.4 or more.
        assert!((probability - 0.1).abs() < 0.03, "{name}: {probability}");
        let predictions = column(&predicted.stdout, "prediction");
        let rare = predictions.iter().filter(|cell| *cell == "rare").count();
        let note = "note: probabilities are corrected for training.class_weights; a prediction is the class of the largest \
                    product of probability and weight\n";
        if name == "plain" {
            assert!(rare < 100 && predicted.stderr.is_empty(), "{rare}");
        } else {
            assert!(rare > 200 && predicted.stderr == note, "{name}: {rare}");
        }
        let evaluated = work.ok(&["eval", model, "--data", "new.csv"]).stdout;
        assert!(!evaluated.contains("mean probability"), "{evaluated}");
        let evaluated = work.ok(&["eval", model, "--data", "new.csv", "--json"]).stdout;
        let evaluated: serde_json::Value = serde_json::from_str(&evaluated).expect("JSON");
        let metrics = &evaluated["statistics"]["running"];
        let (error, recall) = (&metrics["classwise_ece"]["value"], &metrics["classes"][1]["recall"]["value"]);
        assert!(error.as_f64().is_some_and(|error| error < 0.05), "{name}: {error}");
        assert_eq!(recall.as_f64().is_some_and(|recall| recall > 0.4), name != "plain", "{name}: {recall}");
        assert_eq!(metrics["classes"][1]["predicted"], rare);
    }
}

/// Where rare rows are more frequent than in training, the classwise error and a note say so.
#[test]
fn a_wrong_mean_probability_is_noted() {
    let work = Work::new();
    work.write("t.csv", &rows(0, ["no", "rare"]));
    work.write("t.toml", &config("path = \"t.csv\"\nlabel = \"y\"", "none", 10));
    work.ok(&["-c", "t.toml", "-o", "run"]);
    // The same numbers, but nine tenths are rare.
    work.write("new.csv", &rows(5000, ["rare", "no"]));
    let text = work.ok(&["eval", &model("run", "none"), "--data", "new.csv"]).stdout;
    let note = "of the rows:\n      do not take probabilities for frequencies here\n";
    assert!(text.contains(" has a mean probability of ") && text.contains(note), "{text}");
}
