use ndarray::array;

use crate::data::tests::*;

const TRAINING: &str = "id,x,y,kind\n7,1,2,a\n8,3,4,b\n";

/// Loads the training table with `content` as its validation file.
fn with_valid(content: &str, header: bool) -> Result<Dataset, String> {
    let files = Files::new();
    let training = if header { TRAINING } else { TRAINING.split_once('\n').expect("it has a header").1 };
    let spec = DataSpec {
        path: files.write("t.csv", training).into(),
        valid_path: Some(files.write("v.csv", content).into()),
        ignore: vec![ColumnRef::Index(0)],
        header,
        ..spec()
    };
    Dataset::load(&spec).map_err(|error| files.message_of(&error))
}

#[test]
fn columns_are_matched_by_name() {
    for content in ["id,x,y,kind\n9,5,6,b\n", "kind,y,x\nb,6,5\n", "y, x ,id,kind\n6,5,text,b\n"] {
        let table = with_valid(content, true).expect("the columns are those of the training file");
        let own = table.own_valid.as_ref().expect("there is a validation file");
        assert_eq!((&numbers(own), own.labels()), (&array![[5.0, 6.0]], &[1][..]), "{content}");
        assert_eq!((table.train_rows(1), table.valid_rows(1), table.test_rows(1)), (2, 1, 0));
        assert_eq!(table.sources().count(), 2);
    }
}

#[test]
fn columns_are_matched_by_place_without_header() {
    let table = with_valid("9,5,6,b\n", false).expect("the columns are those of the training file");
    assert_eq!(numbers(&table.own_valid.expect("there is a validation file")), array![[5.0, 6.0]]);
    let message = with_valid("5,6,b\n", false).expect_err("a column is missing");
    assert_eq!(message, "v.csv: 3 columns where the training file has 4");
}

#[test]
fn mismatched_columns_are_named() {
    let cases = [
        (
            "x,kind\n5,b\n",
            "v.csv:1: missing \"y\", which training needs; the columns of the file are \"x\", \"kind\"".to_owned(),
        ),
        (
            "x,Y\n5,6\n",
            "v.csv:1: missing \"y\", \"kind\", which training needs; did you mean \"Y\"? the columns of the file \
             are \"x\", \"Y\""
                .to_owned(),
        ),
        (
            "x,y,y,kind\n5,6,7,b\n",
            "v.csv:1: column name \"y\" at index 1 and again at index 2; rename one, or put its index under \
             data.ignore (if the file has no header, set `header = false` in [data])"
                .to_owned(),
        ),
        (
            "x,y,kind\n5,6,b\n7,8,c\n",
            "v.csv:3, column \"kind\" (index 2): class \"c\" does not occur in the training file; its classes \
             are \"a\", \"b\"".to_owned(),
        ),
        ("x,y,kind\n", "v.csv:1: no data rows".to_owned()),
        (
            "kind,y,x\nb,6,five\n",
            "v.csv:2, column \"x\" (index 2): \"five\" is not a number: correct it, put it under \
             data.missing_markers if it means a missing value, or make the column \"categorical\" or \
             \"ignore\" in [data.columns]"
                .to_owned(),
        ),
    ];
    for (content, expected) in cases {
        assert_eq!(with_valid(content, true).expect_err(content), expected);
    }
}

#[test]
fn further_columns_of_a_validation_file_are_noted() {
    let table = with_valid("note,x,z,y,kind\nhi,5,,6,b\n", true).expect("the features are there");
    let [note] = table.notes() else { panic!("{:?}", table.notes()) };
    assert!(
        note.ends_with("v.csv: ignoring 2 columns that the training file lacks: \"note\", \"z\""),
        "{note}"
    );
    assert_eq!(numbers(&table.own_valid.expect("there is a validation file")), array![[5.0, 6.0]]);
}

#[test]
fn an_ignored_column_never_replaces_a_feature_of_the_same_name() {
    let files = Files::new();
    let spec = DataSpec {
        path: files.write("t.csv", "x,x,kind\n1,2,a\n3,4,b\n").into(),
        valid_path: Some(files.write("v.csv", "x,kind\n5,b\n").into()),
        ignore: vec![ColumnRef::Index(1)],
        ..spec()
    };
    let table = Dataset::load(&spec).expect("the second x is ignored");
    assert_eq!(numbers(&table.main), array![[1.0], [3.0]]);
    assert_eq!(numbers(&table.own_valid.expect("there is a validation file")), array![[5.0]]);
}

#[test]
fn validation_rows_equal_to_training_rows_are_noted() {
    let table = with_valid(TRAINING, true).expect("the columns are the same");
    let [note] = table.notes() else { panic!("{:?}", table.notes()) };
    assert!(note.ends_with("v.csv holds the same bytes as the training file"), "{note}");
}

#[test]
fn labels_are_renamed_as_in_the_training_file() {
    let files = Files::new();
    let spec = DataSpec {
        path: files.write("t.csv", "x,kind\n1,no\n2,yes\n").into(),
        valid_path: Some(files.write("v.csv", "x,kind\n3,yes\n4,no.\n").into()),
        label_names: [("no.".to_owned(), "no".to_owned())].into(),
        ..spec()
    };
    let table = Dataset::load(&spec).expect("both files have the same classes");
    assert_eq!(table.own_valid.expect("there is a validation file").labels(), [1, 0]);
}
