//! The layers between the input and the loss, one file each.

pub(crate) mod activation;
pub mod affine;
pub mod alpha_dropout;
pub mod batch_norm;
pub mod dropout;
pub(crate) mod gamma_beta;
pub mod leaky_relu;
pub mod mean_only;
pub mod noise_only;
pub mod relu;
pub mod row_norm;
pub mod selu;
pub mod sigmoid;
pub mod softplus;
pub mod tanh;

pub use crate::nn::layers::affine::weight_norm::WeightForm;
pub use crate::nn::layers::affine::{Affine, AffineSpec, Bias, affine, output_affine};
pub use crate::nn::layers::alpha_dropout::{AlphaDropout, AlphaDropoutSpec, alpha_dropout};
pub use crate::nn::layers::batch_norm::ghost::{GhostBatchNormSpec, ghost_batch_norm};
pub use crate::nn::layers::batch_norm::renorm::{BatchRenormSpec, batch_renorm};
pub use crate::nn::layers::batch_norm::variance_only::{VarianceOnlySpec, variance_only};
pub use crate::nn::layers::batch_norm::{Backward, BatchNorm, BatchNormSpec, batch_norm};
pub use crate::nn::layers::dropout::{Dropout, DropoutSpec, dropout};
pub use crate::nn::layers::leaky_relu::{LeakyReluSpec, leaky_relu};
pub use crate::nn::layers::mean_only::{MeanOnly, MeanOnlySpec, mean_only};
pub use crate::nn::layers::noise_only::{NoiseOnly, NoiseOnlySpec, noise_only};
pub use crate::nn::layers::relu::{ReluSpec, relu};
pub use crate::nn::layers::row_norm::RowNorm;
pub use crate::nn::layers::row_norm::group_norm::{GroupNormSpec, group_norm};
pub use crate::nn::layers::row_norm::layer_norm::{LayerNormSpec, layer_norm};
pub use crate::nn::layers::row_norm::rms_norm::{RmsNormSpec, rms_norm};
pub use crate::nn::layers::selu::{SeluSpec, selu};
pub use crate::nn::layers::sigmoid::{SigmoidSpec, sigmoid};
pub use crate::nn::layers::softplus::{SoftplusSpec, softplus};
pub use crate::nn::layers::tanh::{TanhSpec, tanh};
