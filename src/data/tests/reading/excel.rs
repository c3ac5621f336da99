//! What spreadsheets write: decimal commas, signs in numbers, lines around the table.

use ndarray::array;

use crate::data::csv::dialect::ReadOptions;
use crate::data::limits::MAX_RECORD_BYTES;
use crate::data::tests::*;
use crate::data::{NumberSign, Profile};
use crate::targets::Targets;

fn german() -> DataSpec {
    DataSpec { delimiter: Some(';'), decimal: Some(','), thousands: Some('.'), ..spec() }
}

/// The message of `content`, of which `keys` are followed.
#[track_caller]
fn follow(content: &str, before: &DataSpec, keys: &str, after: &DataSpec) -> Dataset {
    let message = message(content, before);
    assert!(message.contains(keys), "{message}");
    load(content, after).unwrap_or_else(|error| panic!("{keys}: {error}"))
}

#[test]
fn decimal_commas_and_thousands_are_read_where_the_config_says_so() {
    let content = "a;b;kind\n1.234,5;3,25;x\n-2,25;1;y\n12.345.678;0,5;x\n";
    let semicolon = DataSpec { delimiter: Some(';'), ..spec() };
    let hint = "\"1.234,5\" is not a number: set decimal = \",\", thousands = \".\" in [data]";
    let table = follow(content, &semicolon, hint, &german());
    assert_eq!(numbers(&table.main), array![[1234.5, 3.25], [-2.25, 1.0], [12_345_678.0, 0.5]]);
    // A point is not a comma.
    assert!(message("a;kind\n1.5;x\n2;y\n", &german()).contains("\"1.5\" is not a number"));
    // Also in quotes between commas, in a target, and in the words for missing values.
    let target = DataSpec {
        decimal: Some(','),
        missing_markers: Some(vec!["-9,0".to_owned()]),
        missing: MissingPolicy::Mean,
        ..DataSpec::target("y")
    };
    let table = load("x,y\n\"0,5\",\"1,5\"\n-9,\"2,5\"\n2,3\n", &target).expect("it loads");
    assert_eq!(table.main.targets, Targets::Values(array![[1.5], [2.5], [3.0]]));
    assert!(table.main.features.value(1, 0).is_nan());
    let same = DataSpec { thousands: Some('.'), ..spec() };
    assert!(
        message("a,kind\n1,x\n2,y\n", &same).contains("data.thousands: data.decimal is the same character")
    );
}

#[test]
fn signs_of_spreadsheets_are_read_where_the_config_says_so() {
    let content = "a,b,kind\n12%,$5,x\n(3%),\u{2212}7.5,y\n50 %,2 \u{20ac},x\n";
    let signs = NumberSign::ALL.to_vec();
    let hint = "\"12%\" is not a number: set number_signs = [\"percent\", \"parentheses\"] in [data]";
    let table = follow(content, &spec(), hint, &DataSpec { number_signs: signs, ..spec() });
    assert_eq!(numbers(&table.main), array![[0.12, 5.0], [-0.03, -7.5], [0.5, 2.0]]);
}

