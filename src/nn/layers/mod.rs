//! The layers between the input and the loss, one file each.

pub(crate) mod activation;
pub(crate) mod affine;
pub(crate) mod batch_norm;
pub(crate) mod dropout;
pub(crate) mod leaky_relu;
pub(crate) mod mean_only;
pub(crate) mod relu;
pub(crate) mod sigmoid;
pub(crate) mod tanh;
