//! What of `[data]` can be checked before a file is read.

use super::fault::Fault;
use super::spec::DataSpec;

/// How the text of every file of a config is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    /// ASCII, and neither a quote nor a line end.
    pub(super) delimiter: u8,
    /// Whether the first record names the columns.
    pub(super) header: bool,
    /// Bytes that the text of a file may take, and again its numbers.
    pub(super) limit: u64,
}

impl Format {
    /// Checks the delimiter, and that the parts of the split do not contradict each other.
    pub(super) fn new(spec: &DataSpec, limit: u64) -> Result<Self, Fault> {
        let delimiter = delimiter(spec.delimiter)?;
        let parts = [("valid", spec.valid, &spec.valid_path), ("test", spec.test, &spec.test_path)];
        for (key, share, path) in parts {
            if !(0.0..1.0).contains(&share) {
                return Err(Fault::Share { key, share });
            }
            if share > 0.0 && path.is_some() {
                return Err(Fault::ShareAndFile { key });
            }
        }
        if spec.valid + spec.test >= 1.0 {
            return Err(Fault::Shares { valid: spec.valid, test: spec.test });
        }
        Ok(Self { delimiter, header: spec.header, limit })
    }
}

/// A character that can be part of no number, quote, comment or line end.
fn delimiter(char: char) -> Result<u8, Fault> {
    let is_taken = char.is_ascii_alphanumeric() || "\"#+-.\n\r\0".contains(char);
    match u8::try_from(char) {
        Ok(byte) if byte.is_ascii() && !is_taken => Ok(byte),
        _ => Err(Fault::Delimiter(char)),
    }
}
