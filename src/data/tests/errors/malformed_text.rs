//! Unusual files: each is parsed to the cells that other readers give, or refused with its line.

use std::path::Path;

use crate::data::csv::chunks::chunk::Chunk;
use crate::data::csv::chunks::file_chunks::FileChunks;
use crate::data::csv::dialect::{Comments, CsvFormat, Dialect, ReadOptions};
use crate::data::csv::parser::Parser;
use crate::data::csv::position::line_of;
use crate::data::error::{ErrorKind, Located};
use crate::data::limits::{MAX_QUOTED_BYTES, MAX_RECORD_BYTES};
use crate::data::tests::*;

/// The expected result for a file.
enum Outcome {
    /// Records and their cells; `|` separates cells.
    Cells(&'static [&'static str]),
    /// The line of the error and the start of its message.
    Refused(u64, &'static str),
}
use Outcome::{Cells, Refused};

/// Every cell of a file, read in chunks of `size` bytes.
fn cells(content: &[u8], spec: &DataSpec, size: usize) -> Result<Vec<Vec<String>>, Box<Located>> {
    let files = Files::new();
    let format = CsvFormat::new(spec, ReadOptions { chunk: size, ..ReadOptions::default() })
        .expect("the specification is sound");
    let mut chunks = FileChunks::open(&files.write("t.csv", content), format).expect("the file is there");
    let (mut records, mut lines, mut blank, mut chunk) = (Vec::new(), 0, None, Chunk::default());
    while chunks.next(&mut chunk).map_err(|error| error.below(lines))? {
        let text = chunk.text().map_err(|error| error.below(lines))?;
        let mut parser = Parser::new(text, format.dialect);
        let locate = |at: Box<crate::data::error::AtOffset>| at.located(text.as_bytes()).below(lines);
        while parser.next_record().map_err(locate)? {
            if let Some(line) = blank {
                return Err(Located::at_line(line, ErrorKind::BlankLine));
            }
            let mut record = Vec::new();
            loop {
                let field = parser.next_field().map_err(locate)?;
                record.push(parser.content(field).into_owned());
                if field.is_last {
                    break;
                }
            }
            records.push(record);
        }
        blank = blank.or(parser.blank_end().map(|offset| lines + line_of(text.as_bytes(), offset)));
        lines += chunk.lines();
    }
    Ok(records)
}

