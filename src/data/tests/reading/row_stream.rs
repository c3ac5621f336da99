//! Streaming rows: the result does not depend on chunk boundaries.

use std::convert::Infallible;
use std::num::NonZeroUsize;

use crate::data::csv::dialect::ReadOptions;
use crate::data::schema::mapping::ColumnMapping;
use crate::data::tests::*;
use crate::data::{BadRows, Encoding, Role, RowStream, StreamError};

/// Two numeric columns, one of them imputed; a categorical column, an id and a label.
fn encoding() -> Encoding {
    let content = "id,x,word,y,kind\n1,1,red,1,a\n2,2,blue,,b\n3,3,red,3,a\n4,4,red,5,b\n";
    let spec = DataSpec { missing: crate::data::MissingPolicy::Refuse, ..spec() };
    let columns = [
        (
            "id",
            crate::data::ColumnSpec { column_type: Some(crate::data::ColumnType::Id), ..Default::default() },
        ),
        (
            "y",
            crate::data::ColumnSpec { missing: Some(crate::data::MissingPolicy::Mean), ..Default::default() },
        ),
    ];
    let columns = columns.map(|(name, column)| (name.to_owned(), column)).into_iter().collect();
    let table = load(content, &DataSpec { columns, ..spec }).expect("the table loads");
    table.prepare::<f64>(0, None).expect("it can be encoded").data.encoding
}

/// Every row of a file read in chunks of `size` bytes, then its line ends if they are mixed; or what is
/// wrong with the file.
fn rows(content: &[u8], bad_rows: BadRows, size: usize, threads: usize) -> Result<Vec<String>, String> {
    let files = Files::new();
    let path = files.write("t.csv", content);
    let describe = |error: &DataError| files.message_of(error);
    let reading = ReadOptions { chunk: size, ..ReadOptions::default() };
    let stream = RowStream::open_as(&path.as_path().into(), &encoding(), &[Role::Id], bad_rows, reading);
    let mut rows = Vec::new();
    let threads = NonZeroUsize::new(threads).expect("at least one");
    let ended = stream.map_err(|error| describe(&error))?.run(
        threads,
        |_: &mut (), chunk| {
            let row = |row| {
                let unseen: Vec<usize> = chunk.unseen(row).collect();
                let problem = chunk.problem(row).map(ToString::to_string);
                let values = if problem.is_some() { &[] } else { chunk.values(row) };
                let cells = chunk.cells(row);
                format!(
                    "{values:?} {cells:?} {unseen:?} {problem:?} {:?} {:?}",
                    chunk.record(row),
                    chunk.fields(row)
                )
            };
            Ok((0..chunk.rows()).map(row).collect::<Vec<_>>())
        },
        |of_chunk, _| {
            rows.extend(of_chunk);
            Ok::<(), Infallible>(())
        },
    );
    match ended {
        Ok(line_ends) => {
            rows.extend(line_ends.mixed_line_ends);
            Ok(rows)
        }
        Err(StreamError::Data(error)) => Err(describe(&error)),
        Err(StreamError::Consumer(never)) => match never {},
    }
}

#[test]
fn rows_do_not_depend_on_the_chunk_size() {
    let good = "y,id,word,x\n1,\"a,\",red,-2.5\r\n,b,green,4e2\n3,\"c\nd\", blue ,5\r6,,red,7\n\n";
    let whole = rows(good.as_bytes(), BadRows::Refuse, 1 << 20, 1).expect("good rows");
    assert_eq!(
        whole[..2],
        [
            r#"[-2.5, 1.0, 1.0] ["a,"] [] None ("1,\"a,\",red,-2.5", false) ["1", "a,", "red", "-2.5"]"#,
            r#"[400.0, 2.0, NaN] ["b"] [1] None (",b,green,4e2", true) ["", "b", "green", "4e2"]"#,
        ]
    );
    assert_eq!(whole[4..], ["LF and CRLF and CR"]);
    for chunk in 1..=good.len() + 1 {
        for threads in [1, 3] {
            assert_eq!(
                rows(good.as_bytes(), BadRows::Refuse, chunk, threads).as_ref(),
                Ok(&whole),
                "{chunk}"
            );
        }
    }
}

#[test]
fn errors_do_not_depend_on_the_chunk_size() {
    let start = "y,id,word,x\n1,a,red,1\n2,\"b\n\",red,2\n";
    for (end, expected) in [
        (
            "3,c,red,\n",
            "t.csv:5, column \"x\" (index 3): missing value; the model was trained without imputation for this column: fill it in",
        ),
        ("3,c,red,1\n4,d,red\n", "t.csv:6:5: expected 4 fields as in line 1, found 3"),
        ("3,\"c,red,1\n", "t.csv:5:3: the quote that opens here is never closed"),
        ("\n\n3,c,red,1\n", "t.csv:5: blank line; remove it (only the end of the file may have blank lines)"),
    ] {
        let content = format!("{start}{end}");
        for chunk in 1..=content.len() + 1 {
            for threads in [1, 3] {
                let found = rows(content.as_bytes(), BadRows::Refuse, chunk, threads);
                assert_eq!(found, Err(expected.to_owned()), "{chunk} bytes on {threads} threads");
            }
        }
    }
}

#[test]
fn marked_bad_rows_do_not_end_the_stream() {
    let content = "y,id,word,x\n1,a,red,one\n2,b,red,2\nz,c,red,\n";
    let found = rows(content.as_bytes(), BadRows::Mark, 8, 2).expect("rows with problems");
    assert!(
        found[0].contains("column \\\"x\\\": \\\"one\\\" is not a number: the model takes only numbers here"),
        "{}",
        found[0]
    );
    assert!(found[1].starts_with("[2.0, 1.0, 2.0]"), "{}", found[1]);
    assert!(found[2].contains("column \\\"y\\\": \\\"z\\\" is not a number"), "{}", found[2]);
}

#[test]
fn a_feature_wins_over_an_ignored_column_of_the_same_name() {
    let spec = DataSpec { ignore: vec![ColumnRef::Index(0)], ..spec() };
    let table = load("x,x,kind\n1,2,a\n3,4,b\n", &spec).expect("the first x is ignored");
    let encoding = table.prepare::<f64>(0, None).expect("it can be encoded").data.encoding;
    let names = ["kind", "x"].map(str::to_owned);
    let matching = ColumnMapping::new(&encoding, &names, &[]).expect("the feature is there");
    assert_eq!((matching.features, matching.unknown), (vec![1], vec![]));
}
