//! How far the three backward passes of batch norm are from each other.

use ndarray::Array2;

use crate::gradcheck::GradcheckSettings;
use crate::gradcheck::check::relative_error;
use crate::gradcheck::network::jitter;
use crate::nn::{Backward, LayerSpec, Network, PassContext};

/// The three backward passes of batch norm in one network.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BackwardForms {
    /// Those that the network uses, each once.
    pub used: Vec<Backward>,
    /// The largest difference between the gradients of two of the three, as the error of a
    /// [check](super) is measured.
    pub largest_difference: f64,
}

/// Computes all gradients of the network of `specs` three times, each time with another backward pass in all of its
/// batch norms. `None` if there is no batch norm.
///
/// # Shapes and panics
///
/// As [`check_network`](super::check_network).
pub fn compare_backward_forms(
    specs: &[LayerSpec],
    answers: usize,
    seed: u64,
    pass: &PassContext<'_, f64>,
    x: &Array2<f64>,
    settings: &GradcheckSettings,
) -> Option<BackwardForms> {
    let mut used = Vec::new();
    for spec in specs {
        if let LayerSpec::BatchNorm(norm) = spec
            && !used.contains(&norm.backward)
        {
            used.push(norm.backward);
        }
    }
    if used.is_empty() {
        return None;
    }
    let forms =
        Backward::ALL.map(|form| gradients(&with_form(specs, form), answers, seed, pass, x, settings));
    let mut largest_difference = 0.0_f64;
    for (index, (loss, left)) in forms.iter().enumerate() {
        let floor = settings.floor * loss.abs().max(1.0);
        for (_, right) in &forms[..index] {
            let pairs = left.iter().flatten().zip(right.iter().flatten());
            let differences = pairs.map(|(&left, &right)| relative_error(left, right, floor));
            largest_difference = differences.fold(largest_difference, f64::max);
        }
    }
    Some(BackwardForms { used, largest_difference })
}

fn with_form(specs: &[LayerSpec], form: Backward) -> Vec<LayerSpec> {
    let mut specs = specs.to_vec();
    for spec in &mut specs {
        if let LayerSpec::BatchNorm(norm) = spec {
            norm.backward = form;
        }
    }
    specs
}

/// The mean loss, and all gradients: of the trained tensors in the order of the layers, and of the input.
fn gradients(
    specs: &[LayerSpec],
    answers: usize,
    seed: u64,
    pass: &PassContext<'_, f64>,
    x: &Array2<f64>,
    settings: &GradcheckSettings,
) -> (f64, Vec<Array2<f64>>) {
    let mut network = Network::build(specs, x.ncols(), answers, seed);
    jitter(network.params_mut(), settings);
    let mut workspace = network.allocate(x.nrows());
    let mut dx = Array2::zeros(x.dim());
    let loss = network.forward(pass, x.view(), &mut workspace).mean().unwrap_or(0.0);
    network.backward(pass, x.view(), &mut workspace, Some(dx.view_mut()));
    let trained = network.params().filter(|param| param.is_trained()).map(|param| param.grad.clone());
    (loss, trained.chain([dx]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ThreadPool;
    use crate::nn::{BatchNormSpec, affine, batch_norm, output_affine, softmax_loss};
    use crate::targets::Targets;

    #[test]
    fn the_three_forms_agree_and_those_in_use_are_named() {
        let pool = ThreadPool::single();
        let targets = Targets::classes([0, 1, 0, 1, 1]);
        let pass = PassContext::new(&pool, targets.view());
        let x = Array2::from_shape_fn((5, 3), |(row, column)| ((row * 7 + column * 5) % 11) as f64);
        let compare = |specs: &[LayerSpec]| {
            compare_backward_forms(specs, 2, 1, &pass, &x, &GradcheckSettings::for_network())
        };
        let graph = BatchNormSpec { backward: Backward::Graph, ..BatchNormSpec::default() };
        let two = [affine(4), graph.into(), affine(4), batch_norm(), output_affine(), softmax_loss()];
        let forms = compare(&two).expect("there is batch norm");
        assert_eq!(forms.used, [Backward::Graph, Backward::Fused]);
        // Rounding, over a floor of 1e-4.
        assert!(forms.largest_difference > 0.0 && forms.largest_difference < 1e-9, "{forms:?}");
        assert_eq!(compare(&[affine(4), output_affine(), softmax_loss()]), None);
    }
}
