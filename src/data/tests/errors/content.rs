use crate::data::tests::*;

#[test]
fn another_delimiter_than_the_set_one_is_suggested() {
    let semicolon = DataSpec { delimiter: Some(';'), ..spec() };
    let cases: [(&[u8], &str); 2] = [
        (b"x,y\n1,a\n", "t.csv:1: 1 column found; is the delimiter ','? set data.delimiter"),
        (
            b"x;y\n3,14;a\n",
            "t.csv:2, column \"x\" (index 0): \"3,14\" is not a number: set decimal = \",\" in [data]",
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
fn a_header_read_as_data_is_recognised() {
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
    let text = |word: &str| {
        format!(
            "is not a number: correct it, or, if words among the numbers (1 cell) mean missing values, write {{ \
             missing_markers = [{word}], missing = \"median\" }} for the column in [data.columns]; or make the column \
             \"categorical\" or \"ignore\""
        )
    };
    let missing = "fill it in, or set `missing` in [data] (or for this column in [data.columns]) to \"median\", \
                   \"mean\", \"most_frequent\" or { constant = .. }, which replace it, or to \"drop_row\", which \
                   leaves the row out; columns with missing values: \"the\\ny\" (1)";
    let value = "if it is a value, set missing_markers = [] for this column in [data.columns]; else ";
    let not_finite = "is not finite; only finite numbers can be trained on (if it means a missing value, put it \
                      under data.missing_markers)";
    let cases = [
        ("", format!("missing value; {missing}")),
        ("NA", format!("missing value \"NA\"; {value}{missing}")),
        (" ? ", format!("missing value \"?\"; {value}{missing}")),
        ("NaN", format!("missing value \"NaN\"; {value}{missing}")),
        ("-NaN", format!("\"-NaN\" {not_finite}")),
        ("-inf", format!("\"-inf\" {not_finite}")),
        ("1e400", format!("\"1e400\" {range}")),
        ("-1e39", format!("\"-1e39\" {range}")),
        ("blue", format!("\"blue\" {}", text("\"blue\""))),
        ("\"say \"\"hi\"\"\"", format!("\"say \\\"hi\\\"\" {}", text("\"say \\\"hi\\\"\""))),
        (
            "\u{1b}[31m\u{202e}",
            format!("\"\\u{{1b}}[31m\\u{{202e}}\" {}", text("\"\\U0000001B[31m\\U0000202E\"")),
        ),
        ("12%", "\"12%\" is not a number: set number_signs = [\"percent\"] in [data]".to_owned()),
        ("$12", "\"$12\" is not a number: set number_signs = [\"currency\"] in [data]".to_owned()),
        ("\"1,234.5\"", "\"1,234.5\" is not a number: set thousands = \",\" in [data]".to_owned()),
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
        "t.csv:8, column \"x\" (index 0): \"4%\" is not a number: set number_signs = [\"percent\"] in [data]"
    );
    let long = "x".repeat(100);
    let cut = format!("{place}\"{}...\" {}", "x".repeat(60), text(&format!("\"{long}\"")));
    assert_eq!(message(at(&long), &spec()), cut);
}

#[test]
fn too_many_labels_are_refused_and_none_is_a_label() {
    let own: String = (0..30).map(|row| format!("{row},id{row}\n")).collect();
    let own = format!("x,y\n{own}");
    let many: String = (0..10_001).map(|row| format!("{row},id{row}\n{row},id{row}\n")).collect();
    let many = format!("x,y\n{many}");
    let cases: [(&[u8], &str); 3] = [
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
