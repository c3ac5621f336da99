//! First configs for data files.

use std::fs;
use std::path::Path;

use super::super::{Learnt, parse, starter};
use crate::data::{DataSpec, Profile, Table};
use crate::nn::Task;

fn profile(content: &str) -> Profile {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("t.csv");
    fs::write(&path, content).expect("the folder can be written");
    Profile::of(&DataSpec { path, ..DataSpec::default() }).expect("the content is well-formed")
}

#[test]
fn a_first_config_says_what_every_column_is() {
    let row = |row: usize| {
        let age = if row % 8 == 3 { String::new() } else { format!("{}.5", 20 + row % 7) };
        let port = ["Cork", "Oslo", "?"][row % 3];
        format!("{},{age},{port},{},{},1,{}\n", row + 1, ["yes", "no"][row % 2], row % 4, row / 20)
    };
    let rows: String = (0..40).map(row).collect();
    let profile = profile(&format!("number,age,port,sea sick,deck,ship,kind\n{rows}"));
    let learnt = Learnt::guess(&profile).expect("there is a last column");
    assert_eq!(learnt, Learnt { column: "kind".to_owned(), task: Task::Classification, is_guess: true });
    let text = starter(&profile, &learnt, &DataSpec::default(), "t.csv");
    insta::assert_snapshot!(text, @"PLACEHOLDER");
    parse(&text, Path::new("first.toml"), &[]).expect("it is valid");
}

#[test]
fn numbers_with_decimals_or_very_many_are_values() {
    let task = |last: fn(usize) -> String| {
        let rows: String = (0..60).map(|row| format!("{},{}\n", row % 9, last(row))).collect();
        Learnt::guess(&profile(&format!("x,y\n{rows}"))).expect("there is a last column").task
    };
    assert_eq!(task(|row| format!("{}.5", row % 2)), Task::Regression);
    assert_eq!(task(|row| (row % 30).to_string()), Task::Regression);
    assert_eq!(task(|row| (row % 20).to_string()), Task::Classification);
    assert_eq!(task(|row| format!("class {}", row % 3)), Task::Classification);
}

#[test]
fn first_configs_work_for_all_data_that_are_here() {
    let mut tried = 0;
    for entry in fs::read_dir("data").expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let reading = DataSpec { path: path.clone(), ..DataSpec::default() };
        let profile = Profile::of(&reading).expect("it is a table");
        let learnt = Learnt::guess(&profile).expect("there is a last column");
        let text = starter(&profile, &learnt, &reading, &path.to_string_lossy());
        let plan =
            parse(&text, Path::new("first.toml"), &[]).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Table::load(&plan.data).unwrap_or_else(|error| panic!("{error}\n{text}"));
        tried += 1;
    }
    assert!(tried > 3);
}
