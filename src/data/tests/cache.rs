//! The cache for rows that exceed `data.memory`.

use std::fs;
use std::path::Path;

use crate::data::tests::*;
use crate::data::{Bytes, ColumnSpec, ColumnType, ErrorCategory, SplitBy};

/// A table with everything that is cached: categories, missing values, groups, classes.
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
        path: path.to_owned(),
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
fn the_cache_gives_the_same_bits() {
    let files = Files::new();
    let path = files.write("t.csv", content(300));
    let cache = path.with_file_name("t.csv.bntrain-cache");
    let (in_memory, _) = seen(&spec(&path, 1 << 30));
    assert!(!cache.exists());

    let (first, notes) = seen(&spec(&path, 1));
    assert_eq!(first, in_memory);
    let shown = |notes: &[String]| notes.join("\n").replace(&format!("{}/", files.0.path().display()), "");
    assert!(
        shown(&notes).contains("the rows exceed data.memory; cached in t.csv.bntrain-cache (safe to delete)")
    );
    let written = fs::read(&cache).expect("it was written");

    // From now on the cache is read, as long as it is valid.
    for memory in [1, 1 << 30] {
        let (again, notes) = seen(&spec(&path, memory));
        assert_eq!(again, in_memory);
        assert!(shown(&notes).contains("reading t.csv from its cache t.csv.bntrain-cache"), "{notes:?}");
        assert_eq!(fs::read(&cache).expect("it is still there"), written);
    }
    let other_shares = DataSpec { test: 0.2, ..spec(&path, 1) };
    let (shared, notes) = seen(&other_shares);
    assert!(notes.concat().contains("from its cache"));
    assert_eq!(shared, seen(&DataSpec { memory: Bytes(1 << 30), ..other_shares }).0);
}

#[test]
fn the_cache_stays_valid_when_moved_with_its_source() {
    let (files, others) = (Files::new(), Files::new());
    let path = files.write("t.csv", content(60));
    let (first, _) = seen(&spec(&path, 1));
    let moved = others.0.path().join("u.csv");
    let cache = |path: &Path| path.with_extension("csv.bntrain-cache");
    fs::rename(&path, &moved)
        .and_then(|()| fs::rename(cache(&path), cache(&moved)))
        .expect("they can be moved");
    let table = Dataset::load(&spec(&moved, 1)).expect("the table loads");
    assert!(table.notes().concat().contains("from its cache"), "{:?}", table.notes());
    assert_eq!(table.sources().map(|source| source.path.as_path()).collect::<Vec<_>>(), [moved.as_path()]);
    assert_eq!(seen(&spec(&moved, 1)).0, first);
}

#[test]
fn a_stale_cache_is_written_again() {
    let files = Files::new();
    let path = files.write("t.csv", content(60));
    let cache = path.with_file_name("t.csv.bntrain-cache");
    let (_, _) = seen(&spec(&path, 1));
    let small = fs::read(&cache).expect("it was written");

    files.write("t.csv", content(90));
    let (larger, notes) = seen(&spec(&path, 1));
    assert!(notes.concat().contains("ignoring stale cache"), "{notes:?}");
    assert!(larger.contains("90,") && fs::read(&cache).expect("it was written") != small);

    let keys = DataSpec { missing: crate::data::MissingPolicy::DropRow, ..spec(&path, 1) };
    let (_, notes) = seen(&keys);
    assert!(notes.concat().contains("ignoring stale cache"), "{notes:?}");

    let mut damaged = fs::read(&cache).expect("it was written");
    damaged[100] ^= 1;
    fs::write(&cache, damaged).expect("it can be written");
    let (mended, notes) = seen(&keys);
    assert!(notes.concat().contains("ignoring damaged cache"), "{notes:?}");
    assert_eq!(mended, seen(&DataSpec { memory: Bytes(1 << 30), ..keys }).0);
}

#[test]
fn separate_files_have_separate_caches_with_targets_and_weights() {
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
        path: path.clone(),
        valid_path: Some(own.clone()),
        test: 0.2,
        split_by: SplitBy::HashOf(vec![name("id")]),
        columns: columns.clone().into(),
        memory: Bytes(memory),
        ..DataSpec::default()
    };
    let (in_memory, _) = seen(&spec(1 << 30));
    assert_eq!(seen(&spec(1)).0, in_memory);
    assert!(own.with_file_name("v.csv.bntrain-cache").is_file());
    let (again, notes) = seen(&spec(1));
    assert_eq!(again, in_memory);
    assert_eq!(notes.iter().filter(|note| note.contains("from its cache")).count(), 2, "{notes:?}");
}

#[test]
fn an_unwritable_cache_is_an_io_error() {
    let files = Files::new();
    let path = files.write("t.csv", content(60));
    fs::create_dir(path.with_file_name("t.csv.bntrain-cache")).expect("a folder can be made");
    let error = Dataset::load(&spec(&path, 1)).expect_err("a folder is in the way");
    assert_eq!(error.category(), ErrorCategory::Io);
    let message = files.message_of(&error);
    assert!(
        message.starts_with(
            "t.csv: its rows exceed data.memory = \"1 B\", and the cache t.csv.bntrain-cache cannot be written: "
        ),
        "{message}"
    );
    assert!(message.ends_with("it is a directory; fix that, or raise data.memory"), "{message}");
    assert_eq!(fs::read_dir(files.0.path()).expect("a folder").count(), 2, "nothing is left behind");
}

#[test]
fn a_foreign_file_is_never_overwritten_by_the_cache() {
    let files = Files::new();
    let path = files.write("t.csv", content(60));
    let cache = path.with_file_name("t.csv.bntrain-cache");
    for mine in [&b"notes"[..], b"notes that are longer than the mark", b"bntrain rows and more notes"] {
        fs::write(&cache, mine).expect("it can be written");
        let error = Dataset::load(&spec(&path, 1)).expect_err("it would be lost");
        assert_eq!(error.category(), ErrorCategory::Io);
        let message = "t.csv: its rows exceed data.memory = \"1 B\", and the cache t.csv.bntrain-cache would replace a \
                       file that was not written by bntrain; rename or delete it, or raise data.memory";
        assert_eq!(files.message_of(&error), message);
        assert_eq!(fs::read(&cache).expect("it is still there"), mine);
        assert_eq!(fs::read_dir(files.0.path()).expect("a folder").count(), 2, "nothing is left behind");
        seen(&spec(&path, 1 << 30));
    }
}

#[test]
fn a_damaged_cache_is_written_again() {
    let files = Files::new();
    let path = files.write("t.csv", content(60));
    let cache = path.with_file_name("t.csv.bntrain-cache");
    let (first, _) = seen(&spec(&path, 1));
    let whole = fs::read(&cache).expect("it was written");
    let cut = [0, 1, 15, 16, 17, whole.len() / 2, whole.len() - 1].map(|length| whole[..length].to_vec());
    let flipped = [0, 15, 16, whole.len() / 2, whole.len() - 17, whole.len() - 1].map(|place| {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        flipped
    });
    for damaged in cut.into_iter().chain(flipped) {
        fs::write(&cache, &damaged).expect("it can be written");
        let (again, notes) = seen(&spec(&path, 1));
        assert!(notes.concat().contains("ignoring damaged cache"), "{notes:?}");
        assert_eq!(again, first);
        assert_eq!(fs::read(&cache).expect("it was written"), whole, "{} bytes", damaged.len());
    }
}
