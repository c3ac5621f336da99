//! Each hint of a message is followed to its end: what it says is done, and then the file loads.

use crate::data::tests::*;
use crate::data::{ColumnSpec, ColumnType, DateFormat, NumberSign};

/// A file, how it is read at first, what the message then says, and how it is read when that is followed.
#[track_caller]
fn follow(content: &str, before: &DataSpec, hint: &str, after: &DataSpec) -> Dataset {
    let message = message(content, before);
    assert!(message.contains(hint), "{message}");
    load(content, after).unwrap_or_else(|error| panic!("{hint}: {error}"))
}

fn with_column(entry: (&str, ColumnSpec)) -> DataSpec {
    DataSpec { columns: [(entry.0.to_owned(), entry.1)].into(), ..spec() }
}

fn of_type(word: ColumnType) -> ColumnSpec {
    ColumnSpec { column_type: Some(word), ..ColumnSpec::default() }
}

fn texts(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(|&text| text.to_owned()).collect())
}

#[test]
fn classes_given_as_target_lead_to_the_label() {
    let hint = "to learn classes instead of values, set data.label in place of data.target";
    for content in ["x,y\n1,no\n2,yes\n3,no\n", "x,y\n1,low\n2,high\n3,low\n4,7\n"] {
        let table = follow(content, &DataSpec::target("y"), hint, &DataSpec::label("y"));
        assert!(table.classes().len() > 1);
    }
}

#[test]
fn a_stray_word_in_a_target_leads_to_rows_that_are_left_out() {
    let hint = "write { missing_markers = [\"n.a.\"], missing = \"drop_row\" } for the column in [data.columns], which \
                leaves them out";
    let entry = ColumnSpec {
        missing_markers: texts(&["n.a."]),
        missing: Some(MissingPolicy::DropRow),
        ..ColumnSpec::default()
    };
    let after = DataSpec { columns: [("y".to_owned(), entry)].into(), ..DataSpec::target("y") };
    let table = follow("x,y\n1,5\n2,n.a.\n3,7\n", &DataSpec::target("y"), hint, &after);
    assert_eq!(table.rows(), 2);
    assert!(table.notes()[0].ends_with("t.csv: 1 row with missing values left out"), "{:?}", table.notes());
}

#[test]
fn true_among_numbers_leads_to_boolean() {
    let hint = "\"TRUE\" is not a number: make the column \"boolean\" in [data.columns]";
    let boolean = with_column(("x", of_type(ColumnType::Boolean)));
    follow("x,y\n1,a\n0,b\nTRUE,a\nFALSE,b\n1,a\n", &spec(), hint, &boolean);
    follow(
        "x,y\n0,a\n,b\n1,a\nyes,b\n",
        &spec(),
        "",
        &DataSpec { missing: MissingPolicy::MostFrequent, ..boolean },
    );
    // With another number it would not be boolean.
    let other = message("x,y\n1,a\n5,b\nTRUE,a\n", &spec());
    assert!(!other.contains("\"boolean\""), "{other}");
}

#[test]
fn a_word_among_numbers_leads_to_a_missing_value() {
    let content = "x,y\n1,a\nn.a.,b\n3,a\nNA,b\n";
    let hint = "{ missing_markers = [\"n.a.\", \"NA\"], missing = \"median\" }";
    let entry = ColumnSpec {
        missing_markers: texts(&["n.a.", "NA"]),
        missing: Some(MissingPolicy::Median),
        ..ColumnSpec::default()
    };
    let table = follow(content, &spec(), hint, &with_column(("x", entry)));
    assert_eq!(table.rows(), 4);
    let hint = "or make the column \"categorical\"";
    follow("x,y\n1,a\nn.a.,b\n3,a\n", &spec(), hint, &with_column(("x", of_type(ColumnType::Categorical))));
}

