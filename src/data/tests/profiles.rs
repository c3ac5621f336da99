//! Profiles of the columns of a file.

use crate::data::tests::*;
use crate::data::{ColumnKind, Nature, Profile};

fn profile(content: &str) -> Profile {
    let files = Files::new();
    let path = files.write("t.csv", content);
    Profile::of(&DataSpec { path: path.into(), ..DataSpec::default() }).expect("the content is well-formed")
}

/// 40 passengers in the file of a test.
fn passengers() -> String {
    let row = |row: usize| {
        let age = if row % 8 == 3 { String::new() } else { format!("{}.5", 20 + row % 7) };
        let port = ["Cork", "Oslo", "?"][row % 3];
        let (sick, name) = (["yes", "no"][row % 2], format!("Ms {row}"));
        let (note, deck) = (format!("t{}", row % 25), row % 4);
        format!("{},{name},{age},{port},{sick},{deck},1,,{note},{}\n", row + 1, row / 20)
    };
    let rows: String = (0..40).map(row).collect();
    format!("number,name,age,port,sick,deck,ship,empty,note,kind\n{rows}")
}

#[test]
fn the_profile_gives_the_type_of_each_column_and_why() {
    let profile = profile(&passengers());
    let found: Vec<(&str, Nature, &str)> = profile
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.nature, column.reason.as_str()))
        .collect();
    let kind = Nature::Kind;
    let expected = [
        ("number", Nature::Identifier, "consecutive whole numbers"),
        ("name", Nature::Identifier, "a distinct text in each row"),
        ("age", kind(ColumnKind::Numeric), "numbers"),
        ("port", kind(ColumnKind::Categorical), "2 distinct texts"),
        ("sick", kind(ColumnKind::Boolean), "two opposite words"),
        ("deck", kind(ColumnKind::Numeric), "whole numbers"),
        ("ship", Nature::Constant, "always \"1\""),
        ("empty", Nature::Empty, "no values"),
        ("note", Nature::FreeText, "25 distinct texts in 40 rows"),
        ("kind", kind(ColumnKind::Numeric), "whole numbers"),
    ];
    assert_eq!(found, expected);
    let age = profile.column("age").expect("there is one");
    let numbers = age.numbers.expect("they are numbers");
    assert_eq!((age.missing, age.distinct, numbers.low, numbers.high), (5, Some(7), 20.5, 26.5));
    let port = profile.column("port").expect("there is one");
    assert_eq!((port.missing, &port.top), (13, &Some(("Cork".to_owned(), 14))));
    assert_eq!((profile.rows, profile.repeated_rows), (40, 0));
}

#[test]
fn a_profile_reports_bad_cells_and_does_not_refuse_them() {
    let profile = profile("x,y\n1,\"1,5\"\nred,2\n3,2\n3,2\n");
    let reasons: Vec<&str> = profile.columns.iter().map(|column| column.reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["numbers, but 1 cell with words: \"red\" (1)", "numbers, but 1 cell cannot be parsed: \"1,5\""]
    );
    assert!(profile.columns.iter().all(|column| column.nature == Nature::Mixed));
    assert_eq!(profile.repeated_rows, 1);
}

#[test]
fn missing_markers_are_not_counted_as_values() {
    let profile = profile("x,y\n1,none\nnone,red\nnone,-\n2,-\n");
    let found: Vec<_> =
        profile.columns.iter().map(|column| (column.missing, column.distinct, column.top.clone())).collect();
    // In a text column they are ordinary texts.
    let top = |text: &str, count| Some((text.to_owned(), count));
    assert_eq!(found, [(2, Some(2), top("1", 1)), (0, Some(3), top("-", 2))]);
}

#[test]
fn counting_stops_at_many_distinct_values() {
    let rows: String = (0..30_000).map(|row| format!("{}.5,t{row},0\n", row % 20_000)).collect();
    let profile = profile(&format!("x,y,z\n{rows}"));
    let x = &profile.columns[0];
    let numbers = x.numbers.expect("they are numbers");
    assert_eq!((x.distinct, &x.top, numbers.low, numbers.high), (None, &None, 0.5, 19_999.5));
    assert!((numbers.mean - 8_333.333_333).abs() < 1e-3, "{numbers:?}");
    assert_eq!(profile.columns[1].nature, Nature::FreeText);
}
