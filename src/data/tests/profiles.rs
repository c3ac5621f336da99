//! What is in a file, and what gives its label away.

use super::super::{Kind, Nature, Profile};
use super::*;

fn profile(content: &str) -> Profile {
    let files = Files::new();
    let path = files.write("t.csv", content);
    Profile::of(&DataSpec { path, ..DataSpec::default() }).expect("the content is well-formed")
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
fn columns_are_what_they_seem_to_be_and_why() {
    let profile = profile(&passengers());
    let found: Vec<(&str, Nature, &str)> = profile
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.nature, column.reason.as_str()))
        .collect();
    let kind = Nature::Kind;
    let expected = [
        ("number", Nature::Identifier, "whole numbers, one after the other"),
        ("name", Nature::Identifier, "a text of its own in each row"),
        ("age", kind(Kind::Numeric), "numbers"),
        ("port", kind(Kind::Categorical), "2 different texts"),
        ("sick", kind(Kind::Boolean), "two opposite words"),
        ("deck", kind(Kind::Numeric), "whole numbers"),
        ("ship", Nature::Constant, "always \"1\""),
        ("empty", Nature::Empty, "no values"),
        ("note", Nature::FreeText, "25 different texts in 40 rows"),
        ("kind", kind(Kind::Numeric), "whole numbers"),
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
fn faults_of_cells_are_told_and_not_refused() {
    let profile = profile("x,y\n1,\"1,5\"\nred,2\n3,2\n3,2\n");
    let reasons: Vec<&str> = profile.columns.iter().map(|column| column.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "numbers, but in 1 cell words, such as \"red\"",
            "numbers, but 1 cell cannot be read as such: \"1,5\""
        ]
    );
    assert!(profile.columns.iter().all(|column| column.nature == Nature::Mixed));
    assert_eq!(profile.repeated_rows, 1);
}

#[test]
fn words_for_a_missing_number_are_no_values() {
    let profile = profile("x,y\n1,none\nnone,red\nnone,-\n2,-\n");
    let found: Vec<_> =
        profile.columns.iter().map(|column| (column.missing, column.distinct, column.top.clone())).collect();
    // Among texts they are texts like any other.
    let top = |text: &str, count| Some((text.to_owned(), count));
    assert_eq!(found, [(2, Some(2), top("1", 1)), (0, Some(3), top("-", 2))]);
}

#[test]
fn columns_with_very_many_values_are_counted_no_further() {
    let rows: String = (0..30_000).map(|row| format!("{}.5,t{row},0\n", row % 20_000)).collect();
    let profile = profile(&format!("x,y,z\n{rows}"));
    let x = &profile.columns[0];
    let numbers = x.numbers.expect("they are numbers");
    assert_eq!((x.distinct, &x.top, numbers.low, numbers.high), (None, &None, 0.5, 19_999.5));
    assert!((numbers.mean - 8_333.333_333).abs() < 1e-3, "{numbers:?}");
    assert_eq!(profile.columns[1].nature, Nature::FreeText);
}

#[test]
fn a_column_that_gives_the_class_away_is_suspected() {
    let row = |row: usize| {
        let class = ["a", "b", "c"][row * 7 % 3];
        let threshold = [1.0, 3.0, 2.0][row * 7 % 3] + row as f64 / 1000.0;
        format!("{class}x,{threshold},{},{},{class}\n", row % 5, row % 60)
    };
    let rows: String = (0..300).map(row).collect();
    let content = format!("copy,threshold,other,many,kind\n{rows}");
    let table = load(&content, &spec()).expect("the table loads");
    let suspected: Vec<String> =
        table.suspected_leaks().expect("enough rows").into_iter().map(|(name, _)| name).collect();
    // `many` has each value in one class only as 60 is a multiple of 3, and so it is found, too.
    assert_eq!(suspected, ["copy", "threshold", "many"]);
    let few: String = content.lines().take(40).map(|line| format!("{line}\n")).collect();
    assert_eq!(load(&few, &spec()).expect("the table loads").suspected_leaks(), None);
}

#[test]
fn columns_that_are_merely_good_or_cannot_be_wrong_are_not_suspected() {
    let suspected = |row: fn(usize) -> (&'static str, &'static str), rows: usize| {
        let rows: String = (0..rows).map(row).map(|(cell, class)| format!("{cell},{class}\n")).collect();
        load(format!("c,kind\n{rows}"), &spec()).expect("the table loads").suspected_leaks()
    };
    // Right for 97 of 100 rows.
    assert_eq!(
        suspected(|row| (["p", "q"][row % 2], ["a", "b"][(row + usize::from(row < 3)) % 2]), 100),
        Some(Vec::new())
    );
    // Right for 999 of 1000 rows, as is whoever always says the same.
    assert_eq!(suspected(|row| ("p", if row == 7 { "b" } else { "a" }), 1000), Some(Vec::new()));
    // Of three rows with "r" or "s" two have the same class: what one has says nothing of the other two.
    let few = |row: usize| match row {
        0..3 => ("r", ["a", "a", "b"][row]),
        3..6 => ("s", ["a", "a", "b"][row - 3]),
        _ => [("p", "a"), ("q", "b")][row % 2],
    };
    assert_eq!(suspected(few, 3000), Some(Vec::new()));
}

#[test]
fn a_column_that_is_the_target_in_another_unit_is_suspected() {
    let row = |row: i32| {
        let cm = if row % 9 == 4 { String::new() } else { (-2.54 * f64::from(row)).to_string() };
        format!("{cm},{},{row}\n", row * row)
    };
    let rows: String = (0..100).map(row).collect();
    // Rows without the value say nothing against it.
    let missing = super::super::Missing::Mean;
    let target =
        DataSpec { target: super::super::ColumnRefs(vec![name("inch")]), label: None, missing, ..spec() };
    let table = load(format!("cm,square,inch\n{rows}"), &target).expect("the table loads");
    let [(column, correlation)] = &table.suspected_leaks().expect("enough rows")[..] else {
        panic!("one is suspected")
    };
    assert!(column == "cm" && *correlation < -0.9999);
}
