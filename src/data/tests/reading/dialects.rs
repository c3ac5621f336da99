//! Quotes, comments, and column names for files without a header.

use ndarray::array;

use crate::data::tests::*;

fn mark(char: char) -> Option<Mark> {
    Some(Mark(Some(char)))
}

fn labels(content: &str, spec: &DataSpec) -> Vec<String> {
    load(content, spec).expect("the content is well-formed").classes().to_vec()
}

#[test]
fn any_punctuation_can_be_the_quote() {
    let single = DataSpec { quote: Mark(Some('\'')), ..spec() };
    let content = "'x',y\n'1','it''s, \"a\"\nand b'\n2,\"\n";
    let table = load(content, &single).expect("the content is well-formed");
    assert_eq!(table.features(), ["x"]);
    assert_eq!(table.classes(), ["\"", "it's, \"a\"\nand b"]);
    assert_eq!(message("x,y\n1,'a\n2,b\n", &single), "t.csv:2:3: the quote that opens here is never closed");
    assert_eq!(
        message("x,y\n'1',a\n2,b\n", &spec()),
        "t.csv:2, column \"x\" (index 0): \"'1'\" is not a number: if ' is the quote of this file, set \
         `quote = \"'\"` in [data]"
    );
}

#[test]
fn without_quoting_quotes_are_ordinary_characters() {
    let spec = DataSpec { quote: Mark(None), ..spec() };
    assert_eq!(labels("x,size\n1,5\"\n2,\"\n3,\"\"\"\n4,a\"b\n", &spec), ["\"", "\"\"\"", "5\"", "a\"b"]);
    assert_eq!(
        message("x,y\n1,\"a,b\"\n", &spec),
        "t.csv:2:6: expected 2 fields as in line 1, found 3; a value with a comma in it needs quotes, a decimal \
         comma must be a point"
    );
}

#[test]
fn comments_are_skipped_and_their_lines_counted() {
    let spec = DataSpec { comment: mark('|'), ..spec() };
    let content = "|1x3 Cross validator\n|\nx,y\n1,a\n|2,b,\"\n3,\"b\n|c\"\n4,|\n\n|\n\n";
    let table = load(content, &spec).expect("the content is well-formed");
    assert_eq!(numbers(&table.main), array![[1.0], [3.0], [4.0]]);
    assert_eq!(table.classes(), ["a", "b\n|c", "|"]);
    for (content, expected) in [
        ("|a\nx,y\n|b\n1,a\n2\n", "t.csv:5:1: expected 2 fields as in line 2, found 1"),
        (
            "|a\nx,y\n|\n1,a\n|\n\n2,b\n",
            "t.csv:6: blank line; remove it (only the end of the file may have blank lines)",
        ),
        (
            "|a\n\nx,y\n1,a\n",
            "t.csv:2: blank line; remove it (only the end of the file may have blank lines)",
        ),
        ("|a\n|b", "t.csv:1: no data rows"),
        ("|a\nx,y\n|1,a\n", "t.csv:2: no data rows"),
        ("|a\nx,\n1,a\n", "t.csv:2: the column at index 1 has no name; name it, or put 1 under data.ignore"),
        ("|a\nx;y\n1;a\n", "t.csv:2: 1 column found; is the delimiter ';'? set data.delimiter"),
        (
            "|a\ntitle\nx,y\n",
            "t.csv:3:1: expected 1 field as in line 2, found 2; if the first line is a title, remove it",
        ),
    ] {
        assert_eq!(message(content, &spec), expected, "{content:?}");
    }
    // With another comment mark, # is an ordinary character.
    assert_eq!(labels("y,x\n#1,2\na,3\n", &DataSpec { label: Some(name("y")), ..spec }), ["#1", "a"]);
    let absent = DataSpec { comment: Some(Mark(None)), label: Some(name("y")), ..crate::data::tests::spec() };
    assert_eq!(labels("y,x\n#1,2\n|2,3\n", &absent), ["#1", "|2"]);
}

