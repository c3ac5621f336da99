//! The columns of the file, and which of them are written.

use crate::predict::{HEAD, predict, trained};
use crate::support::work::Work;

#[test]
fn columns_are_found_by_name_in_any_order() {
    let work = trained();
    work.write("plain.csv", &format!("{HEAD}a,30,Oslo,yes,1\nb,,Rome,no,2\n"));
    let expected = predict(&work, "plain.csv", &[]).stdout;
    work.write("other.csv", "x,more,member,kind,id,city,age\n1,?,yes,,a,Oslo,30\n2,,no,,b,Rome,NA\n");
    let other = predict(&work, "other.csv", &[]);
    assert_eq!(other.stdout, expected);
    assert_eq!(other.stderr, "note: ignoring 1 column unknown to the model: \"more\"\n");
    work.write("less.csv", "x,member,age\n1,yes,30\n");
    let error = work.fails(&["predict", "m.safetensors", "--data", "less.csv"]);
    let message = "error: less.csv:1: missing \"city\", which the model needs; the columns of the file are \"x\", \
                   \"member\", \"age\"";
    assert_eq!(error, (Some(3), message.to_owned()));
    work.write("case.csv", "x,member,Age,City,note\n1,yes,30,Oslo,-\n");
    let error = work.fails(&["predict", "m.safetensors", "--data", "case.csv"]);
    let message = "error: case.csv:1: missing \"age\", \"city\", which the model needs; did you mean \"Age\", \
                   \"City\"? the columns of the file are \"x\", \"member\", \"Age\", \"City\", \"note\"";
    assert_eq!(error, (Some(3), message.to_owned()));
    work.write("twice.csv", "x,member,age,city,x\n1,yes,30,Oslo,1\n");
    let error = work.fails(&["predict", "m.safetensors", "--data", "twice.csv"]);
    let message = "error: twice.csv:1: column \"x\" at index 0 and again at index 4; rename or remove one";
    assert_eq!(error, (Some(3), message.to_owned()));
}

#[test]
fn mixed_line_endings_and_missing_ids_are_reported() {
    let work = trained();
    work.write("odd.csv", "x,member,city,age\r\n1,yes,Oslo,30\n2,no,Oslo,30\r\n");
    let odd = predict(&work, "odd.csv", &[]);
    assert_eq!(
        odd.stderr,
        "note: odd.csv has mixed line endings: LF and CRLF\nnote: no column \"id\", so the predictions do \
         not have it either\n"
    );
    assert!(odd.stdout.starts_with("prediction,"), "{}", odd.stdout);
}

#[test]
fn keep_columns_copies_all_fields_unchanged() {
    let work = trained();
    let rows = [
        " a ,030.0,Oslo,yes,1.",
        "\"b \"\"c\"\"\",-5,Rome,no,+2e0",
        "\"d\ne\",30,Bern,no,1",
        "=f,30,Bern,no,1",
    ];
    work.write("keep.csv", &format!("{HEAD}{}\r\n", rows.join("\r\n")));
    let ended = predict(&work, "keep.csv", &["--keep-columns"]);
    let expected = ["a ,030.0,Oslo,yes,1.,", rows[1], rows[2], "'=f,30,Bern,no,1,"];
    assert!(ended.stdout.starts_with(&format!("{},prediction,", HEAD.trim_end())), "{}", ended.stdout);
    for row in expected {
        assert!(ended.stdout.contains(row), "{row} in {}", ended.stdout);
    }
    assert!(!ended.stdout.contains('\r'));
    let ended = predict(&work, "keep.csv", &["--keep-columns", "--keep-formulas"]);
    assert!(ended.stdout.contains("\n=f,30,Bern,no,1,"), "{}", ended.stdout);

    work.write("again.csv", "id,age,city,member,x,prediction\na,1,Oslo,yes,1,old\n");
    predict(&work, "again.csv", &[]);
    let error = work.fails(&["predict", "m.safetensors", "--data", "again.csv", "--keep-columns"]);
    let message = "error: again.csv: the predictions would have two columns \"prediction\"; rename the one in \
                   the file";
    assert_eq!(error, (Some(3), message.to_owned()));
}

#[test]
fn without_a_header_columns_are_found_by_position() {
    let work = Work::new();
    let rows = work.read("data.csv").lines().skip(1).map(|line| format!("{line}\n")).collect::<String>();
    work.write("bare.csv", &rows);
    let headless =
        ["--set", "data.path=\"bare.csv\"", "--set", "data.header=false", "--set", "data.label=-1"];
    work.ok(&[&["-c", "single.toml", "-o", "run"], &headless[..]].concat());
    let with = work.ok(&["predict", "run", "--data", "bare.csv"]).stdout;
    let features =
        |line: &str| line.rsplit_once(',').map_or(String::new(), |(features, _)| format!("{features}\n"));
    work.write("unlabelled.csv", &rows.lines().map(features).collect::<String>());
    assert_eq!(work.ok(&["predict", "run", "--data", "unlabelled.csv"]).stdout, with);
    assert!(with.starts_with("prediction,probability_down,probability_up\n"), "{with}");
    work.write("wide.csv", "1,2,up,3\n");
    let error = work.fails(&["predict", "run", "--data", "wide.csv"]);
    assert_eq!(error, (Some(3), "error: wide.csv: 4 columns where the training file has 3".to_owned()));
}
