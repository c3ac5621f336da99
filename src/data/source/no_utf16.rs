//! In the place of the decoder of UTF-16 that the crate is built without.

use std::io;

/// No file is read as UTF-16; it is refused as text that is not UTF-8.
#[derive(Debug)]
pub(crate) enum NoUtf16 {}

impl NoUtf16 {
    pub(crate) fn new(_: &[u8]) -> Option<Self> {
        None
    }

    pub(crate) fn read(
        &mut self,
        _: usize,
        _: &mut Vec<u8>,
        _: impl FnMut(usize, &mut Vec<u8>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        match *self {}
    }
}
