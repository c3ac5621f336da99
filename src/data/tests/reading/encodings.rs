//! Encodings other than UTF-8 are refused by name.

use crate::data::tests::*;

/// `text` in UTF-16, without byte order mark.
fn utf16(text: &str, bytes: UnitBytes) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

type UnitBytes = fn(u16) -> [u8; 2];

/// The bytes of a unit in each byte order, with the name of the encoding.
const ORDERS: [(UnitBytes, &str, &str); 2] =
    [(u16::to_le_bytes, "little-endian", "UTF-16LE"), (u16::to_be_bytes, "big-endian", "UTF-16BE")];

/// More than is read at once.
fn long(row: &str) -> String {
    let rows: String =
        (0..40_000).map(|number| format!("{row}{number}.5,{}\n", ["a", "b"][number % 2])).collect();
    format!("größe,kind\n{rows}")
}

#[test]
fn utf_16_with_its_mark_is_read() {
    let short = "name,größe,kind\r\n😀,1.5,a\r\nKöhler,2,b\r\n";
    for text in [short.to_owned(), long("")] {
        let expected = load(&text, &spec()).expect("the text is well-formed");
        for (bytes, ..) in ORDERS {
            let table = load(utf16(&format!("\u{feff}{text}"), bytes), &spec()).expect("the same text");
            assert_eq!(table.features(), expected.features());
            assert_eq!(numbers(&table.main), numbers(&expected.main));
            assert_eq!(table.main.labels(), expected.main.labels());
        }
    }
    // Lines and columns count as in UTF-8.
    let bad = utf16("\u{feff}größe,kind\n1,a\nzwölf,b\n", u16::to_le_bytes);
    assert!(
        message(bad, &spec()).starts_with("t.csv:3, column \"größe\" (index 0): \"zwölf\" is not a number")
    );
    let half = [utf16("\u{feff}x,kind\n1,a\n2,", u16::to_le_bytes), b"\x00\xd8".to_vec()].concat();
    assert_eq!(message(half, &spec()), "t.csv: cannot be read: half of a character in UTF-16");
    let odd = [utf16("\u{feff}x,kind\n1,a\n2,b", u16::to_be_bytes), b"\0".to_vec()].concat();
    assert_eq!(message(odd, &spec()), "t.csv: cannot be read: half of a character in UTF-16");
}

#[test]
fn the_first_bytes_decide_what_a_file_is() {
    for text in ["name,größe,kind\r\nMüller,1.5,a\r\nKöhler,2,b\r\n".to_owned(), long("")] {
        for (bytes, endian, name) in ORDERS {
            assert_eq!(
                message(utf16(&text, bytes), &spec()),
                format!(
                    "t.csv:1: this is UTF-16 ({endian}, by its NUL bytes), not UTF-8 text; save it as UTF-8, for \
                     example with `iconv -f {name} -t UTF-8 OLD > NEW`"
                )
            );
        }
        let utf32: Vec<u8> = ['\u{feff}']
            .into_iter()
            .chain(text.chars())
            .flat_map(|char| u32::from(char).to_le_bytes())
            .collect();
        assert_eq!(
            message(utf32, &spec()),
            "t.csv:1: this is UTF-32 (little-endian, by its byte order mark), not UTF-8 text; save it as UTF-8"
        );
        // What follows is not text in any encoding.
        let parquet = [b"PAR1\n".to_vec(), b"\xff\0\n".repeat(text.len())].concat();
        assert_eq!(
            message(parquet, &spec()),
            "t.csv:1: this is a Parquet file, not UTF-8 text; save it as CSV"
        );
    }
}

#[test]
fn other_encodings_are_guessed_from_the_text() {
    // "größe", "日本語,東京", "Ελλάδα", "город" in those encodings.
    let cases: [(&[u8], &str); 4] = [
        (b"gr\xf6\xdfe", "windows-1252"),
        (b"\x93\xfa\x96\x7b\x8c\xea\x82\xcc\x96\xbc\x91\x4f", "Shift_JIS"),
        (b"\xc5\xeb\xeb\xdc\xe4\xe1", "windows-1253"),
        (b"\xe3\xee\xf0\xee\xe4 \xcc\xee\xf1\xea\xe2\xe0", "windows-1251"),
    ];
    for (word, encoding) in cases {
        let content = [b"x,y\n1,a\n2,", word, b"\n3,c\n"].concat();
        let message = message(&content, &spec());
        let byte = word.iter().find(|byte| !byte.is_ascii()).expect("one is not ASCII");
        let offset = content.iter().position(|other| other == byte).expect("it is there");
        assert_eq!(
            message,
            format!(
                "t.csv:3: not UTF-8: byte 0x{byte:02X} at byte {offset} of the file; save it as UTF-8, for \
                 example, if it is {encoding}, with `iconv -f {encoding} -t UTF-8 OLD > NEW`"
            )
        );
    }
}
