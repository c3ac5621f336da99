//! Missing values: errors, fills, indicators, markers.

use std::collections::BTreeMap;

use ndarray::array;

use crate::data::tests::*;
use crate::data::{ColumnSpec, ColumnType, Constant, MissingPolicy, Prepared};

const GAPS: &str = "x,c,kind\n1,red,a\n,blue,b\n4,,a\n1,blue,b\n10,red,a\n";

#[test]
fn missing_values_are_an_error_without_a_setting() {
    assert_eq!(
        message(GAPS, &spec()),
        "t.csv:3, column \"x\" (index 0): missing value; fill it in, or set `missing` in [data] (or for this \
         column in [data.columns]) to \"median\", \"mean\", \"most_frequent\" or { constant = .. }, which replace \
         it, or to \"drop_row\", which leaves the row out; columns with missing values: \"x\" (1), \"c\" (1)"
    );
}

#[test]
fn each_imputation_matches_a_calculation_by_hand() {
    let x = |missing| inputs(GAPS, &with_missing(missing)).1.column(0).to_vec();
    assert_eq!(x(MissingPolicy::Mean), [1.0, 4.0, 4.0, 1.0, 10.0]);
    assert_eq!(x(MissingPolicy::Median), [1.0, 2.5, 4.0, 1.0, 10.0]);
    assert_eq!(x(MissingPolicy::MostFrequent), [1.0, 1.0, 4.0, 1.0, 10.0]);
    let (names, x) = inputs(GAPS, &with_missing(MissingPolicy::DropRow));
    assert_eq!(names, ["x", "c=blue", "c=red"]);
    assert_eq!(x, array![[1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [10.0, 0.0, 1.0]]);
    // Of equally frequent ones, the first.
    let c = inputs(GAPS, &with_missing(MissingPolicy::Median)).1;
    assert_eq!((c[[2, 1]], c[[2, 2]]), (1.0, 0.0));
    let mut constants = with_missing(MissingPolicy::Constant(Constant::Number(-1.0)));
    let own = ColumnSpec {
        missing: Some(MissingPolicy::Constant(Constant::Text("none".to_owned()))),
        indicator: Some(true),
        ..ColumnSpec::default()
    };
    constants.columns = BTreeMap::from([("c".to_owned(), own)]);
    let (names, x) = inputs(GAPS, &constants);
    assert_eq!(names, ["x", "c=blue", "c=none", "c=red", "c is missing"]);
    assert_eq!(x.row(1).to_vec(), [-1.0, 1.0, 0.0, 0.0, 0.0]);
    assert_eq!(x.row(2).to_vec(), [4.0, 0.0, 1.0, 0.0, 1.0]);
}

#[test]
fn a_row_with_several_missing_values_is_dropped() {
    let text = "x,c,kind\n1,red,a\n,,b\n4,blue,a\n5,blue,b\n";
    assert_eq!(inputs(text, &with_missing(MissingPolicy::DropRow)).1.column(0).to_vec(), [1.0, 4.0, 5.0]);
    let dropped = |column_type| ColumnSpec {
        column_type,
        missing: Some(MissingPolicy::DropRow),
        ..ColumnSpec::default()
    };
    let columns = [("patient", Some(ColumnType::Group)), ("kind", None)];
    let columns = columns.map(|(name, word)| (name.to_owned(), dropped(word))).into();
    let table = load("patient,x,kind\np,1,a\n,2,\nq,3,b\nr,4,a\n", &DataSpec { columns, ..spec() });
    assert_eq!(table.expect("the table loads").rows(), 3);
}

#[test]
fn a_number_that_means_a_missing_value_is_missing_however_it_is_written() {
    let spec = DataSpec { missing_markers: Some(vec!["-999".to_owned()]), ..spec() };
    for cell in ["-999", "-999.0", "\"-999\"", " -999"] {
        let found = message(format!("x,kind\n1,a\n{cell},b\n2,a\n"), &spec);
        assert!(found.contains("missing value"), "{cell}: {found}");
    }
}

#[test]
fn imputed_values_scale_like_written_ones() {
    let filled = GAPS.replace("\n,", "\n2.5,").replace("4,,", "4,blue,");
    let median = DataSpec { missing: MissingPolicy::Median, ..spec() };
    assert_eq!(inputs(GAPS, &median), inputs(&filled, &spec()));
}

#[test]
fn indicators_follow_their_column() {
    let spec = DataSpec { missing_indicator: true, ..with_missing(MissingPolicy::Mean) };
    let (names, x) = inputs(GAPS, &spec);
    assert_eq!(names, ["x", "x is missing", "c=blue", "c=red", "c is missing"]);
    assert_eq!(x.column(1).to_vec(), [0.0, 1.0, 0.0, 0.0, 0.0]);
    assert_eq!(x.column(4).to_vec(), [0.0, 0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn missing_markers_replace_the_default_words() {
    let spec = DataSpec {
        missing_markers: Some(vec!["-999".to_owned(), "x".to_owned()]),
        ..with_missing(MissingPolicy::Constant(Constant::Number(7.0)))
    };
    let (names, x) = inputs("a,b,kind\n-999,NA,0\n1,q,1\n-999.0,NA,0\n", &spec);
    assert_eq!(
        (names, x.column(0).to_vec()),
        (["a", "b=NA", "b=q"].map(str::to_owned).to_vec(), vec![7.0, 1.0, 7.0])
    );
}

/// Also for rows held out from the same file.
#[test]
fn holdout_rows_do_not_affect_imputation_or_categories() {
    let content = "x,c,part,kind\n1,b,train,0\n3,d,train,1\n,,train,0\n100,a,valid,0\n100,a,valid,1\n\
                   100,a,valid,0\n,,valid,1\n";
    let part = ColumnSpec { column_type: Some(ColumnType::Split), ..ColumnSpec::default() };
    for (missing, fill) in
        [(MissingPolicy::Mean, 2.0), (MissingPolicy::Median, 2.0), (MissingPolicy::MostFrequent, 1.0)]
    {
        let columns = BTreeMap::from([("part".to_owned(), part.clone())]);
        let Prepared { data, notes } = prepared(content, &DataSpec { columns, ..with_missing(missing) });
        assert_eq!(data.encoding.inputs, ["x", "c=b", "c=d"]);
        assert_eq!(data.train.to_array(), array![[1.0, 1.0, 0.0], [3.0, 0.0, 1.0], [fill, 1.0, 0.0]]);
        let unseen = [100.0, 0.0, 0.0];
        assert_eq!(
            data.valid.expect("four rows").to_array(),
            array![unseen, unseen, unseen, [fill, 1.0, 0.0]]
        );
        assert_eq!(
            notes,
            [
                "categories that no training row has (in validation rows): \"c\" (3)",
                "in validation rows: 3 cells of column \"x\" are far outside the range of the training rows, 1 to 3, such \
                 as 100"
            ]
        );
    }
}
