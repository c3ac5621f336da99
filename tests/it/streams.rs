//! Standard input that never ends.

use std::io::Write;
use std::process::Stdio;

use crate::support::work::{Ended, Work};

/// More than any fault takes to be seen, and far less than the limit of what is kept.
const MOST: usize = 128 << 20;

/// How a command ends that gets `start` and then `pattern` again and again, and the bytes that it took.
fn fed(work: &Work, args: &[&str], start: &str, pattern: &str) -> (Option<i32>, String, usize) {
    let mut child = work
        .command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let portion = pattern.repeat((1 << 16) / pattern.len());
    let mut taken = 0;
    let mut next = start;
    while taken < MOST && stdin.write_all(next.as_bytes()).is_ok() {
        taken += next.len();
        next = &portion;
    }
    drop(stdin);
    let ended: Ended = child.wait_with_output().expect("an end").into();
    (ended.code, ended.stderr.trim_end().to_owned(), taken)
}

#[test]
fn what_never_ends_is_refused_as_soon_as_it_is_wrong() {
    let work = Work::new();
    work.write("stream.toml", &Work::SINGLE.replace("data.csv", "-"));
    work.ok(&["-q", "-c", "single.toml", "-o", "run"]);
    let train: &[&str] = &["check", "-c", "stream.toml"];
    let predict: &[&str] = &["predict", "run", "--data", "-"];
    let eval: &[&str] = &["eval", "run", "--data", "-"];
    let head = "a,b,kind\n";
    let rows = &format!("{head}1,2,up\n3,4,down\n");
    let long = "1:1: record longer than 1 MiB; is this a CSV file?";
    let blank = "1: blank line; remove it (only the end of the file may have blank lines)";
    let blanks = "4: more than 1048576 blank lines from here on, which is the limit; remove them";
    let quoted = "2:1: record longer than 1 MiB; is the quote that opens here closed where it should be?";
    let ragged = "2:1: expected 3 fields as in line 1, found 1";
    for (args, start, pattern, code, message) in [
        (train, "", "1", 8, long),
        (train, "", "\0", 8, long),
        (train, "", ",", 8, "1: more than 65536 columns, which is the limit"),
        (train, "", "\n", 3, blank),
        (train, "", "\r\n", 3, blank),
        (train, head, "1\n", 3, ragged),
        (train, &format!("{head}\""), "é,\n", 8, quoted),
        (train, rows, "\n", 8, blanks),
        (train, rows, " \r\n", 8, blanks),
        (predict, "", "\0", 8, long),
        (predict, &format!("{head}\""), "é,\n", 8, quoted),
        (predict, "", "\n", 3, blank),
        (predict, rows, "\n", 8, blanks),
        (eval, rows, "\n", 8, blanks),
    ] {
        let (found, error, taken) = fed(&work, args, start, pattern);
        let expected = format!("error: standard input:{message}");
        assert_eq!((found, &*error), (Some(code), &*expected), "{args:?} {pattern:?}");
        assert!(taken < MOST, "{args:?} {pattern:?}: {taken} bytes");
    }
}

#[test]
fn what_is_kept_of_it_has_a_limit() {
    let work = Work::new();
    let config =
        Work::SINGLE.replace("data.csv", "-").replace("valid = 0.25", "valid = 0.25\nmemory = \"32 MiB\"");
    work.write("stream.toml", &config);
    // Long enough that the text needs more than its numbers.
    let rows = format!("1{0},2,up\n3{0},4,down\n", " ".repeat(400));
    let (code, error, taken) = fed(&work, &["check", "-c", "stream.toml"], "a,b,kind\n", &rows);
    let expected = "error: standard input: more than 33554432 bytes, which is the limit for standard input; save it to \
                    a file, or raise data.memory";
    assert_eq!((code, &*error), (Some(8), expected));
    assert!(taken < 34 << 20, "{taken} bytes");
}
