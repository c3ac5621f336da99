//! The configs in the README are valid.

use std::fs;
use std::path::Path;

use bntrain::config::{Plan, parse};

fn readme() -> String {
    fs::read_to_string("README.md").expect("the README is there")
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
