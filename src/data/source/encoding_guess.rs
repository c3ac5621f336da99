//! Guesses the encoding of text that is not UTF-8.
//!
//! The guess names the encoding in the error message, so that its `iconv` command can be used as it
//! is: without it, it would be right for Western Europe only.

use std::path::Path;

#[cfg(feature = "unicode")]
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

#[cfg(feature = "unicode")]
use crate::data::source::Disk;

/// The likeliest encoding of a file, from the text at `offset`, the first byte that is not UTF-8; none
/// if it cannot be read again.
#[cfg(feature = "unicode")]
pub(crate) fn guess_encoding(path: &Path, offset: usize) -> Option<&'static str> {
    const SAMPLE: usize = 1 << 14;
    let mut disk = Disk::open_again(path).ok()??;
    let (mut before, mut sample) = (offset, Vec::new());
    while before > 0 {
        sample.clear();
        disk.read(before.min(1 << 16), &mut sample).ok()?;
        before = before.checked_sub(sample.len()).filter(|_| !sample.is_empty())?;
    }
    sample.clear();
    disk.read(SAMPLE, &mut sample).ok()?;
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&sample, sample.len() < SAMPLE);
    Some(detector.guess(None, Utf8Detection::Deny).name())
}

/// Without the feature, no encoding is known.
#[cfg(not(feature = "unicode"))]
pub(crate) fn guess_encoding(_: &Path, _: usize) -> Option<&'static str> {
    None
}
