//! Detection of target leakage.

use rand::Rng;

use crate::data::tests::{load, name, spec};
use crate::data::{ColumnRefs, DataSpec, MissingPolicy};
use crate::random::stream;

#[test]
fn a_column_that_predicts_the_class_alone_is_a_leak() {
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
fn good_or_unique_columns_are_not_leaks() {
    let suspected = |row: fn(usize) -> (&'static str, &'static str), rows: usize| {
        let rows: String = (0..rows).map(row).map(|(cell, class)| format!("{cell},{class}\n")).collect();
        load(format!("c,kind\n{rows}"), &spec()).expect("the table loads").suspected_leaks()
    };
    // Right for 97 of 100 rows.
    assert_eq!(
        suspected(|row| (["p", "q"][row % 2], ["a", "b"][(row + usize::from(row < 3)) % 2]), 100),
        Some(Vec::new())
    );
    // Right for 999 of 1000 rows, as is a constant prediction.
    assert_eq!(suspected(|row| ("p", if row == 7 { "b" } else { "a" }), 1000), Some(Vec::new()));
    // Two of three rows with "r" or "s" have the same class, so that no row predicts the other two.
    let few = |row: usize| match row {
        0..3 => ("r", ["a", "a", "b"][row]),
        3..6 => ("s", ["a", "a", "b"][row - 3]),
        _ => [("p", "a"), ("q", "b")][row % 2],
    };
    assert_eq!(suspected(few, 3000), Some(Vec::new()));
}

/// The suspected columns and their strength; the last cell of each of the `rows` rows is the class.
fn suspected(head: &str, rows: usize, mut row: impl FnMut(usize) -> String) -> Vec<(String, f64)> {
    let text: String = (0..rows).map(|index| row(index) + "\n").collect();
    let table = load(format!("{head},kind\n{text}"), &spec()).expect("the table loads");
    table.suspected_leaks().expect("enough rows")
}

/// Counts of rows that leave any number of them at the end of every block of 20.
const COUNTS: [usize; 14] = [60, 100, 150, 200, 250, 300, 333, 400, 1010, 5000, 5019, 5020, 5021, 12_020];

#[test]
fn numbers_that_separate_the_classes_are_leaks_for_any_row_count() {
    let mut random = stream(1, "leaks", &[]);
    for rows in COUNTS {
        for classes in [2, 3] {
            let found = suspected("exact,rounded,coarse,x", rows, |row| {
                let class = row % classes;
                let value = random.random_range(0.0..1.0) + 10.0 * class as f64;
                let x: f64 = random.random_range(0.0..1.0);
                format!("{value},{value:.1},{value:.0},{x},c{class}")
            });
            let expected = ["exact", "rounded", "coarse"].map(|name| (name.to_owned(), 1.0));
            assert_eq!(found, expected, "{rows} rows, {classes} classes");
        }
        if rows > 400 {
            continue;
        }
        // A class of five rows, at the end of the other class and in the middle of it.
        let found = suspected("end,midst", rows, |row| {
            let value: f64 = random.random_range(0.0..1.0);
            let is_rare = row % 7 == 3 && row < 35;
            let (end, midst) = if is_rare { (2.0 + value, 0.5 + value / 1e9) } else { (value, value) };
            let midst = if !is_rare && (midst - 0.5).abs() < 0.01 { 0.75 } else { midst };
            format!("{end},{midst},{}", if is_rare { "rare" } else { "usual" })
        });
        assert_eq!(found.len(), 2, "{rows} rows: {found:?}");
    }
}

#[test]
fn random_numbers_are_not_leaks() {
    let mut random = stream(2, "leaks", &[]);
    for rows in COUNTS {
        for classes in [2, 3, 10] {
            // In the order of the classes, so that rows with the same number are not mixed either.
            let found = suspected("exact,rounded,many_zeros,whole,x", rows, |row| {
                let class = row * classes / rows;
                let value: f64 = random.random_range(0.0..1.0);
                let many_zeros = if row % 4 == 0 { value + class as f64 } else { 0.0 };
                let whole = random.random_range(0..rows / 3);
                let x: f64 = random.random_range(-1.0..1.0);
                format!("{value},{value:.2},{many_zeros},{whole},{x},c{class}")
            });
            assert_eq!(found, [], "{rows} rows, {classes} classes");
        }
        // Classes of two to four rows may lie next to each other.
        for rare in 2..5 {
            let found = suspected("x", rows, |row| format!("{row},c{}", usize::from(row < rare)));
            assert_eq!(found, [], "{rows} rows, {rare} of a class");
        }
    }
}

#[test]
fn a_leak_may_be_wrong_in_one_row_of_a_thousand() {
    let found = |wrong: usize| {
        suspected("x", 4000, |row| {
            let class = usize::from(row >= 2000) ^ usize::from(row % 700 == 350 && row / 700 < wrong);
            format!("{row}.5,c{class}")
        })
    };
    assert_eq!(found(4), [("x".to_owned(), 0.999)]);
    assert_eq!(found(5), []);
}

#[test]
fn a_column_that_is_the_target_in_another_unit_is_a_leak() {
    let row = |row: i32| {
        let cm = if row % 9 == 4 { String::new() } else { (-2.54 * f64::from(row)).to_string() };
        format!("{cm},{},{row}\n", row * row)
    };
    let rows: String = (0..100).map(row).collect();
    // Rows with a missing value do not count.
    let missing = MissingPolicy::Mean;
    let target = DataSpec { target: ColumnRefs(vec![name("inch")]), label: None, missing, ..spec() };
    let table = load(format!("cm,square,inch\n{rows}"), &target).expect("the table loads");
    let [(column, correlation)] = &table.suspected_leaks().expect("enough rows")[..] else {
        panic!("one is suspected")
    };
    assert!(column == "cm" && *correlation < -0.9999);
}
