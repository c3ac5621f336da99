//! Several data files as one table.

mod mistakes;

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::json;

use crate::support::work::Work;

/// The first line of each file of a [`table`].
const HEADER: &str = "id,color,x,day,kind";

/// Rows with an id, a text, a number that may be missing, an order and a class.
fn table(rows: usize) -> Vec<String> {
    let row = |row: usize| {
        let x = if row % 11 == 3 { String::new() } else { format!("{:.2}", (row * 7 % 13) as f64 / 6.5) };
        let color = ["red", "blue", "green"][row * 5 % 3];
        let kind = if (row * 7 % 13 > 6) != row.is_multiple_of(5) { "up" } else { "down" };
        format!("g{},{color},{x},{},{kind}", row % 17, (row * 37) % rows)
    };
    (0..rows).map(row).collect()
}

/// A config for the files at `path`, whose rows are split in this way.
fn config(path: &str, split: &str) -> String {
    format!(
        "[data]\npath = {path}\nlabel = \"kind\"\nmissing = \"median\"\n{split}\n[data.columns]\nid = \"{}\"\n\
         [model]\nhidden = [6]\nnorm = \"batch_norm\"\nactivation = \"relu\"\n[optimizer]\ntype = \"adam\"\n\
         learning_rate = 0.01\n[training]\nepochs = 2\nbatch_size = 16\n",
        if split.ends_with("# by group") { "group" } else { "id" }
    )
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte")
}

/// A file with these rows: packed, without its last line end, or with other line ends.
fn write_part(work: &Work, number: usize, rows: &[String], form: u8) -> String {
    let mut text = format!("{HEADER}\n{}", rows.iter().map(|row| format!("{row}\n")).collect::<String>());
    if form & 1 > 0 {
        text.pop();
    }
    if form & 2 > 0 {
        text = text.replace('\n', "\r\n");
    }
    let is_packed = form & 4 > 0;
    let name = format!("part-{number}.csv{}", if is_packed { ".gz" } else { "" });
    let bytes = if is_packed { gzip(&text) } else { text.into_bytes() };
    fs::write(work.path(&name), bytes).expect("the folder can be written");
    name
}

const SPLITS: [&str; 4] = [
    "valid = 0.25",
    "valid = 0.2\ntest = 0.1\nsplit_by = { hash_of = [\"id\", \"day\"] }",
    "valid = 0.25 # by group",
    "valid = 0.25\nsplit_by = { order_of = \"day\" }",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// However rows are spread over files, packed or not, some without rows: the same results and columns.
    #[test]
    fn results_do_not_depend_on_how_rows_are_spread_over_files(
        cuts in prop::collection::vec((0..=120_usize, 0..8_u8), 1..14),
        split in 0..SPLITS.len(),
        on_disk in any::<bool>(),
    ) {
        let work = Work::new();
        let rows = table(120);
        let mut cuts = cuts;
        cuts.sort_unstable();
        let mut start = 0;
        for (number, &(end, form)) in cuts.iter().enumerate() {
            write_part(&work, number + 1, &rows[start..end], form);
            start = end;
        }
        write_part(&work, cuts.len() + 1, &rows[start..], 0);
        write_part(&work, 0, &rows, 0);
        fs::rename(work.path("part-0.csv"), work.path("whole.csv")).expect("it is there");
        work.write("one.toml", &config("\"whole.csv\"", SPLITS[split]));
        let pattern = config("\"part-*\"", SPLITS[split]);
        let memory = if on_disk { "\nmemory = \"1 B\"\nlabel" } else { "\nlabel" };
        work.write("many.toml", &pattern.replacen("\nlabel", memory, 1));
        work.ok(&["one.toml", "-o", "one"]);
        work.ok(&["many.toml", "-o", "many", "--threads", "3"]);
        prop_assert_eq!(work.hashes("many"), work.hashes("one"));
        let columns = |config: &str| {
            let shown = work.ok(&["check", config]).stdout;
            shown.lines().filter(|line| !["part-*", "whole.csv", "memory"].iter().any(|other| line.contains(other))).collect::<Vec<_>>().join("\n")
        };
        let (many, one) = (columns("many.toml"), columns("one.toml"));
        prop_assert_eq!(many, one);
        let (run, alone) = (work.json("many/run.json"), work.json("one/run.json"));
        prop_assert_eq!(&run["data"][0]["rows"], &alone["data"][0]["rows"]);
        prop_assert_eq!(run["data"][0]["files"].as_array().map(Vec::len), Some(cuts.len() + 1));
    }
}

