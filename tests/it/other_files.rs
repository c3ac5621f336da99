//! Files that are written in another way than the training file, and columns with any name.

use crate::support::work::Work;

#[test]
fn predict_and_eval_read_files_that_are_written_in_another_way() {
    let work = Work::new();
    work.ok(&["-c", "single.toml", "-o", "run"]);
    let model = work.model("run/batch_norm");
    let plain = work.ok(&["predict", &model, "--data", "data.csv"]).stdout;
    let other = work.read("data.csv").replace(',', ";").replace("up", "UP").replace("down", "-1.0");
    work.write("other.csv", &other);
    let (code, error) = work.fails(&["predict", &model, "--data", "other.csv"]);
    assert_eq!(code, Some(3));
    assert!(error.ends_with("convert the file, or use --delimiter"), "{error}");
    let predicted = work.ok(&["predict", &model, "--data", "other.csv", "--delimiter", ";"]).stdout;
    assert_eq!(predicted.replace(';', ","), plain);
    let names = ["--label-name", "UP=up", "--label-name=-1=down"];
    let mut args = vec!["eval", &model, "--data", "other.csv", "--delimiter", ";", "--json"];
    let (_, error) = work.fails(&args);
    assert!(
        error.contains(
            "\"UP\" is not a class of the model; its classes are \"down\", \"up\"; \"UP\" looks like \"up\", \
             and differs: if they mean the same, use --label-name 'UP=up'"
        ),
        "{error}"
    );
    args.extend(names);
    let numbers = |text: &str| {
        let mut value: serde_json::Value = serde_json::from_str(text).expect("JSON");
        // The path, and that it is the training file.
        value["data"] = serde_json::Value::Null;
        value["is_training_file"] = serde_json::Value::Null;
        value
    };
    let evaluated = work.ok(&args).stdout;
    let expected = work.ok(&["eval", &model, "--data", "data.csv", "--json"]).stdout;
    assert_eq!(numbers(&evaluated), numbers(&expected));
    let (code, error) = work.fails(&["eval", &model, "--data", "data.csv", "--label-name", "UP=top"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("--label-name UP=top: \"top\" is not a class of the model"), "{error}");

    let gaps = work.read("data.csv").replacen("up", "k.A.", 1);
    work.write("gaps.csv", &gaps);
    let skips = ["eval", &model, "--data", "gaps.csv", "--missing-marker", "k.A."];
    let (_, error) = work.fails(&skips);
    assert!(error.contains("missing label or target \"k.A.\""), "{error}");
}

/// As in the census data, whose test file ends every label with a point.
#[test]
fn labels_and_classes_may_have_an_equals_sign() {
    let work = Work::new();
    let rows = |end: &str| -> String {
        let label = |row: usize| if row.is_multiple_of(2) { "<=50K" } else { ">50K" };
        (0..40).map(|row| format!("{},{}{end}\n", row % 2 * 10 + row % 5, label(row))).collect()
    };
    work.write("train.csv", &format!("age,income\n{}", rows("")));
    work.write("test.csv", &format!("age,income\n{}", rows(".")));
    let config = Work::SINGLE.replace("data.csv", "train.csv").replace("\"kind\"", "\"income\"");
    work.write("income.toml", &config);
    work.ok(&["-c", "income.toml", "-o", "run"]);
    let names = ["--label-name", "<=50K.=<=50K", "--label-name", ">50K.=>50K"];
    work.ok(&[&["eval", "run", "--data", "test.csv"], &names[..]].concat());
}

#[test]
fn set_reaches_columns_with_any_name() {
    let work = Work::new();
    for name in ["petal.width", "größe (cm)", "a=b", "x[0]"] {
        work.write("data.csv", &work.read("data.csv").replacen("a,b,kind", &format!("{name},b,kind"), 1));
        let set = format!("data.columns.\"{name}\"=\"ignore\"");
        let checked = work.ok(&["check", "-c", "single.toml", "--set", &set]).stdout;
        assert!(checked.contains("60 rows, 1 features"), "{checked}");
        assert!(checked.contains(&format!("{name} is ignored")), "{checked}");
        let bad = format!("data.columns.'{name}'=7");
        let (code, error) = work.fails(&["check", "-c", "single.toml", "--set", &bad]);
        assert_eq!(code, Some(2));
        assert!(error.contains("--set data.columns."), "{error}");
        work.write("data.csv", &work.read("data.csv").replacen(&format!("{name},b,kind"), "a,b,kind", 1));
    }
}

#[test]
fn init_keeps_classes_called_na_and_columns_with_a_few_words() {
    let work = Work::new();
    let row = |row: usize| {
        let region = ["NA", "EU", "AS"][row % 3];
        let x = if row == 7 { "n.a.".to_owned() } else { format!("{}.5", row % 11) };
        format!("{x},{}.25,{region}\n", (row % 3) * 2)
    };
    let rows: String = (0..90).map(row).collect();
    work.write("regions.csv", &format!("x,z,region\n{rows}"));
    let ended = work.ok(&["init", "regions.csv"]);
    for note in [
        "note: words read as missing values, by missing_markers in the config: \"x\" (numbers, but 1 cell with words: \
         \"n.a.\" (1))\n",
        "note: \"NA\" in 30 of 90 rows of \"region\" is read as a class; if it means a missing label, remove \
         missing_markers from the config and set missing = \"drop_row\"\n",
    ] {
        assert!(ended.stderr.contains(note), "{}", ended.stderr);
    }
    assert!(!ended.stderr.contains("ignored"), "{}", ended.stderr);
    let checked = work.ok(&["check", "-c", "regions.toml"]).stdout;
    assert!(checked.starts_with("data: 90 rows, 2 features, 3 classes of \"region\"\n"), "{checked}");
    work.ok(&["-c", "regions.toml", "--epochs", "1"]);

    // A target with words, and a label without one.
    work.write(
        "values.csv",
        &rows.replace("NA", "1.5").replace("EU", "2.25").replacen("AS", "unknown", 1).replace("AS", "7"),
    );
    let ended = work.ok(&["init", "values.csv", "--no-header"]);
    assert!(
        ended.stderr.contains("note: 1 of 90 rows have no \"c2\" and are left out\n"),
        "{}",
        ended.stderr
    );
    assert!(
        work.read("values.toml").contains("c2 = { missing_markers = [\"unknown\"], missing = \"drop_row\" }")
    );
    assert!(work.ok(&["check", "-c", "values.toml"]).stderr.contains("1 row with missing values left out"));
}

#[test]
fn a_file_of_a_german_spreadsheet_is_read_from_init_to_predict() {
    let work = Work::new();
    let row = |row: usize| {
        let size = format!("{}.{:03},{}", row % 3 + 1, row * 37 % 1000, row % 10);
        format!("{size};{} %;{:05};{}\r\n", row * 7 % 100, row % 4 * 11, ["gr\u{fc}n", "rot"][row / 3 % 2])
    };
    let rows: String = (0..60).map(row).collect();
    let text =
        format!("\u{feff}Bericht 2024\r\n\r\nGr\u{f6}\u{df}e;Anteil;PLZ;Farbe\r\n{rows}Summe;;;60\r\n");
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(work.path("bericht.csv"), utf16).expect("a file");
    let found = work.ok(&["init", "bericht.csv", "-o", "found.toml"]);
    assert!(
        found.stderr.contains("note: the config has skip_footer = 1: 1 line below the table"),
        "{}",
        found.stderr
    );
    let ended = work.ok(&[
        "init",
        "bericht.csv",
        "--skip-rows",
        "2",
        "--delimiter",
        ";",
        "--skip-footer",
        "1",
        "-o",
        "b.toml",
    ]);
    let note = "note: numbers are read with decimal = \",\", thousands = \".\", number_signs = [\"percent\"], by the config, \
                as the cells suggest\n";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
    let config = work.read("b.toml");
    assert_eq!(work.read("found.toml"), config);
    assert!(
        config.contains("skip_rows = 2\nskip_footer = 1\ndecimal = \",\"\nthousands = \".\"\n"),
        "{config}"
    );
    assert!(config.contains("# codes (\"00000\" starts with 0), 4 distinct"), "{config}");
    work.ok(&["-c", "b.toml", "--epochs", "1", "-o", "run"]);
    let model = work.model("run/batch_norm");
    let predicted = work.ok(&["predict", &model, "--data", "bericht.csv"]);
    assert_eq!(predicted.stdout.lines().count(), 61, "{}", predicted.stderr);
    // In UTF-8, with a byte order mark that spreadsheets know it by.
    assert!(predicted.stdout.starts_with("\u{feff}prediction;"));
    work.ok(&["eval", &model, "--data", "bericht.csv"]);
    // Written as the file is.
    std::fs::write(work.path("utf8.csv"), &text).expect("a file");
    let written = work.ok(&["predict", &model, "--data", "utf8.csv"]).stdout;
    assert!(written.starts_with("\u{feff}prediction;") && written.lines().count() == 61, "{written}");
    assert_eq!(written.matches("\r\n").count(), 61);
    let probability = written.lines().nth(1).and_then(|line| line.split(';').nth(1)).expect("a probability");
    assert!(probability.starts_with("0,") && !written.contains('.'), "{written}");
    let plain = predicted.stdout.trim_start_matches('\u{feff}').to_owned();
    assert_eq!(written.trim_start_matches('\u{feff}'), plain);
}

#[test]
fn a_constant_for_missing_values_that_no_training_row_needs_is_kept_in_the_model() {
    let work = Work::new();
    let row = |row: usize| {
        format!(
            "{},{},{}.5,{}\n",
            ["train", "valid"][row / 50],
            if row == 55 { "" } else { ["p", "q"][row % 2] },
            row % 7,
            row % 2
        )
    };
    let rows: String = (0..60).map(row).collect();
    work.write("t.csv", &format!("part,c,x,kind\n{rows}"));
    let config = Work::SINGLE.replace("data.csv", "t.csv").replace("valid = 0.25", "").replace(
        "[model]",
        "[data.columns]\npart = \"split\"\nc = { type = \"categorical\", missing = { constant = \"(missing)\" } }\n[model]",
    );
    work.write("t.toml", &config);
    work.ok(&["-c", "t.toml", "-o", "run"]);
    let model = work.model("run/batch_norm");
    work.ok(&["inspect", &model]);
    assert_eq!(work.ok(&["predict", &model, "--data", "t.csv"]).stdout.lines().count(), 61);
    work.ok(&["export", &model, "--to", "onnx", "-o", "t.onnx"]);
}
