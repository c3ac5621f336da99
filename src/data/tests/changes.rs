//! Files that change while they are read.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::data::csv::dialect::{CsvFormat, ReadOptions};
use crate::data::csv::file::CsvFile;
use crate::data::csv::missing::{CellFormat, Markers};
use crate::data::schema::survey::SurveyedRows;
use crate::data::source::paths::DataPaths;
use crate::data::tests::*;
use crate::data::{BadRows, ErrorCategory, Profile, RowStream};

const CHANGED: &str = "t.csv: changed while it was read; try again when nothing writes to it";

/// A change of a file at a path.
type Change = fn(&Path);

fn append(path: &Path) {
    let file = fs::OpenOptions::new().append(true).open(path);
    file.and_then(|mut file| file.write_all(b"5,c\n")).expect("it can be written");
}

fn truncate(path: &Path) {
    fs::OpenOptions::new().write(true).truncate(true).open(path).expect("it can be opened");
}

fn tear(path: &Path) {
    fs::write(path, "x,kind\n1,a\n2,b\n3,\"a\n").expect("it can be written");
}

fn rows() -> String {
    let rows: String = (0..200).map(|row| format!("{row}.5,{}\n", ["a", "b"][row % 2])).collect();
    format!("x,kind\n{rows}")
}

/// Those of both columns.
fn markers() -> (Vec<Markers>, Vec<u32>) {
    Markers::of_columns(CellFormat::of(&spec()), [None, None])
}

/// Chunks so small that most of the file is read after it was opened.
fn open(path: &Path) -> CsvFile {
    let reading = ReadOptions { chunk: 64, ..ReadOptions::default() };
    let format = CsvFormat::new(&spec(), reading).expect("a format");
    CsvFile::open(&DataPaths::from(path).files().expect("no pattern"), format, &[])
        .expect("it can be read so far")
}

#[test]
fn a_file_that_changes_during_a_pass_is_refused() {
    let files = Files::new();
    let changes: [Change; 3] = [append, truncate, tear];
    for change in changes {
        let path = files.write("t.csv", rows());
        let file = open(&path);
        change(&path);
        let error =
            file.survey(markers(), vec![10, 10], SurveyedRows::Weighted(None)).expect_err("it was changed");
        assert_eq!((files.message_of(&error), error.category()), (CHANGED.to_owned(), ErrorCategory::Data));
    }
}

#[test]
fn a_file_that_changes_while_it_is_streamed_is_refused() {
    let files = Files::new();
    let encoding = load(rows(), &spec()).expect("it can be read").prepare::<f32>(1, None).expect("it fits");
    let changes: [Change; 3] = [append, truncate, tear];
    for change in changes {
        let path = files.write("t.csv", rows());
        let reading = ReadOptions { chunk: 64, ..ReadOptions::default() };
        let stream = RowStream::open_as(
            &path.as_path().into(),
            &encoding.data.encoding,
            &[],
            BadRows::Refuse,
            reading,
        );
        change(&path);
        let one = std::num::NonZeroUsize::MIN;
        let ran = stream.expect("it can be read").run(one, |_: &mut (), _| Ok(()), |(), _| Ok::<_, ()>(()));
        match ran {
            Err(crate::data::StreamError::Data(error)) => assert_eq!(files.message_of(&error), CHANGED),
            other => panic!("accepted: {other:?}"),
        }
    }
}

/// Each file is watched for as long as it is read, and the one that changes is named.
#[test]
fn the_file_of_several_that_changes_is_named() {
    let files = Files::new();
    let encoding = load(rows(), &spec()).expect("it can be read").prepare::<f32>(1, None).expect("it fits");
    let [first, second] = ["s.csv", "t.csv"].map(|name| files.write(name, rows()));
    let paths: DataPaths = [first.clone(), second.clone()].into_iter().collect();
    let reading = ReadOptions { chunk: 64, ..ReadOptions::default() };
    let stream = RowStream::open_as(&paths, &encoding.data.encoding, &[], BadRows::Refuse, reading);
    let mut rows_read = 0;
    let ran = stream.expect("it can be read").run(
        std::num::NonZeroUsize::MIN,
        |_: &mut (), chunk| Ok(chunk.rows()),
        |rows, _| {
            rows_read += rows;
            // The first file is read, so that it may change.
            if rows_read > 250 && rows_read < 260 {
                append(&first);
                append(&second);
            }
            Ok::<_, ()>(())
        },
    );
    match ran {
        Err(crate::data::StreamError::Data(error)) => assert_eq!(files.message_of(&error), CHANGED),
        other => panic!("accepted: {other:?}"),
    }
    // Between two readings.
    let spec = DataSpec { path: paths, ..spec() };
    let before = Dataset::load(&spec).expect("it can be read");
    append(&second);
    let after = Dataset::load(&spec).expect("it can be read");
    assert_eq!(files.message_of(&after.expect_same_files(&before).expect_err("it was changed")), CHANGED);
}

#[test]
fn data_sets_and_summaries_of_different_versions_of_a_file_are_refused() {
    let files = Files::new();
    let path = files.write("t.csv", rows());
    let spec = DataSpec { path: path.as_path().into(), ..spec() };
    let before = Dataset::load(&spec).expect("it can be read");
    let profile = Profile::of(&spec).expect("it can be read");
    assert!(before.expect_same(&profile).is_ok());
    append(&path);
    append(&path);
    let after = Dataset::load(&spec).expect("it can be read");
    for refused in [after.expect_same_files(&before), after.expect_same(&profile)] {
        assert_eq!(files.message_of(&refused.expect_err("it was changed")), CHANGED);
    }
}

#[test]
fn a_survey_takes_bounded_memory() {
    let files = Files::new();
    let path = files.write("t.csv", rows());
    for (surveyed, survey) in [(SurveyedRows::Weighted(None), 10_000), (SurveyedRows::AllHashed, 15_000)] {
        for (survey, is_enough) in [(survey, false), (2 * survey, true)] {
            let reading = ReadOptions { survey, chunk: 64, ..ReadOptions::default() };
            let format = CsvFormat::new(&spec(), reading).expect("a format");
            let of_path = DataPaths::from(path.as_path()).files().expect("no pattern");
            let file = CsvFile::open(&of_path, format, &[]).expect("it can be read so far");
            let found = file.survey(markers(), vec![1000, 1000], surveyed);
            let message = format!(
                "t.csv: its distinct values need more than {survey} bytes, which is the limit; use fewer rows or columns"
            );
            let error = found.err().map(|error| (files.message_of(&error), error.category()));
            assert_eq!(error, (!is_enough).then_some((message, ErrorCategory::Limit)), "{survey}");
        }
    }
}

#[test]
fn a_file_that_stays_the_same_is_read() {
    let files = Files::new();
    let path = files.write("t.csv", rows());
    // Another name, and reading it, change nothing.
    let file = open(&path);
    fs::rename(&path, path.with_extension("moved")).expect("it can be renamed");
    assert_eq!(
        file.survey(markers(), vec![10, 10], SurveyedRows::Weighted(None)).expect("it is the same").rows,
        200
    );
}
