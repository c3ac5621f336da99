//! Tests of the messages about files, contents and specifications.

pub(crate) mod content;
pub(crate) mod file;
pub(crate) mod malformed_text;
pub(crate) mod messages;
pub(crate) mod spec;
