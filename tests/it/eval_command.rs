//! `bntrain eval`, as its users see it.

use serde_json::Value;

use crate::support::work::Work;

const CONFIG: &str = r#"
[data]
path = "train.csv"
label = "kind"
valid_path = "valid.csv"
label_names = { "new!" = "new" }
[model]
hidden = [12, 7]
norm = "batch_norm"
activation = "relu"
[optimizer]
type = "adam"
learning_rate = 0.02
[training]
epochs = 5
batch_size = 16
"#;

const HEAD: &str = "age,city,x,kind\n";

/// A row; the class is mostly a matter of the age, but not only.
fn row(row: usize) -> String {
    let age = (row * 7 % 31) as f64;
    let city = ["Oslo", "Rome", "Bern"][row % 3];
    let kind = if age + 9.0 * ((row * row % 7) as f64) > 40.0 { "old" } else { "new" };
    format!("{age:.1},{city},{:.3},{kind}\n", (row % 130) as f64 / 17.0)
}

/// A folder with a model file `m.safetensors` and the rows that it was validated on.
fn trained() -> Work {
    let work = Work::new();
    work.write("train.csv", &format!("{HEAD}{}", (0..120).map(row).collect::<String>()));
    work.write("valid.csv", &format!("{HEAD}{}", (200..261).map(row).collect::<String>()));
    work.write("model.toml", CONFIG);
    work.ok(&["-c", "model.toml", "-o", "run"]);
    std::fs::copy(work.path("run/batch_norm/seed-0/model.safetensors"), work.path("m.safetensors"))
        .expect("a model");
    work
}

