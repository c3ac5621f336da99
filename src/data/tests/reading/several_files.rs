//! Several files as one table, in chunks of any size: the rows of one file, and the same error.

use std::num::NonZeroUsize;

use crate::data::DataPaths;
use crate::data::csv::dialect::ReadOptions;
use crate::data::tests::*;

/// The table of files with these contents, read in chunks of this size.
fn table_of(
    files: &Files,
    contents: &[&[u8]],
    spec: &DataSpec,
    chunk: usize,
    threads: usize,
) -> Result<Dataset, String> {
    let paths: DataPaths = contents
        .iter()
        .enumerate()
        .map(|(number, content)| files.write(&format!("{number}.csv"), content))
        .collect();
    let threads = NonZeroUsize::new(threads).expect("at least one");
    let reading = ReadOptions { chunk, threads, ..ReadOptions::default() };
    Dataset::load_as(&DataSpec { path: paths, ..spec.clone() }, reading)
        .map_err(|error| files.message_of(&error))
}

/// The bits of the numbers, the labels and the names.
fn shown(table: &Dataset) -> String {
    let bits: Vec<u64> = numbers(&table.main).iter().map(|number| number.to_bits()).collect();
    format!("{bits:?} {:?} {:?} {:?}", table.main.labels(), table.classes(), table.schema.columns)
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// Each with its own line ends, byte order mark, comments, and blank lines at its end; one has no rows.
#[test]
fn files_may_be_written_in_different_ways() {
    let spec = DataSpec { comment: Some(Mark(Some('#'))), ..spec() };
    for [p, q, r, s, t] in [["1", "-3", "5", "7", "9"], ["red", "blue", "red", "green", "blue"]] {
        let parts = [
            format!("x,y,kind\n{p},2.5,a\n{q},4e2,b\n\n \n").into_bytes(),
            format!("\u{feff}x,y,kind\r\n{r},6,a").into_bytes(),
            b"x,y,kind".to_vec(),
            utf16(&format!("x,y,kind\n{s},8,\"b\"\n")),
            format!("# one\nx,y,kind\r# two\r{t},1,a\r# three").into_bytes(),
            b"x,y,kind\n\n".to_vec(),
        ];
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let whole = format!("x,y,kind\n{p},2.5,a\n{q},4e2,b\n{r},6,a\n{s},8,b\n{t},1,a\n");
        let files = Files::new();
        let expected = table_of(&files, &[whole.as_bytes()], &spec, 1 << 20, 1).expect("it loads");
        for chunk in (1..60).chain([1 << 20]) {
            for threads in [1, 3] {
                let table = table_of(&files, &parts, &spec, chunk, threads).expect("they load");
                assert_eq!(shown(&table), shown(&expected), "{chunk} bytes at a time on {threads} threads");
            }
        }
    }
}

/// The first error in the order of the files; nothing in another file explains it.
#[test]
fn the_error_does_not_depend_on_the_chunk_size() {
    let first: &[u8] = b"x,y,kind\n1,2,a\n3,4,b\n5,6,a\n";
    // In any other encoding, this would explain the whole file.
    let last: &[u8] = b"x,y,kind\n1,\xff,a\n";
    let cases: [(&[u8], &str); 6] = [
        (
            b"x,y,kind\n1,2,a\n\n3,4,b\n",
            "1.csv:3: blank line; remove it (only the end of the file may have blank lines)",
        ),
        (b"x,y,kind\n1,2,a\n1,2\n3,4,b\n", "1.csv:3:3: expected 3 fields as in line 1, found 2"),
        (b"x,y,kind\n1,2,a\n1,\"2,a\n3,4,b\n", "1.csv:3:3: the quote that opens here is never closed"),
        (
            b"x,z,kind\n1,2,a\n",
            "1.csv:1, column \"y\" (index 1): the name here is \"z\", and \"y\" in 0.csv; files that are read as one table \
             need the same columns in the same order",
        ),
        (b"", "1.csv: empty"),
        (
            b"x,y,kind\n1,2,a\n1,2\n3,\xe4,b\n",
            "1.csv:4: not UTF-8: byte 0xE4 at byte 21 of the file; save it as UTF-8, for example, if it is",
        ),
    ];
    for (content, expected) in cases {
        let files = Files::new();
        for chunk in (1..60).chain([1 << 20]) {
            for threads in [1, 3] {
                let found = table_of(&files, &[first, content, last], &spec(), chunk, threads);
                let found = found.err().unwrap_or_default();
                assert!(found.starts_with(expected), "{chunk} bytes at a time on {threads} threads: {found}");
            }
        }
    }
}