/// Checks files and their outcomes, in one chunk and in small ones, and reports all that differ.
fn check(cases: &[(&str, &[u8], Outcome)], spec: &DataSpec) {
    let mut wrong = Vec::new();
    for (what, content, outcome) in cases {
        for size in [1 << 20, 4] {
            let found = cells(content, spec, size)
                .map(|records| records.iter().map(|record| record.join("|")).collect::<Vec<_>>())
                .map_err(|error| error.error(Path::new("t.csv"), &[]));
            let is_right = match (&found, outcome) {
                (Ok(found), Cells(expected)) => found == expected,
                (Err(error), Refused(line, start)) => {
                    let text = error.to_string();
                    let message = text.split_once(": ").map_or("", |(_, message)| message);
                    error.line() == Some(*line) && message.starts_with(start)
                }
                _ => false,
            };
            if !is_right {
                wrong.push(format!("{what}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unusual_comma_separated_files_are_parsed_or_refused() {
    let cases: [(&str, &[u8], Outcome); 34] = [
        ("an empty file", b"", Cells(&[])),
        ("a lone line end", b"\n", Cells(&[])),
        ("a header only, without line end", b"a,b", Cells(&["a|b"])),
        ("no line end at the end", b"a,b\n1,2", Cells(&["a|b", "1|2"])),
        ("CR line ends", b"a,b\r1,2\r", Cells(&["a|b", "1|2"])),
        ("mixed line ends", b"a,b\r\n1,2\n3,4\r5,6", Cells(&["a|b", "1|2", "3|4", "5|6"])),
        ("a byte order mark", b"\xef\xbb\xbfa,b\n1,2\n", Cells(&["a|b", "1|2"])),
        ("a byte order mark and quotes", b"\xef\xbb\xbf\"a\",b\n", Cells(&["a|b"])),
        ("a byte order mark and a line end in quotes", b"\xef\xbb\xbf\"a\nc\",b\n", Cells(&["a\nc|b"])),
        ("a cell like another format", b"a,b\n1,2\nPAR1,3\n", Cells(&["a|b", "1|2", "PAR1|3"])),
        ("characters of four bytes", "a,b\n😄,é\n".as_bytes(), Cells(&["a|b", "😄|é"])),
        ("quoted delimiters", b"a,b\n\"1,2\",\"3,4\"\n", Cells(&["a|b", "1,2|3,4"])),
        ("doubled quotes", b"a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n", Cells(&["a|b", "say \"hi\"|\""])),
        ("JSON in a cell", b"a,b\n1,\"{\"\"x\"\": [1, 2]}\"\n", Cells(&["a|b", "1|{\"x\": [1, 2]}"])),
        ("empty and quoted empty cells", b"a,b,c\n,\"\",\n", Cells(&["a|b|c", "||"])),
        ("line ends in cells", b"a,b\n\"1\r\n2\",\"3\n\"\n", Cells(&["a|b", "1\r\n2|3\n"])),
        ("line ends in the header", b"\"a\n\",b\n1,2\n", Cells(&["a\n|b", "1|2"])),
        ("spaces around cells", b"a , b\n 1 ,\t2\n", Cells(&["a | b", " 1 |\t2"])),
        ("leading zeros", b"a,b\n007,0.10\n", Cells(&["a|b", "007|0.10"])),
        ("apostrophes", b"a,b\n'1,2'\n", Cells(&["a|b", "'1|2'"])),
        ("the same name twice", b"id,id\n1,2\n", Cells(&["id|id", "1|2"])),
        ("a delimiter too many", b"a,b,\n1,2,\n", Cells(&["a|b|", "1|2|"])),
        ("ragged records", b"a,b\n1\n1,2,3\n", Cells(&["a|b", "1", "1|2|3"])),
        ("a title above the table", b"Sales\na,b\n1,2\n", Cells(&["Sales", "a|b", "1|2"])),
        ("blank lines at the end", b"a,b\n1,2\n\n \t\n", Cells(&["a|b", "1|2"])),
        ("a blank line in the middle", b"a,b\n\n1,2\n", Refused(2, "blank line; remove it")),
        ("a blank line at the start", b"\r\na,b\n", Refused(1, "blank line; remove it")),
        ("a quote that is never closed", b"a,b\n1,\"2\n3,4\n", Refused(2, "the quote that opens here")),
        ("a quote in the middle of a cell", b"a,b\n1,2\"3\"\n", Refused(2, "quote inside an unquoted field")),
        ("a quote behind a space", b"a, \"b\"\n1,2\n", Refused(1, "quote inside an unquoted field")),
        (
            "text behind a closing quote",
            b"a,b\n\"1\n2\" ,3\n",
            Refused(3, "characters after the closing quote of the field that opened in line 2"),
        ),
        ("an escape by backslash", b"a,b\n\"1\\\"2\",3\n", Refused(2, "characters after the closing quote")),
        ("a NUL byte", b"a,b\n1,\0\n", Refused(2, "NUL byte")),
        (
            "a comment line",
            b"# made by hand\na,b\n",
            Refused(1, "the line starts with #; set `comment = \"\"`"),
        ),
    ];
    check(&cases, &DataSpec::default());
}

#[test]
fn unusual_encodings_are_parsed_or_refused() {
    let cases: [(&str, &[u8], Outcome); 7] = [
        ("UTF-16 with its mark", b"\xff\xfea\0,\0b\0\n\0", Cells(&["a|b"])),
        ("the other UTF-16", b"\xfe\xff\0a\0,\0b\0\n", Cells(&["a|b"])),
        ("Latin-1", b"a,b\n1,Malm\xf6\n", Refused(2, "not UTF-8: byte 0xF6")),
        ("Shift-JIS", b"\x96\xbc,b\n1,2\n", Refused(1, "not UTF-8: byte 0x96")),
        ("half a character", b"a,b\n1,2\n3,\xe3\x81\n", Refused(3, "not UTF-8: byte 0xE3")),
        ("a character that is too long", b"a,b\n\xc0\xaf,2\n", Refused(2, "not UTF-8: byte 0xC0")),
        ("packed under a plain name", b"\x1f\x8b\x08\0", Refused(1, "this is a gzip file")),
    ];
    check(&cases, &DataSpec::default());
}

#[test]
fn the_mark_at_the_end_of_a_text_for_dos_is_skipped() {
    let cases: [(&str, &[u8], Outcome); 4] = [
        ("one", b"a,b\r\n1,2\r\n\x1a", Cells(&["a|b", "1|2"])),
        ("many", b"a,b\n1,2\n\x1a\x1a\x1a\x1a\x1a", Cells(&["a|b", "1|2"])),
        ("at the end of a line", b"a,b\n1,2\x1a", Cells(&["a|b", "1|2"])),
        ("inside of the text", b"a,b\n\x1a,2\n", Cells(&["a|b", "\u{1a}|2"])),
    ];
    check(&cases, &DataSpec::default());
}

#[test]
fn runs_of_spaces_separate_fields() {
    let spaces = DataSpec { delimiter: Some(' '), ..DataSpec::default() };
    let cases: [(&str, &[u8], Outcome); 4] = [
        (
            "aligned columns",
            b"  a   bb\n 1.5   2 \r\n10    \"x y\"   \n",
            Cells(&["a|bb", "1.5|2", "10|x y"]),
        ),
        ("single spaces", b"a b\n1 2\n", Cells(&["a|b", "1|2"])),
        ("blank lines at the end", b"a b\n1  2\n   \n  ", Cells(&["a|b", "1|2"])),
        ("an empty cell in quotes", b"a b\n\"\"  2\n", Cells(&["a|b", "|2"])),
    ];
    check(&cases, &spaces);
}

#[test]
fn unusual_dialects_are_parsed_or_refused() {
    let semicolons = DataSpec { delimiter: Some(';'), ..DataSpec::default() };
    let decimal_commas: &[u8] = b"a;b\n1,5;\"x;y\"\n";
    check(&[("semicolons and decimal commas", decimal_commas, Cells(&["a|b", "1,5|x;y"]))], &semicolons);
    let tabs = DataSpec { delimiter: Some('\t'), ..DataSpec::default() };
    let cases: [(&str, &[u8], Outcome); 3] = [
        ("tabs", b"a\tb\n1\t2, 3\n", Cells(&["a|b", "1|2, 3"])),
        ("empty cells between tabs", b"a\tb\n\t\n", Cells(&["a|b", "|"])),
        ("a blank line among tabs", b"a\tb\n \n1\t2\n", Refused(2, "blank line")),
    ];
    check(&cases, &tabs);
    let single = DataSpec { quote: Mark(Some('\'')), ..DataSpec::default() };
    check(&[("single quotes", b"a,b\n'1,2','it''s \"'\n", Cells(&["a|b", "1,2|it's \""]))], &single);
    let none = DataSpec { quote: Mark(None), ..DataSpec::default() };
    check(&[("quotes that are none", b"a,b\n5\",\"6\n", Cells(&["a|b", "5\"|\"6"]))], &none);
    let commented = DataSpec { comment: Some(Mark(Some('#'))), ..DataSpec::default() };
    let cases: [(&str, &[u8], Outcome); 3] = [
        ("comments", b"# a, \"\n#\na,b\n#1,2\n3,4\n#", Cells(&["a|b", "3|4"])),
        ("a comment sign in a cell", b"a,b\n1,#2\n\"#3\",4\n", Cells(&["a|b", "1|#2", "#3|4"])),
        ("a blank line among comments", b"#\n\n#\na,b\n", Refused(2, "blank line")),
    ];
    check(&cases, &commented);
}

#[test]
fn the_first_quote_of_a_header_shows_another_delimiter() {
    let is_other = |header: &str| {
        let found = message(format!("{header}\n1,2\n"), &DataSpec { delimiter: Some(','), ..spec() });
        assert!(!found.is_empty(), "{header}");
        !found.contains("quote inside an unquoted field")
    };
    assert!(is_other("x;\"y\",z"));
    // In a later cell it is a mistake in that cell.
    assert!(!is_other("x,y;\"z\""));
}

fn kind(content: &[u8], size: usize) -> ErrorKind {
    cells(content, &DataSpec::default(), size).expect_err("it is refused").kind
}

/// Whatever is wrong with it as a table.
#[test]
fn another_format_is_found_before_a_line_without_end() {
    let content = [b"PK\x03\x04", &b"x".repeat(3 << 20)[..]].concat();
    assert!(matches!(kind(&content, 2 << 20), ErrorKind::NotCsv(_)));
    assert!(matches!(kind(&content[4..], 2 << 20), ErrorKind::RecordTooLong));
}

/// The chunk in which that is found ends with a line, not within a character.
#[test]
fn a_quoted_text_without_end_is_called_so() {
    let lines = format!("{}\n", "\u{e9}".repeat(400_000)).repeat(22);
    assert!(matches!(kind(format!("a,b\n1,\"{lines}").as_bytes(), 1 << 20), ErrorKind::QuotedTooLong));
}

#[test]
fn a_later_fault_that_explains_more_has_its_line() {
    let files = Files::new();
    let path = files.write("t.csv", b"a,b\n1,2\n3,4\n5,\xff\n7,8\n");
    let format = CsvFormat::new(&DataSpec::default(), ReadOptions { chunk: 4, ..ReadOptions::default() });
    let mut chunks = FileChunks::open(&path, format.expect("it is sound")).expect("the file is there");
    let mut chunk = Chunk::default();
    assert!(chunks.next(&mut chunk).is_ok_and(|is_there| is_there));
    let fault = chunks.skip(Located::at_line(1, ErrorKind::BlankLine), chunk.lines());
    assert!(fault.line == 4 && matches!(fault.kind, ErrorKind::NotUtf8 { .. }), "{fault:?}");
}

/// Without its second quote a field may be longer than what was read.
#[test]
fn records_and_quoted_fields_are_at_most_so_long() {
    let dialect = Dialect { delimiter: b',', quote: Some(b'"'), comments: Comments::Refused };
    let half = MAX_QUOTED_BYTES / 2;
    for (start, length, end, expected) in [
        ("", MAX_RECORD_BYTES, "\n", None),
        ("", MAX_RECORD_BYTES + 1, "\n", Some((0, "RecordTooLong"))),
        ("\"", MAX_RECORD_BYTES - 2, "\"\n", None),
        ("\"", MAX_RECORD_BYTES, "\"\n", Some((0, "QuotedTooLong"))),
        ("a,\"", half - 1, "", Some((2, "OpenQuote"))),
        ("a,\"", half + 1, "", Some((2, "QuotedTooLong"))),
    ] {
        let text = format!("{start}{}{end}", "x".repeat(length));
        let mut parser = Parser::new(&text, dialect);
        assert!(parser.next_record().expect("a record"));
        let faults = start.split(',').map(|_| parser.next_field().err());
        let fault = faults.last().flatten().map(|at| (at.offset, format!("{:?}", at.kind)));
        assert_eq!(fault, expected.map(|(at, kind)| (at, kind.to_owned())), "{start} {length}");
    }
}
