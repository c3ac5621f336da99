use crate::data::tests::*;

#[test]
fn text_that_is_not_csv_is_refused() {
    let cases: [(&[u8], &str); 23] = [
        (b"", "t.csv: empty"),
        (b"\xef\xbb\xbf", "t.csv: empty"),
        (b" \n\r\n\n", "t.csv: empty"),
        (b"x,y\n", "t.csv:1: no data rows"),
        (b"x,y\n1,a\n", "t.csv: only 1 row; at least 2 are needed to train on"),
        (b"x,y\n1,a\n2,\"b\n3,c\n", "t.csv:3:3: the quote that opens here is never closed"),
        (
            b"x,y\n1,a\n2,b\"c\"\n",
            "t.csv:3:4: quote inside an unquoted field; put quotes around the whole field, right next to its \
             delimiters, and double those inside (if quotes are plain characters here, set `quote = \"\"` in \
             [data])",
        ),
        (
            b"x,y\n1, \"a\"\n",
            "t.csv:2:4: quote inside an unquoted field; put quotes around the whole field, right next to its \
             delimiters, and double those inside (if quotes are plain characters here, set `quote = \"\"` in \
             [data])",
        ),
        (
            b"x,y\n1,\"a\n2,b\n3,c\"d\n",
            "t.csv:4:5: characters after the closing quote of the field that opened in line 2; a quote inside \
             a quoted field must be doubled",
        ),
        (
            b"x,y\n1,a\n\n2,b\n",
            "t.csv:3: blank line; remove it (only the end of the file may have blank lines)",
        ),
        (b"\nx,y\n1,a\n", "t.csv:1: blank line; remove it (only the end of the file may have blank lines)"),
        (
            b"x,y\r\n \t\r\n1,a",
            "t.csv:2: blank line; remove it (only the end of the file may have blank lines)",
        ),
        (
            b"# made by hand\nx,y\n1,a\n",
            "t.csv:1: comment line; set `comment = \"#\"` in [data] to skip such lines, or `comment = \"\"` if the # \
             belongs to the first field",
        ),
        (
            b"x,y\n1,a\n#2,b\n",
            "t.csv:3: comment line; set `comment = \"#\"` in [data] to skip such lines, or `comment = \"\"` if the # \
             belongs to the first field",
        ),
        (b"x,y\n1,a\n2,b\0\n", "t.csv:3:4: NUL byte; is this a text file, in UTF-8?"),
        (
            b"x,y\n1,a\n2,\xe9\n",
            "t.csv:3: not UTF-8: byte 0xE9 at byte 10 of the file; save it as UTF-8, for example, if it is \
             windows-1252, with `iconv -f windows-1252 -t UTF-8 OLD > NEW`",
        ),
        (
            b"\xff\xfex\0,\0y\0\n\0",
            "t.csv:1: this is UTF-16 (little-endian, by its byte order mark), not UTF-8 text; save it as UTF-8, for example with \
             `iconv -f UTF-16 -t UTF-8 OLD > NEW`",
        ),
        (
            b"\xfe\xff\0x\0,\0y\0\n",
            "t.csv:1: this is UTF-16 (big-endian, by its byte order mark), not UTF-8 text; save it as UTF-8, for example with \
             `iconv -f UTF-16 -t UTF-8 OLD > NEW`",
        ),
        (b"x,\0y\n\0", "t.csv:1:3: NUL byte; is this a text file, in UTF-8?"),
        (
            b"\x28\xb5\x2f\xfd...",
            "t.csv:1: this is a zstd file, not UTF-8 text; give it a name that ends in .zst",
        ),
        (b"\x1f\x8b\x08", "t.csv:1: this is a gzip file, not UTF-8 text; give it a name that ends in .gz"),
        (b"PK\x03\x04...", "t.csv:1: this is a ZIP archive or spreadsheet, not UTF-8 text; save it as CSV"),
        (b"PAR1...", "t.csv:1: this is a Parquet file, not UTF-8 text; save it as CSV"),
    ];
    expect_messages(&cases, &spec());
}

#[test]
fn ragged_rows_are_refused() {
    let cases: [(&[u8], &str); 8] = [
        (b"x,y,z\n1,2,a\n1,2\n", "t.csv:3:3: expected 3 fields as in line 1, found 2"),
        // The missing field shifts text into a feature column; the message must be about the field count.
        (b"x,y,z\n1,2,a\n1,a\n", "t.csv:3:3: expected 3 fields as in line 1, found 2"),
        (
            b"x,y,z\n1,2,3,a\n",
            "t.csv:2:7: expected 3 fields as in line 1, found 4; a value with a comma in it needs quotes, a \
             decimal comma must be a point",
        ),
        (
            b"x,y\n1,a,\n",
            "t.csv:2:5: expected 2 fields as in line 1, found 3; is there a delimiter too many at the end?",
        ),
        (b"x,y\n1,\"a\nb\"\n\"\"\n", "t.csv:4:2: expected 2 fields as in line 1, found 1"),
        (
            b"Sales 2020\nx,y\n1,a\n",
            "t.csv:2:1: expected 1 field as in line 1, found 2; if the first line is a title, remove it",
        ),
        (
            b"x,y\n1,a\n2,b\n\nu,v,w\n1,2,3\n",
            "t.csv:4: blank line; remove it (only the end of the file may have blank lines)",
        ),
        (
            b"x,y\n1,a\n2,b\nu,v,w\n",
            "t.csv:4:5: expected 2 fields as in line 1, found 3; a value with a comma in it needs quotes, a \
             decimal comma must be a point",
        ),
    ];
    expect_messages(&cases, &spec());
}

