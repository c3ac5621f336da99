//! Reading in small chunks on several threads: the result does not depend on chunk boundaries.

use std::num::NonZeroUsize;

use proptest::prelude::*;

use crate::data::csv::dialect::ReadOptions;
use crate::data::limits::MAX_RECORD_BYTES;
use crate::data::tests::*;
use crate::data::{ColumnSpec, ColumnType};

fn in_chunks(path: PathBuf, spec: &DataSpec, chunk: usize, threads: usize) -> Result<Dataset, DataError> {
    let threads = NonZeroUsize::new(threads).expect("at least one");
    Dataset::load_as(
        &DataSpec { path: path.into(), ..spec.clone() },
        ReadOptions { chunk, threads, ..ReadOptions::default() },
    )
}

/// The bits of every number and the `Debug` text of everything else; or the error.
fn shown(files: &Files, table: Result<Dataset, DataError>) -> Result<String, String> {
    let table = table.map_err(|error| files.message_of(&error))?;
    let bits: Vec<u64> = numbers(&table.main).iter().map(|number| number.to_bits()).collect();
    let source = (table.sha256().to_owned(), &table.main.source.files[0].bytes, table.notes().len());
    Ok(format!("{bits:?} {:?} {:?} {:?} {source:?}", table.main.labels(), table.classes(), table.features()))
}

/// Fails unless a file in many chunks is the same as in one.
#[track_caller]
fn check(content: &[u8], spec: &DataSpec, chunks: impl IntoIterator<Item = usize>) -> Result<String, String> {
    let files = Files::new();
    let path = files.write("t.csv", content);
    let whole = shown(&files, in_chunks(path.clone(), spec, 1 << 20, 1));
    for chunk in chunks {
        for threads in [1, 3] {
            let cut = shown(&files, in_chunks(path.clone(), spec, chunk, threads));
            let content = String::from_utf8_lossy(&content[..content.len().min(500)]);
            assert_eq!(cut, whole, "{chunk} bytes at a time on {threads} threads: {content:?}");
        }
    }
    whole
}

#[test]
fn a_chunk_boundary_may_be_anywhere() {
    let forms = [
        "x,y,kind\n1,2.5,a\n-3,4e2,b\n5,6,a\n",
        "x,y,kind\r\n1,2.5,a\r\n-3,4e2,b\r\n5,6,a\r\n\r\n \r\n",
        "x,y,kind\r1,2.5,a\r-3,4e2,b\r5,6,a\r\r",
        "x,y,kind\n1,2.5,a\r\n-3,4e2,b\r5,6,a",
        "\u{feff}x,\"y\n\"\"z\"\"\",kind\n1,2.5,\"a\r\nb, c\"\n\"\"\"\".5,4e2,b\n",
        "x,é\u{1f600},kind\n1,2.5,\u{1f600}\n-3,4e2,é\n0.1,1e9,é\n",
        "x,y,kind\n1,2.5,\"a\n\"\n-3,4e2,\"\"\"\n\"\n5,6,\"\r\n\"\n5,6,\"\r\"\r\n",
    ];
    for (index, form) in forms.iter().enumerate() {
        let whole = check(form.as_bytes(), &spec(), 1..=form.len() + 1);
        assert_eq!(whole.is_ok(), index != 4, "{whole:?}");
    }
}

/// Such as those of inches.
#[test]
fn quotes_before_the_table_need_not_be_closed() {
    let table = "x,y,kind\n1,2.5,\"a\nb\"\n-3,4,\"c\nd\"\n5,6,\"a\nb\"\n";
    let commented = DataSpec { comment: Some(Mark(Some('#'))), ..spec() };
    for (line, spec) in [
        ("a 5\" pipe", DataSpec { skip_rows: Some(1), ..spec() }),
        ("# a 5\" pipe", commented.clone()),
        ("\u{feff}# a 5\" pipe", commented),
    ] {
        let content = format!("{line}\n{table}");
        let whole = check(content.as_bytes(), &spec, 1..=content.len() + 1);
        assert!(whole.is_ok(), "{whole:?}");
    }
}

