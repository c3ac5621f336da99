//! A terminal that is drawn anew, and read key by key.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// A key that means something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Char(char),
    Tab,
    Next,
    Previous,
}

/// The other screen of the terminal, without a cursor and with keys as they are pressed. Everything is as before when it
/// is dropped.
pub(crate) struct Screen {
    keys: File,
    before: Termios,
}

const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";
const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";

impl Screen {
    /// None if there is no terminal to draw on and to read keys from.
    pub(crate) fn open() -> io::Result<Option<Self>> {
        if !io::stdout().is_terminal() || std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
            return Ok(None);
        }
        // Standard input may be something else.
        let Ok(keys) = File::open("/dev/tty") else { return Ok(None) };
        let before = tcgetattr(&keys)?;
        let mut raw = before.clone();
        raw.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        raw.special_codes[SpecialCodeIndex::VMIN] = 0;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&keys, OptionalActions::Now, &raw)?;
        let screen = Self { keys, before };
        write_all(ENTER)?;
        Ok(Some(screen))
    }

    /// Draws lines, without flicker: over what is there.
    pub(crate) fn draw(&self, text: &str, height: usize) -> io::Result<()> {
        let mut drawn = "\u{1b}[H".to_owned();
        for (number, line) in text.lines().take(height).enumerate() {
            if number > 0 {
                drawn.push_str("\r\n");
            }
            drawn.push_str(line);
            drawn.push_str("\u{1b}[K");
        }
        drawn.push_str("\u{1b}[J");
        write_all(&drawn)
    }

    /// The keys that are pressed within `time`, as soon as there are any; also none after a signal.
    pub(crate) fn keys(&mut self, time: Duration) -> io::Result<Vec<Key>> {
        let time = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: i64::from(time.subsec_nanos()) };
        let mut waited = [PollFd::new(&self.keys, PollFlags::IN)];
        match poll(&mut waited, Some(&time)) {
            Err(rustix::io::Errno::INTR) => return Ok(Vec::new()),
            ready => {
                if ready? == 0 {
                    return Ok(Vec::new());
                }
            }
        }
        let mut bytes = [0; 64];
        let count = self.keys.read(&mut bytes)?;
        // A terminal that is gone is always ready, and empty.
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(keys_of(&bytes[..count]))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that is gone.
        let _ = write_all(LEAVE);
        let _ = tcsetattr(&self.keys, OptionalActions::Now, &self.before);
    }
}

fn write_all(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Letters, digits, tab and arrows; Ctrl-C, Ctrl-D and Escape are `q`. Other keys are left out.
fn keys_of(bytes: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (0x1b, [b'[' | b'O', code, more @ ..]) => {
                rest = more;
                match code {
                    b'B' | b'C' => keys.push(Key::Next),
                    b'A' | b'D' | b'Z' => keys.push(Key::Previous),
                    // A longer sequence ends with a letter or `~`.
                    _ => {
                        let is_end = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'~';
                        if !is_end(code) {
                            let end = rest.iter().position(is_end).map_or(rest.len(), |end| end + 1);
                            rest = &rest[end..];
                        }
                    }
                }
            }
            (3 | 4 | 0x1b, _) => keys.push(Key::Char('q')),
            (b'\t', _) => keys.push(Key::Tab),
            (byte, _) if byte.is_ascii_alphanumeric() => {
                keys.push(Key::Char(char::from(byte.to_ascii_lowercase())));
            }
            _ => {}
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_bytes() {
        assert_eq!(keys_of(b"3L\t"), [Key::Char('3'), Key::Char('l'), Key::Tab]);
        assert_eq!(keys_of(b"\x1b[C\x1bOD"), [Key::Next, Key::Previous]);
        for quit in [&b"q"[..], b"\x03", b"\x04", b"\x1b", b"Q"] {
            assert_eq!(keys_of(quit), [Key::Char('q')], "{quit:?}");
        }
        // F5, Delete, and what is not ASCII.
        assert_eq!(keys_of(b"\x1b[15~\x1b[3~\xc3\xa4 1"), [Key::Char('1')]);
    }
}
