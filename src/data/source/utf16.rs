//! Text in UTF-16, as it is read from a file that begins with its byte order mark.

use std::io;

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};

/// Turns UTF-16 into UTF-8.
pub(crate) struct Utf16 {
    decoder: Decoder,
    /// Bytes after the byte order mark that were read with it.
    start: Vec<u8>,
    buffer: Vec<u8>,
    /// Whether the file has ended, after which the decoder takes nothing.
    has_ended: bool,
}

impl Utf16 {
    /// The decoder for a file that begins with these bytes; none unless they are the mark of UTF-16.
    pub(crate) fn new(start: &[u8]) -> Option<Self> {
        let (encoding, rest) = match start {
            [0xff, 0xfe, 0, 0] => return None, // UTF-32
            [0xff, 0xfe, rest @ ..] => (UTF_16LE, rest),
            [0xfe, 0xff, rest @ ..] => (UTF_16BE, rest),
            _ => return None,
        };
        let decoder = encoding.new_decoder_without_bom_handling();
        Some(Self { decoder, start: rest.to_vec(), buffer: Vec::new(), has_ended: false })
    }

    /// Appends at least `count` bytes of text, unless the file ends; `read` appends bytes of the file and
    /// returns their number, 0 at its end.
    pub(crate) fn read(
        &mut self,
        count: usize,
        to: &mut Vec<u8>,
        mut read: impl FnMut(usize, &mut Vec<u8>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let before = to.len();
        while to.len() - before < count && !self.has_ended {
            self.buffer.clear();
            self.buffer.append(&mut self.start);
            self.has_ended = read(count, &mut self.buffer)? == 0;
            let length = to.len();
            let most = self.decoder.max_utf8_buffer_length_without_replacement(self.buffer.len());
            let most = most.ok_or(io::ErrorKind::OutOfMemory)?;
            to.try_reserve(most).map_err(|_| io::ErrorKind::OutOfMemory)?;
            to.resize(length + most, 0);
            let (result, _, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.buffer,
                &mut to[length..],
                self.has_ended,
            );
            to.truncate(length + written);
            if let DecoderResult::Malformed(..) = result {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "half of a character in UTF-16"));
            }
        }
        Ok(to.len() - before)
    }
}

impl std::fmt::Debug for Utf16 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Utf16").field("encoding", &self.decoder.encoding().name()).finish_non_exhaustive()
    }
}