#[test]
fn a_blank_line_is_reported_with_its_line_in_the_file() {
    // A file with words is surveyed first, one with declared columns never is.
    let number = ColumnSpec { column_type: Some(ColumnType::Numeric), ..ColumnSpec::default() };
    let declared = DataSpec { columns: [("x".to_owned(), number)].into(), ..spec() };
    for (cell, spec) in [("1", spec()), ("red", spec()), ("1", declared)] {
        let content = format!("x,kind\n{cell},a\n{cell},b\n\n \n{cell},a\n");
        let result = check(content.as_bytes(), &spec, 1..=content.len() + 1);
        let expected = "t.csv:4: blank line; remove it (only the end of the file may have blank lines)";
        assert_eq!(result, Err(expected.to_owned()));
    }
}

/// However long these are.
#[test]
fn lines_before_the_table_are_no_blank_lines() {
    let skips = DataSpec { skip_rows: Some(2), ..spec() };
    for length in [1, 600_000] {
        let content = format!("{}\n", "x".repeat(length)).repeat(2) + &"\n".repeat(300_000);
        let result = check(content.as_bytes(), &skips, [1 << 18, 1 << 19]);
        let expected = "t.csv:1: data.skip_rows = 2 leaves out the whole file, which has 2 lines".to_owned();
        assert_eq!(result, Err(expected), "{length}");
    }
}

#[test]
fn a_byte_order_mark_does_not_make_a_record_too_long() {
    let name = "x".repeat(MAX_RECORD_BYTES - ",kind".len());
    let content = format!("\u{feff}{name},kind\n1,a\n2,b\n");
    let result = check(content.as_bytes(), &spec(), [MAX_RECORD_BYTES + 1, MAX_RECORD_BYTES + 2]);
    assert!(result.is_ok(), "{}", result.err().unwrap_or_default());
}

#[test]
fn errors_do_not_depend_on_the_chunk_size() {
    let rows = "1,2,a\r\n3,4,\"b\nc\"\n".repeat(3);
    let at_the_end: [&[u8]; 20] = [
        b"5,6\n7,8,a\n",
        b"5,x,a\n7,8\n",
        b"5,6,a,\n",
        b"\n\n \n5,6,a\n",
        b"\n#5,6,a\n",
        b"#5,6,a\n1,2\n",
        b"5,6,\"a\n7,8,b\n9,10,c\n",
        b"5,6,a\"\n7,8,b\n9,\"10\",c\n",
        b"5,6,\"a\n\"\"\nb\n\"c,8\n9,10,c\n",
        b"5,6,a\0\n7,8,b\n",
        b"5,x,a\n7,8,b\0\n\xff,1,1\n",
        b"5,6,\xc3\n7,8,b\n",
        b"5,x,\xc3\xa9\n7,8,b\xff\n",
        b"5,6,NA\n7,8,b\n",
        b"5,1e39,NA\n7,8,b\n",
        b",6,\n7,8,b\n",
        b"5,6,b\n7,\"8\n,b\n",
        b"7,\"8\n\",b\n",
        b"5,6,b\r7,\"8\r\"\r,b\n",
        b"\n\n\n\"\"\n",
    ];
    for end in at_the_end {
        let content = [b"x,y,kind\n", rows.as_bytes(), end].concat();
        let refused = check(&content, &spec(), 1..=content.len());
        assert!(refused.is_err(), "{:?}", String::from_utf8_lossy(end));
    }
    let labels = ["1.5", "01", "a"].map(|label| format!("x,kind\n1,1\n2,2\n3,1\n4,{label}\n5,2\n"));
    let refused = labels.map(|content| check(content.as_bytes(), &spec(), 1..=content.len()).is_err());
    assert_eq!(refused, [true, true, false]);
}

#[test]
fn large_files_are_split_into_chunks_of_the_default_size() {
    let row = |row: usize| format!("{row},{},0.{row},{}\n", row % 256, row % 10);
    let rows: String = (0..60_000).map(row).collect();
    let usual = ReadOptions::default().chunk;
    let whole = check(format!("a,b,c,kind\n{rows}").as_bytes(), &spec(), [usual, 1000]);
    assert!(rows.len() > 3 * usual && whole.is_ok());
    let refused = check(format!("a,b,c,kind\n{rows}1,2,3,\"4\n{rows}").as_bytes(), &spec(), [usual]);
    assert_eq!(refused.unwrap_err(), "t.csv:60002:7: the quote that opens here is never closed");
}