#[test]
fn words_alone_are_no_missing_values() {
    let content = "x,y\nred,a\nblue,b\nred,a\n";
    let hint = "no cell of it is a number: make the column \"categorical\" or \"ignore\" in [data.columns]";
    let numeric = with_column(("x", of_type(ColumnType::Numeric)));
    follow(content, &numeric, hint, &with_column(("x", of_type(ColumnType::Categorical))));
}

#[test]
fn amounts_lead_to_the_currency_and_then_to_the_thousands() {
    let content = "x,y\n\"$1,052\",a\n\"$7\",b\n\"$12,000\",a\n";
    let numeric = with_column(("x", of_type(ColumnType::Numeric)));
    let currency = DataSpec { number_signs: vec![NumberSign::Currency], ..numeric };
    let thousands = DataSpec { thousands: Some(','), ..currency.clone() };
    follow(content, &currency, "thousands", &thousands);
}

#[test]
fn a_value_called_na_is_kept_first() {
    let keep = ColumnSpec { missing_markers: texts(&[]), ..ColumnSpec::default() };
    let hint =
        "missing value \"NA\"; if it is a value, set missing_markers = [] for this column in [data.columns]";
    let content = "x,y\n1,NA\n2,EU\n3,NA\n";
    assert!(message(content, &spec()).ends_with("which leaves the row out (2 rows in all)"));
    let table = follow(content, &spec(), hint, &with_column(("y", keep.clone())));
    assert_eq!(table.classes(), ["EU", "NA"]);
    // Next to a column in which the same word is a missing value.
    let content = "c,x,y\nNA,1,a\nBW,NA,b\nZA,3,a\n";
    let drops = DataSpec { missing: MissingPolicy::Mean, ..with_column(("c", keep.clone())) };
    let table = follow(content, &spec(), hint, &drops);
    assert_eq!(
        (table.rows(), table.main.features.value(0, 0), table.main.features.value(1, 1).is_nan()),
        (3, 1.0, true)
    );
    // A group is kept and dropped likewise.
    let group = DataSpec { valid: 0.4, ..with_column(("g", of_type(ColumnType::Group))) };
    let content = "g,x,y\nNA,1,a\nu,2,b\nv,3,a\n";
    let keep = ColumnSpec { column_type: Some(ColumnType::Group), ..keep };
    let kept = DataSpec { valid: 0.4, ..with_column(("g", keep.clone())) };
    assert_eq!(follow(content, &group, hint, &kept).rows(), 3);
    let dropped = ColumnSpec { missing: Some(MissingPolicy::DropRow), ..of_type(ColumnType::Group) };
    let dropped = DataSpec { valid: 0.4, ..with_column(("g", dropped)) };
    assert_eq!(follow(content, &group, "or set missing = \"drop_row\"", &dropped).rows(), 2);
}

#[test]
fn a_row_that_starts_with_a_hash_is_kept_first() {
    let hint = "set `comment = \"\"` in [data] if the # belongs to the first cell, or `comment = \"#\"` to skip all such";
    let none = DataSpec { comment: Some(Mark(None)), missing: MissingPolicy::Mean, ..spec() };
    let table = follow("x,y\n1,a\n#N/A,b\n2,a\n", &spec(), hint, &none);
    assert_eq!((table.rows(), table.notes().len()), (3, 0));
    let table = follow("tag,y,kind\n#red,1,a\n#blue,2,b\n", &spec(), hint, &none);
    assert_eq!(table.rows(), 2);
    let skipped = DataSpec { comment: Some(Mark(Some('#'))), ..spec() };
    let table = follow("x,y\n1,a\n#2,b\n# end\n2,b\n", &spec(), hint, &skipped);
    assert!(table.notes()[0].ends_with("t.csv: 2 comment lines skipped"), "{:?}", table.notes());
}

