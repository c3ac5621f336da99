//! Files and the messages about them, as text: `BNTRAIN_UPDATE=1 cargo test messages` rewrites the messages.
//!
//! The name of a file in `messages/` says the rule. Each block has the content of a CSV file, after `> ` and with
//! escapes as in Rust, and the message. Lines that start with `# ` are comments.

use std::fs;

use crate::data::tests::{message, spec};

#[test]
fn every_invalid_file_has_its_message() {
    let mut files = 0;
    for entry in fs::read_dir("src/data/tests/errors/messages").expect("the folder exists") {
        let path = entry.expect("the folder can be read").path();
        let written = fs::read_to_string(&path).expect("the file can be read");
        let blocks: Vec<String> = written.trim_end().split("\n\n").map(block).collect();
        let actual = format!("{}\n", blocks.join("\n\n"));
        if std::env::var_os("BNTRAIN_UPDATE").is_some() {
            fs::write(&path, &actual).expect("the file can be written");
        } else {
            for (written, actual) in written.split("\n\n").zip(actual.split("\n\n")) {
                assert_eq!(written, actual, "{}", path.display());
            }
        }
        files += 1;
    }
    assert_eq!(files, 5);
}

/// The comments and the content of a block, and the message about the content.
fn block(block: &str) -> String {
    let is_input = |line: &&str| line.starts_with('#') || line.starts_with('>');
    let mut lines: Vec<&str> = block.lines().take_while(is_input).collect();
    let input = lines.last().and_then(|line| line.strip_prefix('>')).expect(block);
    let message = message(unescape(input.strip_prefix(' ').unwrap_or(input)), &spec());
    assert!(!message.is_empty(), "{block}: no error");
    lines.push(&message);
    lines.join("\n")
}

/// The bytes of a text in which `\n`, `\r`, `\t`, `\\` and `\x00` are escapes.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next().expect("an escape has a letter") {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'\\' => b'\\',
            b'x' => {
                let digits = [rest.next(), rest.next()].map(|digit| digit.expect("two digits"));
                let digits = str::from_utf8(&digits).expect("digits are ASCII");
                u8::from_str_radix(digits, 16).expect("digits are hexadecimal")
            }
            other => panic!("unknown escape \\{}", char::from(other)),
        });
    }
    bytes
}
