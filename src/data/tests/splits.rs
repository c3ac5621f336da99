//! Splits by class, group, hash and split column.

use crate::data::tests::*;
use crate::data::{
    Bytes, ColumnSpec, ColumnType, ErrorCategory, MissingPolicy, Rows, ScalingMethod, SplitBy,
};

/// 60 rows of 20 patients, three each; `x` identifies the row.
fn patients() -> String {
    let row = |row: usize| format!("p{},{row},{},{}\n", row % 20, row * 7 % 13, ["a", "b"][row % 2]);
    let rows: String = (0..60).map(row).collect();
    format!("patient,x,y,kind\n{rows}")
}

fn spec(columns: &[(&str, ColumnType)]) -> DataSpec {
    let columns = columns.iter().map(|(name, word)| {
        ((*name).to_owned(), ColumnSpec { column_type: Some(*word), ..ColumnSpec::default() })
    });
    DataSpec { label: Some(name("kind")), columns: columns.collect(), ..DataSpec::default() }
}

/// The raw first feature of the rows of each part.
fn parts(content: &str, spec: &DataSpec, seed: u64) -> [Vec<usize>; 3] {
    let spec = DataSpec { scale: ScalingMethod::None, ..spec.clone() };
    let table = load(content, &spec).expect("the content is well-formed");
    let data = table.prepare::<f64>(seed, None).expect("there are rows for each part").data;
    let x = |rows: Option<&Rows<f64>>| match rows {
        Some(rows) => rows.to_array().column(0).iter().map(|&x| x as usize).collect(),
        None => Vec::new(),
    };
    let parts = [x(Some(&data.train)), x(data.valid.as_ref()), x(data.test.as_ref())];
    let sizes = [table.train_rows(seed), table.valid_rows(seed), table.test_rows(seed)];
    assert_eq!(parts.each_ref().map(Vec::len), sizes);
    parts
}

#[test]
fn rows_can_be_split_in_the_order_of_a_column() {
    let ordered = |column: &str, columns| DataSpec {
        valid: 0.2,
        test: 0.4,
        split_by: SplitBy::OrderOf(name(column)),
        columns,
        ..spec(&[])
    };
    let id = |column: &str| {
        [(column.to_owned(), ColumnSpec { column_type: Some(ColumnType::Id), ..ColumnSpec::default() })]
            .into()
    };
    let with = |times: [&str; 5]| -> String {
        let rows = times.iter().enumerate();
        let rows: String =
            rows.map(|(row, time)| format!("{time},{row},{}\n", ["a", "b"][row % 2])).collect();
        format!("time,x,kind\n{rows}")
    };
    let held_out = |content: String, spec: &DataSpec| -> [Vec<f64>; 3] {
        let table = load(content, spec).expect("it loads");
        let split = [1, 2].map(|seed| table.split_rule.draw(&[], seed));
        assert_eq!(split[0], split[1], "no seed matters");
        let [split, _] = split;
        let x = table.features().iter().position(|name| name == "x").expect("a feature");
        [split.train, split.valid, split.test]
            .map(|rows| rows.into_iter().map(|row| table.main.features.value(row, x)).collect())
    };
    let expected = [vec![1.0, 3.0], vec![4.0], vec![0.0, 2.0]];
    let dates = with(["2024-03-01", "2023-12-31", "2024-02-29 10:00", "2024-01-01", "2024-02-29"]);
    assert_eq!(held_out(dates.clone(), &ordered("time", id("time"))), expected);
    assert_eq!(held_out(dates, &ordered("time", Default::default())), expected, "as a category");
    let numbers = with(["50", "-1", "9", "0", "7.5"]);
    assert_eq!(held_out(numbers.clone(), &ordered("time", id("time"))), expected);
    assert_eq!(held_out(numbers, &ordered("time", Default::default())), expected, "as a feature");
    let bad = with(["1", "2", "later", "4", "5"]);
    assert_eq!(
        message(bad, &ordered("time", id("time"))),
        "t.csv:4, column \"time\" (index 0): \"later\" cannot be put in order, as data.split_by asks for; use numbers, or \
         dates and times such as 2024-01-31 or 2024-01-31 23:59:59"
    );
    assert_eq!(
        message(with(["1", "2", "3", "4", "5"]), &DataSpec { test: 0.01, ..ordered("time", id("time")) }),
        "t.csv: data.test = 0.01 of 5 rows in their order gives 0 rows; use a larger share or more rows"
    );
    assert!(
        message(with(["1"; 5]), &ordered("kind", Default::default())).contains("cannot split by \"kind\"")
    );
}

