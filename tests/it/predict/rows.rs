//! The prediction for each row.

use std::io::Write;
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::predict::{HEAD, predict, trained};
use crate::support::work::{Ended, Work};

#[test]
fn every_row_has_its_id_its_class_and_its_probabilities() {
    let work = trained();
    let ended = predict(&work, "train.csv", &[]);
    assert_eq!(ended.stderr, "");
    let mut reader = csv::Reader::from_reader(ended.stdout.as_bytes());
    let names: Vec<&str> = reader.headers().expect("a header").iter().collect();
    // The quote in a name is doubled in the text; formulas in texts are made harmless.
    assert_eq!(names, ["id", "prediction", "probability_=old", "probability_new, \"er\""]);
    let mut rows = 0;
    for record in reader.records() {
        let record = record.expect("a record");
        assert_eq!(record[0], format!("r{rows}"));
        let probabilities = [2, 3].map(|column| record[column].parse::<f64>().expect("a number"));
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{record:?}");
        let class = if probabilities[0] >= probabilities[1] { "'=old" } else { "new, \"er\"" };
        assert_eq!(&record[1], class);
        rows += 1;
    }
    assert_eq!(rows, 80);
}

#[test]
fn a_prediction_depends_on_neither_other_rows_nor_threads_nor_compression() {
    let work = trained();
    // Enough rows for many chunks.
    let rows: Vec<String> =
        (0..60_000).map(|row| format!("r{row},{}.5,Rome,no,{}.25\n", 20 + row % 50, row % 13)).collect();
    let text = format!("{HEAD}{}", rows.concat());
    work.write("many.csv", &text);
    let whole = predict(&work, "many.csv", &["--threads", "1"]).stdout;
    assert_eq!(whole.lines().count(), 60_001);
    for threads in ["2", "3", "4"] {
        assert!(whole == predict(&work, "many.csv", &["--threads", threads]).stdout, "{threads} threads");
    }
    for row in [0, 1, 12_345, 59_999] {
        work.write("one.csv", &format!("{HEAD}{}", rows[row]));
        let alone = predict(&work, "one.csv", &[]).stdout;
        assert_eq!(alone.lines().nth(1), whole.lines().nth(row + 1), "row {row}");
    }

    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).expect("memory");
    std::fs::write(work.path("many.csv.gz"), packed.finish().expect("memory")).expect("a file");
    assert!(whole == predict(&work, "many.csv.gz", &["-o", "out.csv"]).stdout + &work.read("out.csv"));

    let args = ["predict", "m.safetensors", "--data", "-"];
    let mut child =
        work.command(&args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let ended = Ended::from(child.wait_with_output().expect("an end"));
    writer.join().expect("no panic").expect("all is read");
    assert!(ended.code == Some(0) && whole == ended.stdout, "{}", ended.stderr);
}

#[test]
fn unseen_categories_are_counted() {
    let work = trained();
    work.write("new.csv", &format!("{HEAD}a,30,Oslo,yes,1\nb,30, Paris ,no,2\nc,30,\"Lima\",no,2\n"));
    let ended = predict(&work, "new.csv", &[]);
    assert_eq!(ended.stdout.lines().count(), 4);
    let note = "note: 2 cells of column \"city\" with an unknown category (not in the training rows), such as \
                \"Paris\"\n";
    assert_eq!(ended.stderr, note);
}

#[test]
fn invalid_rows_are_an_error_or_are_marked() {
    let work = trained();
    work.write(
        "bad.csv",
        &format!(
            "{HEAD}a,30,Oslo,yes,1\nb,30,Oslo,maybe,1\nc,30,Oslo,yes,\nd,\"3,0\",,yes,1e39\ne,30,Rome,no,3\n"
        ),
    );
    let error = work.fails(&["predict", "m.safetensors", "--data", "bad.csv"]);
    let message = "error: bad.csv:3, column \"member\" (index 3): \"maybe\" is not a boolean; use true or false, yes or \
                   no (or these in another language), t or f, y or n, 1 or 0; use --mark-bad-rows to predict the other rows";
    assert_eq!(error, (Some(3), message.to_owned()));

    let ended = predict(&work, "bad.csv", &["--mark-bad-rows"]);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[0].ends_with(",problem") && lines[1].ends_with(','), "{}", ended.stdout);
    assert_eq!(
        lines[2..5],
        [
            "b,,,,\"column \"\"member\"\": \"\"maybe\"\" is not a boolean; use true or false, yes or no (or these in another language), t or f, y or n, 1 \
             or 0\"",
            "c,,,,\"column \"\"x\"\": missing value; the model was trained without imputation for this column: fill it \
             in\"",
            "d,,,,\"column \"\"age\"\": \"\"3,0\"\" is not a number: the model takes only numbers here, written \
             as in the training file\"",
        ]
    );
    assert_eq!(ended.stderr, "note: no prediction for 3 of 5 rows; see the column \"problem\"\n");
    // The valid rows are predicted as if they were alone.
    work.write("good.csv", &format!("{HEAD}a,30,Oslo,yes,1\ne,30,Rome,no,3\n"));
    let good = predict(&work, "good.csv", &[]).stdout;
    let good: Vec<String> = good.lines().skip(1).map(|line| format!("{line},")).collect();
    assert_eq!([lines[1], lines[5]], [&good[0], &good[1]]);

    // A wrong number of fields is always an error.
    work.write("ragged.csv", &format!("{HEAD}a,30,Oslo,yes,1\nb,30,Oslo,yes\n"));
    let error = work.fails(&["predict", "m.safetensors", "--data", "ragged.csv", "--mark-bad-rows"]);
    assert_eq!(
        error,
        (Some(3), "error: ragged.csv:3:11: expected 5 fields as in line 1, found 4".to_owned())
    );
}

#[test]
fn numbers_out_of_range_after_scaling_are_an_error() {
    let work = Work::new();
    let kind = |row| if row % 3 == 0 { "up" } else { "down" };
    let rows: String = (0..60).map(|row| format!("0.00{},{},{}\n", row % 7, row % 5, kind(row))).collect();
    work.write("data.csv", &format!("a,b,kind\n{rows}"));
    work.ok(&["-c", "single.toml", "-o", "run", "--set", "data.clip=none"]);
    work.write("far.csv", "a,b\n0.001,1\n3e38,1\n");
    let error = work.fails(&["predict", "run", "--data", "far.csv"]);
    let message = "error: far.csv:3, column \"a\" (index 0): 3e38 is so far from the training rows that it is outside \
                   f32 range when scaled; use --mark-bad-rows to predict the other rows";
    assert_eq!(error, (Some(3), message.to_owned()));
    let marked = work.ok(&["predict", "run", "--data", "far.csv", "--mark-bad-rows"]).stdout;
    let problem = ",,,\"column \"\"a\"\": 3e38 is so far from the training rows that it is outside f32 range when \
                   scaled\"\n";
    assert!(marked.ends_with(problem), "{marked}");
}

#[test]
fn a_file_without_rows_gives_only_a_header() {
    let work = trained();
    work.write("none.csv", HEAD);
    let stdout = predict(&work, "none.csv", &[]).stdout;
    assert_eq!(stdout, "id,prediction,probability_=old,\"probability_new, \"\"er\"\"\"\n");
}