fn eval_json(work: &Work, data: &str, more: &[&str]) -> Value {
    let ended = work.ok(&[&["eval", "m.safetensors", "--json", "--data", data], more].concat());
    serde_json::from_str(&ended.stdout).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

#[test]
fn metrics_of_the_validation_rows_equal_those_of_training() {
    let work = trained();
    let found = eval_json(&work, "valid.csv", &[]);
    let metrics = work.read("run/metrics.csv");
    let mut reader = csv::Reader::from_reader(metrics.as_bytes());
    let names = reader.headers().expect("a header").clone();
    let last = reader.records().last().expect("epochs").expect("a record");
    let trained = |name: &str| {
        last[names.iter().position(|other| other == name).expect(name)].parse::<f64>().expect(name)
    };
    let running = &found["statistics"]["running"];
    assert!((number(&running["log_loss"]["value"]) - trained("valid_loss")).abs() < 1e-6, "{running}");
    assert!((number(&running["accuracy"]["value"]) - trained("valid_accuracy")).abs() < 1e-12, "{running}");
    assert_eq!((&found["rows"], &found["skipped_rows"]), (&Value::from(61), &Value::from(0)));
    let classes = running["classes"].as_array().expect("classes");
    let rows: u64 = classes.iter().map(|class| class["rows"].as_u64().expect("a count")).sum();
    assert_eq!((rows, &classes[0]["class"], &classes[1]["class"]), (61, &"new".into(), &"old".into()));
    let cells = running["confusion"].as_array().expect("cells");
    let rows: u64 = cells.iter().map(|cell| cell["rows"].as_u64().expect("a count")).sum();
    assert_eq!(rows, 61);
}

#[test]
fn a_weight_has_the_effect_of_repeating_the_row() {
    let work = trained();
    let weigh = |row: String, weight: usize| row.replace('\n', &format!(",{weight}\n"));
    let head = HEAD.replace('\n', ",w\n");
    let weighted = |rows: std::ops::Range<usize>| rows.map(|n| weigh(row(n), n % 3)).collect::<String>();
    work.write("train.csv", &format!("{head}{}", weighted(0..120)));
    work.write("valid.csv", &format!("{head}{}", weighted(200..261)));
    work.write("weighted.toml", &CONFIG.replace("[model]", "[data.columns]\nw = \"weight\"\n[model]"));
    work.ok(&["-c", "weighted.toml", "-o", "weighted"]);
    std::fs::copy(work.path("weighted/batch_norm/seed-0/model.safetensors"), work.path("m.safetensors"))
        .expect("a model");
    let by_weight = eval_json(&work, "valid.csv", &[]);
    let repeated: String = (200..261).map(|n| row(n).repeat(n % 3)).collect();
    work.write("repeated.csv", &format!("{HEAD}{repeated}"));
    let ended = work.ok(&["eval", "m.safetensors", "--json", "--data", "repeated.csv"]);
    assert!(
        ended
            .stderr
            .contains("note: no column \"w\", which weights the rows in training: here all weights are 1"),
        "{}",
        ended.stderr
    );
    let by_row: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    for metric in
        ["accuracy", "balanced_accuracy", "macro_f1", "auc", "log_loss", "calibration_error", "classwise_ece"]
    {
        let value = |found: &Value| number(&found["statistics"]["running"][metric]["value"]);
        assert!((value(&by_weight) - value(&by_row)).abs() < 1e-12, "{metric}");
    }
    for (weight, expected) in [
        (
            "-1",
            "error: bad.csv:2, column \"w\" (index 4): negative weight \"-1\"; use 0 to ignore a row; use --skip-bad-rows to evaluate the other rows",
        ),
        (
            "",
            "error: bad.csv:2, column \"w\" (index 4): missing value; the model was trained without imputation for this column: fill it in; use --skip-bad-rows to evaluate the other rows",
        ),
        ("0", "error: bad.csv: no row has a weight greater than 0"),
    ] {
        work.write("bad.csv", &format!("{head}{}", row(7).replace('\n', &format!(",{weight}\n"))));
        assert_eq!(
            work.fails(&["eval", "m.safetensors", "--data", "bad.csv"]),
            (Some(3), expected.to_owned())
        );
    }
}

#[test]
fn the_report_is_at_most_eighty_columns_wide() {
    let work = trained();
    let ended = work.ok(&["eval", "run", "--data", "valid.csv", "--stats", "running,recomputed,batch"]);
    assert_eq!(ended.stderr, "");
    let text = &ended.stdout;
    assert!(
        text.starts_with(
            "run/batch_norm/seed-0/model.safetensors on valid.csv\n61 rows, 2 classes of \"kind\"\n\nmetric "
        ),
        "{text}"
    );
    for part in [
        "\nauc ",
        "% interval",
        "\nstatistics ",
        "each batch of 16 rows (the last has 13)",
        "recomputed - running: ",
        "\nold ",
        "down",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

/// Columns are found by name; unknown columns are reported and ignored.
#[test]
fn column_order_and_unknown_columns_do_not_matter() {
    let work = trained();
    let reordered: String = work
        .read("valid.csv")
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let note = if line.starts_with("age") { "note" } else { "z" };
            format!("{},{note},{},{},{}\n", cells[3], cells[2], cells[1], cells[0])
        })
        .collect();
    work.write("other.csv", &reordered);
    assert_eq!(
        eval_json(&work, "other.csv", &["-q"])["statistics"],
        eval_json(&work, "valid.csv", &[])["statistics"]
    );
    let ended = work.ok(&["eval", "m.safetensors", "--data", "other.csv"]);
    assert_eq!(ended.stderr, "note: ignoring 1 column unknown to the model: \"note\"\n");
}

/// The loss of a row alone is its part of the loss of all.
#[test]
fn predictions_do_not_depend_on_other_rows() {
    let work = trained();
    let text = work.read("valid.csv");
    let log_loss =
        |name: &str| number(&eval_json(&work, name, &[])["statistics"]["running"]["log_loss"]["value"]);
    let alone: f64 = text
        .lines()
        .skip(1)
        .take(12)
        .map(|line| {
            work.write("one.csv", &format!("{HEAD}{line}\n"));
            log_loss("one.csv")
        })
        .sum();
    let twelve: String = text.lines().take(13).map(|line| format!("{line}\n")).collect();
    work.write("twelve.csv", &twelve);
    assert!((log_loss("twelve.csv") - alone / 12.0).abs() < 1e-14);
}

#[test]
fn a_condition_that_is_not_met_is_exit_code_1() {
    let work = trained();
    let eval = ["eval", "m.safetensors", "--data", "valid.csv"];
    work.ok(&[&eval[..], &["--require", "accuracy >= 0", "--require", "old.recall <= 1"]].concat());
    let (code, error) =
        work.fails(&[&eval[..], &["--require", "accuracy > 1", "--require", "new.f1 < 0"]].concat());
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = error.lines().collect();
    assert!(lines[0].starts_with("error: required accuracy > 1: it is 0."), "{error}");
    assert!(lines[1].starts_with("required new.f1 < 0: it is 0."), "{error}");
    let (code, error) = work.fails(&[&eval[..], &["--require", "acuracy > 1"]].concat());
    assert_eq!(code, Some(2));
    assert_eq!(
        error,
        "error: --require: \"acuracy\" is not a metric here; use one of accuracy, balanced_accuracy, macro_f1, auc, \
         log_loss, calibration_error, classwise_ece, or CLASS.precision, CLASS.recall, CLASS.f1"
    );
    work.write("old.csv", &format!("{HEAD}1,Oslo,2,old\n"));
    let (code, error) = work.fails(&["eval", "m.safetensors", "-d", "old.csv", "--require", "auc > 0.5"]);
    assert_eq!(
        (code, &*error),
        (Some(1), "error: required auc > 0.5: it has no value, all rows are of one class")
    );
}

#[test]
fn rows_without_a_known_label_are_errors_or_skipped() {
    let work = trained();
    let good: String = (300..320).map(row).collect();
    for (bad, problem) in [
        (
            "1,Oslo,2,elder\n",
            "column \"kind\" (index 3): \"elder\" is not a class of the model; its classes are \"new\", \"old\"",
        ),
        ("1,Oslo,2,\n", "column \"kind\" (index 3): missing label or target"),
        (
            "1,Oslo,two,new\n",
            "column \"x\" (index 2): \"two\" is not a number: the model takes only numbers here",
        ),
    ] {
        work.write("bad.csv", &format!("{HEAD}{good}{bad}{good}"));
        let (code, error) = work.fails(&["eval", "m.safetensors", "--data", "bad.csv"]);
        assert_eq!(
            (code, &*error),
            (
                Some(3),
                &*format!("error: bad.csv:22, {problem}; use --skip-bad-rows to evaluate the other rows")
            )
        );
        let found = eval_json(&work, "bad.csv", &["-q", "--skip-bad-rows"]);
        assert_eq!((&found["rows"], &found["skipped_rows"]), (&Value::from(40), &Value::from(1)));
        work.write("good.csv", &format!("{HEAD}{good}{good}"));
        assert_eq!(found["statistics"], eval_json(&work, "good.csv", &[])["statistics"]);
    }
    work.write("bad.csv", &format!("{HEAD}1,Oslo,2,elder\n"));
    let (code, error) = work.fails(&["eval", "m.safetensors", "--data", "bad.csv", "--skip-bad-rows"]);
    assert_eq!(code, Some(3));
    assert_eq!(
        error,
        "error: bad.csv: none of 1 row can be evaluated; the first, line 2: column \"kind\": \"elder\" is not a class of the \
         model; its classes are \"new\", \"old\""
    );
    work.write("bad.csv", "age,city,x\n1,Oslo,2\n");
    let (code, error) = work.fails(&["eval", "m.safetensors", "--data", "bad.csv"]);
    assert_eq!(code, Some(3));
    assert_eq!(
        error,
        "error: bad.csv:1: missing \"kind\", which the model needs; the columns of the file are \"age\", \"city\", \"x\""
    );
}

#[test]
fn the_first_bad_row_is_reported() {
    let work = trained();
    let good: String = (300..339).map(row).collect();
    let bad = ["1,Oslo,2,elder\n", "1,Oslo,2,\n", "1,Oslo,two,new\n", "1,Oslo,2\n"];
    let problems = [
        "column \"kind\" (index 3): \"elder\" is not a class of the model; its classes are \"new\", \"old\"; ",
        "column \"kind\" (index 3): missing label or target; ",
        "column \"x\" (index 2): \"two\" is not a number: the model takes only numbers here; ",
    ];
    for (first, problem) in problems.iter().enumerate() {
        let mut rows = bad;
        rows[..3].rotate_left(first);
        work.write("bad.csv", &format!("{HEAD}{good}{}", rows.concat()));
        let (code, error) = work.fails(&["eval", "m.safetensors", "--data", "bad.csv"]);
        let expected = format!("error: bad.csv:41, {problem}use --skip-bad-rows to evaluate the other rows");
        assert_eq!((code, error), (Some(3), expected));
    }
    work.write("bad.csv", &format!("{HEAD}{good}{}", bad[..3].concat()));
    let ended = work.ok(&["eval", "m.safetensors", "--data", "bad.csv", "--skip-bad-rows"]);
    let note = "note: 3 rows of bad.csv skipped; the first, line 41: column \"kind\": \"elder\" is not a class of \
                the model; its classes are \"new\", \"old\"\n";
    assert_eq!(ended.stderr, note);
    // In whatever portion of the file it is.
    let many: String = (0..40_000).map(row).collect();
    work.write("bad.csv", &format!("{HEAD}{many}{}", bad[1]));
    let ended = work.ok(&["eval", "m.safetensors", "--data", "bad.csv", "--skip-bad-rows"]);
    assert!(ended.stderr.contains("1 row of bad.csv skipped; the first, line 40002: "), "{}", ended.stderr);
}

/// Labels are renamed as in training, and unknown categories are reported.
#[test]
fn labels_are_renamed_and_unknown_categories_counted() {
    let work = trained();
    let text: String = work.read("valid.csv");
    work.write("renamed.csv", &text.replace(",new\n", ",new!\n"));
    assert_eq!(
        eval_json(&work, "renamed.csv", &[])["statistics"],
        eval_json(&work, "valid.csv", &[])["statistics"]
    );
    work.write("cities.csv", &text.replace("Oslo", "Wien"));
    let ended = work.ok(&["eval", "m.safetensors", "--data", "cities.csv"]);
    assert_eq!(
        ended.stderr,
        "note: 20 cells of column \"city\" with an unknown category (not in the training rows)\n"
    );
    let unseen = |file| eval_json(&work, file, &["-q"])["unseen_categories"].to_string();
    assert_eq!([unseen("cities.csv"), unseen("valid.csv")], ["{\"city\":20}", "{}"]);
    work.write("ends.csv", &text.replacen('\n', "\r\n", 1));
    let ended = work.ok(&["eval", "m.safetensors", "--data", "ends.csv"]);
    assert_eq!(ended.stderr, "note: ends.csv has mixed line endings: LF and CRLF\n");
}

#[test]
fn batch_statistics_need_two_rows() {
    let work = trained();
    work.write("one.csv", &format!("{HEAD}1,Oslo,2,old\n"));
    let (code, error) = work.fails(&["eval", "m.safetensors", "--data", "one.csv", "--stats", "batch"]);
    assert_eq!(code, Some(3));
    assert_eq!(
        error,
        "error: one.csv: a batch needs at least 2 rows to be normalised by its own statistics, but there is only 1 row"
    );
}

#[test]
fn curves_are_written_as_tables_charts_and_a_page() {
    let work = trained();
    let found = eval_json(&work, "valid.csv", &["--curves", "curves"]);
    let auc = number(&found["statistics"]["running"]["auc"]["value"]);
    assert_eq!(found["curves"][0]["class"], "old");
    assert!((number(&found["curves"][0]["auc"]) - auc).abs() < 1e-12);
    // The area again, by trapezoids over the points of the file.
    let text = work.read("curves/curves.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names =
        ["class", "threshold", "rows", "true_positive_rate", "false_positive_rate", "precision", "lift"];
    assert_eq!(reader.headers().expect("a header").iter().collect::<Vec<_>>(), names);
    let points: Vec<(f64, f64)> = reader
        .records()
        .map(|record| record.expect("a record"))
        .map(|record| (record[4].parse().expect("a rate"), record[3].parse().expect("a rate")))
        .collect();
    let area: f64 =
        points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[1].1 + pair[0].1) / 2.0).sum();
    assert!((area - auc).abs() < 1e-12, "{area} {auc}");
    assert_eq!((points[0], points[points.len() - 1]), ((0.0, 0.0), (1.0, 1.0)));
    let bins = work.read("curves/reliability.csv");
    let rows: u64 = bins
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(3).expect("rows").parse::<u64>().expect("a count"))
        .sum();
    assert_eq!(rows, 61);
    for name in ["roc", "precision_recall", "lift", "reliability"] {
        assert!(work.read(format!("curves/{name}.svg")).starts_with("<svg"), "{name}");
    }
    assert!(work.read("curves/curves.html").contains("average precision"));
    let args = ["eval", "m.safetensors", "--data", "valid.csv", "--curves", "curves"];
    let (code, error) = work.fails(&args);
    assert!(code == Some(7) && error.starts_with("error: curves/curves.csv exists;"), "{error}");
    let text = work.ok(&[&args[..], &["--force"]].concat()).stdout;
    assert!(
        text.contains("average precision of \"old\": 0.") && text.ends_with("curves/curves.html\n"),
        "{text}"
    );
}
