//! `bntrain predict`, as its users see it.

use std::io::Write;
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::work::{Ended, Work};

/// Features of every kind, an id and a label; missing ages are filled in.
const CONFIG: &str = r#"
[data]
path = "train.csv"
label = "kind"
valid = 0.2
[data.columns]
id = "id"
age = { missing = "median", indicator = true }
[model]
hidden = [8]
norm = "batch_norm"
activation = "relu"
[optimizer]
type = "adam"
learning_rate = 0.02
[training]
epochs = 4
batch_size = 16
"#;

/// A folder with `train.csv` and the model file `m.safetensors`.
fn trained() -> Work {
    let work = Work::new();
    let rows: String = (0..80_usize)
        .map(|row| {
            let age =
                if row % 9 == 4 { String::new() } else { format!("{:.1}", 20.0 + (row * 7 % 31) as f64) };
            let (city, member) = (["Oslo", "Rome", "Bern"][row % 3], ["yes", "no"][row % 2]);
            let kind = if (row * 7 % 31) + 5 * (row % 3) > 20 { "=old" } else { "new, \"er\"" };
            format!("r{row},{age},{city},{member},{:.3},{}\n", row as f64 / 17.0, quoted(kind))
        })
        .collect();
    work.write("train.csv", &format!("id,age,city,member,x,kind\n{rows}"));
    work.write("model.toml", CONFIG);
    work.ok(&["-c", "model.toml", "-o", "run"]);
    std::fs::copy(work.path("run/batch_norm/seed-0/model.safetensors"), work.path("m.safetensors"))
        .expect("a model");
    work
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn predict(work: &Work, data: &str, more: &[&str]) -> Ended {
    work.ok(&[&["predict", "m.safetensors", "--data", data], more].concat())
}

/// The columns that a model needs, in the order of the training file.
const HEAD: &str = "id,age,city,member,x\n";

#[test]
fn every_row_gets_its_id_a_class_and_probabilities() {
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
fn a_row_is_predicted_the_same_alone_on_any_threads_and_from_any_source() {
    let work = trained();
    // Many pieces of the file.
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
fn columns_are_found_by_name() {
    let work = trained();
    work.write("plain.csv", &format!("{HEAD}a,30,Oslo,yes,1\nb,,Rome,no,2\n"));
    let expected = predict(&work, "plain.csv", &[]).stdout;
    work.write("other.csv", "x,more,member,kind,id,city,age\n1,?,yes,,a,Oslo,30\n2,,no,,b,Rome,NA\n");
    let other = predict(&work, "other.csv", &[]);
    assert_eq!(other.stdout, expected);
    assert_eq!(other.stderr, "note: 1 column of the file not known to the model and not used: \"more\"\n");
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
fn what_is_odd_about_a_file_is_told() {
    let work = trained();
    work.write("odd.csv", "x,member,city,age\r\n1,yes,Oslo,30\n2,no,Oslo,30\r\n");
    let odd = predict(&work, "odd.csv", &[]);
    assert_eq!(
        odd.stderr,
        "note: odd.csv has mixed line ends: LF and CRLF\nnote: no column \"id\", so that the predictions are \
         without it\n"
    );
    assert!(odd.stdout.starts_with("prediction,"), "{}", odd.stdout);
}

#[test]
fn a_category_that_was_never_seen_is_counted() {
    let work = trained();
    work.write("new.csv", &format!("{HEAD}a,30,Oslo,yes,1\nb,30, Paris ,no,2\nc,30,\"Lima\",no,2\n"));
    let ended = predict(&work, "new.csv", &[]);
    assert_eq!(ended.stdout.lines().count(), 4);
    let note = "note: 2 cells of column \"city\" with a category that was not in the training rows, such as \
                \"Paris\"\n";
    assert_eq!(ended.stderr, note);
}

#[test]
fn rows_that_cannot_be_predicted_are_an_error_or_marked() {
    let work = trained();
    work.write(
        "bad.csv",
        &format!(
            "{HEAD}a,30,Oslo,yes,1\nb,30,Oslo,maybe,1\nc,30,Oslo,yes,\nd,\"3,0\",,yes,1e39\ne,30,Rome,no,3\n"
        ),
    );
    let error = work.fails(&["predict", "m.safetensors", "--data", "bad.csv"]);
    let message = "error: bad.csv:3, column \"member\" (index 3): \"maybe\" is not a boolean; use true or false, yes or no, t or f, y or n, 1 or 0; --mark-bad-rows predicts the other rows";
    assert_eq!(error, (Some(3), message.to_owned()));

    let ended = predict(&work, "bad.csv", &["--mark-bad-rows"]);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[0].ends_with(",problem") && lines[1].ends_with(','), "{}", ended.stdout);
    assert_eq!(
        lines[2..5],
        [
            "b,,,,\"column \"\"member\"\": \"\"maybe\"\" is not a boolean; use true or false, yes or no, t or f, y or n, 1 or 0\"",
            "c,,,,\"column \"\"x\"\": missing value; the model was trained without imputation for this column: fill it in\"",
            "d,,,,\"column \"\"age\"\": \"\"3,0\"\" is not a number: use a decimal point instead of a decimal comma, and no thousands separator\"",
        ]
    );
    assert_eq!(ended.stderr, "note: 3 of 5 rows without prediction, see the column \"problem\"\n");
    // The good ones are as if there were no others.
    work.write("good.csv", &format!("{HEAD}a,30,Oslo,yes,1\ne,30,Rome,no,3\n"));
    let good = predict(&work, "good.csv", &[]).stdout;
    let good: Vec<String> = good.lines().skip(1).map(|line| format!("{line},")).collect();
    assert_eq!([lines[1], lines[5]], [&good[0], &good[1]]);

    // What makes rows of text is never guessed.
    work.write("ragged.csv", &format!("{HEAD}a,30,Oslo,yes,1\nb,30,Oslo,yes\n"));
    let error = work.fails(&["predict", "m.safetensors", "--data", "ragged.csv", "--mark-bad-rows"]);
    assert_eq!(
        error,
        (Some(3), "error: ragged.csv:3:11: expected 5 fields as in line 1, found 4".to_owned())
    );
}

#[test]
fn numbers_that_overflow_are_no_prediction() {
    let work = Work::new();
    let kind = |row| if row % 3 == 0 { "up" } else { "down" };
    let rows: String = (0..60).map(|row| format!("0.00{},{},{}\n", row % 7, row % 5, kind(row))).collect();
    work.write("data.csv", &format!("a,b,kind\n{rows}"));
    work.ok(&["-c", "single.toml", "-o", "run"]);
    work.write("far.csv", "a,b\n0.001,1\n3e38,1\n");
    let error = work.fails(&["predict", "run", "--data", "far.csv"]);
    let message = "error: far.csv:3, column \"a\" (index 0): 3e38 is so far from the training rows that it is outside \
                   f32 range when scaled; --mark-bad-rows predicts the other rows";
    assert_eq!(error, (Some(3), message.to_owned()));
    let marked = work.ok(&["predict", "run", "--data", "far.csv", "--mark-bad-rows"]).stdout;
    let problem = ",,,\"column \"\"a\"\": 3e38 is so far from the training rows that it is outside f32 range when \
                   scaled\"\n";
    assert!(marked.ends_with(problem), "{marked}");
}

#[test]
fn all_columns_are_kept_as_they_stand() {
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
    let message = "error: again.csv: the column \"prediction\" would be in the predictions twice; rename it in the \
                   file";
    assert_eq!(error, (Some(3), message.to_owned()));
}

#[test]
fn json_has_the_same_content() {
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
fn without_header_places_count_and_the_label_may_be_missing() {
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

#[test]
fn a_file_without_rows_has_no_predictions() {
    let work = trained();
    work.write("none.csv", HEAD);
    let stdout = predict(&work, "none.csv", &[]).stdout;
    assert_eq!(stdout, "id,prediction,probability_=old,\"probability_new, \"\"er\"\"\"\n");
}

#[test]
fn files_are_written_whole_and_not_over_others() {
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
    // A fault at the end leaves nothing behind.
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
fn a_reader_that_goes_away_ends_it_quietly() {
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
fn models_that_cannot_be_used_have_exit_codes_of_their_own() {
    let work = trained();
    let model = std::fs::read(work.path("m.safetensors")).expect("a model");
    std::fs::write(work.path("cut.safetensors"), &model[..model.len() - 1]).expect("a file");
    let fails = |model: &str| work.fails(&["predict", model, "--data", "train.csv"]);
    assert_eq!(
        fails("cut.safetensors"),
        (
            Some(4),
            "error: cut.safetensors: damaged: its bytes are not those that its checksum was taken of"
                .to_owned()
        )
    );
    assert_eq!(fails("train.csv").0, Some(4));
    assert_eq!(fails("nowhere").0, Some(6));
    assert_eq!(fails("nowhere").1, "error: nowhere: not found");

    // A run directory will do where it has one model.
    assert_eq!(
        work.ok(&["predict", "run", "--data", "train.csv"]).stdout,
        predict(&work, "train.csv", &[]).stdout
    );
    work.ok(&["-c", "config.toml", "-o", "four"]);
    let (code, error) = fails("four");
    assert_eq!(code, Some(2));
    assert!(
        error.starts_with("error: four holds 4 models; give one of them:\n  four/batch_norm/seed-0/"),
        "{error}"
    );
}

#[test]
fn texts_that_look_like_comments_or_quotes_read_back() {
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
                // By the program, too, which refuses lines that start with # unless told what they are.
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
fn packed_standard_input_is_told_how_to_unpack_it() {
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