#[test]
fn another_delimiter_is_suggested() {
    let cases: [(&[u8], &str); 13] = [
        (b"x;\"y\"\n1;a\n", "t.csv:1: 1 column found; is the delimiter ';'? set data.delimiter"),
        (b"x;y\n1;a\n", "t.csv:1: 1 column found; is the delimiter ';'? set data.delimiter"),
        (b"x;y\n1,5;a\n", "t.csv:1: 1 column found; is the delimiter ';'? set data.delimiter"),
        (b"\"x\";\"y\"\n1;a\n", "t.csv:1: 1 column found; is the delimiter ';'? set data.delimiter"),
        (b"x\ty\r\n1\ta\r\n", "t.csv:1: 1 column found; is the delimiter '\\t'? set data.delimiter"),
        (b"x|y\n1|a\n", "t.csv:1: 1 column found; is the delimiter '|'? set data.delimiter"),
        (b"x:y\n1:a\n", "t.csv:1: 1 column found; is the delimiter ':'? set data.delimiter"),
        (b"\"x\":\"y\"\n1:a\n", "t.csv:1: 1 column found; is the delimiter ':'? set data.delimiter"),
        // A title would not have as many colons as the lines below it.
        (b"x: y\n1\n", "t.csv:1: 1 column found; a label and at least one feature are needed"),
        (b"x y\n1 a\n", "t.csv:1: 1 column found; is the delimiter ' '? set data.delimiter"),
        (b"x length;y\n1;a\n", "t.csv:1: 1 column found; is the delimiter ';'? set data.delimiter"),
        (b"x;y", "t.csv:1: 1 column found; is the delimiter ';'? set data.delimiter"),
        (b"x\n1\n", "t.csv:1: 1 column found; a label and at least one feature are needed"),
    ];
    expect_messages(&cases, &spec());
    let semicolon = DataSpec { delimiter: Some(';'), ..spec() };
    let cases: [(&[u8], &str); 2] = [
        (b"x,y\n1,a\n", "t.csv:1: 1 column found; is the delimiter ','? set data.delimiter"),
        (
            b"x;y\n3,14;a\n",
            "t.csv:2, column \"x\" (index 0): \"3,14\" is not a number: use a decimal point instead of a decimal comma, and no thousands separator",
        ),
    ];
    expect_messages(&cases, &semicolon);
}

#[test]
fn a_label_that_is_not_found_among_numbers_may_have_no_header() {
    let named = DataSpec { label: Some(ColumnRef::Name("species".to_owned())), ..spec() };
    let cases: [(&[u8], &str); 2] = [
        (
            b"1.288,1.449,a\n1,2,b\n",
            "t.csv: data.label = \"species\": there is no such column; the columns are \"1.288\", \"1.449\", \"a\" (if \
             the file has no header, set `header = false` in [data])",
        ),
        (
            b"1.288,x,y,a\n1,2,3,b\n",
            "t.csv: data.label = \"species\": there is no such column; the columns are \"1.288\", \"x\", \"y\", \"a\"",
        ),
    ];
    expect_messages(&cases, &named);
}

#[test]
fn bad_headers_are_refused() {
    let cases: [(&[u8], &str); 6] = [
        (
            b"5.1,3.5,0\n4.9,3,1\n",
            "t.csv:1: the header line has numbers for names; if the file has no header, set `header = false` in \
             [data], else give the label by its name",
        ),
        (
            b"5.1,3.5,setosa\n4.9,3,virginica\n",
            "t.csv:1: the header line has numbers for names; if the file has no header, set `header = false` in \
             [data], else give the label by its name",
        ),
        (
            b"x,y,x,z\n1,2,3,a\n",
            "t.csv:1: column name \"x\" at index 0 and again at index 2; rename one, or put its index under \
             data.ignore (if the file has no header, set `header = false` in [data])",
        ),
        (
            b"x, x ,z\n1,2,a\n",
            "t.csv:1: column name \"x\" at index 0 and again at index 1; rename one, or put its index under \
             data.ignore (if the file has no header, set `header = false` in [data])",
        ),
        (b"x,,z\n1,2,a\n", "t.csv:1: the column at index 1 has no name; name it, or put 1 under data.ignore"),
        (
            b"x,y, \n1,2,a\n",
            "t.csv:1: the column at index 2 has no name; name it, or put 2 under data.ignore",
        ),
    ];
    expect_messages(&cases, &spec());
    assert_eq!(
        message("x,y\n1,a\n2,b\n", &without_header()),
        "t.csv:1, column \"c0\" (index 0): \"x\" is not a number: if the first line names the columns, set \
         `header = true` in [data]"
    );
}

