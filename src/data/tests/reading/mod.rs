//! Tests of reading: what a file holds does not depend on how it is written or cut.

pub(crate) mod chunked;
pub(crate) mod dialects;
pub(crate) mod encodings;
pub(crate) mod equivalent_files;
pub(crate) mod properties;
pub(crate) mod row_stream;
pub(crate) mod separate_files;
