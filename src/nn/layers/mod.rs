//! The layers between the input and the loss, one file each.

pub(crate) mod activation;
pub mod affine;
pub mod batch_norm;
pub mod dropout;
pub mod leaky_relu;
pub mod mean_only;
pub mod relu;
pub mod sigmoid;
pub mod softplus;
pub mod tanh;

pub use crate::nn::layers::affine::{Affine, AffineSpec, Bias, affine, output_affine};
pub use crate::nn::layers::batch_norm::{Backward, BatchNorm, BatchNormSpec, batch_norm};
pub use crate::nn::layers::dropout::{Dropout, DropoutSpec, dropout};
pub use crate::nn::layers::leaky_relu::{LeakyReluSpec, leaky_relu};
pub use crate::nn::layers::mean_only::{MeanOnly, MeanOnlySpec, mean_only};
pub use crate::nn::layers::relu::{ReluSpec, relu};
pub use crate::nn::layers::sigmoid::{SigmoidSpec, sigmoid};
pub use crate::nn::layers::softplus::{SoftplusSpec, softplus};
pub use crate::nn::layers::tanh::{TanhSpec, tanh};
