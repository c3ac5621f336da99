//! The curvature of the loss over all trained numbers together.

use ndarray::Array1;
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::StandardNormal;

use crate::probe::Probe;
use crate::probe::curvature::lanczos::{RitzValue, lanczos};
use crate::probe::parameters::{dot, norm};
use crate::random::stream;

/// How [`hessian_extremes`] searches.
#[derive(Clone, Debug, PartialEq)]
pub struct LanczosSettings {
    /// Products of the Hessian with a vector, at most.
    pub max_products: usize,
    /// The search ends once the residual is at most this share of the largest absolute eigenvalue.
    pub tolerance: f64,
    /// Whether the smallest eigenvalue has to be found as exactly as the largest.
    pub both_ends: bool,
    /// Seed of the first vector.
    pub seed: u64,
}

impl Default for LanczosSettings {
    /// Up to 30 products, the largest to one percent.
    fn default() -> Self {
        Self { max_products: 30, tolerance: 0.01, both_ends: false, seed: 0 }
    }
}

/// The ends of the spectrum of the Hessian. NaN where the loss or a gradient is not finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes {
    /// The smallest eigenvalue, which is often negative.
    pub smallest: RitzValue,
    /// The largest eigenvalue, the sharpness. Gradient descent of a rate above 2 over it is unstable near a minimum.
    pub largest: RitzValue,
}

/// The smallest and largest eigenvalue of the Hessian of the mean loss of the batch, in training mode: the one whose
/// gradient training follows. Evaluation mode would be another function.
///
/// Power iteration would find the one of greatest absolute value, which with batch norm may be the negative one.
pub fn hessian_extremes(probe: &mut Probe<f64>, settings: &LanczosSettings) -> Extremes {
    let count = probe.position().len();
    let mut random = stream(settings.seed, "lanczos", &[]);
    let start = Array1::random_using(count, StandardNormal, &mut random).to_vec();
    let product = |v: &[f64]| hessian_product(probe, v);
    let found = lanczos(product, &start, settings);
    let unknown = RitzValue { value: f64::NAN, residual: f64::NAN };
    let (smallest, largest) = found.unwrap_or((unknown, unknown));
    Extremes { smallest, largest }
}

/// `H v`, the Hessian times a vector as long as [`Probe::position`], by central differences of the gradient.
///
/// If all layers are smooth, of fourth order: `(8 (g(h) - g(-h)) - (g(2h) - g(-2h))) / 12 h` at `h` of 1e-4 times the
/// length of the position, right to about 1e-11 of the largest eigenvalue. A difference across a kink, as that of ReLU,
/// is not curvature, and would be taken for a huge one. With kinks it is therefore of second order with an `h` of 1e-10
/// times that length, which crosses hardly any, and right to about 1e-5.
pub fn hessian_product(probe: &mut Probe<f64>, v: &[f64]) -> Vec<f64> {
    let length = norm(v);
    if length == 0.0 {
        return vec![0.0; v.len()];
    }
    let start = probe.position();
    let scale = match norm(&start) {
        0.0 => 1.0,
        size => size,
    };
    let is_smooth = probe.network().layers().iter().all(|layer| layer.is_smooth());
    let h = if is_smooth { 1e-4 } else { 1e-10 } * scale / length;
    let mut difference = |h: f64| {
        let (_, mut ahead) = probe.gradient_at(&start, h, v);
        let (_, behind) = probe.gradient_at(&start, -h, v);
        ahead.iter_mut().zip(behind).for_each(|(ahead, behind)| *ahead = (*ahead - behind) / (2.0 * h));
        ahead
    };
    let mut product = difference(h);
    if is_smooth {
        let wider = difference(2.0 * h);
        product.iter_mut().zip(wider).for_each(|(near, wide)| *near = (4.0 * *near - wide) / 3.0);
    }
    probe.move_to(&start);
    product
}

/// The trace of the Hessian, the sum of its eigenvalues, by as many products as there are trained numbers: for small
/// networks.
pub fn hessian_trace(probe: &mut Probe<f64>) -> f64 {
    let mut unit = vec![0.0; probe.position().len()];
    let mut trace = 0.0;
    for index in 0..unit.len() {
        unit[index] = 1.0;
        trace += hessian_product(probe, &unit)[index];
        unit[index] = 0.0;
    }
    trace
}

/// `g' H g / g' g`: the curvature in the direction of the gradient, which decides how far a gradient step may go. NaN
/// without a gradient.
pub fn curvature_along_gradient(probe: &mut Probe<f64>) -> f64 {
    probe.pass();
    let gradient = probe.gradient();
    let product = hessian_product(probe, &gradient);
    dot(&gradient, &product) / dot(&gradient, &gradient)
}