/// A folder with `part-1.csv`, `part-2.csv.gz` and `part-10.csv`, 40 rows each, and a config for them.
fn parts() -> Work {
    let work = Work::new();
    let rows = table(120);
    for (number, form) in [(1, 0), (2, 5), (10, 0)] {
        let start = [1, 2, 10].iter().position(|other| *other == number).unwrap_or_default() * 40;
        write_part(&work, number, &rows[start..start + 40], form);
    }
    work.write("many.toml", &config("\"part-*\"", SPLITS[0]));
    work
}

/// The exit code and the message of a command that fails, without the name of the folder.
pub(crate) fn refused(work: &Work, args: &[&str]) -> (Option<i32>, String) {
    let (code, message) = work.fails(args);
    let folder = work.path("").canonicalize().expect("it is there");
    (
        code,
        message.replace(&format!("{}/", folder.display()), "").replace(&folder.display().to_string(), "HERE"),
    )
}

#[test]
fn the_files_are_named_in_natural_order() {
    let work = parts();
    work.ok(&["many.toml", "-o", "run"]);
    let run = work.json("run/run.json");
    let name = |path: &serde_json::Value| {
        path.as_str().expect("a path").rsplit('/').next().expect("a name").to_owned()
    };
    let files = run["data"][0]["files"].as_array().expect("files");
    assert_eq!(name(&run["data"][0]["path"]), "part-*");
    assert_eq!(
        files.iter().map(|file| name(&file["path"])).collect::<Vec<_>>(),
        ["part-1.csv", "part-2.csv.gz", "part-10.csv"]
    );
    let hashes: String =
        files.iter().map(|file| format!("{}\n", file["sha256"].as_str().expect("a hash"))).collect();
    let hash = <sha2::Sha256 as sha2::Digest>::digest(hashes);
    assert_eq!(run["data"][0]["sha256"], json!(format!("{hash:x}")));
    assert!(work.read("run/report.html").contains("part-* (3 files)"));
    let inspected = work.ok(&["inspect", "run"]).stdout;
    assert!(inspected.contains("120 rows in 3 files, sha256 "), "{inspected}");
    let inspected = work.ok(&["inspect", "part-*", "--label", "kind"]).stdout;
    assert!(inspected.starts_with("part-*: 120 rows in 3 files, 5 columns\n"), "{inspected}");
    let all = work.ok(&["inspect", "--json", "part-1.csv", "part-2.csv.gz"]).stdout;
    let all: serde_json::Value = serde_json::from_str(&all).expect("JSON");
    assert_eq!(all["data"]["files"], json!(["part-1.csv", "part-2.csv.gz"]));
    assert_eq!((&all["data"]["path"], &all["data"]["rows"]), (&json!("part-1.csv and 1 more"), &json!(80)));
}

