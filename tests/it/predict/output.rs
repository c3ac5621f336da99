//! Output formats, files and exit codes.

use std::process::Stdio;

use crate::predict::{HEAD, predict, trained};
use crate::support::work::{Ended, Work};

#[test]
fn fields_that_look_like_comments_or_quotes_are_read_back() {
    for (mark, reading) in [("comment", "comment = \"%\""), ("none", "quote = \"\"")] {
        let work = Work::new();
        let rows: String =
            (0..40).map(|row| format!("r{row},{}.5,{}\n", row % 7, ["up", "down"][row % 2])).collect();
        work.write("train.csv", &format!("id,x,kind\n{rows}"));
        let config = Work::SINGLE.replace("data.csv\"", &format!("train.csv\"\n{reading}"));
        work.write("marked.toml", &format!("{config}[data.columns]\nid = \"id\"\n"));
        work.ok(&["-q", "-c", "marked.toml", "-o", "run"]);
        let (rows, ids): (_, &[&str]) = match mark {
            "comment" => ("\"#1\",2,\"%a\"\n\"%2\",3,#\n%3,4,b\n4%,5,c\n", &["#1", "%2", "4%"]),
            _ => ("a\"b1,2,\"x\"\n\"c\",3,y\n=d,4,z\n", &["a\"b1", "\"c\"", "'=d"]),
        };
        work.write("new.csv", &format!("id,x,more\n{rows}"));
        for more in [&[][..], &["--keep-columns"]] {
            let written =
                work.ok(
                    &[&["predict", "run", "--data", "new.csv", "-o", "out.csv", "--force"], more].concat()
                );
            assert_eq!(written.stdout, "");
            let mut reader = csv::ReaderBuilder::new()
                .comment((mark == "comment").then_some(b'%'))
                .from_path(work.path("out.csv"))
                .expect("a file");
            let found: Vec<String> =
                reader.records().map(|record| record.expect("a record")[0].to_owned()).collect();
            assert_eq!(found, ids, "{mark}: {}", work.read("out.csv"));
            if mark == "comment" {
                // By bntrain, too, which refuses lines that start with # unless `comment` says what they are.
                work.write("whole.csv", &work.read("out.csv").replace("prediction", "guess"));
                let again = work.ok(&["predict", "run", "--data", "new.csv", "--json"]).stdout;
                assert_eq!(again.lines().count(), ids.len());
                let read = work.ok(&["inspect", "out.csv", "--comment", "%", "--json"]).stdout;
                let read: serde_json::Value = serde_json::from_str(&read).expect("JSON");
                assert_eq!(read["data"]["rows"], ids.len());
            }
        }
    }
}

#[test]
fn json_has_the_same_content_as_csv() {
    let work = trained();
    work.write("two.csv", &format!("{HEAD}\"a\"\"b\",30,Oslo,yes,1\nc,30,Oslo,maybe,1\n"));
    let ended = predict(&work, "two.csv", &["--json", "--mark-bad-rows"]);
    let rows: Vec<serde_json::Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let csv = predict(&work, "two.csv", &["--mark-bad-rows"]).stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let record = reader.records().next().expect("a row").expect("a record");
    assert_eq!(rows[0]["id"], "a\"b");
    assert_eq!(rows[0]["probability_=old"].to_string(), record[2]);
    assert!(rows[0]["problem"].is_null() && rows[1]["prediction"].is_null());
    assert!(rows[1]["problem"].as_str().is_some_and(|problem| problem.contains("maybe")));
}

#[test]
fn a_file_is_written_completely_or_not_at_all() {
    let work = trained();
    let args = |out| ["predict", "m.safetensors", "--data", "train.csv", "-o", out];
    assert_eq!(work.ok(&args("out.csv")).stdout, "");
    let written = work.read("out.csv");
    assert_eq!(written, predict(&work, "train.csv", &[]).stdout);
    let refused =
        (Some(7), "error: out.csv exists; choose another --out or replace it with --force".to_owned());
    assert_eq!(work.fails(&args("out.csv")), refused);
    work.ok(&[&args("out.csv")[..], &["--force"]].concat());
    for input in ["train.csv", "m.safetensors", "./run/../train.csv"] {
        let (code, error) = work.fails(&[&args(input)[..], &["--force"]].concat());
        assert_eq!(code, Some(7), "{error}");
        assert!(error.ends_with("is an input of this command; choose another --out"), "{error}");
    }
    // An error in the last row leaves no file.
    work.write("bad.csv", &format!("{}\nr99,x,Oslo,yes,1,\n", work.read("train.csv").trim_end()));
    let before = std::fs::read_dir(work.path(".")).expect("a folder").count();
    assert_eq!(work.fails(&["predict", "m.safetensors", "--data", "bad.csv", "-o", "new.csv"]).0, Some(3));
    assert_eq!(std::fs::read_dir(work.path(".")).expect("a folder").count(), before);
    assert_eq!(work.fails(&args("nowhere/out.csv")).0, Some(6));
    #[cfg(target_os = "linux")]
    {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
        let mut command = work.command(&args("x")[..4]);
        assert_eq!(Ended::from(command.stdout(full).output().expect("an end")).code, Some(6));
    }
}

#[test]
fn a_broken_pipe_ends_the_program_without_a_message() {
    let work = trained();
    let rows: String = (0..100_000).map(|row| format!("{row},30,Oslo,yes,1\n")).collect();
    work.write("many.csv", &format!("{HEAD}{rows}"));
    let mut child = work
        .command(&["predict", "m.safetensors", "--data", "many.csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let ended = Ended::from(child.wait_with_output().expect("an end"));
    assert_eq!((ended.code, ended.stderr), (Some(141), String::new()));
}

#[test]
fn unusable_models_have_their_own_exit_codes() {
    let work = trained();
    let model = std::fs::read(work.path("m.safetensors")).expect("a model");
    std::fs::write(work.path("cut.safetensors"), &model[..model.len() - 1]).expect("a file");
    let fails = |model: &str| work.fails(&["predict", model, "--data", "train.csv"]);
    assert_eq!(
        fails("cut.safetensors"),
        (Some(4), "error: cut.safetensors: damaged: checksum mismatch".to_owned())
    );
    assert_eq!(fails("train.csv").0, Some(4));
    assert_eq!(fails("nowhere").0, Some(6));
    assert_eq!(fails("nowhere").1, "error: nowhere: not found");

    // A run directory will do where it has one network.
    assert_eq!(
        work.ok(&["predict", "run", "--data", "train.csv"]).stdout,
        predict(&work, "train.csv", &[]).stdout
    );
    work.ok(&["-c", "config.toml", "-o", "four"]);
    let (code, error) = fails("four");
    assert_eq!(code, Some(2));
    assert!(
        error.ends_with("four has models of 2 networks; choose one of them:\n  four/batch_norm\n  four/none"),
        "{error}"
    );
}

#[test]
fn compressed_standard_input_is_an_error_with_a_hint() {
    let work = trained();
    for (start, tool) in [(&b"\x1f\x8b\x08"[..], "gzip"), (b"\x28\xb5\x2f\xfd", "zstd")] {
        std::fs::write(work.path("packed"), start).expect("a file");
        let input = std::fs::File::open(work.path("packed")).expect("a file");
        let mut command = work.command(&["predict", "m.safetensors", "--data", "-"]);
        let ended = Ended::from(command.stdin(input).output().expect("the program starts"));
        let message = format!(
            "error: standard input:1: this is a {tool} file, not UTF-8 text; pipe it through `{tool} -d`\n"
        );
        assert_eq!((ended.code, ended.stderr), (Some(3), message));
    }
}
