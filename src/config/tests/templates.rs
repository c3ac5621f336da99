//! Config templates for data files.

use std::fs;
use std::path::Path;

use crate::config::{TargetGuess, parse, template};
use crate::data::{DataSpec, Dataset, Profile};
use crate::nn::Task;

fn profile(content: &str) -> Profile {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("t.csv");
    fs::write(&path, content).expect("the folder can be written");
    Profile::of(&DataSpec { path: path.into(), ..DataSpec::default() }).expect("the content is well-formed")
}

#[test]
fn a_template_lists_the_type_of_every_column() {
    let row = |row: usize| {
        let age = if row % 8 == 3 { String::new() } else { format!("{}.5", 20 + row % 7) };
        let port = ["Cork", "Oslo", "?"][row % 3];
        format!("{},{age},{port},{},{},1,{}\n", row + 1, ["yes", "no"][row % 2], row % 4, row / 20)
    };
    let rows: String = (0..40).map(row).collect();
    let profile = profile(&format!("number,age,port,sea sick,deck,ship,kind\n{rows}"));
    let guess = TargetGuess::guess(&profile).expect("there is a last column");
    assert_eq!(guess, TargetGuess { column: "kind".to_owned(), task: Task::Classification, is_guess: true });
    let text = template(&profile, &guess, &DataSpec::default(), &"t.csv".into(), &[]);
    insta::assert_snapshot!("template_with_every_type", text);
    parse(&text, Path::new("first.toml"), &[]).expect("it is valid");
}

#[test]
fn a_template_ignores_a_column_that_cannot_be_read() {
    let rows: String = (0..30)
        .map(|row| {
            format!("{},{row}.5,{}\n", if row < 12 { format!("A/{row}") } else { "7".to_owned() }, row % 2)
        })
        .collect();
    let profile = profile(&format!("ticket,fare,kind\n{rows}"));
    let guess = TargetGuess::guess(&profile).expect("there is a last column");
    let text =
        template(&profile, &guess, &DataSpec::default(), &"t.csv".into(), &[("fare".to_owned(), 0.9995)]);
    let expected = "ticket = \"ignore\"               # numbers, but 12 cells with words, such as \"A/0\"\n";
    assert!(text.contains(expected), "{text}");
    let expected = "fare = \"numeric\"                # suspected leak (0.9995): predicts the target by itself; \"ignore\" it unless it is known at prediction time\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_last_column_with_decimals_or_many_distinct_numbers_is_a_target() {
    let task = |last: fn(usize) -> String| {
        let rows: String = (0..60).map(|row| format!("{},{}\n", row % 9, last(row))).collect();
        TargetGuess::guess(&profile(&format!("x,y\n{rows}"))).expect("there is a last column").task
    };
    assert_eq!(task(|row| format!("{}.5", row % 2)), Task::Regression);
    assert_eq!(task(|row| (row % 30).to_string()), Task::Regression);
    assert_eq!(task(|row| (row % 20).to_string()), Task::Classification);
    assert_eq!(task(|row| format!("class {}", row % 3)), Task::Classification);
}

#[test]
fn templates_work_for_all_data_sets_of_this_repository() {
    let mut tried = 0;
    for entry in fs::read_dir("data").expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let reading = DataSpec { path: path.as_path().into(), ..DataSpec::default() };
        let profile = Profile::of(&reading).expect("it is a table");
        let guess = TargetGuess::guess(&profile).expect("there is a last column");
        let text = template(&profile, &guess, &reading, &path.as_path().into(), &[]);
        let plan =
            parse(&text, Path::new("first.toml"), &[]).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Dataset::load(&plan.data).unwrap_or_else(|error| panic!("{error}\n{text}"));
        tried += 1;
    }
    assert!(tried > 3);
}
