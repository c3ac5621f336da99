//! The configs that come with the project.

use std::path::Path;

use proptest::prelude::*;

use crate::config::{load, parse};

#[test]
fn every_shipped_config_makes_a_plan_that_survives_being_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&directory).expect("there is a directory of configs") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            continue;
        }
        let plan = load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        let data = plan.data.path.name();
        assert!(data.is_file(), "{} has no data at {}", path.display(), data.display());
        let again = parse(&plan.to_toml(), &path, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(plan, again, "{}", path.display());
        for (point, plan) in plan.points() {
            plan.check_size(1_000_000, 100, 10).unwrap_or_else(|error| panic!("{point:?}: {error}"));
        }
        names.push(plan.name);
    }
    names.sort();
    assert_eq!(names, ["anatomy", "deep", "iris", "mlp_bn", "norms", "smoke", "spiral", "tuned"]);
}

/// What is claimed is for `reproduce`; all other commands take the file as a config.
#[test]
fn the_file_of_a_claim_is_a_config() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/lab");
    for entry in std::fs::read_dir(&folder).expect("there is a directory of claims") {
        let path = entry.expect("a readable entry").path();
        let plan = load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        let data = plan.data.path.name();
        // The data of one are made by the program.
        assert!(data.is_file() || plan.name == "linear-net", "{} has no data", path.display());
    }
    let expects = "[expect]\nat_least = 1\n[data]\npath = 'd.csv'\nlabel = 'y'\n[model]\nhidden = [4]\n\
                   [optimizer]\ntype = 'sgd'\n";
    let error = parse(expects, Path::new("c.toml"), &[]).expect_err("expectations without a claim");
    assert!(error.to_string().contains("unknown key `expect`"), "{error}");
}

/// Fragments that mean something somewhere in a config.
fn fragment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "=",
        "[",
        "]",
        "{",
        "}",
        "'",
        "\"",
        ".",
        ",",
        "\n",
        "#",
        "0",
        "1",
        "-1",
        "1e400",
        "nan",
        "true",
        "[]",
        "{}",
        "2024-01-01",
        "99999999999999999999",
        "layers",
        "[[layers]]\n",
        "type = 'affine'\n",
        "[compare.grid]\n",
        "model.hidden",
        "{ logspace = [0, 1, 3] }",
        "'\u{1b}'",
        "\u{feff}",
        "ü",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    /// Whatever becomes of a config in an editor, it is a plan that survives being written, or an
    /// error with a message.
    #[test]
    fn a_damaged_config_is_a_plan_or_an_error(
        which in 0..2_usize,
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, fragment()), 1..4),
    ) {
        let shipped = [include_str!("../../../configs/smoke.toml"), include_str!("../../../configs/deep.toml")];
        let mut text: Vec<char> = shipped[which].chars().collect();
        for (place, length, fragment) in cuts {
            let start = place.index(text.len());
            let end = (start + length).min(text.len());
            text.splice(start..end, fragment.chars());
        }
        let text: String = text.into_iter().collect();
        match parse(&text, Path::new("/c.toml"), &[]) {
            Ok(plan) => prop_assert_eq!(parse(&plan.to_toml(), Path::new("/c.toml"), &[]).ok(), Some(plan)),
            Err(error) => prop_assert!(error.to_string().starts_with("/c.toml")),
        }
    }
}