#[test]
fn bad_cells_are_refused() {
    let at = |value: &str| format!("x,\"the\ny\",z\n\"1\",2,a\r\n3,{value},b\n4,5,a\n");
    let place = "t.csv:4, column \"the\\ny\" (index 1): ";
    let range = "is outside f32 range; at most 3.4028235e38 is allowed, positive or negative";
    let text = "is not a number: correct it, put it under data.missing_markers if it means a missing value, or \
                make the column \"categorical\" or \"ignore\" in [data.columns]";
    let missing = "fill it in, or set `missing` in [data] (or for this column in [data.columns]) to \"median\", \
                   \"mean\", \"most_frequent\", \"drop_row\" or { constant = .. }";
    let not_finite = "is not finite; only finite numbers can be trained on (if it means a missing value, put it \
                      under data.missing_markers)";
    let cases = [
        ("", format!("missing value; {missing}")),
        ("NA", format!("missing value \"NA\"; {missing}")),
        (" ? ", format!("missing value \"?\"; {missing}")),
        ("NaN", format!("\"NaN\" {not_finite}")),
        ("-inf", format!("\"-inf\" {not_finite}")),
        ("1e400", format!("\"1e400\" {range}")),
        ("-1e39", format!("\"-1e39\" {range}")),
        ("blue", format!("\"blue\" {text}")),
        ("\"say \"\"hi\"\"\"", format!("\"say \\\"hi\\\"\" {text}")),
        ("\u{1b}[31m\u{202e}", format!("\"\\u{{1b}}[31m\\u{{202e}}\" {text}")),
        ("12%", "\"12%\" is not a number: remove the percent sign".to_owned()),
        ("$12", "\"$12\" is not a number: remove the currency sign".to_owned()),
        ("\"1,234.5\"", "\"1,234.5\" is not a number: remove the thousands separators".to_owned()),
        (
            "5 kg",
            "\"5 kg\" is not a number: the cell may hold only the number, without a unit or anything else"
                .to_owned(),
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(message(at(value), &spec()), format!("{place}{expected}"));
    }
    // Each kind of line end counts as one line, inside quotes too.
    let ends = "x,y\r1,\"a\rb\r\nc\nd\"\r\n2,a\n\"3\",a\r4%,a\r\n";
    assert_eq!(
        message(ends, &spec()),
        "t.csv:8, column \"x\" (index 0): \"4%\" is not a number: remove the percent sign"
    );
    let long = "x".repeat(100);
    let cut = format!("{place}\"{}...\" {text}", "x".repeat(60));
    assert_eq!(message(at(&long), &spec()), cut);
}

#[test]
fn bad_labels_are_refused() {
    let own: String = (0..30).map(|row| format!("{row},id{row}\n")).collect();
    let own = format!("x,y\n{own}");
    let many: String = (0..10_001).map(|row| format!("{row},id{row}\n{row},id{row}\n")).collect();
    let many = format!("x,y\n{many}");
    let cases: [(&[u8], &str); 8] = [
        (
            b"x,y\n1,a\n2,a\n",
            "t.csv, column \"y\" (index 1): only one class, \"a\", in 2 rows; at least 2 are needed",
        ),
        (
            b"x,y\n1,a\n2,\n",
            "t.csv:3, column \"y\" (index 1): missing value; fill it in, remove the row, or set missing = \"drop_row\" for this column in [data.columns]",
        ),
        (
            b"x,y\n1,a\n2,nan\n",
            "t.csv:3, column \"y\" (index 1): missing value \"nan\"; fill it in, remove the row, or set missing = \"drop_row\" for this column in [data.columns]",
        ),
        (
            b"x,y\n1,1\n2,2.5\n",
            "t.csv:3, column \"y\" (index 1): the label \"2.5\" is a number with decimals; to learn values instead \
             of classes, set data.target in place of data.label",
        ),
        (
            b"x,y\n1,1\n2,2\n3,1.0\n",
            "t.csv:4, column \"y\" (index 1): classes \"1\" and \"1.0\" are the same number in two spellings; \
             use one",
        ),
        (
            own.as_bytes(),
            "t.csv, column \"y\" (index 1): 30 distinct values in 30 rows; is this the label column? each \
             class needs several rows",
        ),
        (
            many.as_bytes(),
            "t.csv:20002, column \"y\" (index 1): more than 10000 distinct values; is this the label column?",
        ),
        (b"x,y\n1,none\n2,mild\n", ""),
    ];
    expect_messages(&cases, &spec());
}