#[test]
fn columns_without_header_can_be_named() {
    let named = |names: &[&str]| DataSpec {
        column_names: names.iter().map(|name| (*name).to_owned()).collect(),
        label: Some(name("kind")),
        ..without_header()
    };
    let spec = named(&["length", "kind", "width"]);
    let table = load("1,a,2\n3,b,4\n", &spec).expect("the content is well-formed");
    assert_eq!(
        (table.learnt(), table.features()),
        (vec!["kind".to_owned()], ["length", "width"].map(str::to_owned).to_vec())
    );
    assert_eq!(message("1,a\n3,b\n", &spec), "t.csv: data.column_names has 3 names, but there are 2 columns");
    let twice = message("1,a,2\n3,b,4\n", &named(&["x", "kind", "x"]));
    assert!(twice.starts_with("t.csv: column name \"x\" at index 0 and again at index 2"), "{twice}");
    let with_header = DataSpec { header: true, ..spec };
    assert_eq!(
        message("1,a,2\n3,b,4\n", &with_header),
        "t.csv: data.column_names: it is for files without header; set data.header to false"
    );
}

#[test]
fn invalid_quotes_and_comment_marks_are_refused() {
    let refusal = |spec: DataSpec| message("x,y\n1,a\n", &spec);
    for char in ['e', '5', '.', '-', '+', ' ', '\n', '\0', 'é'] {
        let quote = refusal(DataSpec { quote: Mark(Some(char)), ..spec() });
        assert!(quote.starts_with(&format!("t.csv: data.quote: {char:?} cannot be used")), "{quote}");
        let comment = refusal(DataSpec { comment: mark(char), ..spec() });
        assert!(comment.starts_with(&format!("t.csv: data.comment: {char:?} cannot be used")), "{comment}");
    }
    assert_eq!(
        refusal(DataSpec { quote: Mark(Some(',')), ..spec() }),
        "t.csv: data.quote: data.delimiter is the same character; they must differ"
    );
    assert_eq!(
        refusal(DataSpec { comment: mark('"'), ..spec() }),
        "t.csv: data.comment: data.quote is the same character; they must differ"
    );
}

#[test]
fn a_better_fitting_delimiter_is_suggested() {
    let better = |columns: &str, with_other: usize, other: &str| {
        format!(
            "t.csv:1: {columns} with ',', and {with_other} with {other}; is the delimiter {other}? set \
             data.delimiter to the one that is right"
        )
    };
    let semicolons = |columns, with_other| better(columns, with_other, "';'");
    for (content, spec, expected) in [
        ("Name, first;v;y\nDoe1, J;3;p\nRoe, K;4;q\n", spec(), semicolons("2 columns", 3)),
        // As many commas, and they fit the header.
        ("v, w;y\n3,5;p\n4,5;q\n", spec(), semicolons("2 columns", 2)),
        ("3,5;p\n4,5;q\n", without_header(), semicolons("2 columns", 2)),
        ("3,5;4,5;p\n3,5;4,5;q\n", without_header(), semicolons("3 columns", 3)),
        // Fewer commas, but the other delimiter gives ragged rows.
        ("x, y, z;v\n1,5;2\n2;3\n", spec(), semicolons("3 columns", 2)),
        ("x, first\ty\nDoe, J\tp\nRoe, K\tq\n", spec(), better("2 columns", 2, "'\\t'")),
        ("a,1|b|c\na,2|b|d\n", without_header(), better("2 columns", 3, "'|'")),
    ] {
        assert_eq!(message(content, &spec), expected, "{content:?}");
        // An explicit comma is never questioned.
        let message = message(content, &DataSpec { delimiter: Some(','), ..spec });
        assert!(!message.contains("delimiter ';'"), "{content:?}: {message}");
    }
}

#[test]
fn delimiters_inside_texts_are_not_suggested() {
    for (content, spec, classes) in [
        ("x,tags\n1,a;b\n2,c;d\n", spec(), ["a;b", "c;d"]),
        ("x,\"a;b\"\n1,p;q\n2,r;s\n", spec(), ["p;q", "r;s"]),
        ("x,y;z\n1,p;q\n2,r\n", spec(), ["p;q", "r"]),
        ("1,2,p;q\n1,2,r;s\n", without_header(), ["p;q", "r;s"]),
        ("\"1\",p;q\n\"2\",r;s\n", without_header(), ["p;q", "r;s"]),
        ("at:x,at:y\n1,12:30\n2,12:45\n", spec(), ["12:30", "12:45"]),
        ("an x,a y\n1,a b\n2,a c\n", spec(), ["a b", "a c"]),
        // One line is too little evidence.
        ("1,p;q\n2,r;s;t\n", without_header(), ["p;q", "r;s;t"]),
    ] {
        assert_eq!(labels(content, &spec), classes, "{content:?}");
    }
}
