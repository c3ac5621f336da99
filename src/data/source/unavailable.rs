//! In the place of a decompressor that the crate is built without.

use std::io::{self, Read};

/// Refuses every file.
#[derive(Debug)]
pub(crate) struct Unavailable<R>(R);

impl<R> Unavailable<R> {
    pub(crate) fn new(source: R) -> Self {
        Self(source)
    }

    pub(crate) fn get_ref(&self) -> &R {
        &self.0
    }

    pub(crate) fn into_inner(self) -> R {
        self.0
    }
}

impl<R: Read> Read for Unavailable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // An empty file is reported as that.
        if self.0.read(buffer)? == 0 {
            return Ok(0);
        }
        let message = "bntrain was built without the feature for this format";
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }
}
