use crate::data::ErrorCategory;
use crate::data::tests::*;

const TABLE: &str = "length,width,colour,kind\n1,2,red,a\n3,4,blue,b\n5,6,red,a\n7,8,blue,b\n";

fn refused(spec: &DataSpec) -> String {
    let error = load(TABLE, spec).expect_err("the spec does not fit the table");
    assert_eq!(error.category(), ErrorCategory::Config, "{error}");
    message(TABLE, spec)
}

#[test]
fn missing_columns_are_refused_with_a_suggestion() {
    let spec = || DataSpec { ignore: vec![name("colour")], ..spec() };
    assert!(load(TABLE, &spec()).is_ok());
    let columns = "the columns are \"length\", \"width\", \"colour\", \"kind\"";
    assert_eq!(
        refused(&DataSpec { label: Some(name("Kinds")), ..spec() }),
        format!("t.csv: data.label = \"Kinds\": there is no such column; did you mean \"kind\"? {columns}")
    );
    assert_eq!(
        refused(&DataSpec { label: Some(name("species")), ..spec() }),
        format!("t.csv: data.label = \"species\": there is no such column; {columns}")
    );
    assert_eq!(
        refused(&DataSpec { ignore: vec![name("color")], ..spec() }),
        format!(
            "t.csv: data.ignore = \"color\": there is no such column; did you mean \"colour\"? {columns}"
        )
    );
    for index in [4, -5, i64::MAX, i64::MIN] {
        assert_eq!(
            refused(&DataSpec { label: Some(ColumnRef::Index(index)), ..spec() }),
            format!(
                "t.csv: data.label = {index}: there is no such column; there are 4 columns, 0 to 3, and -1 is \
                 the last"
            )
        );
    }
}

#[test]
fn a_label_cannot_be_ignored_and_a_feature_must_be_left() {
    let ignoring = |columns: &[i64]| DataSpec {
        ignore: columns.iter().map(|&index| ColumnRef::Index(index)).collect(),
        ..spec()
    };
    assert_eq!(
        refused(&ignoring(&[2, 3])),
        "t.csv: column \"kind\" is the label or a target, and also in data.ignore; remove it from one of them"
    );
    assert_eq!(
        refused(&ignoring(&[0, 1, 2])),
        "t.csv: no feature column is left besides \"kind\" and the columns under data.ignore"
    );
}

#[test]
fn invalid_split_shares_are_refused() {
    let spec = || DataSpec { ignore: vec![name("colour")], ..spec() };
    for share in [-0.1, 1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            refused(&DataSpec { valid: share, ..spec() }),
            format!("t.csv: data.valid: {share} is not allowed; it must be at least 0 and less than 1")
        );
    }
    assert_eq!(
        refused(&DataSpec { valid: 0.5, test: 0.5, ..spec() }),
        "t.csv: data.test: valid + test is 1; it must be less than 1, to leave training rows"
    );
    assert_eq!(
        refused(&DataSpec { valid: 0.1, ..spec() }),
        "t.csv: data.valid = 0.1 of 4 rows gives 0 rows, since every class keeps a training row; use a larger share or more rows"
    );
    assert_eq!(
        refused(&DataSpec { valid: 0.5, test: 0.4, ..spec() }),
        "t.csv: data.test = 0.4 of 4 rows gives 0 rows, since every class keeps a training row; use a larger share or more rows"
    );
    assert_eq!(
        refused(&DataSpec { test: 0.1, test_path: Some("other.csv".into()), ..spec() }),
        "t.csv: data.test: test_path is given as well; keep one of the two"
    );
}

#[test]
fn invalid_delimiters_are_refused() {
    for delimiter in ['"', '\'', '\n', '\r', '\0', 'e', '5', '.', '-', '+', '#', 'é', '，'] {
        let refused = refused(&DataSpec { delimiter: Some(delimiter), ..spec() });
        assert!(refused.starts_with(&format!("t.csv: data.delimiter: {delimiter:?} cannot")), "{refused}");
    }
}
