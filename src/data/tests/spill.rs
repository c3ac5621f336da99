//! Rows that exceed `data.memory`.

use std::path::Path;

use crate::data::tests::*;
use crate::data::{Bytes, ColumnSpec, ColumnType, ErrorCategory, SplitBy};

/// A table with everything that rows can have: categories, missing values, groups, classes.
fn content(rows: usize) -> String {
    let row = |row: usize| {
        let gap = if row % 7 == 3 { String::new() } else { format!("{}.{}", row % 31, row % 10) };
        format!(
            "{gap},{},c{},p{},{}\n",
            row * row % 1009,
            row % 5,
            row % 23,
            ["up", "down", "\"left\n\""][row % 3]
        )
    };
    let rows: String = (0..rows).map(row).collect();
    format!("x,y,c,patient,kind\n{rows}")
}

fn spec(path: &Path, memory: u64) -> DataSpec {
    let group = ColumnSpec { column_type: Some(ColumnType::Group), ..ColumnSpec::default() };
    DataSpec {
        path: path.into(),
        label: Some(name("kind")),
        columns: [("patient".to_owned(), group)].into(),
        missing: crate::data::MissingPolicy::Median,
        valid: 0.2,
        memory: Bytes(memory),
        ..DataSpec::default()
    }
}

/// Everything that training uses, and the notes.
fn seen(spec: &DataSpec) -> (String, Vec<String>) {
    let table = Dataset::load(spec).expect("the table loads");
    let mut seen = String::new();
    for seed in [1, 2] {
        let data = table.prepare::<f64>(seed, None).expect("it can be encoded").data;
        for rows in [Some(&data.train), data.valid.as_ref(), data.test.as_ref()].into_iter().flatten() {
            let bits: Vec<u64> = rows.to_array().iter().map(|x| x.to_bits()).collect();
            seen += &format!("{bits:?} {:?} {:?}\n", rows.targets(), rows.weights());
        }
        seen += &format!("{:?}", data.encoding);
    }
    let source = (table.sha256().to_owned(), table.rows(), table.classes().to_vec(), table.features());
    (format!("{seen}{source:?}"), table.notes().to_vec())
}

#[test]
fn rows_on_disk_have_the_same_bits() {
    let files = Files::new();
    let path = files.write("t.csv", content(300));
    let (in_memory, _) = seen(&spec(&path, 1 << 30));
    let (on_disk, notes) = seen(&spec(&path, 1));
    assert_eq!(on_disk, in_memory);
    let folder = files.0.path().display();
    let note = format!("the rows exceed data.memory; they are in a temporary file in {folder}");
    assert!(notes.contains(&note), "{notes:?}");
    let other_shares = DataSpec { test: 0.2, ..spec(&path, 1) };
    assert_eq!(seen(&other_shares).0, seen(&DataSpec { memory: Bytes(1 << 30), ..other_shares.clone() }).0);
}

/// Nothing can change or replace what has no name, and nothing is left of it.
#[test]
fn rows_on_disk_have_no_name() {
    let files = Files::new();
    let path = files.write("t.csv", content(60));
    let table = Dataset::load(&spec(&path, 1)).expect("the table loads");
    assert_eq!(table.bytes(), 0, "all are on disk");
    assert_eq!(std::fs::read_dir(files.0.path()).expect("a folder").count(), 1);
}

#[test]
fn separate_files_go_to_the_disk_with_targets_and_weights() {
    let files = Files::new();
    let rows = |seed: usize| -> String {
        (0..50).map(|row| format!("{},{}.5,{},r{row}\n", row * seed % 17, row, row % 4 + 1)).collect()
    };
    let own = files.write("v.csv", format!("x,price,w,id\n{}", rows(3)));
    let path = files.write("t.csv", format!("x,price,w,id\n{}", rows(5)));
    let column = |word| ColumnSpec { column_type: Some(word), ..ColumnSpec::default() };
    let columns = [
        ("price".to_owned(), column(ColumnType::Target)),
        ("w".to_owned(), column(ColumnType::Weight)),
        ("id".to_owned(), column(ColumnType::Id)),
    ];
    let spec = |memory| DataSpec {
        path: path.as_path().into(),
        valid_path: Some(own.as_path().into()),
        test: 0.2,
        split_by: SplitBy::HashOf(vec![name("id")]),
        columns: columns.clone().into(),
        memory: Bytes(memory),
        ..DataSpec::default()
    };
    let (in_memory, _) = seen(&spec(1 << 30));
    let (on_disk, notes) = seen(&spec(1));
    assert_eq!(on_disk, in_memory);
    assert_eq!(notes.iter().filter(|note| note.contains("exceed data.memory")).count(), 2, "{notes:?}");
}

/// The files of a process are in a folder that takes no others.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_cannot_be_written_is_an_io_error() {
    use std::os::fd::AsRawFd;

    let files = Files::new();
    let file = std::fs::File::open(files.write("t.csv", content(60))).expect("it can be opened");
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let error = Dataset::load(&spec(Path::new(&path), 1)).expect_err("nothing can be created there");
    assert_eq!(error.category(), ErrorCategory::Io);
    let message = error.to_string();
    let start = "its rows exceed data.memory = \"1 B\", and the temporary file for them in /proc/self/fd cannot be written: ";
    assert!(message.starts_with(&format!("{path}: {start}")), "{message}");
    assert!(message.ends_with("; make room there, or raise data.memory"), "{message}");
}
