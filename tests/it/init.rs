//! `inspect` and `init` on a new data file, and a first training.

use crate::support::work::Work;

#[test]
fn init_writes_a_config_that_trains() {
    let work = Work::new();
    let inspected = work.ok(&["inspect", "data.csv", "--label", "kind"]).stdout;
    assert!(inspected.starts_with("data.csv: 60 rows, 3 columns\n"), "{inspected}");
    assert!(inspected.lines().all(|line| line.chars().count() <= 80), "{inspected}");
    // Both columns separate the classes.
    assert!(inspected.ends_with("in [data.columns]:\n  a (1.0000)\n  b (1.0000)\n"), "{inspected}");
    let json = work.ok(&["inspect", "data.csv", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["data"]["columns"][2]["nature"]["kind"], "categorical");

    let ended = work.ok(&["init", "data.csv"]);
    assert!(
        ended.stderr.contains("the label is assumed to be the last column, \"kind\""),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("data.toml written"), "{}", ended.stderr);
    work.ok(&["check", "-c", "data.toml"]);
    work.ok(&["-c", "data.toml", "--epochs", "2", "--require", "valid_accuracy >= 0.5"]);
}

#[test]
fn column_types_and_leakage_are_shown_before_training() {
    let work = Work::new();
    let row = |row: usize| format!("{},{}.5,{},{}\n", row, row % 7, ["u", "v"][row % 2], ["p", "q"][row % 2]);
    let rows: String = (0..60).map(row).collect();
    work.write("columns.csv", &format!("number,x,same,kind\n{rows}"));
    let leak = "note: possible leakage: each of these columns alone gives away the label: \"same\" (1.0000); set \
                those not known at prediction time to \"ignore\" in [data.columns]\n";
    let ended = work.ok(&["init", "columns.csv"]);
    assert!(ended.stderr.contains(leak), "{}", ended.stderr);
    let comment =
        "same = \"categorical\"            # suspected leak (1.0000): predicts the target by itself; ";
    assert!(work.read("columns.toml").contains(comment), "{}", work.read("columns.toml"));

    let checked = work.ok(&["check", "-c", "columns.toml"]).stdout;
    let columns = checked.split("\nnetwork ").next().and_then(|text| text.split_once("4 columns\n\n"));
    insta::assert_snapshot!(columns.expect("a section for the columns").1);
    let json = work.ok(&["check", "-c", "columns.toml", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["columns"][0]["reason"], "consecutive whole numbers");
    assert_eq!(json["suspected_leaks"][0]["column"], "same");

    let train = |setting: &str| work.ok(&["-c", "columns.toml", "--epochs", "1", "--set", setting]).stderr;
    let hint = "note: `bntrain check` shows the type of every column, and why\n";
    let suspected = train("data.columns.same=categorical");
    assert!(suspected.contains(leak), "{suspected}");
    let ignored = train("data.columns.same=ignore");
    assert!(!ignored.contains("leak") && !ignored.contains(hint), "{ignored}");
    work.write("short.toml", &work.read("columns.toml").replace("same = \"categorical\"", "# "));
    let inferred = work.ok(&["-c", "short.toml", "--epochs", "1"]).stderr;
    assert!(inferred.contains(leak) && inferred.contains(hint), "{inferred}");
}

#[test]
fn numeric_columns_of_a_wide_file_are_not_listed() {
    let work = Work::new();
    let names: Vec<String> = (0..120).map(|column| format!("x{column}")).collect();
    let row = |row: usize| {
        let cell = |column: usize| match column {
            7 => "NA".to_owned(),
            9 => "red".to_owned(),
            _ => (row * (column + 2) % 131).to_string(),
        };
        (0..120).map(cell).collect::<Vec<_>>().join(",") + "\n"
    };
    work.write("wide.csv", &format!("{}\n{}", names.join(","), (1..40).map(row).collect::<String>()));
    insta::assert_snapshot!(work.ok(&["inspect", "wide.csv"]).stdout);
}

#[test]
fn init_does_not_overwrite_and_says_what_it_finds() {
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
        "no column is called \"b2\"; the columns are a, b, kind",
    );
    refused(&["init", "no.csv"], 6, "no.csv: not found");
    work.write("semicolon.csv", "a;b\n1;x\n2;y\n");
    let found = work.ok(&["init", "semicolon.csv", "-o", "found.toml"]);
    assert!(found.stderr.contains("note: the config has delimiter = \";\": "), "{}", found.stderr);
    assert!(work.read("found.toml").contains("delimiter = \";\"\n"));
    let found = work.ok(&["init", "data.csv", "--label", "a", "-o", "values.toml"]).stderr;
    assert!(found.contains("note: values.toml written, but it does not work yet: "), "{found}");
    // A word that is a class unless the config says that it is missing.
    let rows: String =
        (0..40).map(|row| format!("{}.5,{}\n", row * 7 % 13, ["1", "0", "-", "1"][row % 4])).collect();
    work.write("dash.csv", &format!("x,paid\n{rows}"));
    let found = work.ok(&["init", "dash.csv"]).stderr;
    assert!(found.contains("10 of 40 rows have no \"paid\" and are left out"), "{found}");
    let checked = work.ok(&["check", "dash.toml"]).stdout;
    assert!(checked.contains("data: 30 rows, ") && checked.contains(", 2 classes of \"paid\""), "{checked}");
    work.write("headless.csv", "1.5,2,x\n2.5,1,y\n3,2,x\n");
    refused(
        &["inspect", "headless.csv"],
        3,
        "if the file has no header line, use --no-header, otherwise --header",
    );
    work.ok(&["init", "headless.csv", "--no-header"]);
    let text = work.read("headless.toml");
    assert!(text.contains("header = false") && text.contains("label = \"c2\""), "{text}");
    work.ok(&["init", "semicolon.csv", "--delimiter", ";"]);
    assert!(work.read("semicolon.toml").contains("delimiter = \";\""));
}

#[test]
fn ignored_columns_are_reported() {
    let work = Work::new();
    let rows: String = (0..60).map(|row| format!("{row},{},always,{}\n", row % 7, row % 2)).collect();
    work.write("t.csv", &format!(",a,same,kind\n{rows}"));
    let ended = work.ok(&["init", "t.csv", "--label", "kind"]);
    assert!(ended.stderr.contains("note: 2 columns ignored: one without a name (consecutive whole numbers), \"same\" (always \"always\")\n"), "{}", ended.stderr);
    assert!(work.read("t.toml").contains("ignore = [0]"), "{}", work.read("t.toml"));
    work.ok(&["-c", "t.toml", "--epochs", "1"]);
    let inspected = work.ok(&["inspect", "t.csv", "--label", "kind"]).stdout;
    assert!(inspected.ends_with("\nleakage: no column gives away the label\n"), "{inspected}");

    work.write("twice.csv", &format!("x,a,a,kind\n{rows}"));
    let (code, error) = work.fails(&["inspect", "twice.csv"]);
    let message = "error: twice.csv:1: column \"a\" at index 1 and again at index 2; rename or remove one";
    assert_eq!((code, &*error), (Some(3), message));
}
