//! The encodings of numbers that a config asks for.

use ndarray::{Array2, Axis};

use crate::data::tests::*;
use crate::data::{ColumnSpec, Encoding, NumericEncoding, NumericEncodings, Prepared, SplitBy};

const ALL: [NumericEncoding; 3] = NumericEncoding::ALL;

fn numeric(encodings: &[NumericEncoding]) -> Option<NumericEncodings> {
    Some(NumericEncodings(encodings.to_vec()))
}

fn prepared(content: &str, spec: &DataSpec) -> Prepared<f64> {
    load(content, spec).expect("the table loads").prepare(1, None).expect("the values fit")
}

/// Columns `x`, `gap` with a missing value in each fifth row, `same`, `flag` and the label.
fn rows(count: usize) -> String {
    let row = |row: usize| {
        let gap = if row.is_multiple_of(5) { String::new() } else { format!("{}", (row * row) % 97) };
        format!("{},{gap},7,{},{}\n", (row * 37) % 101, ["no", "yes"][row % 2], ["a", "b"][row / 3 % 2])
    };
    std::iter::once("x,gap,same,flag,kind\n".to_owned()).chain((0..count).map(row)).collect()
}

fn spec_of(encodings: &[NumericEncoding]) -> DataSpec {
    let missing = MissingPolicy::Median;
    DataSpec { numeric: numeric(encodings), intervals: 4, missing, missing_indicator: true, ..spec() }
}

#[test]
fn a_number_becomes_its_inputs_side_by_side() {
    let Prepared { data, .. } = prepared(&rows(60), &spec_of(&ALL));
    let number = |name: &str| -> Vec<String> {
        let intervals = (1..=4).map(|interval| format!("{name} (interval {interval})"));
        let quantile = format!("{name} (quantile)");
        [name.to_owned(), quantile]
            .into_iter()
            .chain(intervals)
            .chain([format!("{name} is missing")])
            .collect()
    };
    let single = ["same", "same is missing", "flag", "flag is missing"].map(str::to_owned);
    let expected: Vec<String> = [number("x"), number("gap"), single.to_vec()].concat();
    assert_eq!(data.encoding.inputs, expected);
    assert_eq!(data.encoding.check(), Ok(()));
    let x = data.train.to_array();
    assert!(x.column(14).iter().all(|&x| x == 0.0), "a constant column");
    // A missing value is encoded as the number that replaces it.
    let missing = x.row(0);
    assert_eq!(missing[13], 1.0);
    assert!(missing[8].abs() < 0.1, "the median is near the quantile 0: {missing}");
    // Numbers and their quantiles are in the same order.
    let mut pairs: Vec<(f64, f64)> = x.rows().into_iter().map(|row| (row[0], row[1])).collect();
    pairs.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    assert!(pairs.is_sorted_by(|left, right| left.1 <= right.1));
}

#[test]
fn without_numeric_nothing_changes_and_standardize_is_the_default() {
    let usual = prepared(&rows(60), &DataSpec { numeric: None, ..spec_of(&[]) });
    let same = prepared(&rows(60), &spec_of(&[NumericEncoding::Standardize]));
    assert_eq!((&usual.data.encoding, &usual.notes), (&same.data.encoding, &same.notes));
    assert_eq!(usual.data.train.to_array(), same.data.train.to_array());
    assert!(!serde_json::to_string(&usual.data.encoding).expect("JSON").contains("quantiles"));
}

#[test]
fn a_column_can_have_its_own_encodings() {
    let quantile = ColumnSpec { numeric: numeric(&[NumericEncoding::Quantile]), ..ColumnSpec::default() };
    let of = |name: &str| DataSpec {
        columns: [(name.to_owned(), quantile.clone())].into(),
        ..spec_of(&[NumericEncoding::Standardize])
    };
    let inputs = prepared(&rows(60), &of("x")).data.encoding.inputs;
    assert_eq!(inputs[..3], ["x (quantile)", "x is missing", "gap"]);
    for (column, message) in [
        ("flag", "t.csv: data.columns.\"flag\": `numeric` is for numeric features only; remove it there"),
        ("kind", "t.csv: data.columns.\"kind\": `numeric` is for numeric features only; remove it there"),
    ] {
        let found = super::message(rows(60), &of(column));
        assert_eq!(found, message);
    }
}

#[test]
fn only_training_rows_with_weight_decide() {
    let content = |far: &str, weight: u8| {
        let part = |row: usize| if row < 40 { "train" } else { "valid" };
        let row = |row: usize| format!("{},{},1,{}\n", row * row, part(row), ["a", "b"][row % 2]);
        let rows: String = (0..50).map(row).collect();
        format!("x,part,w,kind\n{rows}{far},train,{weight},a\n{far},valid,1,b\n")
    };
    let typed = |kind| ColumnSpec { column_type: Some(kind), ..ColumnSpec::default() };
    let columns = [("part", crate::data::ColumnType::Split), ("w", crate::data::ColumnType::Weight)];
    let columns = columns.map(|(name, kind)| (name.to_owned(), typed(kind))).into();
    let spec = DataSpec { columns, split_by: SplitBy::Rows, ..spec_of(&ALL) };
    let features = |far, weight| -> Encoding { prepared(&content(far, weight), &spec).data.encoding };
    assert_eq!(features("1e9", 0), features("-3", 0));
    assert_ne!(features("1e9", 1), features("-3", 1));
}

#[test]
fn new_rows_are_encoded_like_those_of_training() {
    let Prepared { data, .. } = prepared(&rows(60), &spec_of(&ALL));
    let json = serde_json::to_string(&data.encoding).expect("JSON");
    let encoding: Encoding = serde_json::from_str(&json).expect("an encoding");
    let encoder = crate::data::Encoder::new(&encoding);
    let mut x = Array2::<f64>::zeros((1, encoder.inputs()));
    let values = [0.0, f64::NAN, 7.0, 0.0];
    encoder.encode(&values, x.as_slice_mut().expect("one row"));
    assert_eq!(x.row(0), data.train.to_array().index_axis(Axis(0), 0));
}

#[test]
fn contradictions_are_refused() {
    let problem = |spec: &DataSpec| message(rows(60), spec);
    let scaled = DataSpec { scale: crate::data::ScalingMethod::MinMax, ..spec_of(&ALL) };
    assert_eq!(
        problem(&scaled),
        "t.csv: data.numeric: data.scale is \"min_max\" and data.numeric takes its place; keep one of the two"
    );
    let twice = spec_of(&[NumericEncoding::Quantile, NumericEncoding::Quantile]);
    assert_eq!(problem(&twice), "t.csv: data.numeric: \"quantile\" is twice in the list");
}
