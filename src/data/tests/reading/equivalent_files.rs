use ndarray::array;

use crate::data::tests::*;

fn table(content: impl AsRef<[u8]>, spec: &DataSpec) -> Dataset {
    load(content, spec).expect("the content is well-formed")
}

#[test]
fn equivalent_files_give_the_same_table() {
    let forms: [&[u8]; 14] = [
        b"x,y,kind\n1,2.5,a\n-3,4e2,b\n",
        b"x,y,kind\n1,2.5,a\n-3,4e2,b",
        b"x,y,kind\n1,2.5,a\n-3,4e2,b\n\n\n",
        b"x,y,kind\n1,2.5,a\n-3,4e2,b\n  \t\n ",
        b"x,y,kind\r\n1,2.5,a\r\n-3,4e2,b\r\n",
        b"x,y,kind\r1,2.5,a\r-3,4e2,b\r",
        b"x,y,kind\n1,2.5,a\r\n-3,4e2,b\r",
        b"\xef\xbb\xbfx,y,kind\n1,2.5,a\n-3,4e2,b\n",
        b"\xef\xbb\xbf\"x\",y,kind\n1,2.5,a\n-3,4e2,b\n",
        b"x , y,\tkind\n 1,2.5 , a\n\t-3,4e2,b \n",
        b"\"x\",\"y\",\"kind\"\n\"1\",\"2.5\",\"a\"\n\"-3\",\" 4e2\",\"b\"\n",
        b"x,y,kind\n+1,2.50,a\n-3.,+4E+02,b\n",
        b"x,y,kind\n1.0000000000000000,25e-1,a\n-03,400,b\n",
        b"\"x\",y,kind\n1,2.5,a\n-3,4e2,\"b\"",
    ];
    for form in forms {
        let table = table(form, &spec());
        let form = String::from_utf8_lossy(form);
        assert_eq!(table.features(), ["x", "y"], "{form:?}");
        assert_eq!(
            (table.learnt(), table.classes()),
            (vec!["kind".to_owned()], &["a".to_owned(), "b".to_owned()][..]),
            "{form:?}"
        );
        assert_eq!(numbers(&table.main), array![[1.0, 2.5], [-3.0, 400.0]], "{form:?}");
        assert_eq!(table.main.labels(), [0, 1], "{form:?}");
    }
}

#[test]
fn mixed_line_ends_are_noted_once_and_those_in_fields_do_not_count() {
    let notes = |content: &str| table(content, &spec()).notes().to_vec();
    let mixed = notes("x,y\n1,a\r\n2,b\n3,b\r\n");
    assert_eq!(mixed.len(), 1);
    assert!(mixed[0].ends_with("t.csv has mixed line ends: LF and CRLF"), "{mixed:?}");
    assert!(notes("x,y\n1,a\r2,b\r\n")[0].ends_with("LF and CRLF and CR"));
    assert_eq!(notes("x,y\r\n1,\"a\nb\"\r\n2,b\r\n"), Vec::<String>::new());
}

#[test]
fn the_label_may_be_anywhere_and_columns_may_be_ignored() {
    let content = ",kind,x,note,y\n0,b,1,\"a, \"\"b\"\"\n\",2\n1,a,3,NaN,4\n";
    for label in [name("kind"), ColumnRef::Index(1), ColumnRef::Index(-4)] {
        let ignore = vec![ColumnRef::Index(0), name("note")];
        let table = table(content, &DataSpec { label: Some(label), ignore, ..spec() });
        assert_eq!(
            (table.learnt(), table.features()),
            (vec!["kind".to_owned()], ["x", "y"].map(str::to_owned).to_vec())
        );
        assert_eq!(numbers(&table.main), array![[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(
            (table.classes(), table.main.labels()),
            (&["a".to_owned(), "b".to_owned()][..], &[1, 0][..])
        );
    }
}

#[test]
fn without_header_the_columns_are_numbered() {
    let table = table(
        "3;1;2\n1;5;6\n",
        &DataSpec { label: Some(name("c0")), delimiter: Some(';'), ..without_header() },
    );
    assert_eq!(table.features(), ["c1", "c2"]);
    assert_eq!(table.classes(), ["1", "3"]);
    assert_eq!(table.main.labels(), [1, 0]);
}

#[test]
fn a_label_by_name_makes_numbers_acceptable_as_names() {
    let spec = DataSpec { label: Some(name("country")), ..spec() };
    assert_eq!(table("2019,2020,country\n1,2,a\n3,4,b\n", &spec).features(), ["2019", "2020"]);
}

#[test]
fn delimiters_of_white_space_keep_their_fields() {
    let spec = DataSpec { delimiter: Some('\t'), ..spec() };
    assert_eq!(numbers(&table("x\ty\tz\n1\t 2 \ta\n3\t4\tb\n", &spec).main), array![[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(
        message("x\ty\tz\n1\t2\ta\n\t3\t\n", &spec),
        "t.csv:3, column \"x\" (index 0): missing value; fill it in, or set `missing` in [data] (or for this \
         column in [data.columns]) to \"median\", \"mean\", \"most_frequent\" or { constant = .. }, which replace \
         it, or to \"drop_row\", which leaves the row out; columns with missing values: \"x\" (1)"
    );
}

#[test]
fn sources_tell_what_was_read() {
    let table = table("x,y\n1,a\n2,b\n2,b\n", &spec());
    let source = table.sources().next().expect("there is a training file");
    assert_eq!(
        (source.files[0].bytes, source.rows, table.rows(), table.class_counts()),
        (16, 3, 3, vec![1, 2])
    );
    // From `printf 'x,y\n1,a\n2,b\n2,b\n' | sha256sum`.
    assert_eq!(table.sha256(), "79cba7922d8a5353f42d6eb342dc9d057b6878c56169e60708170c20b0c14309");
}
