//! Regression targets and row weights.

use ndarray::array;

use crate::data::tests::*;
use crate::data::{ColumnRefs, ColumnSpec, ColumnType, MissingPolicy};
use crate::targets::Targets;

fn target(names: &[&str]) -> DataSpec {
    DataSpec {
        target: ColumnRefs(names.iter().copied().map(name).collect()),
        label: None,
        ..DataSpec::default()
    }
}

fn with_type(name: &str, word: ColumnType, spec: DataSpec) -> DataSpec {
    let mut spec = spec;
    let declared = ColumnSpec { column_type: Some(word), ..ColumnSpec::default() };
    spec.columns.insert(name.to_owned(), declared);
    spec
}

const HOUSES: &str = "rooms,price,rent\n1,100,7\n2,200,9\n3,600,8\n";

#[test]
fn values_are_scaled_to_mean_0_and_deviation_1() {
    let table = load(HOUSES, &target(&["price", "rent"])).expect("the table loads");
    assert_eq!(
        (table.learnt(), table.outputs(), table.classes().len()),
        (["price", "rent"].map(str::to_owned).to_vec(), 2, 0)
    );
    assert_eq!(table.features(), ["rooms"]);
    let data = table.prepare::<f64>(1, None).expect("the values fit").data;
    let [price, rent] = data.encoding.values() else { panic!("{:?}", data.encoding.targets) };
    assert_eq!((price.column.as_str(), price.scaling.offset, rent.scaling.offset), ("price", 300.0, 8.0));
    let deviation = (140_000.0_f64 / 3.0).sqrt();
    assert!((price.scaling.divisor - deviation).abs() < 1e-9);
    let unit = (2.0_f64 / 3.0).sqrt();
    let scaled =
        array![[-200.0 / deviation, -1.0 / unit], [-100.0 / deviation, 1.0 / unit], [300.0 / deviation, 0.0]];
    let found = data.train.targets().values().to_owned();
    assert!((&found - &scaled).iter().all(|difference| difference.abs() < 1e-12), "{found}");
}

#[test]
fn label_and_targets_can_be_set_in_data_columns() {
    let spec = with_type("price", ColumnType::Target, DataSpec::default());
    let table = load(HOUSES, &spec).expect("the table loads");
    assert_eq!(
        (table.learnt(), table.features()),
        (vec!["price".to_owned()], ["rooms", "rent"].map(str::to_owned).to_vec())
    );
}

#[test]
fn constant_or_unusable_targets_are_refused() {
    let cases = [
        (
            "x,y\n1,5\n2,NA\n",
            "t.csv:3, column \"y\" (index 1): missing value \"NA\"; if it is a value, set missing_markers = [] for this column in [data.columns]; else fill it in, or set missing = \"drop_row\" for this column in [data.columns], which leaves the row out (1 row in all)",
        ),
        (
            "x,y\n1,5\n2,red\n",
            "t.csv:3, column \"y\" (index 1): \"red\" is not a number: correct it, or, if words among the numbers (1 cell) mean missing values, write { missing_markers = [\"red\"], missing = \"drop_row\" } for the column in [data.columns], which leaves them out",
        ),
        ("x,y\n1,5\n2,5\n", ""),
    ];
    for (content, expected) in cases {
        assert_eq!(message(content, &target(&["y"])), expected);
    }
    let constant = load("x,y\n1,5\n2,5\n", &target(&["y"])).expect("the table loads");
    assert_eq!(
        constant
            .prepare::<f32>(1, None)
            .expect_err("there is nothing to learn")
            .to_string()
            .split(": ")
            .last(),
        Some("the target \"y\" is the same in all training rows; there is nothing to learn")
    );
    let both = DataSpec { label: Some(name("x")), ..target(&["y"]) };
    assert_eq!(
        message("x,y,z\n1,5,0\n2,6,1\n", &both),
        "t.csv: data.target: data.label is given as well; keep one of them: a label for classes, a target for values"
    );
    let label = ColumnSpec { column_type: Some(ColumnType::Label), ..ColumnSpec::default() };
    let both = DataSpec { columns: [("x".to_owned(), label)].into(), ..target(&["y"]) };
    assert_eq!(
        message("x,y,z\n1,5,0\n2,6,1\n", &both),
        "t.csv: column \"x\" is the label and \"y\" a target; use one of them, for classes or for values"
    );
}

