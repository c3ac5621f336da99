//! What bytes are that are no UTF-8 text.

use std::path::Path;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use crate::data::source::Disk;

const GZIP: &str = "gzip; give it a name that ends in .gz";
const ZSTD: &str = "zstd; give it a name that ends in .zst";

/// What the first bytes of a file give away, and what to do about it.
pub(crate) fn disguise(bytes: &[u8]) -> Option<&'static str> {
    const GUISES: [(&[u8], &str); 9] = [
        (b"\xff\xfe\0\0", "UTF-32 (little-endian, by its byte order mark); save it as UTF-8"),
        (b"\0\0\xfe\xff", "UTF-32 (big-endian, by its byte order mark); save it as UTF-8"),
        (
            b"\xff\xfe",
            "UTF-16 (little-endian, by its byte order mark); save it as UTF-8, for example with \
             `iconv -f UTF-16 -t UTF-8 OLD > NEW`",
        ),
        (
            b"\xfe\xff",
            "UTF-16 (big-endian, by its byte order mark); save it as UTF-8, for example with \
             `iconv -f UTF-16 -t UTF-8 OLD > NEW`",
        ),
        (b"\x1f\x8b", GZIP),
        (b"\x28\xb5\x2f\xfd", ZSTD),
        (b"PK\x03\x04", "a ZIP archive or spreadsheet; save it as CSV"),
        (b"\xd0\xcf\x11\xe0", "an old spreadsheet; save it as CSV"),
        (b"PAR1", "Parquet; save it as CSV"),
    ];
    let by_start = GUISES.iter().find(|(start, _)| bytes.starts_with(start)).map(|&(_, guise)| guise);
    by_start.or_else(|| wide_characters(bytes))
}

/// What to do about it where the bytes come from standard input, which has no name.
pub(crate) fn of_standard_input(guise: &'static str) -> &'static str {
    match guise {
        GZIP => "gzip; pipe it through `gzip -d`",
        ZSTD => "zstd; pipe it through `zstd -d`",
        other => other,
    }
}

/// UTF-16 without byte order mark: half of the bytes of Latin letters, digits and delimiters are
/// NUL.
fn wide_characters(bytes: &[u8]) -> Option<&'static str> {
    const LOOKED_AT: usize = 64;
    let pairs = bytes[..bytes.len().min(LOOKED_AT)].chunks_exact(2);
    let count = pairs.len();
    let (mut first, mut second) = (0, 0);
    for pair in pairs {
        first += usize::from(pair[0] == 0);
        second += usize::from(pair[1] == 0);
    }
    match (first, second) {
        (0, zeros) if count >= 3 && 2 * zeros > count => Some(
            "UTF-16 (little-endian, by its NUL bytes); save it as UTF-8, for example with \
             `iconv -f UTF-16LE -t UTF-8 OLD > NEW`",
        ),
        (zeros, 0) if count >= 3 && 2 * zeros > count => Some(
            "UTF-16 (big-endian, by its NUL bytes); save it as UTF-8, for example with \
             `iconv -f UTF-16BE -t UTF-8 OLD > NEW`",
        ),
        _ => None,
    }
}

/// The encoding that the text of a file is likeliest to have, by what follows on the first byte that
/// is not UTF-8; none if it cannot be read again.
pub(crate) fn guess(path: &Path, offset: usize) -> Option<&'static str> {
    const LOOKED_AT: usize = 1 << 14;
    let mut disk = Disk::open_again(path).ok()??;
    let (mut before, mut sample) = (offset, Vec::new());
    while before > 0 {
        sample.clear();
        disk.read(before.min(1 << 16), &mut sample).ok()?;
        before = before.checked_sub(sample.len()).filter(|_| !sample.is_empty())?;
    }
    sample.clear();
    disk.read(LOOKED_AT, &mut sample).ok()?;
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&sample, sample.len() < LOOKED_AT);
    Some(detector.guess(None, Utf8Detection::Deny).name())
}
