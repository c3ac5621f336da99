//! The SHA-256 of a model file, stored inside it.
//!
//! It is at a fixed offset after fixed bytes, and computed with its own bytes blanked out. So it
//! covers every byte of the file: length, header, padding, tensors.

use std::ops::Range;

use sha2::{Digest, Sha256};

/// The start of the header of every model file, of any format, after its 8 bytes of length.
const PREFIX: &[u8] = br#"{"__metadata__":{"bntrain":"{\"sha256\":\""#;
/// Takes the place of the checksum while it is computed.
pub(crate) const BLANK: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// The bytes of the checksum.
const CHECKSUM: Range<usize> = 8 + PREFIX.len()..8 + PREFIX.len() + BLANK.len();

/// Why the checksum of a file is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChecksumError {
    /// The file does not start like a model file.
    Missing,
    /// It is not the checksum of these bytes.
    Mismatch,
}

/// Writes the checksum into a file.
///
/// # Errors
///
/// If the file does not start like a model file.
pub(crate) fn seal(file: &mut [u8]) -> Result<(), ChecksumError> {
    let checksum = checksum(file)?;
    file[CHECKSUM].copy_from_slice(checksum.as_bytes());
    Ok(())
}

/// Compares the checksum in a file with its bytes.
///
/// # Errors
///
/// If there is none, or it differs.
pub(crate) fn verify(file: &[u8]) -> Result<(), ChecksumError> {
    match checksum(file)?.as_bytes() == &file[CHECKSUM] {
        true => Ok(()),
        false => Err(ChecksumError::Mismatch),
    }
}

fn checksum(file: &[u8]) -> Result<String, ChecksumError> {
    if file.len() < CHECKSUM.end || !file[8..].starts_with(PREFIX) {
        return Err(ChecksumError::Missing);
    }
    let mut hash = Sha256::new();
    hash.update(&file[..CHECKSUM.start]);
    hash.update(BLANK);
    hash.update(&file[CHECKSUM.end..]);
    Ok(format!("{:x}", hash.finalize()))
}