#[test]
fn single_quotes_lead_to_the_quote() {
    let rows: String =
        (0..40).map(|row| format!("'{}','-{row}.5','{}'\n", ["p", "q"][row % 2], row / 20)).collect();
    let content = format!("k,a,y\n{rows}");
    let quote = DataSpec { quote: Mark(Some('\'')), ..spec() };
    follow(&content, &spec(), "set `quote = \"'\"` in [data] if they are quotes", &quote);
    let few = "k,y\n'p, r','a'\n'q','b'\n".replace(", ", " ");
    follow(&few, &spec(), "in single quotes; set `quote = \"'\"`", &quote);
    let categorical = with_column(("k", of_type(ColumnType::Categorical)));
    follow(&few, &spec(), "or its type to \"categorical\" in [data.columns]", &categorical);
    follow("x,y\n'1',a\n'2',b\n", &spec(), "`quote = \"'\"`", &quote);
}

#[test]
fn totals_lead_to_lines_that_are_skipped() {
    let rows: String =
        (0..30).map(|row| format!("{row}.5,{}.25,{}\n", row % 7, ["no", "yes"][row % 2])).collect();
    let hint =
        "\"Total\" is not a number: if this line has totals and no row, set skip_footer = 1 in [data]; else";
    let content = format!("a,b,y\n{rows}Total,,60\n");
    let table = follow(&content, &spec(), hint, &DataSpec { skip_footer: Some(1), ..spec() });
    assert_eq!((table.rows(), table.classes().len()), (30, 2));
    let hint = "\"Sum\" is not a number: if this line has totals and no row, set skip_footer = 1";
    follow(
        &format!("b,a,y\n{rows}1,Sum,no\n\n"),
        &spec(),
        hint,
        &DataSpec { skip_footer: Some(1), ..spec() },
    );
    let units = format!("a,b,y\nkg,cm,-\n{rows}");
    let hint = "\"kg\" is not a number: if this line has units and no row, remove it; else";
    assert!(message(&units, &spec()).contains(hint), "{}", message(&units, &spec()));
    follow(&units.replace("kg,cm,-\n", ""), &spec(), "", &spec());
}

#[test]
fn lines_without_a_row_are_named_in_columns_of_dates_and_booleans() {
    let of_format = |format| ColumnSpec { format: DateFormat::new(format), ..of_type(ColumnType::Date) };
    for (entry, cells) in
        [(of_type(ColumnType::Boolean), ["no", "yes"]), (of_format("%d.%m.%Y"), ["1.3.2024", "2.3.2024"])]
    {
        let rows: String =
            (0..30).map(|row| format!("{},{row}.5,{}\n", cells[row % 2], ["p", "q"][row / 2 % 2])).collect();
        let before = with_column(("d", entry.clone()));
        let hint = "; if this line has totals and no row, set skip_footer = 1 in [data]; else ";
        let after = DataSpec { skip_footer: Some(1), ..before.clone() };
        follow(&format!("d,a,y\n{rows}sum,450,p\n"), &before, hint, &after);
        let found = message(format!("d,a,y\nunit,1,p\n{rows}"), &before);
        assert!(found.contains("; if this line has units and no row, remove it; else "), "{found}");
        // Names that are read as a row.
        let label = Some(name("c2"));
        let headless = DataSpec { header: false, label, ..with_column(("c0", entry)) };
        let hint = "; if the first line names the columns, set `header = true` in [data]";
        follow(&format!("d,7,y\n{rows}"), &headless, hint, &DataSpec { label: Some(name("y")), ..before });
        let found = message(format!("{rows}d,7,y\n"), &headless);
        assert!(!found.contains("header = true"), "{found}");
    }
}

