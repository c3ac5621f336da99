//! Mistakes and the messages about them, as files: `BNTRAIN_UPDATE=1 cargo test messages` rewrites them.
//!
//! The name of a file says the rule. Each block has the changes to a config, after `> `, and the problems that are
//! reported: `--set key=value` and `layers a, b` change a short config, where `affine 3` is one with units;
//! `grid key = [..]` adds a line to the grid of a longer one.

use std::fs;

use crate::config::ConfigErrorKind;
use crate::config::tests::grids::LONG;
use crate::config::tests::{SHORT, at_home};

#[test]
fn every_mistake_has_its_message() {
    let mut files = 0;
    for entry in fs::read_dir("src/config/tests/messages").expect("the folder exists") {
        let path = entry.expect("the folder can be read").path();
        let written = fs::read_to_string(&path).expect("the file can be read");
        let blocks: Vec<String> = written.split("\n\n").map(block).collect();
        let actual = format!("{}\n", blocks.join("\n\n"));
        if std::env::var_os("BNTRAIN_UPDATE").is_some() {
            fs::write(&path, &actual).expect("the file can be written");
        }
        let written = fs::read_to_string(&path).expect("the file can be read");
        assert_same_lines(&written, &actual, &path.to_string_lossy());
        files += 1;
    }
    assert!(files > 5);
}

#[track_caller]
fn assert_same_lines(written: &str, actual: &str, path: &str) {
    for (written, actual) in written.lines().zip(actual.lines()) {
        assert_eq!(written, actual, "{path}");
    }
    assert_eq!(written.lines().count(), actual.lines().count(), "{path}");
}

/// The inputs of a block, and the problems that are reported for them.
fn block(block: &str) -> String {
    let mut text = SHORT.to_owned();
    let mut sets = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for input in block.lines().filter_map(|line| line.strip_prefix("> ")) {
        lines.push(format!("> {input}"));
        match input.split_once(' ') {
            Some(("--set", set)) => sets.push(set),
            Some(("layers", layers)) => text = SHORT.replace("[model]\nhidden = [4]\n", &tables(layers)),
            Some(("grid", line)) if text == SHORT => text = format!("{LONG}{line}\n"),
            Some(("grid", line)) => text.push_str(&format!("{line}\n")),
            _ => panic!("unknown input {input}"),
        }
    }
    let error = at_home(&text, &sets).expect_err(block);
    assert_eq!(error.kind(), ConfigErrorKind::Config, "{block}");
    lines.extend(error.to_string().lines().skip(1).map(|line| line.trim_start().to_owned()));
    lines.join("\n")
}

fn tables(layers: &str) -> String {
    let table = |layer: &str| match layer.split_once(' ') {
        Some((kind, units)) => format!("[[layers]]\ntype = '{kind}'\nunits = {units}\n"),
        None => format!("[[layers]]\ntype = '{layer}'\n"),
    };
    layers.split(", ").map(table).collect()
}
