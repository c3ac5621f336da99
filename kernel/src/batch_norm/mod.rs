//! Batch norm: the statistics of a batch, the forward pass, the backward pass and inference.

pub(crate) mod backward;
pub(crate) mod column_sums;
pub(crate) mod forward;
pub(crate) mod ghosts;
pub(crate) mod infer;
pub(crate) mod moments;
pub(crate) mod projection;
pub(crate) mod state;
#[cfg(test)]
pub(crate) mod testing;
