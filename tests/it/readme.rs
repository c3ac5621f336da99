//! The README says what the program does.

use std::fs;
use std::path::Path;

use bntrain::config::{Plan, parse, reference};

const BEGIN: &str = "`BNTRAIN_UPDATE=1 cargo test readme` writes it -->\n";
const END: &str = "<!-- config reference ends -->";

fn readme() -> String {
    fs::read_to_string("README.md").expect("the README is there")
}

#[test]
fn the_reference_in_the_readme_is_the_table_that_checks_configs() {
    let text = readme();
    let (before, rest) = text.split_once(BEGIN).expect("where the reference begins");
    let (written, after) = rest.split_once(END).expect("where the reference ends");
    let expected = format!("\n{}\n", reference().trim_end());
    if std::env::var_os("BNTRAIN_UPDATE").is_some() {
        fs::write("README.md", format!("{before}{BEGIN}{expected}{END}{after}"))
            .expect("the README can be written");
        return;
    }
    assert_eq!(written, expected, "run `BNTRAIN_UPDATE=1 cargo test readme`");
}

#[test]
fn every_config_in_the_readme_is_valid() {
    let text = readme();
    let blocks: Vec<&str> =
        text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty(), "the README shows a config");
    let plans: Vec<_> = blocks
        .into_iter()
        .map(|block| {
            parse(block, Path::new("configs/readme.toml"), &[]).unwrap_or_else(|error| panic!("{error}"))
        })
        .collect();
    let is_there = |plan: &Plan| plan.data.path.ends_with("configs/../data/digits.csv");
    assert!(plans.iter().any(is_there), "one of them is about a file that is here");
}
