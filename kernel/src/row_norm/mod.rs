//! Norms of each row: the moments of its groups, the forward pass and the backward pass.

pub(crate) mod backward;
pub(crate) mod forward;
pub(crate) mod moments;
