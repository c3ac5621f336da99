//! A data file that nobody knows yet: `inspect`, `init`, and a first training.

use crate::support::work::Work;

#[test]
fn a_file_is_inspected_and_gets_a_config_that_trains() {
    let work = Work::new();
    let inspected = work.ok(&["inspect", "data.csv", "--label", "kind"]).stdout;
    assert!(inspected.starts_with("data.csv: 60 rows, 3 columns\n"), "{inspected}");
    assert!(inspected.lines().all(|line| line.chars().count() <= 80), "{inspected}");
    // Both columns separate the classes.
    let leaks =
        "suspected leaks (the column alone gives away what is to be learnt):\n  a (1.0000)\n  b (1.0000)\n";
    assert!(inspected.ends_with(leaks), "{inspected}");
    let json = work.ok(&["inspect", "data.csv", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["data"]["columns"][2]["nature"]["kind"], "categorical");

    let ended = work.ok(&["init", "data.csv"]);
    assert!(ended.stderr.contains("the classes of the last column, \"kind\", are taken"), "{}", ended.stderr);
    assert!(ended.stderr.contains("data.toml written"), "{}", ended.stderr);
    work.ok(&["check", "-c", "data.toml"]);
    work.ok(&["-c", "data.toml", "--epochs", "2", "--require", "valid_accuracy >= 0.5"]);
}

#[test]
fn nothing_is_overwritten_and_nothing_is_guessed_about_the_format() {
    let work = Work::new();
    let refused = |args: &[&str], code: i32, message: &str| {
        let ended = work.run(args);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
    };
    work.ok(&["init", "data.csv", "--label", "kind"]);
    refused(&["init", "data.csv"], 7, "data.toml exists; choose another --out or replace it with --force");
    work.ok(&["init", "data.csv", "--target", "a", "--force"]);
    assert!(work.read("data.toml").contains("target = \"a\"\n"));
    assert!(work.ok(&["init", "data.csv", "-o", "-"]).stdout.contains("label = \"kind\""));

    refused(
        &["init", "data.csv", "--label", "b2", "-o", "x.toml"],
        2,
        "there is no column \"b2\"; the columns are a, b, kind",
    );
    refused(&["init", "no.csv"], 6, "no.csv: not found");
    work.write("semicolon.csv", "a;b\n1;x\n2;y\n");
    refused(&["init", "semicolon.csv"], 3, "is the delimiter ';'? set data.delimiter (here: --delimiter)");
    work.write("headless.csv", "1.5,2,x\n2.5,1,y\n3,2,x\n");
    refused(&["inspect", "headless.csv"], 3, "if the file has no header, use --no-header, else --header");
    work.ok(&["init", "headless.csv", "--no-header"]);
    let text = work.read("headless.toml");
    assert!(text.contains("header = false") && text.contains("label = \"c2\""), "{text}");
    work.ok(&["init", "semicolon.csv", "--delimiter", ";"]);
    assert!(work.read("semicolon.toml").contains("delimiter = \";\""));
}

#[test]
fn what_a_config_leaves_out_is_told() {
    let work = Work::new();
    let rows: String = (0..60).map(|row| format!("{row},{},always,{}\n", row % 7, row % 2)).collect();
    work.write("t.csv", &format!(",a,same,kind\n{rows}"));
    let ended = work.ok(&["init", "t.csv", "--label", "kind"]);
    assert!(ended.stderr.contains("note: left out: \"same\" (always \"always\")\n"), "{}", ended.stderr);
    assert!(work.read("t.toml").contains("ignore = [0]"), "{}", work.read("t.toml"));
    work.ok(&["-c", "t.toml", "--epochs", "1"]);
    let inspected = work.ok(&["inspect", "t.csv", "--label", "kind"]).stdout;
    assert!(inspected.ends_with("\nno column alone gives away what is to be learnt\n"), "{inspected}");

    work.write("twice.csv", &format!("x,a,a,kind\n{rows}"));
    let (code, error) = work.fails(&["inspect", "twice.csv"]);
    let told = "error: twice.csv:1: column \"a\" at index 1 and again at index 2; rename or remove one";
    assert_eq!((code, &*error), (Some(3), told));
}
