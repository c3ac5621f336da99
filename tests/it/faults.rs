//! Faults of data, models and the system end in one message and their exit code.

#[cfg(unix)]
use std::process::Command;

#[cfg(unix)]
use crate::support::work::Ended;
use crate::support::work::Work;

#[test]
fn a_hash_split_without_training_rows_is_refused_for_every_seed() {
    let work = Work::new();
    // All rows have the same key, so each seed puts all of them into one part.
    let rows: String = (0..20).map(|row| format!("1,{row}.5,{}\n", ["u", "v"][row % 2])).collect();
    work.write("keys.csv", &format!("id,a,kind\n{rows}"));
    let config = Work::SINGLE
        .replace("data.csv", "keys.csv")
        .replace("valid = 0.25", "valid = 0.3\ntest = 0.3\nsplit_by = { hash_of = [\"id\"] }");
    work.write("keys.toml", &config);
    let mut messages = std::collections::BTreeSet::new();
    for seed in 1..=8 {
        let seed = format!("training.seed={seed}");
        for command in [
            &["check", "keys.toml", "--set", &seed][..],
            &["train", "keys.toml", "--set", &seed, "-o", "run"],
            &["train", "keys.toml", "--set", &seed, "--dry-run"],
        ] {
            let (code, message) = work.fails(command);
            assert_eq!(code, Some(2), "{message}");
            messages.insert(message.split_once(".csv: ").map(|(_, rest)| rest.to_owned()));
        }
    }
    let shares = "by the hash of their keys; use a larger share or more rows";
    let expected = [
        format!("data.valid = 0.3 selects 0 rows {shares}"),
        "no training row is left by the hash of the keys; use smaller shares or more rows".to_owned(),
    ];
    assert_eq!(messages, expected.map(Some).into());
}

