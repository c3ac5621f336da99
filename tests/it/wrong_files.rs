//! A file in the place of another: one error that says what it is.

use crate::support::work::Work;

/// A trained run in `run`, and `table.csv` without a line of names.
fn trained() -> Work {
    let work = Work::new();
    work.ok(&["single.toml", "-o", "run", "--epochs", "1"]);
    let rows: String =
        (0..40).map(|row| format!("{},{}.5,{}\n", row % 5, row % 7, ["u", "v"][row % 2])).collect();
    work.write("table.csv", &rows);
    work
}

#[test]
fn each_kind_of_file_in_the_wrong_place_is_named() {
    let work = trained();
    let model = work.model("run/batch_norm");
    let table =
        "error: table.csv is a data file, not a config; `bntrain init table.csv` writes a config for it";
    let as_model = "error: table.csv: this is a text file, such as a table, not a model file; give the model.safetensors of a run";
    let several = "; for several data files, put their pattern in quotes, or write --data for each";
    let config_as_model = "error: single.toml: this is a config, not a model file; train with it, and give the model.safetensors of the run";
    let config_as_data =
        "error: single.toml:1: this is a config, not a table; give the CSV file with the rows";
    for (args, code, message) in [
        (&["table.csv"][..], 2, table),
        (&["-c", "table.csv"], 2, table),
        (&["check", "table.csv"], 2, table),
        (&["predict", "table.csv", "--data", "data.csv"], 4, &format!("{as_model}{several}")),
        (&["eval", "table.csv", "--data", "data.csv"], 4, as_model),
        (&["predict", "single.toml", "--data", "data.csv"], 4, config_as_model),
        (&["predict", "run", "--data", "single.toml"], 3, config_as_data),
        (&["init", "single.toml"], 3, config_as_data),
        (&["inspect", "single.toml"], 3, config_as_data),
    ] {
        let (found, error) = work.fails(args);
        assert_eq!((found, error.as_str()), (Some(code), message), "{args:?}");
    }
    let (code, error) = work.fails(&["predict", &model, "--data", &model]);
    assert!(code == Some(3) && error.contains("this is a model file, not a table"), "{error}");
    let (code, error) = work.fails(&[&model]);
    assert!(
        code == Some(2)
            && error.contains("is a model file, not a config; predict, eval, export and inspect take it"),
        "{error}"
    );
    // A table without the name of one.
    work.write("table.txt", "a;b;kind\n1;2;x\n3;4;y\n");
    assert!(work.fails(&["table.txt"]).1.starts_with("error: table.txt is a data file, not a config;"));
    // A config with a mistake in its first line is still a config.
    let config = work.read("single.toml");
    for first in ["[data", "For a, b and c", "a, b", "path: data.csv, label: kind", "data.csv;kind"] {
        work.write("typo.toml", &format!("{first}\n{config}"));
        let error = work.fails(&["typo.toml"]).1;
        assert!(error.starts_with("error: typo.toml:1:"), "{error}");
    }
    work.write("config.toml.gz", "not, packed");
    assert!(work.fails(&["config.toml.gz"]).1.starts_with("error: config.toml.gz:1:"));
}

#[test]
fn a_file_without_names_leads_to_what_to_do() {
    let work = trained();
    let (_, error) = work.fails(&["init", "table.csv"]);
    assert!(error.contains("if the file has no header line, use --no-header, otherwise --header"), "{error}");
    // A first row with a value twice, and one with dates and decimal commas.
    work.write("twice.csv", "1,1,u\n2,3,v\n4,5,u\n");
    assert!(work.fails(&["init", "twice.csv"]).1.contains("use --no-header"));
    let rows: String = (1..=9).map(|row| format!("0{row}.03.2024;Köln;{row},5\n")).collect();
    work.write("german.csv", &rows);
    let (_, error) = work.fails(&["init", "german.csv"]);
    assert!(
        error.contains("the column name 01.03.2024 is a number or date; if the file has no header"),
        "{error}"
    );
    work.ok(&["init", "german.csv", "--no-header"]);
    work.ok(&["init", "table.csv", "--no-header"]);
    work.ok(&["table.toml", "--epochs", "1", "-o", "headless"]);
    work.ok(&["predict", "headless", "--data", "table.csv"]);

    work.write("rows.csv", "0.5,1.5\n0.25,2.5\n");
    let (code, error) = work.fails(&["predict", "run", "--data", "rows.csv"]);
    let advice = "its first line looks like a row: if it is one, put a line with the names of the columns above it, such as \"a\"";
    assert!(code == Some(3) && error.contains(advice), "{error}");
    work.write("rows.csv", "a,b\n0.5,1.5\n0.25,2.5\n");
    work.ok(&["predict", "run", "--data", "rows.csv"]);

    work.write("titled.csv", "Report,\na,b\n0.5,1.5\n");
    let (_, error) = work.fails(&["predict", "run", "--data", "titled.csv"]);
    assert!(error.contains("missing \"a\", \"b\""), "{error}");
    work.ok(&["predict", "run", "--data", "titled.csv", "--skip-rows", "1"]);

    let with_names = format!("p,q,r\n{}", work.read("table.csv"));
    work.write("named.csv", &with_names);
    let (_, error) = work.fails(&["predict", "headless", "--data", "named.csv"]);
    let advice = "\"p\" is not a number: the model takes only numbers here; if this line names the columns, which the training \
                  file did not, skip it with --skip-rows 1";
    assert!(error.contains(advice), "{error}");
    work.ok(&["predict", "headless", "--data", "named.csv", "--skip-rows", "1"]);
    // It would skip a row of the first file.
    let (_, error) = work.fails(&["predict", "headless", "--data", "table.csv", "--data", "named.csv"]);
    assert!(error.contains("named.csv:1, ") && !error.contains("--skip-rows"), "{error}");

    // The same where the first cell of a row is a date or a boolean.
    for (name, kind, cells) in [
        ("flags", "\"boolean\"", ["no", "yes"]),
        ("days", "{ type = \"date\" }", ["2024-03-01", "2024-04-02"]),
    ] {
        let rows: String =
            (0..40).map(|row| format!("{},{row},{}\n", cells[row % 2], ["u", "v"][row / 2 % 2])).collect();
        work.write("rows.csv", &rows);
        work.write("named.csv", &format!("p,q,r\n{rows}"));
        let config = work.read("single.toml").replace("data.csv", "rows.csv").replace("\"kind\"", "\"c2\"");
        let columns = format!("header = false\nvalid = 0.25\n[data.columns]\nc0 = {kind}\n");
        work.write("headless.toml", &config.replace("valid = 0.25\n", &columns));
        work.ok(&["headless.toml", "--epochs", "1", "-o", name]);
        let (_, error) = work.fails(&["predict", name, "--data", "named.csv"]);
        assert!(
            error.contains("; if this line names the columns, which the training file did not, skip it"),
            "{error}"
        );
        work.ok(&["predict", name, "--data", "named.csv", "--skip-rows", "1"]);
    }
}
