//! Coupled weight decay: the gradient of an L2 penalty.

use crate::kernel::real::Real;
use crate::nn::Network;

/// Adds the gradient of `l2 / 2 * sum of k W^2`, which is `l2 * k * W`, over all trained tensors, where `k` is
/// the [factor](crate::nn::Param::decay_factor) of a tensor: 1 for weights and 0 for all others, unless it was set.
///
/// Call it after [`Network::backward`] and before clipping: the penalty is part of the loss.
pub fn add_l2_gradient<F: Real>(network: &mut Network<F>, l2: f64) {
    if l2 == 0.0 {
        return;
    }
    for param in network.params_mut().filter(|param| param.is_trained() && param.decay_factor > 0.0) {
        param.grad.scaled_add(F::from_f64(l2 * param.decay_factor), &param.value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{AffineSpec, BatchNormSpec, Bias, LayerSpec, SoftmaxLossSpec};

    #[test]
    fn only_weights_are_decayed() {
        let specs = [
            LayerSpec::Affine(AffineSpec { bias: Bias::On, ..AffineSpec::default() }),
            LayerSpec::BatchNorm(BatchNormSpec::default()),
            LayerSpec::SoftmaxLoss(SoftmaxLossSpec {}),
        ];
        let mut network = Network::<f64>::build(&specs, 2, 3, 0);
        add_l2_gradient(&mut network, 0.25);
        for param in network.params().filter(|param| param.is_trained()) {
            let decayed = param.name == "affine_1.weight";
            let expected = param.value.mapv(|value| if decayed { 0.25 * value } else { 0.0 });
            assert_eq!(param.grad, expected, "{}", param.name);
        }
    }
}
