//! Column types and categories.

use std::collections::BTreeMap;

use ndarray::array;

use crate::data::tests::*;
use crate::data::{Bytes, ColumnKind, ColumnSpec, ColumnType, Constant, MissingPolicy, Prepared};

fn with_columns(columns: &[(&str, ColumnType)]) -> DataSpec {
    let declared = |word| ColumnSpec { column_type: Some(word), ..ColumnSpec::default() };
    let columns = columns.iter().map(|&(name, word)| (name.to_owned(), declared(word)));
    DataSpec { columns: columns.collect(), ..spec() }
}

fn kinds(content: &str, spec: &DataSpec) -> Vec<ColumnKind> {
    let data = prepared(content, spec).data;
    data.encoding.features().map(|(_, feature)| feature.kind()).collect()
}

#[test]
fn column_types_are_inferred_from_all_present_values() {
    use ColumnKind::{Boolean, Categorical, Numeric};
    let column = |cells: &[&str]| {
        let rows = |beside: &str| -> String {
            cells.iter().enumerate().map(|(row, cell)| format!("{cell},{beside}{}\n", row % 2)).collect()
        };
        let spec = DataSpec { missing: MissingPolicy::MostFrequent, ..spec() };
        let alone = kinds(&format!("x,kind\n{}", rows("")), &spec);
        // With words in another column the file is read twice, with the same result.
        let beside = kinds(&format!("x,c,kind\n{}", rows("red,")), &spec);
        assert_eq!(beside, [alone[0], Categorical], "{cells:?}");
        alone
    };
    // A few whole numbers are numeric, with or without a missing value.
    assert_eq!(column(&["1", "2", "1", "2"]), [Numeric]);
    assert_eq!(column(&["1", "", "NA", "2.5"]), [Numeric]);
    assert_eq!(column(&["none", "-", "1", "2"]), [Numeric]);
    assert_eq!(column(&["yes", "no", "", "NO"]), [Boolean]);
    assert_eq!(column(&["t", "F", "t", "t"]), [Boolean]);
    assert_eq!(column(&["yes", "yes", "?", "yes"]), [Boolean]);
    assert_eq!(column(&["yes", "t", "yes", "t"]), [Categorical]);
    assert_eq!(column(&["red", "", "blue", "red"]), [Categorical]);
    assert_eq!(column(&["none", "mild", "none", "mild"]), [Categorical]);
    assert_eq!(column(&["1", "a", "b", "a"]), [Categorical]);
    assert_eq!(column(&["25-34", "35-44", "25-34", "65+"]), [Categorical]);
}

#[test]
fn a_word_among_numbers_is_an_error_in_any_row() {
    let rows: String = (0..2000).map(|row| format!("{row},{}\n", row % 2)).collect();
    for (content, advice) in [
        (format!("x,kind\nred,1\n{rows}"), "correct it, or, if words among the numbers (1 cell)"),
        // The word is not among the distinct values that are kept.
        (format!("x,kind\n{rows}red,1\n"), "correct it, put it under data.missing_markers"),
    ] {
        let message = message(&content, &spec());
        let is_explained = message.contains("\"red\" is not a number: ") && message.contains(advice);
        assert!(is_explained, "{message}");
    }
    // Badly formatted numbers are not taken for categories.
    let message = message("x,kind\n\"1,5\",0\n\"2,5\",1\n", &spec());
    assert!(message.contains("\"1,5\" is not a number: set decimal = \",\" in [data]"), "{message}");
}

#[test]
fn a_late_word_makes_a_column_categorical() {
    let numbers: String = (0..40_000).map(|row| format!("5,{row}.25,{}\n", row % 2)).collect();
    let words = "red,1,0\nblue,2,1\n".repeat(40_000);
    let data = prepared(&format!("x,y,kind\n{numbers}{words}"), &spec()).data;
    assert_eq!(data.encoding.inputs, ["x=5", "x=blue", "x=red", "y"]);
}

#[test]
fn columns_that_look_like_identifiers_are_refused() {
    let rows: String = (0..30).map(|row| format!("{row},Ms {row},t{},{}\n", row % 20, row % 2)).collect();
    let content = format!("x,name,ticket,kind\n{rows}");
    assert_eq!(
        message(&content, &spec()),
        "t.csv: text column \"name\" (30 distinct values) in 30 rows looks like an identifier; set its type \
         in [data.columns] to \"categorical\" if that is intended, or to \"id\" or \"ignore\", which keep them from \
         the network"
    );
    assert_eq!(message(&content, &with_columns(&[("name", ColumnType::Id)])), "");
    assert_eq!(message(&content, &with_columns(&[("name", ColumnType::Categorical)])), "");
}

