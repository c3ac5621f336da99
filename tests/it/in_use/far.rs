//! Cells far from those of the training rows, the training file itself, and texts that are changed.

use crate::in_use::{Work, column, config, model, noise};

/// A folder with a model of ages from 17 to 90.
fn trained() -> Work {
    let work = Work::new();
    let row = |row: usize| {
        let age = 17 + (row * 31) % 74;
        format!("-A{row},{age},{:.3},{}\n", noise(row, 0), if age > 50 { "+old" } else { "young" })
    };
    work.write("t.csv", &format!("id,age,x,y\n{}", (0..148).map(row).collect::<String>()));
    let data = "path = \"t.csv\"\nlabel = \"y\"\nvalid = 0.25\n[data.columns]\nid = \"id\"";
    work.write("t.toml", &config(data, "batch_norm", 20));
    work.ok(&["-c", "t.toml", "-o", "run"]);
    work
}

#[test]
fn cells_far_outside_the_training_range_are_counted() {
    let work = trained();
    work.write("new.csv", "id,age,x,y\n1,33,0.1,young\n2,1985,0.2,young\n3,1961,-900,+old\n4,91,0.3,+old\n");
    let model = &model("run", "batch_norm");
    let predicted = work.ok(&["predict", model, "--data", "new.csv", "--keep-formulas"]);
    let notes = |text: &str| {
        text.lines().filter(|line| line.contains("far outside")).map(str::to_owned).collect::<Vec<_>>()
    };
    let found = notes(&predicted.stderr);
    let age = "note: 2 cells of column \"age\" are far outside the range of the training rows, 17 to 90, such as 1985";
    assert_eq!(found[0], age);
    assert!(
        found[1].starts_with("note: 1 cell of column \"x\" is far outside") && found.len() == 2,
        "{found:?}"
    );
    let evaluated = work.ok(&["eval", model, "--data", "new.csv", "--json"]);
    assert_eq!(notes(&evaluated.stderr), found);
    let json: serde_json::Value = serde_json::from_str(&evaluated.stdout).expect("JSON");
    assert_eq!(
        (&json["unusual_cells"][0]["column"], &json["unusual_cells"][0]["cells"]),
        (&"age".into(), &2.into())
    );
    // However far a number is, its input is bounded: two that are far give nearly the same.
    let probabilities: Vec<f64> = column(&predicted.stdout, "probability_young")
        .iter()
        .map(|cell| cell.parse().expect("a number"))
        .collect();
    assert!((probabilities[1] - probabilities[2]).abs() < 0.5, "{probabilities:?}");
}

#[test]
fn evaluating_on_the_training_file_is_a_warning() {
    let work = trained();
    let model = &model("run", "batch_norm");
    let evaluated = work.ok(&["eval", model, "--data", "t.csv"]);
    let warning = "warning: the model was trained on t.csv: the metrics of rows that were trained on are better than those of \
                   others\n";
    assert_eq!(evaluated.stderr, warning);
    // The same bytes under another name.
    std::fs::copy(work.path("t.csv"), work.path("copy.csv")).expect("a copy");
    let evaluated = work.ok(&["eval", model, "--data", "copy.csv", "--json"]);
    assert_eq!(evaluated.stderr, warning.replace("t.csv", "copy.csv"));
    assert!(evaluated.stdout.contains("\"is_training_file\":true"), "{}", evaluated.stdout);
    work.write(
        "other.csv",
        &work.read("t.csv").lines().take(100).map(|line| format!("{line}\n")).collect::<String>(),
    );
    assert_eq!(work.ok(&["eval", model, "--data", "other.csv"]).stderr, "");
}

#[test]
fn texts_that_are_changed_for_spreadsheets_are_counted() {
    let work = trained();
    let model = &model("run", "batch_norm");
    work.write("new.csv", "id,age,x\n-A122,85,0\nplain,20,0\n@b,22,0\n-5,21,0\n");
    let predicted = work.ok(&["predict", model, "--data", "new.csv"]);
    assert_eq!(column(&predicted.stdout, "id"), ["'-A122", "plain", "'@b", "-5"]);
    assert_eq!(column(&predicted.stdout, "prediction"), ["'+old", "young", "young", "young"]);
    let note = "note: 3 texts written with a ' in front, since a spreadsheet would run it as a formula; --keep-formulas leaves \
                texts as they are\n";
    assert_eq!(predicted.stderr, note);
    let kept = work.ok(&["predict", model, "--data", "new.csv", "--keep-formulas"]);
    assert_eq!((column(&kept.stdout, "id")[0].as_str(), kept.stderr.as_str()), ("-A122", ""));
}
