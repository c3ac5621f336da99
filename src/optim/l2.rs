//! Coupled decay.

use ndarray::Zip;

use crate::nn::{Network, Role};
use crate::real::Real;

/// Adds the gradient of `l2 / 2 * sum of W^2`, which is `l2 * W`, over [`Role::Weight`] only.
pub fn add_l2_gradient<F: Real>(network: &mut Network<F>, l2: f64) {
    let l2 = F::from_f64(l2);
    for param in network.params_mut().filter(|param| param.role == Role::Weight) {
        Zip::from(&mut param.grad).and(&param.value).for_each(|grad, &w| *grad += l2 * w);
    }
}
