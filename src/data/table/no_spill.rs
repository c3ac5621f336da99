//! In the place of the temporary file where the crate is built without it.

use std::io;
use std::path::Path;

use crate::data::table::matrix::{Block, Matrix};

/// Cannot be created.
#[derive(Debug)]
pub(crate) enum SpillFile {}

impl SpillFile {
    pub(crate) fn new(_: &Path) -> io::Result<Self> {
        let message = "bntrain was built without its feature `out-of-core`";
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }

    pub(crate) fn push(&mut self, _: Block) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn finish(self, _: usize) -> io::Result<Matrix> {
        match self {}
    }
}