#[test]
fn commands_read_several_files_as_one() {
    let work = parts();
    work.write("whole.csv", &format!("{HEADER}\n{}\n", table(120).join("\n")));
    work.ok(&["many.toml", "-o", "run", "--set", "data.path=['part-1.csv', 'part-2.csv.gz', 'part-10.csv']"]);
    work.ok(&["many.toml", "-o", "same"]);
    assert_eq!(work.hashes("run"), work.hashes("same"));
    let whole = work.ok(&["predict", "run", "--data", "whole.csv", "--keep-columns"]).stdout;
    let lists = [
        "predict",
        "run",
        "-d",
        "part-1.csv",
        "-d",
        "part-2.csv.gz",
        "--data",
        "part-10.csv",
        "--keep-columns",
    ];
    assert_eq!(work.ok(&lists).stdout, whole);
    assert_eq!(work.ok(&["predict", "run", "--data", "part-*", "--keep-columns"]).stdout, whole);
    let metrics = |data: &str| {
        let ended = work.ok(&["eval", "run", "--data", data, "--json"]);
        let mut value: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
        let is_known = value["is_training_file"].clone();
        (value["data"], value["is_training_file"]) = (json!(null), json!(null));
        (value, is_known)
    };
    let (of_parts, of_whole) = (metrics("part-*"), metrics("whole.csv"));
    assert_eq!(of_parts.0, of_whole.0);
    assert_eq!((of_parts.1, of_whole.1), (json!(true), json!(false)));
    recognized(&work);
    let explained = |data: &str| {
        let text = work.ok(&["explain", "run", "--data", data, "--repeats", "2"]).stdout;
        text.replace(data, "DATA")
    };
    assert_eq!(explained("part-*"), explained("whole.csv"));
    let thresholds = |data: &str, out: &str| {
        work.ok(&["threshold", "run", "--recall", "0.8", "--data", data, "-o", out]);
        fs::read(work.path(out)).expect("it was written")
    };
    assert_eq!(thresholds("part-*", "a.safetensors"), thresholds("whole.csv", "b.safetensors"));
    let (code, message) = work.fails(&["predict", "run", "--data", "part-*", "-o", "part-10.csv", "--force"]);
    assert_eq!(
        (code, message.as_str()),
        (Some(7), "error: part-10.csv is an input of this command; choose another --out")
    );
    // A pattern in a config of `init` still finds files that come later.
    work.ok(&["init", "part-*.csv", "--label", "kind"]);
    assert!(work.read("part.toml").contains("path = \"part-*.csv\"\n"), "{}", work.read("part.toml"));
    work.ok(&["init", "part-1.csv", "part-2.csv.gz", "--label", "kind", "-o", "list.toml"]);
    assert!(work.read("list.toml").contains("path = [\"part-1.csv\", \"part-2.csv.gz\"]\n"));
    work.ok(&["check", "list.toml"]);
}

/// Each of the training files is recognized beside others, and all of them in any order.
fn recognized(work: &Work) {
    let warning = |command: &str, model: &str, data: &[&str]| {
        let options = data.iter().flat_map(|file| ["--data", file]);
        let ended = work.ok(&[command, model].into_iter().chain(options).collect::<Vec<_>>());
        let warning =
            ended.stderr.lines().find_map(|line| line.strip_prefix("warning: the model was trained on "));
        warning.map(|warning| warning.split_once(": ").map_or("", |(files, _)| files).to_owned())
    };
    fs::copy(work.path("run/batch_norm/seed-0/model.safetensors"), work.path("moved.safetensors"))
        .expect("a model");
    work.write("new.csv", &format!("{HEADER}\n{}\n", table(70)[50..].join("\n")));
    let [first, second, third] = ["part-1.csv", "part-2.csv.gz", "part-10.csv"];
    for (model, data, expected) in [
        ("run", &[third, first, second][..], Some("part-10.csv and 2 more")),
        ("run", &[first], Some("part-1.csv")),
        ("run", &["new.csv", third, first], Some("part-10.csv and 1 more")),
        ("run", &["new.csv"], None),
        ("moved.safetensors", &[third, first, second], Some("part-10.csv and 2 more")),
        ("moved.safetensors", &[first, second], None),
    ] {
        assert_eq!(warning("eval", model, data).as_deref(), expected, "{model} {data:?}");
    }
    assert_eq!(warning("explain", "run", &["new.csv", second]).as_deref(), Some("part-2.csv.gz"));
    // Of several models, those of any.
    for (file, out) in [(first, "first"), (third, "third")] {
        work.ok(&["many.toml", "-q", "-o", out, "--set", &format!("data.path={file}")]);
    }
    let ended = work.ok(&["explain", "first", "third", "-d", "new.csv", "-d", first, "-d", third]);
    let expected = "warning: one of the models was trained on part-1.csv and 1 more: ";
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
}

