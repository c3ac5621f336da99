//! Which rows form a batch, and gathering them.

pub(crate) mod rows;
pub(crate) mod sampler;