#[test]
fn declared_types_override_inferred_ones() {
    let content = "zip,flag,id,z,kind\n01,1,a,p,7\n2,0,b,q,8\n2,TRUE,c,q,7\n";
    let spec = with_columns(&[
        ("zip", ColumnType::Categorical),
        ("flag", ColumnType::Boolean),
        ("id", ColumnType::Id),
        ("z", ColumnType::Ignore),
    ]);
    let (names, x) = inputs(content, &spec);
    assert_eq!(names, ["zip=01", "zip=2", "flag"]);
    assert_eq!(x, array![[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 1.0, 1.0]]);
    let label = DataSpec { label: None, ..with_columns(&[("flag", ColumnType::Label)]) };
    assert_eq!(load("flag,x\n1,2\n2,3\n", &label).expect("it loads").learnt(), ["flag"]);
    assert_eq!(
        message("flag,kind\n1,a\nmaybe,b\n", &with_columns(&[("flag", ColumnType::Boolean)])),
        "t.csv:3, column \"flag\" (index 0): \"maybe\" is not a boolean; use true or false, yes or no (or these in another language), t or f, y or n, 1 or 0"
    );
}

#[test]
fn contradictory_or_useless_column_settings_are_refused() {
    let content = "x,y,kind\n1,2,a\n3,4,b\n";
    let cases = [
        (
            with_columns(&[("kind", ColumnType::Id)]),
            "t.csv: column \"kind\" has one role in [data] and another in [data.columns]; remove it from one of them",
        ),
        (
            with_columns(&[("y", ColumnType::Label)]),
            "t.csv: columns \"y\" and \"kind\" are both the label; only one can be",
        ),
        (
            with_columns(&[("z", ColumnType::Numeric)]),
            "t.csv: data.columns = \"z\": there is no such column; the columns are \"x\", \"y\", \"kind\"",
        ),
        (
            DataSpec::default(),
            "t.csv: no label or target; set data.label for classes, or data.target for values",
        ),
        (
            DataSpec {
                columns: BTreeMap::from([(
                    "kind".to_owned(),
                    ColumnSpec { indicator: Some(true), ..ColumnSpec::default() },
                )]),
                ..spec()
            },
            "t.csv: data.columns.\"kind\": `missing`, `indicator` and `missing_markers` are for features only (but all other columns that are read can have missing = \"drop_row\" and missing_markers)",
        ),
        (
            DataSpec {
                columns: BTreeMap::from([(
                    "x".to_owned(),
                    ColumnSpec {
                        missing: Some(MissingPolicy::Constant(Constant::Text("none".to_owned()))),
                        ..ColumnSpec::default()
                    },
                )]),
                ..spec()
            },
            "t.csv: data.columns.\"x\": the constant for missing values must be a number in a numeric column",
        ),
    ];
    for (spec, expected) in cases {
        assert_eq!(message(content, &spec), expected);
    }
}

