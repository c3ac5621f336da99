//! Encodings other than UTF-8 are refused by name.

use crate::data::tests::*;

/// `text` in UTF-16, without byte order mark.
fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn utf_16_is_recognised_by_its_mark_or_nul_bytes() {
    let text = "name,größe,kind\r\nMüller,1.5,a\r\nKöhler,2,b\r\n";
    for (bytes, endian, name) in [
        (u16::to_le_bytes as fn(u16) -> [u8; 2], "little-endian", "UTF-16LE"),
        (u16::to_be_bytes, "big-endian", "UTF-16BE"),
    ] {
        let without = utf16(text, bytes);
        let with = utf16(&format!("\u{feff}{text}"), bytes);
        assert_eq!(
            message(without, &spec()),
            format!(
                "t.csv:1: this is UTF-16 ({endian}, by its NUL bytes), not UTF-8 text; save it as UTF-8, for example with \
                 `iconv -f {name} -t UTF-8 OLD > NEW`"
            )
        );
        assert_eq!(
            message(with, &spec()),
            format!(
                "t.csv:1: this is UTF-16 ({endian}, by its byte order mark), not UTF-8 text; save it as UTF-8, for \
                 example with `iconv -f UTF-16 -t UTF-8 OLD > NEW`"
            )
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
