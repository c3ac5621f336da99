//! The same network with another norm.

use crate::nn::{LayerSpec, Norm, WeightForm};

/// `layers` with `norm` at each normalization slot; nothing else changes. A slot is where a norm is, or after
/// an affine layer whose weights are normalized.
///
/// An entry that is of the wanted kind already keeps its settings; another kind comes with its
/// defaults. A norm of weights is that of the nearest affine layer before the slot, if there is one. Biases that
/// are `"auto"` follow later, when the network is built.
pub fn twin(layers: &[LayerSpec], norm: Norm) -> Vec<LayerSpec> {
    let mut twin = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        if layer.is_norm() {
            fill_slot(norm, Some(layer), &mut twin);
            continue;
        }
        twin.push(layer.clone());
        if weights_of(layer) != WeightForm::Plain {
            if let Some(LayerSpec::Affine(affine)) = twin.last_mut() {
                affine.weights = WeightForm::Plain;
            }
            if !layers.get(index + 1).is_some_and(LayerSpec::is_norm) {
                fill_slot(norm, None, &mut twin);
            }
        }
    }
    twin
}

/// Adds `norm` in place of `layer`, if there is one, to the layers before it.
fn fill_slot(norm: Norm, layer: Option<&LayerSpec>, before: &mut Vec<LayerSpec>) {
    let affine = before.iter_mut().rev().find_map(|layer| match layer {
        LayerSpec::Affine(affine) => Some(affine),
        _ => None,
    });
    if let Some(affine) = affine {
        affine.weights = norm.weights();
    }
    let wanted = norm.layer();
    let is_kept = |layer: &&LayerSpec| wanted.as_ref().is_some_and(|wanted| wanted.kind() == layer.kind());
    before.extend(layer.filter(is_kept).cloned().or(wanted.clone()));
}

fn weights_of(layer: &LayerSpec) -> WeightForm {
    match layer {
        LayerSpec::Affine(affine) => affine.weights,
        _ => WeightForm::Plain,
    }
}

/// The norm that `layers` have: that of the first slot, or none.
pub fn norm_of(layers: &[LayerSpec]) -> Norm {
    let Some(slot) =
        layers.iter().position(|layer| layer.is_norm() || weights_of(layer) != WeightForm::Plain)
    else {
        return Norm::None;
    };
    let weights = weights_of(&layers[slot]);
    let norm = layers[slot..].iter().take(2).find(|layer| layer.is_norm()).map(LayerSpec::kind);
    let kind = |norm: &Norm| norm.layer().map(|layer| layer.kind());
    let fits = |known: &Norm| known.weights() == weights && kind(known) == norm;
    let named = Norm::ALL.into_iter().find(fits);
    // Both a norm of weights and another norm, which is more than one arm has.
    named.or_else(|| Norm::ALL.into_iter().find(|known| kind(known) == norm)).unwrap_or(Norm::None)
}

/// Whether `layers` have a place where a comparison puts norms.
pub(crate) fn has_norm_slot(layers: &[LayerSpec]) -> bool {
    layers.iter().any(|layer| layer.is_norm() || weights_of(layer) != WeightForm::Plain)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::nn::{AffineSpec, BatchNormSpec, Network, affine, output_affine, relu, softmax_loss};
    use crate::targets::Targets;

    fn layers() -> Vec<LayerSpec> {
        let norm = BatchNormSpec { eps: 1e-3, ..BatchNormSpec::default() };
        let hidden = || [affine(5), norm.clone().into(), relu()];
        let mut layers: Vec<_> = hidden().into_iter().chain(hidden()).collect();
        layers.extend([output_affine(), softmax_loss()]);
        layers
    }

    #[test]
    fn only_the_slots_change() {
        let layers = layers();
        assert_eq!(twin(&layers, Norm::BatchNorm), layers);
        let kinds = |norm| twin(&layers, norm).iter().map(LayerSpec::kind).collect::<Vec<_>>();
        assert_eq!(kinds(Norm::None), ["affine", "relu", "affine", "relu", "affine", "softmax_loss"]);
        let centred =
            ["affine", "mean_only", "relu", "affine", "mean_only", "relu", "affine", "softmax_loss"];
        assert_eq!(kinds(Norm::MeanOnly), centred);
        for norm in Norm::ALL {
            assert_eq!(norm_of(&twin(&layers, norm)), norm);
        }
    }

    #[test]
    fn a_twin_of_a_twin_is_the_twin() {
        let layers = layers();
        for first in Norm::ALL.into_iter().filter(|norm| *norm != Norm::None) {
            for second in Norm::ALL {
                let found = twin(&twin(&layers, first), second);
                let expected: Vec<_> = twin(&layers, second).iter().map(LayerSpec::kind).collect();
                assert!(found.iter().map(LayerSpec::kind).eq(expected), "{} {}", first.name(), second.name());
                assert_eq!(norm_of(&found), second);
            }
        }
    }

    #[test]
    fn normalized_weights_before_another_norm_count_as_that_norm() {
        let weights = WeightForm::WeightNorm;
        let hidden = AffineSpec { units: Some(5), weights, ..AffineSpec::default() };
        let norm = Norm::LayerNorm.layer().expect("a layer");
        assert_eq!(norm_of(&[hidden.into(), norm, output_affine(), softmax_loss()]), Norm::LayerNorm);
    }

    /// With `g` equal to the length of `v`; centered weights are another function.
    #[test]
    fn weight_norm_is_the_same_function_at_first() {
        let losses = |norm| {
            let mut network = Network::<f64>::build(&twin(&layers(), norm), 4, 3, 7);
            let x = Array2::from_shape_fn((6, 4), |(row, column)| ((row * 7 + column * 5) % 11) as f64 / 4.0);
            network.gradients(&x, &Targets::classes([0, 1, 2, 0, 1, 2])).loss
        };
        assert!((losses(Norm::WeightNorm) - losses(Norm::None)).abs() < 1e-14);
        assert!((losses(Norm::WeightNormMeanOnly) - losses(Norm::MeanOnly)).abs() < 1e-14);
        assert!((losses(Norm::CenteredWeightNorm) - losses(Norm::None)).abs() > 1e-3);
    }

    #[test]
    fn twins_start_from_the_same_weights_bit_for_bit() {
        let weights = |norm| {
            let network = Network::<f32>::build(&twin(&layers(), norm), 4, 3, 7);
            let tensors = network.params().filter(|param| param.name.ends_with(".weight"));
            tensors.map(|param| (param.name.clone(), param.value.clone())).collect::<Vec<_>>()
        };
        assert_eq!(weights(Norm::BatchNorm).len(), 3);
        for norm in Norm::ALL {
            assert_eq!(weights(norm), weights(Norm::BatchNorm), "{}", norm.name());
        }
    }

    #[test]
    fn an_automatic_bias_is_there_exactly_where_no_norm_cancels_it() {
        let biases = |norm| {
            let network = Network::<f32>::build(&twin(&layers(), norm), 4, 3, 7);
            network.params().filter(|param| param.name.ends_with(".bias")).count()
        };
        for norm in Norm::ALL {
            let cancels = norm.layer().is_some_and(|layer| layer.cancels_bias());
            assert_eq!(biases(norm), if cancels { 1 } else { 3 }, "{}", norm.name());
        }
    }
}
