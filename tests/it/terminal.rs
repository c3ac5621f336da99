//! What is left on a terminal.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::support::work::Work;

const COLUMNS: usize = 90;

/// The lines on a terminal after everything was written to it.
fn screen(written: &str) -> Vec<String> {
    let (mut lines, mut row, mut column) = (vec![Vec::new()], 0, 0);
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        match c {
            '\r' => column = 0,
            '\n' => row += 1,
            '\u{1b}' => {
                let sequence = rest.as_str();
                let end = sequence.find(char::is_alphabetic).expect("a letter ends a control sequence");
                let count = sequence[1..end].parse().unwrap_or(1);
                match sequence.as_bytes()[end] {
                    b'A' => row -= count,
                    b'B' => row += count,
                    b'K' => lines[row] = Vec::new(),
                    _ => {} // colors
                }
                rest = sequence[end + 1..].chars();
            }
            _ => {
                if column == COLUMNS {
                    (row, column) = (row + 1, 0);
                }
                lines.resize(lines.len().max(row + 1), Vec::new());
                let length = lines[row].len().max(column + 1);
                lines[row].resize(length, ' ');
                lines[row][column] = c;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    lines.into_iter().map(String::from_iter).collect()
}

/// Each Ctrl-C is shown as `^C` at the cursor, before the bars are drawn again.
#[test]
#[cfg(target_os = "linux")]
fn after_ctrl_c_no_progress_bar_is_left() {
    let work = Work::new();
    let program = env!("CARGO_BIN_EXE_bntrain");
    let train = format!("stty cols {COLUMNS}; {program} config.toml --epochs 1000000 --threads 2 --out out");
    // `script`, of util-linux, runs a command in a terminal.
    let mut script = Command::new("script")
        .args(["-qec", &format!("{train} --progress always"), "/dev/null"])
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .current_dir(work.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script is there");
    let mut keyboard = script.stdin.take().expect("piped");
    let mut terminal = script.stdout.take().expect("piped");
    let (mut written, mut buffer) = (Vec::new(), [0; 4096]);
    let mut pressed = false;
    loop {
        match terminal.read(&mut buffer).expect("it can be read") {
            0 => break,
            count => written.extend_from_slice(&buffer[..count]),
        }
        // Both bars have been drawn with numbers.
        if !pressed && String::from_utf8_lossy(&written).matches("valid loss").count() > 4 {
            keyboard.write_all(b"\x03").expect("it runs");
            pressed = true;
        }
    }
    assert_eq!(script.wait().expect("it ends").code(), Some(130));
    let written = String::from_utf8_lossy(&written);
    assert!(written.contains("^C"), "{written}");
    let screen = screen(&written).join("\n");
    assert!(screen.contains(" interrupted (seed "), "{screen}");
    assert!(!screen.contains("valid loss") && !screen.contains("^C"), "{screen}");
}