#[test]
fn groups_stay_together() {
    let grouped = DataSpec { valid: 0.2, test: 0.1, ..spec(&[("patient", ColumnType::Group)]) };
    for seed in 0..5 {
        let parts = parts(&patients(), &grouped, seed);
        assert_eq!(parts.each_ref().map(Vec::len), [42, 12, 6]);
        for patient in 0..20 {
            let holders = parts.iter().filter(|part| part.iter().any(|row| row % 20 == patient));
            assert_eq!(holders.count(), 1);
        }
    }
    assert_ne!(parts(&patients(), &grouped, 1), parts(&patients(), &grouped, 2));
    // Without groups most patients are in several parts.
    let loose = DataSpec { valid: 0.2, test: 0.1, ..spec(&[("patient", ColumnType::Id)]) };
    let [train, valid, _] = parts(&patients(), &loose, 1);
    assert!(valid.iter().any(|row| train.iter().any(|other| other % 20 == row % 20)));
}

/// 10 patients are of each class, with three rows each.
#[test]
fn groups_are_split_stratified_by_class() {
    let row = |row: usize| format!("p{},{row},{}\n", row % 20, ["a", "b"][row % 20 / 10]);
    let rows: String = (0..60).map(row).collect();
    let grouped = DataSpec { valid: 0.2, ..spec(&[("patient", ColumnType::Group)]) };
    for seed in 0..10 {
        let [_, valid, _] = parts(&format!("patient,x,kind\n{rows}"), &grouped, seed);
        let of_a = valid.iter().filter(|&row| row % 20 < 10).count();
        assert_eq!((of_a, valid.len()), (6, 12), "seed {seed}");
    }
}

#[test]
fn hashed_rows_keep_their_part_when_rows_are_added() {
    for key in ["patient", "x"] {
        let columns: &[_] =
            if key == "x" { &[("patient", ColumnType::Ignore)] } else { &[("patient", ColumnType::Id)] };
        let hashed =
            DataSpec { valid: 0.3, test: 0.2, split_by: SplitBy::HashOf(vec![name(key)]), ..spec(columns) };
        let few = parts(&patients(), &hashed, 3);
        // More rows, before and after.
        let more = patients().replacen("p0,", "q1,901,5,a\nq2,902,5,b\np0,", 1) + "p3,903,1,a\nq5,904,1,b\n";
        let many = parts(&more, &hashed, 3);
        let old = |part: &Vec<usize>| part.iter().copied().filter(|&row| row < 900).collect::<Vec<_>>();
        assert_eq!(few, many.each_ref().map(old), "{key}");
        assert_ne!(few, parts(&patients(), &hashed, 4), "{key}");
        if key == "patient" {
            // Only the key counts, so that the rows of a patient stay together.
            let [train, valid, _] = few;
            assert!(!valid.iter().any(|row| train.iter().any(|other| other % 20 == row % 20)));
        }
    }
    // The spelling of a number and the other categories do not matter.
    let key = |column: &str| DataSpec {
        valid: 0.4,
        split_by: SplitBy::HashOf(vec![name(column)]),
        label: Some(name("kind")),
        ..DataSpec::default()
    };
    let rows = |spell: fn(usize) -> String| {
        let rows: String =
            (0..40).map(|row| format!("{row},{},c{},{}\n", spell(row), row % 8, row % 2)).collect();
        format!("x,n,c,kind\n{rows}")
    };
    let (plain, padded) = (rows(|row| row.to_string()), rows(|row| format!("{row}.0")));
    assert_eq!(parts(&plain, &key("n"), 1), parts(&padded, &key("n"), 1));
    // Rows with a missing number share a key. Pinned: another key would change the split of existing files.
    let row = |row: usize| {
        if row.is_multiple_of(3) {
            format!("{row},,{}\n", row % 2)
        } else {
            format!("{row},{row},{}\n", row % 2)
        }
    };
    let gaps: String = (0..12).map(row).collect();
    let filled = DataSpec { missing: MissingPolicy::Mean, ..key("n") };
    let [_, valid, _] = parts(&format!("x,n,kind\n{gaps}"), &filled, 7);
    assert_eq!(valid, [0, 2, 3, 6, 7, 8, 9]);
    let [_, valid, _] = parts(&plain, &key("c"), 1);
    let [_, more, _] = parts(&(plain + "50,1,aa,1\n51,1,bb,0\n"), &key("c"), 1);
    assert_eq!(valid, more.into_iter().filter(|&row| row < 50).collect::<Vec<_>>());
}