#[test]
fn the_rarest_and_unseen_categories_share_an_input() {
    let files = Files::new();
    let spec = DataSpec {
        path: files.write("t.csv", "c,kind\na,0\nb,1\nb,0\nc,1\nd,0\nd,1\nd,0\n").into(),
        valid_path: Some(files.write("v.csv", "c,kind\nd,0\na,1\nz,1\n").into()),
        max_categories: 2,
        ..spec()
    };
    let Prepared { data, notes }: Prepared<f64> =
        Dataset::load(&spec).expect("the table loads").prepare(1, None).expect("it can be encoded");
    assert_eq!(data.encoding.inputs, ["c=b", "c=d", "c=(other)"]);
    let valid = data.valid.expect("there is a file").to_array();
    assert_eq!(valid, array![[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]);
    assert_eq!(
        notes,
        [
            "1 of 3 validation rows are also among the training rows, value by value",
            "categories that no training row has (in validation rows): \"c\" (1)"
        ]
    );

    let all = DataSpec { max_categories: 4, ..spec };
    let data = Dataset::load(&all)
        .expect("the table loads")
        .prepare::<f64>(1, None)
        .expect("it can be encoded")
        .data;
    assert_eq!(data.encoding.inputs, ["c=a", "c=b", "c=c", "c=d"]);
    assert_eq!(data.valid.expect("there is a file").to_array().row(2).sum(), 0.0);
}

#[test]
fn everything_is_fitted_on_training_rows_only() {
    let files = Files::new();
    let spec = DataSpec {
        path: files.write("t.csv", "x,c,kind\n1,a,0\n3,b,1\n,a,0\n").into(),
        valid_path: Some(files.write("v.csv", "x,c,kind\n100,b,0\n,b,1\n").into()),
        ..with_missing(MissingPolicy::Mean)
    };
    let data = Dataset::load(&spec)
        .expect("the table loads")
        .prepare::<f64>(1, None)
        .expect("it can be encoded")
        .data;
    assert_eq!(data.valid.expect("there is a file").to_array(), array![[100.0, 0.0, 1.0], [2.0, 0.0, 1.0]]);
}

#[test]
fn a_single_category_is_noted_as_constant() {
    let gap = with_missing(MissingPolicy::MostFrequent);
    let notes = prepared("x,c,kind\n1,red,0\n2,red,1\n3,,1\n", &gap).notes;
    assert_eq!(notes, ["feature \"c\" is constant in the training rows, so it has no effect"]);
}

#[test]
fn a_row_never_keeps_values_of_the_previous_one() {
    let data =
        prepared("x,c,kind\n1,a,0\n2,b,1\n", &DataSpec { scale: crate::data::ScalingMethod::None, ..spec() })
            .data;
    let encoder = crate::data::transform::encode::Encoder::new(&data.encoding);
    let mut x = [9.0; 3];
    for (values, expected) in
        [([5.0, 1.0], [5.0, 0.0, 1.0]), ([6.0, 0.0], [6.0, 1.0, 0.0]), ([7.0, 2.0], [7.0, 0.0, 0.0])]
    {
        encoder.encode(&values, &mut x);
        assert_eq!(x, expected);
    }
}

#[test]
fn labels_can_be_renamed() {
    let names = BTreeMap::from([("no.".to_owned(), "no".to_owned())]);
    let table = load("x,y\n1,no\n2,no.\n3,yes\n", &DataSpec { label_names: names, ..spec() });
    let table = table.expect("the table loads");
    assert_eq!(
        (table.classes(), table.class_counts()),
        (&["no".to_owned(), "yes".to_owned()][..], vec![2, 1])
    );
    assert_eq!(table.notes(), [""; 0]);
}

#[test]
fn a_label_to_be_renamed_that_no_file_has_is_noted() {
    let files = Files::new();
    let names = ["no.", "yes.", "No."].map(|name| (name.to_owned(), name.to_lowercase().replace('.', "")));
    let spec = DataSpec {
        path: files.write("t.csv", "x,y\n1,no\n2,no.\n3,yes\n").into(),
        test_path: Some(files.write("test.csv", "x,y\n1,yes.\n").into()),
        label_names: names.into(),
        ..spec()
    };
    let note = "data.label_names: \"No.\" does not occur";
    assert_eq!(Dataset::load(&spec).expect("the table loads").notes(), [note]);
    // Also if the column has only numbers.
    let spec = DataSpec { memory: Bytes(1), ..spec };
    for _ in 0..2 {
        let table = Dataset::load(&spec).expect("the table loads");
        assert_eq!(table.notes().last().map(String::as_str), Some(note));
    }
}

#[test]
fn notes_say_what_was_inferred() {
    let table = load("c,b,x,kind\nred,yes,1,0\nblue,no,2,1\n", &spec()).expect("the table loads");
    assert_eq!(table.notes(), ["read as categorical (categories): \"c\" (2)", "read as boolean: \"b\"",]);
}

#[test]
fn numbers_that_count_the_rows_are_noted() {
    let rows: String =
        (0..40).map(|row| format!("{},{},{}\n", row + 7, row * 2, ["a", "b"][row % 2])).collect();
    let content = format!("number,x,kind\n{rows}");
    let table = load(&content, &spec()).expect("the table loads");
    let message = "\"number\" numbers the rows; set the type of an identifier to \"id\" in [data.columns]";
    assert!(table.notes().iter().any(|note| note == message), "{:?}", table.notes());
    let numeric = ColumnSpec { column_type: Some(ColumnType::Numeric), ..ColumnSpec::default() };
    let declared = DataSpec { columns: [("number".to_owned(), numeric)].into(), ..spec() };
    assert_eq!(load(&content, &declared).expect("the table loads").notes(), [""; 0]);
}
