//! `bntrain export` on the command line.

use std::fs;

use serde_json::Value;

use crate::support::work::Work;

/// A work folder with the model of a run on `data.csv`.
fn trained() -> (Work, &'static str) {
    let work = Work::new();
    work.ok(&["-q", "-c", "single.toml", "-o", "run"]);
    (work, "run/batch_norm/seed-0/model.safetensors")
}

#[test]
fn each_format_is_checked_over_the_validation_rows() {
    let (work, model) = trained();
    for format in ["onnx", "safetensors", "json"] {
        let shown = work.ok(&["export", model, "--to", format, "-o", "exported"]).stdout;
        let bytes = fs::read(work.path("exported")).expect("a file");
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 2, "{shown}");
        assert!(lines[0].starts_with(&format!("exported: {} bytes, sha256 ", bytes.len())), "{shown}");
        assert!(lines[1].starts_with("checked over the 15 validation rows of "), "{shown}");
        assert!(lines[1].ends_with(" in probability, the same class in each"), "{shown}");
        fs::remove_file(work.path("exported")).expect("the file");
    }
    let shown = work.ok(&["export", model, "--to", "onnx", "-o", "m.onnx", "--json"]).stdout;
    let facts: Value = serde_json::from_str(&shown).expect("one object");
    assert_eq!(facts["file"], "m.onnx");
    assert_eq!(facts["checked"]["agreement"]["rows"], 15);
    assert_eq!(facts["checked"]["agreement"]["other_class"], 0);
    assert!(facts["checked"]["agreement"]["largest_difference"].as_f64().expect("a number") < 1e-5);
}

#[test]
fn data_names_another_file_for_the_check() {
    let (work, model) = trained();
    work.write("new.csv", "b,a\n0.5,1.5\n-1,2\n");
    let shown = work.ok(&["export", model, "--to", "onnx", "-o", "m.onnx", "--data", "new.csv"]).stdout;
    assert!(shown.contains("checked over 2 rows of new.csv: "), "{shown}");
    work.write("bad.csv", "a\n0.5\n");
    let arguments = ["export", model, "--to", "onnx", "-o", "n.onnx", "--data", "bad.csv"];
    assert_eq!(work.fails(&arguments).0, Some(3));
    assert!(!work.path("n.onnx").exists());
}

#[test]
fn rows_are_made_up_if_the_training_data_changed() {
    let (work, model) = trained();
    let data = work.read("data.csv");
    work.write("data.csv", &format!("{data}0.5,0.5,up\n"));
    let shown = work.ok(&["export", model, "--to", "onnx", "-o", "changed.onnx"]).stdout;
    assert!(
        shown.contains(
            "checked over 1000 made-up rows (the model is not in its run directory, or the training"
        ),
        "{shown}"
    );
    fs::remove_file(work.path("data.csv")).expect("the file");
    let shown = work.ok(&["export", model, "--to", "json", "-o", "gone.json"]).stdout;
    assert!(shown.contains("checked over 1000 made-up rows"), "{shown}");
}

#[test]
fn files_named_by_a_model_outside_its_run_are_not_opened() {
    let (work, model) = trained();
    fs::create_dir_all(work.path("a/b/c/d")).expect("folders");
    fs::copy(work.path(model), work.path("a/b/c/d/alone")).expect("a copy");
    let mut exported = 0;
    let mut sample = |config: Option<String>| {
        if let Some(config) = config {
            work.write("a/b/c/d/config.toml", &config);
        }
        exported += 1;
        let file = format!("{exported}.onnx");
        let shown = work.ok(&["export", "a/b/c/d/alone", "--to", "onnx", "-o", &file]).stdout;
        shown.split("checked over ").nth(1).and_then(|rest| rest.split(" rows").next()).map(str::to_owned)
    };
    let own = work.read("run/config.toml");
    assert_eq!(sample(None).as_deref(), Some("1000 made-up"));
    // A config alone makes no run directory.
    assert_eq!(sample(Some(own.clone())).as_deref(), Some("1000 made-up"));
    work.write("a/b/c/d/run.json", &work.read("run/run.json"));
    assert_eq!(sample(Some(own.replace("data.csv", "other.csv"))).as_deref(), Some("1000 made-up"));
    // The user's own config names the same file.
    assert_eq!(sample(Some(own)).as_deref(), Some("the 15 validation"));
}

#[test]
fn existing_files_inputs_and_runs_are_not_replaced() {
    let (work, model) = trained();
    work.write("there", "mine");
    let (code, error) = work.fails(&["export", model, "--to", "json", "-o", "there"]);
    assert_eq!(
        (code, error.as_str()),
        (Some(7), "error: there exists; choose another --out or replace it with --force")
    );
    assert_eq!(work.read("there"), "mine");
    work.ok(&["export", model, "--to", "json", "-o", "there", "--force"]);
    assert!(work.read("there").starts_with('{'));

    let (code, error) = work.fails(&["export", model, "--to", "json", "-o", model, "--force"]);
    assert_eq!(code, Some(7));
    assert!(
        error.ends_with("model.safetensors is an input of this command; choose another --out"),
        "{error}"
    );

    let before = fs::read_dir(work.path("")).expect("a folder").count();
    let arguments = ["export", model, "--to", "onnx", "-o", "far.onnx", "--tolerance", "1e-30"];
    let (code, error) = work.fails(&arguments);
    assert_eq!(code, Some(1));
    assert!(error.starts_with("error: far.onnx is not written: over the 15 validation rows of "), "{error}");
    assert!(error.contains("the limit is 1e-30; "), "{error}");
    assert_eq!(fs::read_dir(work.path("")).expect("a folder").count(), before, "nothing is left");
}

#[test]
fn each_failure_has_its_exit_code() {
    let (work, model) = trained();
    work.write("other.safetensors", "not a model");
    for (code, arguments) in [
        (2, ["export", model, "--to", "pickle", "-o", "x"]),
        (4, ["export", "other.safetensors", "--to", "onnx", "-o", "x"]),
        (6, ["export", "none.safetensors", "--to", "onnx", "-o", "x"]),
        (6, ["export", model, "--to", "onnx", "-o", "no/such/folder/x"]),
        (7, ["export", model, "--to", "onnx", "-o", "run"]),
    ] {
        assert_eq!(work.run(&arguments).code, Some(code), "{arguments:?}");
    }
    let (code, error) = work.fails(&["export", model, "--to", "json", "-o", "x", "--no-fold"]);
    let expected = "error: --no-fold works with --to onnx only; the other formats keep every layer";
    assert_eq!((code, error.as_str()), (Some(2), expected));
}