#[test]
fn what_is_said_of_a_column_holds_for_all_of_its_cells() {
    // More distinct dates than are looked at.
    let day = |day: usize| format!("{}-{:02}-{:02}", 2000 + day / 336, 1 + day / 28 % 12, 1 + day % 28);
    let rows: String = (0..1500).map(|row| format!("{},{}\n", day(row), ["p", "q"][row % 2])).collect();
    let german = ColumnSpec { format: DateFormat::new("%d.%m.%Y"), ..of_type(ColumnType::Date) };
    let found = message(format!("d,y\n{rows}"), &with_column(("d", german.clone())));
    assert!(
        found.ends_with("; the 1000 distinct cells that were looked at fit { type = \"date\", format = \"%Y-%m-%d\" } in [data.columns]"),
        "{found}"
    );
    let found = message(format!("d,y\n{rows}"), &spec());
    assert!(found.contains("the cells of column \"d\" that were looked at are dates; write"), "{found}");
    // The cell itself is not among them.
    let found = message(
        format!("d,y\n{}z,p\n", rows.replace("-", "/")),
        &with_column(("d", ColumnSpec { format: DateFormat::new("%Y/%m/%d"), ..german })),
    );
    assert!(found.contains("\"z\" is not a date") && !found.contains("fit {"), "{found}");
    // Words of which not all are known.
    let words: String = (0..1500).map(|row| format!("{row}.5,p\n")).collect();
    let found = message(format!("x,y\nn.a.,q\n{words}zz,p\n"), &spec());
    assert!(!found.contains("missing_markers = ["), "{found}");
    let found = message(format!("x,y\nn.a.,q\n{words}"), &spec());
    assert!(found.contains("missing_markers = [\"n.a.\"]"), "{found}");
}

#[test]
fn dates_that_fit_several_formats_are_not_decided() {
    let rows: String = (1..=12)
        .flat_map(|month| (1..=3).map(move |day| format!("{day}/{month}/2024,{}\n", ["p", "q"][day % 2])))
        .collect();
    let found = message(format!("d,y\n{rows}"), &spec());
    let undecided = "(the cells do not decide between %d/%m/%Y and %m/%d/%Y)";
    assert!(found.contains(undecided), "{found}");
    let other = ColumnSpec { format: DateFormat::new("%Y-%m-%d"), ..of_type(ColumnType::Date) };
    let found = message(format!("d,y\n{rows}"), &with_column(("d", other)));
    assert!(found.ends_with(&format!("in [data.columns] {undecided}")), "{found}");
}

#[test]
fn a_second_header_line_is_noted() {
    let hint = "\"y\" is the name of the label column and one of its classes; if a second header line is among the rows, \
                remove it";
    let content = "k,y\np,a\nq,b\nk,y\np,b\nq,a\n";
    let noted =
        |content: &str| load(content, &spec()).expect("it loads").notes().iter().any(|note| note == hint);
    assert!(noted(content) && !noted(&content.replacen("\nk,y\n", "\n", 1)));
}

#[test]
fn runs_of_spaces_lead_to_the_delimiter() {
    let spaces = DataSpec { delimiter: Some(' '), ..spec() };
    let hint = "is the delimiter ' '? set data.delimiter";
    let table = follow("length  width  kind\n 1.5     2      a\n10.25   3      b\n", &spec(), hint, &spaces);
    assert_eq!(table.features(), ["length", "width"]);
    follow("a b kind\n1 2 p\n3  4 q\n", &spec(), hint, &spaces);
    // Words of a title are not columns.
    let title = message("Report of 2024\nSource: sensor 7\n\na,b,y\n1,2,p\n3,4,q\n", &spec());
    assert!(!title.contains("' '"), "{title}");
}

#[test]
fn a_path_with_escapes_leads_to_single_quotes() {
    let spec = DataSpec { path: "data\new.csv".into(), ..spec() };
    let message = Dataset::load(&spec).expect_err("there is no such file").to_string();
    assert_eq!(
        message,
        "data\\new.csv: not found; the path has a control character, as which TOML reads `\\n` or `\\t` in double \
         quotes: write it in single quotes"
    );
    assert!(
        Dataset::load(&DataSpec { path: "no.csv".into(), ..spec })
            .expect_err("no file")
            .to_string()
            .ends_with("not found")
    );
}

#[test]
fn labels_that_are_one_number_lead_to_one_name() {
    let hint = "use one, as label_names = { \"1.0\" = \"1\" } in [data] does";
    let label_names = [("1.0".to_owned(), "1".to_owned())].into();
    follow("x,y\n1,0\n2,1\n3,1.0\n", &spec(), hint, &DataSpec { label_names, ..spec() });
}