#[test]
fn a_split_column_assigns_rows() {
    let named = spec(&[("part", ColumnType::Split)]);
    let content = "x,part,kind\n0,train,a\n1,test,b\n2, validation ,a\n3,train,b\n4,valid,b\n";
    for seed in [1, 2] {
        assert_eq!(parts(content, &named, seed), [vec![0, 3], vec![2, 4], vec![1]]);
    }
    assert_eq!(parts("x,part,kind\n0,train,a\n1,train,b\n", &named, 1), [vec![0, 1], vec![], vec![]]);
    for (content, expected) in [
        (
            "x,part,kind\n0,train,a\n1,Test,b\n",
            "t.csv:3, column \"part\" (index 1): \"Test\" is not a part of the split; use train, valid (or validation) or test",
        ),
        (
            "x,part,kind\n0,train,a\n1,,b\n",
            "t.csv:3, column \"part\" (index 1): missing value; fill it in, or set missing = \"drop_row\" for \
             this column in [data.columns], which leaves the row out (1 row in all)",
        ),
        (
            "x,part,kind\n0,valid,a\n1,test,b\n",
            "t.csv: no training rows: column \"part\" never says \"train\"",
        ),
    ] {
        assert_eq!(message(content, &named), expected);
    }
}

#[test]
fn a_hashed_group_gets_the_part_of_the_same_id() {
    let hashed = |word| DataSpec {
        valid: 0.3,
        test: 0.2,
        split_by: SplitBy::HashOf(vec![name("patient")]),
        ..spec(&[("patient", word)])
    };
    for seed in 1..4 {
        let found = parts(&patients(), &hashed(ColumnType::Group), seed);
        assert_eq!(found, parts(&patients(), &hashed(ColumnType::Id), seed));
        assert!(!found[1].is_empty() && found[1].len().is_multiple_of(3), "{found:?}");
    }
}

#[test]
fn training_groups_in_a_validation_file_are_noted() {
    let files = Files::new();
    let path = files.write("t.csv", patients());
    let valid = |rows: &str| Some(files.write("v.csv", format!("x,patient,kind,y\n{rows}")).into());
    let notes = |spec: &DataSpec| {
        let table = Dataset::load(&DataSpec { path: path.as_path().into(), ..spec.clone() });
        let table = table.expect("the columns are those of the training file");
        table.notes().join("\n").replace(&format!("{}/", files.0.path().display()), "")
    };
    let shared = |spec: &DataSpec| {
        let notes = notes(spec);
        notes.lines().find(|note| note.contains("that the training file has")).unwrap_or_default().to_owned()
    };
    let both = valid("1,p3,a,1\n2,new,a,1\n3,\" p3 \",b,1\n4,,b,1\n5,p19,b,1\n");
    let note = "v.csv: 3 of 5 rows are of 2 groups that the training file has, too";
    let grouped = DataSpec { valid_path: both, ..spec(&[("patient", ColumnType::Group)]) };
    assert_eq!(shared(&grouped), note);
    let hashed = SplitBy::HashOf(vec![name("patient")]);
    assert_eq!(shared(&DataSpec { test: 0.2, split_by: hashed, ..grouped.clone() }), note);
    // Also when the rows are on disk.
    let kept = DataSpec { memory: Bytes(1), ..grouped.clone() };
    assert_eq!(shared(&kept), note);
    files.write("t.csv", patients().replace("p19,", "p20,"));
    assert_eq!(shared(&kept), "v.csv: 2 of 5 rows are of 1 group that the training file has, too");
    assert_eq!(shared(&DataSpec { valid_path: valid("1,new,a,1\n"), ..grouped.clone() }), "");
    let without = files.write("w.csv", "x,y,kind\n1,1,a\n");
    assert_eq!(shared(&DataSpec { valid_path: Some(without.into()), ..grouped }), "");
}