#[test]
fn an_unseen_class_before_another_error_is_reported() {
    for (rows, line) in [("1,c\nx,a\n", 3), ("x,a\n1,c\n", 3), ("1,a\n1,c\nx,c\n", 4)] {
        let files = Files::new();
        let valid_path = Some(files.write("v.csv", format!("x,kind\n2,a\n{rows}")).into());
        let spec = DataSpec { valid_path, ..spec() };
        let path = files.write("t.csv", "x,kind\n1,a\n2,b\n");
        for chunk in [2, 8, 100] {
            let error = in_chunks(path.clone(), &spec, chunk, 2).expect_err("there is a fault");
            assert_eq!(error.line(), Some(line), "{error}");
            assert_eq!(error.to_string().contains("does not occur"), !rows.starts_with('x'), "{error}");
        }
    }
}

#[test]
fn record_boundaries_respect_comments_and_quotes() {
    let comment = |mark| Some(Mark(Some(mark)));
    let commented = DataSpec { comment: comment('#'), ..spec() };
    for content in [
        "# made \"by\" hand, don't\n# \"\nx,y,kind\n1,2.5,a\n# \" \r\n-3,4e2,\"b\n# no comment\n\"\n#end",
        "\u{feff}# mark\r\n#\r\nx,y,kind\r\n#\r\n1,2.5,a\r\n-3,4e2,\"#\r\n#\"\r\n\r\n# \"\r\n\r\n",
        "#\r#\rx,y,kind\r1,2.5,#\r-3,4e2,b\r#",
    ] {
        let whole = check(content.as_bytes(), &commented, 1..=content.len() + 1);
        assert!(whole.is_ok(), "{whole:?}");
    }
    for content in ["#a\n#b", "#\n\nx,y\n1,a\n2,b\n", "x,y\n1,a\n#\n\n#\n2,b\n", "#\nx,y\n1,a\n#\n2\n"] {
        assert!(check(content.as_bytes(), &commented, 1..=content.len() + 1).is_err(), "{content:?}");
    }
    let quoted = DataSpec { quote: Mark(Some('\'')), comment: comment('|'), ..spec() };
    let content = "x,kind\n|it's\n1,'a\n\"|'\n2,'it''s\n'\n3,b\"\n";
    assert!(check(content.as_bytes(), &quoted, 1..=content.len() + 1).is_ok());
    let unquoted = DataSpec { quote: Mark(None), ..spec() };
    let content = "x,kind\n1,\"a\n2,b\"\n3,\"\"\n";
    assert!(check(content.as_bytes(), &unquoted, 1..=content.len() + 1).is_ok());
}

proptest! {
    #[test]
    fn text_with_comments_does_not_depend_on_the_chunk_size(
        text in "[12ab,\"\n\r #é|]{0,40}", quote in 0..3_usize, chunk in 1..50_usize,
    ) {
        let quote = Mark([Some('"'), Some('|'), None][quote]);
        let spec = DataSpec { quote, comment: Some(Mark(Some('#'))), ..without_header() };
        let _ = check(format!("1,2\n{text}").as_bytes(), &spec, [chunk]);
    }

    #[test]
    fn text_does_not_depend_on_the_chunk_size(text in "x,y\n[12ab,\"\n\r #é]{0,40}", chunk in 1..50_usize) {
        let _ = check(text.as_bytes(), &spec(), [chunk]);
    }

    #[test]
    fn bytes_do_not_depend_on_the_chunk_size(bytes in prop::collection::vec(any::<u8>(), 0..60), chunk in 1..70_usize) {
        let _ = check(&bytes, &without_header(), [chunk]);
    }

    /// Most of these are well-formed.
    #[test]
    fn tables_do_not_depend_on_the_chunk_size(
        rows in prop::collection::vec(("-?[0-9]{1,3}(\\.[0-9]{1,2})?", "[ab]|\"[ab\r\n,]{0,4}\"|é", "\n|\r\n|\r"), 2..12),
        chunk in 1..80_usize,
    ) {
        let rows: String = rows.iter().map(|(x, label, end)| format!("{x},{label}{end}")).collect();
        let _ = check(format!("x,y\n{rows}").as_bytes(), &spec(), [chunk]);
    }
}
