//! Decompresses Zstandard files.

use std::io::{self, BufRead, ErrorKind, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Parts of error messages.
const CUT: &str = "the file ends too early";
const NO_FRAME: &str = "not a valid Zstandard frame header";
const DICTIONARY: &str = "they need a dictionary; pack them without one";
const WINDOW: &str = "they need too much memory to unpack; pack them without --long";
const DAMAGED: &str = "corrupted Zstandard frame";
const WRONG_SIZE: &str = "the content does not have the size that the frame header declares";

/// Decompresses all frames of a file, and compares their sizes and checksums with those that they declare.
pub(crate) struct ZstdReader<R> {
    source: R,
    decoder: FrameDecoder,
    is_in_frame: bool,
    /// Bytes of content that the header of the frame declares, if it does.
    declared: Option<u64>,
    /// Bytes of the frame so far.
    unpacked: u64,
}

impl<R: BufRead> ZstdReader<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), is_in_frame: false, declared: None, unpacked: 0 }
    }

    pub(crate) fn get_ref(&self) -> &R {
        &self.source
    }

    pub(crate) fn into_inner(self) -> R {
        self.source
    }

    /// Starts the next frame that has data; false at the end of the file.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            let start = self.source.fill_buf()?;
            if start.is_empty() {
                return Ok(false);
            }
            let declares_size = start.get(4).is_some_and(|&descriptor| declares_size(descriptor));
            match self.decoder.reset(&mut self.source) {
                Ok(()) => {
                    // The decoder also says 0 where nothing is declared.
                    let size = self.decoder.content_size();
                    self.declared = (declares_size || size > 0).then_some(size);
                    self.unpacked = 0;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    let skipped = io::copy(&mut self.source.by_ref().take(length), &mut io::sink())?;
                    if skipped < length {
                        return Err(io::Error::new(ErrorKind::UnexpectedEof, CUT));
                    }
                }
                Err(error) => return Err(damaged(error)),
            }
        }
    }

    fn check_frame(&self) -> io::Result<()> {
        if self.declared.is_some_and(|declared| declared != self.unpacked) {
            return Err(io::Error::new(ErrorKind::InvalidData, WRONG_SIZE));
        }
        let Some(written) = self.decoder.get_checksum_from_data() else { return Ok(()) };
        match self.decoder.get_calculated_checksum() == Some(written) {
            true => Ok(()),
            false => Err(io::Error::new(ErrorKind::InvalidData, "the checksum does not match")),
        }
    }
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() {
            if !self.is_in_frame {
                self.is_in_frame = self.next_frame()?;
                if !self.is_in_frame {
                    break;
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.source, one).map_err(damaged)?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                self.unpacked += count as u64;
                return Ok(count);
            }
            self.check_frame()?;
            self.is_in_frame = false;
        }
        Ok(0)
    }
}

/// Whether a frame with this descriptor, the byte after the magic number, declares its size (RFC 8878,
/// 3.1.1.1.1).
fn declares_size(descriptor: u8) -> bool {
    let (size_flag, single_segment) = (descriptor >> 6, descriptor >> 5 & 1);
    size_flag > 0 || single_segment == 1
}

impl<R> std::fmt::Debug for ZstdReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ZstdReader").field("is_in_frame", &self.is_in_frame).finish_non_exhaustive()
    }
}

/// An I/O error if that is the cause; else a message without the internals of the decoder, which do not help
/// to repair a file.
fn damaged(error: FrameDecoderError) -> io::Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(code) = error.downcast_ref().and_then(io::Error::raw_os_error) {
            return io::Error::from_raw_os_error(code);
        }
        if error.downcast_ref().map(io::Error::kind) == Some(ErrorKind::UnexpectedEof) {
            return io::Error::new(ErrorKind::UnexpectedEof, CUT);
        }
        cause = error.source();
    }
    let text = match error {
        FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(_)) => NO_FRAME,
        FrameDecoderError::DictNotProvided { .. } => DICTIONARY,
        FrameDecoderError::WindowSizeTooBig { .. } => WINDOW,
        _ => DAMAGED,
    };
    io::Error::new(ErrorKind::InvalidData, text)
}
