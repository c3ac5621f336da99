//! A SHA-256 over a whole model file, kept inside it.
//!
//! It stands at a fixed place behind fixed bytes, and is taken with that place blanked. So every
//! byte of the file counts: its own head, the header, the padding, the tensors.

use std::ops::Range;

use sha2::{Digest, Sha256};

/// What every model file has behind the 8 bytes of its header's length, of any format.
const HEAD: &[u8] = br#"{"__metadata__":{"bntrain":"{\"sha256\":\""#;
/// In place of the checksum while it is taken.
pub(crate) const BLANK: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Where it stands.
const PLACE: Range<usize> = 8 + HEAD.len()..8 + HEAD.len() + BLANK.len();

/// What is known of a file by its checksum.
pub(crate) enum Verdict {
    /// It is as it was written.
    Whole,
    /// It does not begin like a model file.
    Foreign,
    /// Some of its bytes are others.
    Damaged,
}

/// Puts the checksum in its place; false if the file has another head.
#[must_use]
pub(crate) fn seal(file: &mut [u8]) -> bool {
    if !has_head(file) {
        return false;
    }
    let sum = checksum(file);
    file[PLACE].copy_from_slice(sum.as_bytes());
    true
}

/// Looks at all bytes of a file.
pub(crate) fn verify(file: &[u8]) -> Verdict {
    if !has_head(file) {
        Verdict::Foreign
    } else if file[PLACE] == *checksum(file).as_bytes() {
        Verdict::Whole
    } else {
        Verdict::Damaged
    }
}

/// Some bytes in hexadecimal, lowercase.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn has_head(file: &[u8]) -> bool {
    file.len() >= PLACE.end && file[8..].starts_with(HEAD)
}

fn checksum(file: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(&file[..PLACE.start]);
    hash.update(BLANK);
    hash.update(&file[PLACE.end..]);
    hex(hash.finalize())
}