#[test]
fn lines_before_and_after_the_table_are_skipped_where_the_config_says_so() {
    let preamble = "Report of \"2024\nSource: sensor 7\n\n";
    let table = "a,b,kind\n1,2,x\n3,\"4\n\",y\n5,6,x\n".replace("\"4\n\"", "4");
    let hint = "t.csv:1: 1 column found here, and 3 from line 4 on; set skip_rows = 3 in [data]";
    let plain = preamble.replace('"', "");
    let skips = DataSpec { skip_rows: Some(3), ..spec() };
    let read = follow(&format!("{plain}{table}"), &spec(), hint, &skips);
    assert_eq!(numbers(&read.main), array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    // Another delimiter, and lines that count as in the file.
    let semicolons = format!("Sales\n{}", table.replace(',', ";"));
    let hint = "1 column found here, and 3 from line 2 on; set skip_rows = 1 in [data], which skips the lines before, and \
                delimiter = ';'";
    follow(&semicolons, &spec(), hint, &DataSpec { skip_rows: Some(1), delimiter: Some(';'), ..spec() });
    let bad = format!("{preamble}a,b,kind\n1,2,x\n3,four,y\n");
    assert!(
        message(&bad, &skips).starts_with("t.csv:6, column \"b\" (index 1): \"four\""),
        "{}",
        message(&bad, &skips)
    );
    // In chunks of any size, with every line end.
    let whole = format!("{preamble}{table}Total,,60\n\n \n\nmean,3,\n\n");
    let both = DataSpec { skip_footer: Some(2), ..skips.clone() };
    for ends in ["\n", "\r\n", "\r"] {
        for chunk in [1, 2, 7, 20, 50, 1 << 18] {
            let files = Files::new();
            let spec =
                DataSpec { path: files.write("t.csv", whole.replace('\n', ends)).into(), ..both.clone() };
            let read = Dataset::load_as(&spec, ReadOptions { chunk, ..ReadOptions::default() });
            let read = read.unwrap_or_else(|error| panic!("{ends:?} {chunk}: {error}"));
            assert_eq!(numbers(&read.main), array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "{ends:?} {chunk}");
        }
    }
    // A line of tabs between fields is not blank, one of spaces is.
    let tabs =
        DataSpec { skip_footer: Some(1), delimiter: Some('\t'), missing: MissingPolicy::Mean, ..spec() };
    for chunk in [1, 4, 1 << 18] {
        let files = Files::new();
        let content = "a\tb\tkind\n1\t2\ty\n\t5\tx\n3\t\ty\n\t\t\n \n";
        let spec = DataSpec { path: files.write("t.tsv", content).into(), ..tabs.clone() };
        let read = Dataset::load_as(&spec, ReadOptions { chunk, ..ReadOptions::default() });
        assert_eq!(read.expect("it loads").rows(), 3, "{chunk}");
    }
    for (content, lines) in [("a,b", "1 line"), ("a,b\n1,2\r\n", "2 lines"), ("a\r1\r2\r\r", "3 lines")] {
        let expected = format!("t.csv:1: data.skip_rows = 3 leaves out the whole file, which has {lines}");
        assert_eq!(message(content, &skips), expected, "{content:?}");
    }
    assert_eq!(message("a\nb\nc\nx,kind\n", &skips), "t.csv:4: no data rows");
}

#[test]
fn a_fault_that_is_read_ahead_for_the_footer_has_its_line_and_its_turn() {
    let files = Files::new();
    let message = |table: &str, chunk: usize, skip_footer: Option<usize>| {
        // Such a line is refused before it is read to its end.
        let content = format!("{table}{}", "x".repeat(MAX_RECORD_BYTES + 10_000));
        let spec = DataSpec { path: files.write("t.csv", content).into(), skip_footer, ..spec() };
        let read = Dataset::load_as(&spec, ReadOptions { chunk, ..ReadOptions::default() });
        files.message_of(&read.expect_err("a line that is too long"))
    };
    let rows = "1,x\n2,y\n".repeat(50);
    for (row, fault) in [("3,x", "t.csv:103:"), ("3", "t.csv:2:")] {
        let table = format!("a,kind\n{row}\n{rows}");
        for chunk in [100, 150, 350] {
            let expected = message(&table, chunk, None);
            assert!(expected.contains(fault), "{chunk}: {expected}");
            for lines in 1..=2 {
                assert_eq!(message(&table, chunk, Some(lines)), expected, "chunks of {chunk}, {lines} lines");
            }
        }
    }
}

#[test]
fn the_line_for_excel_is_named() {
    let table = "a;b;kind\n1;2;x\n3;4;y\n";
    let skips = |delimiter| DataSpec { skip_rows: Some(1), delimiter: Some(delimiter), ..spec() };
    for (before, line) in [(spec(), "sep=;"), (DataSpec { delimiter: Some(';'), ..spec() }, "SEP=;")] {
        let hint = "is for Excel; set skip_rows = 1 and delimiter = \";\" in [data]";
        let read = follow(&format!("{line}\r\n{table}"), &before, hint, &skips(';'));
        assert_eq!(read.features(), ["a", "b"]);
    }
    let tabs = format!("sep=\t\n{}", table.replace(';', "\t"));
    follow(&tabs, &spec(), "is for Excel", &skips('\t'));
    assert_eq!(
        load("sep=,kind\n1,x\n2,y\n", &spec()).expect("a column may have such a name").features(),
        ["sep="]
    );
}

#[test]
fn a_profile_proposes_the_format_of_numbers() {
    let files = Files::new();
    let profile = |content: &str, spec: DataSpec| {
        Profile::of(&DataSpec { path: files.write("t.csv", content).into(), ..spec }).expect("it is a table")
    };
    let semicolon = DataSpec { delimiter: Some(';'), ..DataSpec::default() };
    let content = "a;b;c\n1,5;3%;1.000\n2;4%;2.500\n";
    let found = profile(content, semicolon.clone()).proposed_format.expect("one fits");
    assert_eq!(found.keys(), ["decimal = \",\"", "thousands = \".\"", "number_signs = [\"percent\"]"]);
    let mut spec = semicolon.clone();
    found.apply(&mut spec);
    let read = profile(content, spec);
    assert_eq!(read.proposed_format, None);
    assert_eq!(read.columns[2].numbers.map(|range| (range.low, range.high)), Some((1000.0, 2500.0)));
    // Two readings of the same cells are not decided.
    assert_eq!(profile("a;b\n1,234;x\n2,500;y\n", semicolon).proposed_format, None);
}