/// Titles and totals are those of each file, and so is the number of the columns without header.
#[test]
fn lines_around_the_table_are_skipped_in_each_file() {
    let work = Work::new();
    let rows = table(120);
    for (number, rows) in rows.chunks(50).enumerate() {
        work.write(
            &format!("month-{number}.csv"),
            &format!("Report;;\n{HEADER}\n{}\nTotal,,,,\n", rows.join("\n")),
        );
        work.write(&format!("bare-{number}.csv"), &rows.join("\n"));
    }
    work.write("whole.csv", &format!("{HEADER}\n{}\n", rows.join("\n")));
    work.write("one.toml", &config("\"whole.csv\"", SPLITS[0]));
    work.write("many.toml", &config("\"month-*.csv\"\nskip_rows = 1\nskip_footer = 1", SPLITS[0]));
    let bare = "\"bare-*.csv\"\nheader = false\ncolumn_names = [\"id\", \"color\", \"x\", \"day\", \"kind\"]";
    work.write("bare.toml", &config(bare, SPLITS[0]));
    for config in ["one", "many", "bare"] {
        work.ok(&[&format!("{config}.toml"), "-o", config]);
    }
    assert_eq!(work.hashes("many"), work.hashes("one"));
    assert_eq!(work.hashes("bare"), work.hashes("one"));
    work.write("bare-1.csv", "1,2,3\n");
    let (_, message) = refused(
        &work,
        &["bare.toml", "-o", "other", "--set", "data.column_names=[]", "--set", "data.label=-1"],
    );
    let _ = message;
    work.write("nameless.toml", "[data]\npath = \"bare-*.csv\"\nheader = false\nlabel = -1\n[model]\nhidden = [3]\n[optimizer]\ntype = \"sgd\"\n");
    let (code, message) = refused(&work, &["nameless.toml", "-o", "other"]);
    assert_eq!((code, message.as_str()), (Some(3), "error: bare-1.csv: 3 columns where bare-0.csv has 5"));
}

/// A validation file that is also among the training files, which a pattern easily matches.
#[test]
fn a_file_in_two_parts_is_noted() {
    let work = parts();
    let set = "data.valid_path=['part-10.csv', 'part-1.csv']";
    work.write("own.toml", &config("\"part-*\"", ""));
    let ended = work.ok(&["own.toml", "-o", "run", "--set", set]);
    let note = "part-10.csv holds the same bytes as the training file ";
    assert!(ended.stderr.contains(note) && ended.stderr.contains("(and 1 more file)"), "{}", ended.stderr);
}

/// Only a hash of the same files, in the same order, is that of the same data.
#[test]
fn a_run_does_not_go_on_with_other_files() {
    let work = parts();
    work.ok(&["many.toml", "-o", "run", "--set", "training.checkpoint=epoch"]);
    let resume = |extra: &[&str]| {
        let mut args = vec!["resume", "run", "--epochs", "3"];
        args.extend(extra);
        refused(&work, &args).1
    };
    work.write("part-11.csv", &format!("{HEADER}\n{}\n", table(40).join("\n")));
    assert!(
        resume(&[]).contains("are not those that it was trained on: part-11.csv is new; "),
        "{}",
        resume(&[])
    );
    fs::remove_file(work.path("part-11.csv")).expect("it is there");
    fs::rename(work.path("part-10.csv"), work.path("moved.csv")).expect("it is there");
    assert!(resume(&[]).contains(": part-10.csv is not among them; "), "{}", resume(&[]));
    fs::rename(work.path("moved.csv"), work.path("part-10.csv")).expect("it is there");
    let rows = work.read("part-1.csv");
    work.write("part-1.csv", &rows.replacen("red", "blue", 1));
    assert!(resume(&[]).contains(": part-1.csv has changed; "), "{}", resume(&[]));
    work.write("part-1.csv", &rows);
    work.ok(&["resume", "run", "--epochs", "3"]);
}
