//! Rules of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use bntrain::config::load;
use bntrain::data::Dataset;
use bntrain::train::BatchPlan;
use sha2::{Digest, Sha256};

/// All files below `folder` with one of the `endings`.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "nothing in {folder}");
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_config_describes_a_plan_that_fits_its_data() {
    for path in files("configs", &["toml"]) {
        let plan = load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        let table = Dataset::load(&plan.data).unwrap_or_else(|error| panic!("{error}"));
        let train_rows = table.train_rows(plan.training.seed);
        BatchPlan::new(&plan.layers, &plan.training, train_rows, table.classes().len())
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(read(&path).contains("hat to look for"), "{} says what to look for", path.display());
    }
}

#[test]
fn the_data_are_those_that_the_checksums_name() {
    let sums = read(Path::new("data/SHA256SUMS"));
    let mut checked = 0;
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").expect("a sum and a name");
        let bytes = fs::read(Path::new("data").join(name)).expect(name);
        let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, sum, "{name}; see data/README.md");
        checked += 1;
    }
    assert_eq!(checked, files("data", &["csv"]).len(), "every file has a sum");
}

#[test]
fn only_the_command_line_prints() {
    for path in files("src", &["rs"]) {
        // Examples in the documentation may print.
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        let text: String = read(&path).lines().filter(is_code).collect();
        let prints =
            ["println!", "print!(", "io::stdout()", "io::stderr()"].iter().any(|print| text.contains(print));
        assert!(!prints || path.starts_with("src/cli"), "{} prints", path.display());
    }
}

#[test]
fn no_file_is_too_long_to_be_one_thing() {
    for path in ["kernel/src", "src", "tests"].iter().flat_map(|folder| files(folder, &["rs"])) {
        let lines = read(&path).lines().count();
        assert!(lines <= 500, "{} has {lines} lines", path.display());
    }
}

#[test]
fn the_version_is_in_the_changelog() {
    let heading = format!("\n## {}\n", env!("CARGO_PKG_VERSION"));
    assert!(read(Path::new("CHANGELOG.md")).contains(&heading));
}