#[test]
fn rows_without_label_or_target_can_be_dropped() {
    let declared = ColumnSpec { missing: Some(MissingPolicy::DropRow), ..ColumnSpec::default() };
    let mut spec = target(&["y"]);
    spec.columns.insert("y".to_owned(), declared.clone());
    let table = load("x,y\n1,5\n2,\n3,7\n", &spec).expect("the table loads");
    assert_eq!((table.rows(), &table.main.targets), (2, &Targets::Values(array![[5.0], [7.0]])));
    let mut spec = super::spec();
    spec.columns.insert("kind".to_owned(), declared);
    let table = load("x,kind\n1,a\n2,?\n3,b\n", &spec).expect("the table loads");
    assert_eq!((table.main.labels(), numbers(&table.main)), (&[0, 1][..], array![[1.0], [3.0]]));
    assert!(table.notes()[0].ends_with("t.csv: 1 row with missing values left out"), "{:?}", table.notes());
}

#[test]
fn weights_have_mean_1_over_the_training_rows() {
    let files = Files::new();
    let spec = DataSpec {
        path: files.write("t.csv", "x,w,kind\n1,2,a\n2,1,b\n3,3,a\n").into(),
        valid_path: Some(files.write("v.csv", "w,x,kind\n6,1,a\n").into()),
        ..with_type("w", ColumnType::Weight, spec())
    };
    let table = Dataset::load(&spec).expect("the table loads");
    assert_eq!(table.features(), ["x"]);
    let data = table.prepare::<f64>(1, None).expect("the values fit").data;
    assert_eq!(data.train.weights(), Some(&[1.0, 0.5, 1.5][..]));
    assert_eq!(data.valid.expect("there is a file").weights(), Some(&[3.0][..]));
    // Also for a target.
    let content = "w,x,y\n1,2,10\n3,4,20\n";
    let table = load(content, &with_type("w", ColumnType::Weight, target(&["y"]))).expect("the table loads");
    assert_eq!(
        (&table.main.targets, table.main.weights.as_deref()),
        (&Targets::Values(array![[10.0], [20.0]]), Some(&[1.0, 3.0][..]))
    );
    assert_eq!(numbers(&table.main), array![[2.0], [4.0]]);
}

#[test]
fn weights_follow_their_rows_and_are_scaled_by_training_rows() {
    let content = "x,w,part,kind\n1,8,valid,a\n2,1,train,b\n3,2,valid,b\n4,3,train,a\n";
    let spec = with_type("part", ColumnType::Split, with_type("w", ColumnType::Weight, spec()));
    let table = load(content, &spec).expect("the table loads");
    let data = table.prepare::<f64>(1, None).expect("the values fit").data;
    let valid = data.valid.expect("two rows");
    for (rows, in_loss, in_file) in [(&data.train, [0.5, 1.5], [1.0, 3.0]), (&valid, [4.0, 1.0], [8.0, 2.0])]
    {
        assert_eq!((rows.weights(), rows.file_weights()), (Some(&in_loss[..]), Some(&in_file[..])));
        // The order of gathering does not matter.
        let mut batch = rows.batch(2);
        rows.gather(&crate::kernel::ThreadPool::single(), [1, 0].into_iter(), &mut batch);
        assert_eq!(batch.weights(), Some(&[in_loss[1], in_loss[0]][..]));
    }
}

#[test]
fn invalid_weights_are_refused() {
    let spec = with_type("w", ColumnType::Weight, spec());
    assert_eq!(
        message("x,w,kind\n1,1,a\n2,-0.5,b\n", &spec),
        "t.csv:3, column \"w\" (index 1): negative weight \"-0.5\"; use 0 to ignore a row"
    );
    assert_eq!(message("x,w,kind\n1,0,a\n2,0,b\n", &spec), "t.csv: no row has a weight greater than 0");
}
