//! Clipping of gradients by their global norm.

use crate::kernel;
use crate::kernel::real::Real;
use crate::nn::Network;

/// Scales all gradients by `min(1, max_norm / norm)`, with `norm` the Euclidean norm of all of them
/// together, and returns `norm`. Frozen tensors do not count, as in PyTorch, where they have no gradient.
///
/// Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural
/// networks", 2013, algorithm 1.
pub fn clip_by_global_norm<F: Real>(network: &mut Network<F>, max_norm: f64) -> f64 {
    let squares: f64 = network
        .params()
        .filter(|param| param.is_trained())
        .map(|param| {
            kernel::sum_of_squares(param.grad.as_slice().expect("gradients are in row-major layout"))
        })
        .sum();
    let norm = squares.sqrt();
    if norm > max_norm {
        let scale = F::from_f64(max_norm / norm);
        for param in network.params_mut().filter(|param| param.is_trained()) {
            param.grad.mapv_inplace(|grad| grad * scale);
        }
    }
    norm
}
