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
    Profile::of(&DataSpec { path, ..DataSpec::default() }).expect("the content is well-formed")
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
    let text = template(&profile, &guess, &DataSpec::default(), "t.csv", &[]);
    insta::assert_snapshot!(text, @r##"
    # Made by `bntrain init`. Try: bntrain check -c FILE, then bntrain -c FILE

    [data]
    path = "t.csv"
    label = "kind" # the last column; a guess
    valid = 0.2                     # fraction of the rows for validation
    # test = 0.1                    # and for a final test
    # missing = "refuse"            # for columns without missing values here
    numeric = ["standardize", "quantile"]  # the inputs of a number

    [data.columns]                  # inferred; correct what is wrong
    number = "id"                   # consecutive whole numbers
    age = { type = "numeric", missing = "median", indicator = true } # numbers, 5 of 40 missing
    port = { type = "categorical", missing = { constant = "(missing)" } } # 2 distinct texts, 13 of 40 missing ("?")
    "sea sick" = "boolean"          # two opposite words
    deck = "numeric"                # whole numbers, 4 distinct values; "categorical" if they are codes
    ship = "ignore"                 # always "1"

    [model]
    hidden = [64, 64]
    norm = "batch_norm"
    activation = "relu"
    dropout = 0.1

    [optimizer]
    type = "adamw"
    learning_rate = 5e-3
    weight_decay = 0.3

    [training]
    epochs = 200
    batch_size = 32
    seed = 1
    schedule = { type = "cosine" }
    # class_weights = "balanced"    # weights classes inversely to their frequency
    # ensemble = 5                  # as many networks, whose predictions are averaged
    early_stopping = { metric = "valid_loss", patience = 200 }  # all epochs; the best one is kept

    # What batch norm does here, over five seeds:
    # [compare]
    # norms = ["batch_norm", "none"]
    # seeds = 5
    "##);
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
    let text = template(&profile, &guess, &DataSpec::default(), "t.csv", &[("fare".to_owned(), 0.9995)]);
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
        let reading = DataSpec { path: path.clone(), ..DataSpec::default() };
        let profile = Profile::of(&reading).expect("it is a table");
        let guess = TargetGuess::guess(&profile).expect("there is a last column");
        let text = template(&profile, &guess, &reading, &path.to_string_lossy(), &[]);
        let plan =
            parse(&text, Path::new("first.toml"), &[]).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Dataset::load(&plan.data).unwrap_or_else(|error| panic!("{error}\n{text}"));
        tried += 1;
    }
    assert!(tried > 3);
}