#[test]
fn contradictory_ways_to_split_are_refused() {
    let content = "g,part,x,kind\n1,train,1,a\n2,valid,2,b\n";
    let refused = |spec: &DataSpec| {
        let error = load(content, spec).expect_err("it contradicts itself");
        assert_eq!(error.category(), ErrorCategory::Config, "{error}");
        message(content, spec)
    };
    let named = spec(&[("part", ColumnType::Split)]);
    let twice = "t.csv: column \"part\" assigns rows to train, valid and test, so data.valid, data.test, data.split_by and a group column cannot be used";
    let hash = |column: &str| SplitBy::HashOf(vec![name(column)]);
    assert_eq!(refused(&DataSpec { valid: 0.2, ..named.clone() }), twice);
    assert_eq!(refused(&DataSpec { split_by: hash("x"), ..named.clone() }), twice);
    assert_eq!(refused(&spec(&[("part", ColumnType::Split), ("g", ColumnType::Group)])), twice);
    assert_eq!(
        refused(&DataSpec { test_path: Some("u.csv".into()), ..named }),
        "t.csv: column \"part\" assigns rows to train, valid and test; remove data.test_path, or ignore the column"
    );
    let ignored = ("part", ColumnType::Ignore);
    assert_eq!(
        refused(&DataSpec { valid: 0.2, split_by: hash("x"), ..spec(&[ignored, ("g", ColumnType::Group)]) }),
        "t.csv: data.split_by: rows of a group of \"g\" could be separated; hash the group column alone, or ignore it"
    );
    assert_eq!(
        refused(&DataSpec { valid: 0.2, split_by: hash("kind"), ..spec(&[ignored]) }),
        "t.csv: data.split_by: cannot split by \"kind\", which is the label, a target or the weight"
    );
    assert_eq!(
        refused(&DataSpec { valid: 0.2, split_by: hash("id"), ..spec(&[ignored]) }),
        "t.csv: data.split_by = \"id\": there is no such column; the columns are \"g\", \"part\", \"x\", \"kind\""
    );
    assert_eq!(
        refused(&DataSpec { valid: 0.2, test: 0.2, ..spec(&[ignored, ("g", ColumnType::Group)]) }),
        "t.csv: 2 groups cannot be split into 3 parts, as the rows of a group stay together"
    );
    assert_eq!(
        refused(&spec(&[("part", ColumnType::Group), ("g", ColumnType::Group)])),
        "t.csv: columns \"g\" and \"part\" are both the group; only one can be"
    );
}

#[test]
fn holdout_rows_equal_to_training_rows_are_counted() {
    let rows: String = (0..40).map(|row| format!("{},{}\n", row / 2, row / 2 % 2)).collect();
    let files = Files::new();
    let content = format!("x,kind\n{rows}");
    let path = files.write("t.csv", &content);
    let own = files.write("v.csv", "x,kind\n0,0\n1,0\n1.0,1\n18.5,1\n");
    let notes = |spec: DataSpec| {
        let table =
            Dataset::load(&DataSpec { label: Some(name("kind")), ..spec }).expect("it is well-formed");
        table.prepare::<f32>(1, None).expect("there are rows").notes
    };
    assert_eq!(
        notes(DataSpec { path: path.as_path().into(), valid_path: Some(own.into()), ..DataSpec::default() }),
        ["2 of 4 validation rows are also among the training rows, value by value"]
    );
    let shared = notes(DataSpec { path: path.as_path().into(), valid: 0.25, ..DataSpec::default() });
    assert!(shared[0].ends_with("of 10 validation rows are also among the training rows, value by value"));
    // With a key, equal rows stay together.
    let split_by = SplitBy::HashOf(vec![name("x")]);
    assert_eq!(
        notes(DataSpec { path: path.into(), valid: 0.25, split_by, ..DataSpec::default() }),
        Vec::<String>::new()
    );
}

#[test]
fn equal_rows_need_equal_targets_and_include_test_rows() {
    let files = Files::new();
    let spec = DataSpec {
        path: files.write("t.csv", "x,y\n1,5\n2,6\n").into(),
        valid_path: Some(files.write("v.csv", "x,y\n1,5\n2,7\n").into()),
        test_path: Some(files.write("u.csv", "x,y\n2,6\n1,5.0\n1.5,9\n").into()),
        target: crate::data::ColumnRefs(vec![name("y")]),
        ..DataSpec::default()
    };
    let table = Dataset::load(&spec).expect("it is well-formed");
    assert_eq!(
        table.prepare::<f32>(1, None).expect("there are rows").notes,
        [
            "1 of 2 validation rows are also among the training rows, value by value",
            "2 of 3 test rows are also among the training rows, value by value"
        ]
    );
}
