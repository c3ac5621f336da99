//! In the place of the cache where the crate is built without it: no file has one, and none is written.

use std::io;
use std::path::Path;

use serde::Serialize;

use crate::data::error::DataError;
use crate::data::spec::DataSpec;
use crate::data::table::cache::{SideColumns, StoredFile};
use crate::data::table::matrix::Block;

/// Cannot be created.
#[derive(Debug)]
pub(crate) enum CacheWriter {}

impl CacheWriter {
    pub(crate) fn new(_: &Path, _: usize) -> io::Result<Self> {
        let message = "bntrain was built without its feature `cache`";
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }

    pub(crate) fn push(&mut self, _: &Block) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn finish(self, _: &str, _: &SideColumns, _: &impl Serialize) -> io::Result<()> {
        match self {}
    }
}

/// Why a cache cannot be opened.
#[derive(Debug)]
pub(crate) struct CacheMiss;

pub(crate) fn open<C>(_: &Path, _: &str) -> Result<StoredFile<C>, CacheMiss> {
    Err(CacheMiss)
}

pub(crate) fn key(_: &DataSpec, _: &str, _: &impl Serialize) -> String {
    String::new()
}

pub(crate) fn find<C>(
    _: &Path,
    _: &DataSpec,
    _: &impl Serialize,
    _: &mut Vec<String>,
) -> Result<Option<StoredFile<C>>, DataError> {
    Ok(None)
}
