//! Recognises common non-CSV files by their first bytes.

use std::fmt;

/// A file that is not CSV text: what it is, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileSignature {
    kind: &'static str,
    advice: &'static str,
}

impl fmt::Display for FileSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is {}, not UTF-8 text; {}", self.kind, self.advice)
    }
}

const SAVE_AS_CSV: &str = "save it as CSV";

/// Recognises a file by its first bytes. Compressed files can be renamed, standard input cannot.
pub(crate) fn signature(bytes: &[u8], is_standard_input: bool) -> Option<FileSignature> {
    let compressed = |of_file, of_input| if is_standard_input { of_input } else { of_file };
    let gzip = compressed("give it a name that ends in .gz", "pipe it through `gzip -d`");
    let zstd = compressed("give it a name that ends in .zst", "pipe it through `zstd -d`");
    let signatures: [(&[u8], &str, &str); 7] = [
        (b"\xff\xfe\0\0", "UTF-32 (little-endian, by its byte order mark)", "save it as UTF-8"),
        (b"\0\0\xfe\xff", "UTF-32 (big-endian, by its byte order mark)", "save it as UTF-8"),
        (b"\x1f\x8b", "a gzip file", gzip),
        (b"\x28\xb5\x2f\xfd", "a zstd file", zstd),
        (b"PK\x03\x04", "a ZIP archive or spreadsheet", SAVE_AS_CSV),
        (b"\xd0\xcf\x11\xe0", "an old spreadsheet", SAVE_AS_CSV),
        (b"PAR1", "a Parquet file", SAVE_AS_CSV),
    ];
    let by_start = signatures.into_iter().find(|(start, ..)| bytes.starts_with(start));
    by_start.map(|(_, kind, advice)| FileSignature { kind, advice }).or_else(|| utf16_without_mark(bytes))
}

/// UTF-16 without byte order mark: half of the bytes of Latin letters, digits and delimiters are
/// NUL.
fn utf16_without_mark(bytes: &[u8]) -> Option<FileSignature> {
    const SAMPLE: usize = 64;
    let pairs = bytes[..bytes.len().min(SAMPLE)].chunks_exact(2);
    let count = pairs.len();
    let (mut first, mut second) = (0, 0);
    for pair in pairs {
        first += usize::from(pair[0] == 0);
        second += usize::from(pair[1] == 0);
    }
    match (first, second) {
        (0, zeros) if count >= 3 && 2 * zeros > count => Some(FileSignature {
            kind: "UTF-16 (little-endian, by its NUL bytes)",
            advice: "save it as UTF-8, for example with `iconv -f UTF-16LE -t UTF-8 OLD > NEW`",
        }),
        (zeros, 0) if count >= 3 && 2 * zeros > count => Some(FileSignature {
            kind: "UTF-16 (big-endian, by its NUL bytes)",
            advice: "save it as UTF-8, for example with `iconv -f UTF-16BE -t UTF-8 OLD > NEW`",
        }),
        _ => None,
    }
}
