//! Measurements of a network on a batch of rows: what its layers do to activations, gradients and the loss.
//!
//! A [`Probe`] is a copy of a network with a batch. Everything is measured in training mode: norms use the
//! statistics of the batch, dropout the masks of one step. Nothing that is measured changes the network that was
//! copied, and a measurement that moves the copy moves it back.
//!
//! ```
//! use bntrain::probe::{Probe, ProbeBatch, hessian_extremes, LanczosSettings};
//! use bntrain::{Network, Targets, affine, batch_norm, output_affine, softmax_loss, tanh};
//! use ndarray::array;
//!
//! let layers = [affine(4), batch_norm(), tanh(), output_affine(), softmax_loss()];
//! let network = Network::<f64>::build(&layers, 2, 2, 0);
//! let x = array![[0.0, 1.0], [1.0, 0.5], [-1.0, 2.0], [0.5, -0.5]];
//! let mut probe = Probe::new(&layers, &network, ProbeBatch::new(x, Targets::classes([0, 1, 0, 1])));
//!
//! let loss = probe.pass();
//! let sharpness = hessian_extremes(&mut probe, &LanczosSettings::default()).largest;
//! println!("loss {loss}, largest stable rate {}", 2.0 / sharpness.value);
//! ```
//!
//! # Layers
//!
//! Results by layer are in the order of the [blocks](LayerBlock): an affine layer, and what follows it up to the next.

pub(crate) mod alignment;
pub(crate) mod along_gradient;
pub(crate) mod batch_noise;
pub(crate) mod blocks;
pub(crate) mod covariate_shift;
pub(crate) mod curvature;
pub(crate) mod growth;
pub(crate) mod noise_scale;
pub(crate) mod overview;
pub(crate) mod parameters;
pub(crate) mod rows;
pub(crate) mod subject;
pub(crate) mod values;
pub(crate) mod yang;

pub use crate::probe::alignment::gradient_alignment;
pub use crate::probe::along_gradient::{AlongGradient, PointAlong, along_gradient};
pub use crate::probe::batch_noise::{BatchNoise, batch_noise};
pub use crate::probe::blocks::{LayerBlock, blocks_of};
pub use crate::probe::covariate_shift::{CovariateShift, covariate_shift};
pub use crate::probe::curvature::hessian::{
    Extremes, LanczosSettings, curvature_along_gradient, hessian_extremes, hessian_product, hessian_trace,
};
pub use crate::probe::curvature::lanczos::RitzValue;
pub use crate::probe::growth::{deepest_trainable, growth_per_layer, middle_layers, weight_gradient_norms};
pub use crate::probe::noise_scale::{NoiseScale, noise_scale, noise_scale_of};
pub use crate::probe::overview::{LayerOverview, NetworkOverview, overview, overview_without_curvature};
pub use crate::probe::rows::{mean_cosine, participation_rank};
pub use crate::probe::subject::{Probe, ProbeBatch};
pub use crate::probe::values::{ValueMoments, column_percentiles, dead_units, moments, percentiles};
pub use crate::probe::yang::{Unit, yang_growth};
