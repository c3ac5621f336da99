//! Records: a length and bytes, each with a checksum, as in TensorFlow's `tfrecord` files.
//!
//! Source: the comment at the top of TensorFlow's `record_writer.h`.

use prost::Message;

/// Remainders for each byte by the polynomial of Castagnoli, with the bits reversed.
const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut rest = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = (rest >> 1) ^ (0x82f6_3b78 * (rest & 1));
            bit += 1;
        }
        table[byte] = rest;
        byte += 1;
    }
    table
}

/// CRC-32C of RFC 3720.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| (crc >> 8) ^ TABLE[usize::from(crc as u8 ^ byte)])
}

/// The checksum as records have it: masked, since a checksum of data with checksums in them says little.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Appends `message` as a record.
pub(crate) fn put_record(file: &mut Vec<u8>, message: &impl Message) {
    let data = message.encode_to_vec();
    let length = (data.len() as u64).to_le_bytes();
    file.extend(length);
    file.extend(masked_crc(&length).to_le_bytes());
    file.extend(&data);
    file.extend(masked_crc(&data).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From RFC 3720, B.4, and the check value of the catalogue of CRC algorithms.
    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&ascending), 0x46dd_794e);
    }

    #[test]
    fn a_record_has_its_length_and_two_checksums() {
        let mut file = Vec::new();
        put_record(&mut file, &"abc".to_owned());
        // Field 1 of a message: its tag, its length, its bytes.
        let data = [0x0a, 3, b'a', b'b', b'c'];
        assert_eq!(file[..8], 5_u64.to_le_bytes());
        assert_eq!(file[8..12], masked_crc(&file[..8]).to_le_bytes());
        assert_eq!(file[12..17], data);
        assert_eq!(file[17..], masked_crc(&data).to_le_bytes());
    }
}
