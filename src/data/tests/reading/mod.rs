//! Tests that the content of a file does not depend on dialect, encoding or chunk boundaries.

pub(crate) mod chunked;
pub(crate) mod dialects;
pub(crate) mod encodings;
pub(crate) mod equivalent_files;
pub(crate) mod excel;
pub(crate) mod properties;
pub(crate) mod row_stream;
pub(crate) mod separate_files;
pub(crate) mod several_files;