/// The first seed has all parts; a later one must not be found wanting after hours.
#[test]
fn the_splits_of_all_seeds_are_checked_before_training() {
    let work = Work::new();
    let rows: String = (0..20).map(|row| format!("{},{row}.5,{}\n", row % 3, ["u", "v"][row % 2])).collect();
    work.write("keys.csv", &format!("id,a,kind\n{rows}"));
    let config = Work::SINGLE
        .replace("data.csv", "keys.csv")
        .replace("valid = 0.25", "valid = 0.4\nsplit_by = { hash_of = [\"id\"] }");
    work.write("keys.toml", &config);
    let works = |seed: u64| {
        let set = format!("training.seed={seed}");
        work.run(&["check", "keys.toml", "--set", &set]).code == Some(0)
    };
    let good = (1..50).find(|&seed| works(seed)).expect("a seed with all parts");
    let bad = (1..50).find(|&seed| !works(seed)).expect("a seed without one");
    work.write("both.toml", &format!("{config}[compare]\nseeds = [{good}, {bad}]\n"));
    let (code, message) = work.fails(&["train", "both.toml", "-o", "run"]);
    assert_eq!(code, Some(2), "{message}");
    assert!(!work.path("run").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_network_that_there_is_no_memory_for_is_refused_before_training() {
    let work = Work::new();
    let train = "-c single.toml -o run --set model.hidden='[8000,8000]'";
    let script = format!("ulimit -v 1000000; exec {} {train}", env!("CARGO_BIN_EXE_bntrain"));
    let mut shell = Command::new("bash");
    let ended = Ended::from(shell.current_dir(work.path("")).args(["-c", &script]).output().expect("bash"));
    let advice = " bytes of memory, more than is free or `ulimit -v` allows; use fewer units, a smaller \
                  training.batch_size, or --threads 1 for one run at a time\n";
    assert!(ended.code == Some(8) && ended.stderr.ends_with(advice), "{}", ended.stderr);
    assert!(!work.path("run").exists());
}

#[test]
fn models_of_constant_columns_predict() {
    let work = Work::new();
    let rows: String =
        (0..40).map(|row| format!("0.1,{}.5,1e8,{}\n", row * 7 % 11, ["u", "v"][row % 2])).collect();
    work.write("data.csv", &format!("a,b,c,kind\n{rows}"));
    let config = Work::SINGLE.replace("valid = 0.25", "valid = 0.25\nscale = \"none\"");
    let (before, after) = config.split_once("[model]").expect("a model");
    let (_, training) = after.split_once("[optimizer]").expect("an optimizer");
    for (run, layers) in [
        ("norm", "{ type = \"batch_norm\" }, { type = \"affine\", units = 4 }, { type = \"relu\" }"),
        // The weights of the first layer are as good as 0, so each of its units is constant.
        (
            "dead",
            "{ type = \"affine\", units = 4, init = { normal = 1e-30 } }, { type = \"batch_norm\", running_update = 0.2 }",
        ),
        ("mean", "{ type = \"mean_only\" }, { type = \"affine\", units = 4 }, { type = \"tanh\" }"),
    ] {
        let layers = format!("layers = [{layers}, {{ type = \"affine\" }}, {{ type = \"softmax_loss\" }}]\n");
        work.write("constant.toml", &format!("{layers}{before}[optimizer]{training}"));
        for dtype in ["f32", "f64"] {
            let (out, dtype) = (format!("{run}-{dtype}"), format!("training.dtype=\"{dtype}\""));
            work.ok(&["train", "constant.toml", "-o", &out, "--set", &dtype]);
            work.ok(&["predict", &out, "-d", "data.csv"]);
            work.ok(&["inspect", &out]);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_model_predicts_in_a_working_directory_that_was_deleted() {
    let work = Work::new();
    work.ok(&["train", "single.toml", "-o", "run"]);
    std::fs::create_dir(work.path("gone")).expect("a folder can be made");
    let [model, data] = ["run", "data.csv"].map(|name| work.path(name).display().to_string());
    let script = "cd \"$1\" && rmdir \"$1\" && shift && exec \"$@\"";
    let gone = work.path("gone").display().to_string();
    let program = env!("CARGO_BIN_EXE_bntrain");
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh", &gone, program, "predict", &model, "-d", &data]);
    let ended = Ended::from(shell.output().expect("a shell"));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout.lines().count(), 61);
}

#[test]
fn files_of_other_formats_are_named() {
    let work = Work::new();
    work.ok(&["train", "single.toml", "-o", "run"]);
    for (name, start, kind) in [
        ("a.pkl", &b"\x80\x04\x95\x1a\0\0\0\0\0\0\0"[..], "a Python pickle"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        ("a.onnx", b"\x08\x08\x12\x07pytorch\x1a\x051.0.0", "an ONNX model"),
        ("a.xz", b"\xfd7zXZ\0\0\x04", "an xz file"),
        ("a.db", b"SQLite format 3\0", "an SQLite database"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        ("a.pt", b"PK\x03\x04\0\0\x08\x08", "a ZIP archive or spreadsheet"),
    ] {
        // More than a record may have, without a line end.
        let bytes: Vec<u8> =
            start.iter().copied().chain((0..2_000_000).map(|n| 128 + (n % 97) as u8)).collect();
        std::fs::write(work.path(name), &bytes).expect("it can be written");
        let (code, message) = work.fails(&["inspect", name]);
        assert!(
            code == Some(3) && message.contains(&format!("this is {kind}, not UTF-8 text; ")),
            "{message}"
        );
        assert!(!message.contains("iconv"), "{message}");
        let (code, message) = work.fails(&["predict", name, "-d", "data.csv"]);
        let expected =
            format!("error: {name}: this is {kind}, not a model file; give the model.safetensors of a run");
        assert_eq!((code, message), (Some(4), expected));
    }
}

#[test]
fn runs_that_multiply_are_refused_before_they_take_memory() {
    let work = Work::new();
    let grid = "[compare]\nseeds = 10000\n[compare.grid]\n\"optimizer.learning_rate\" = { linspace = [0.001, 1.0, 1000] }\n";
    work.write("many.toml", &format!("{}{grid}", Work::SINGLE));
    let (code, message) = work.fails(&["check", "many.toml"]);
    let expected = "error: many.toml asks for 20000000 runs, limit 100000 for a config of this length; use fewer seeds or \
                    grid points";
    assert_eq!((code, message.as_str()), (Some(8), expected));
    // A long config has a lower limit, since each run holds its own.
    let comment = "# ".repeat(200_000);
    let seeds = "[compare]\nseeds = 1000\n";
    work.write("long.toml", &format!("{}{seeds}{comment}\n", Work::SINGLE));
    let (code, message) = work.fails(&["check", "long.toml"]);
    assert!(code == Some(8) && message.contains("asks for 2000 runs, limit 134"), "{message}");
}
