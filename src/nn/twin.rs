//! The same network with another norm.

use crate::nn::{LayerSpec, Norm, batch_norm, mean_only};

/// `layers` with `norm` at each normalisation slot; nothing else changes.
///
/// An entry that is of the wanted kind already keeps its settings; another kind comes with its
/// defaults. Biases that are `"auto"` follow later, when the network is built.
pub fn twin(layers: &[LayerSpec], norm: Norm) -> Vec<LayerSpec> {
    layers
        .iter()
        .filter_map(|layer| if layer.is_norm() { replace(layer, norm) } else { Some(layer.clone()) })
        .collect()
}

fn replace(layer: &LayerSpec, norm: Norm) -> Option<LayerSpec> {
    match (norm, layer) {
        (Norm::None, _) => None,
        (Norm::BatchNorm, LayerSpec::BatchNorm(_)) | (Norm::MeanOnly, LayerSpec::MeanOnly(_)) => {
            Some(layer.clone())
        }
        (Norm::BatchNorm, _) => Some(batch_norm()),
        (Norm::MeanOnly, _) => Some(mean_only()),
    }
}

/// The norm that `layers` have: that of the first slot, or none.
pub fn norm_of(layers: &[LayerSpec]) -> Norm {
    match layers.iter().find(|layer| layer.is_norm()) {
        Some(LayerSpec::BatchNorm(_)) => Norm::BatchNorm,
        Some(_) => Norm::MeanOnly,
        None => Norm::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{BatchNormSpec, Network, affine, output_affine, relu, softmax_loss};

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
        assert_eq!(norm_of(&twin(&layers, Norm::MeanOnly)), Norm::MeanOnly);
        assert_eq!(norm_of(&twin(&layers, Norm::None)), Norm::None);
    }

    #[test]
    fn twins_start_from_the_same_weights_bit_for_bit() {
        let weights = |norm| {
            let network = Network::<f32>::build(&twin(&layers(), norm), 4, 3, 7);
            let tensors = network.params().filter(|param| param.name.ends_with(".weight"));
            tensors.map(|param| (param.name.clone(), param.value.clone())).collect::<Vec<_>>()
        };
        assert_eq!(weights(Norm::BatchNorm).len(), 3);
        assert_eq!(weights(Norm::BatchNorm), weights(Norm::None));
        assert_eq!(weights(Norm::BatchNorm), weights(Norm::MeanOnly));
    }

    #[test]
    fn an_automatic_bias_is_there_exactly_where_no_norm_cancels_it() {
        let biases = |norm| {
            let network = Network::<f32>::build(&twin(&layers(), norm), 4, 3, 7);
            network.params().filter(|param| param.name.ends_with(".bias")).count()
        };
        assert_eq!((biases(Norm::BatchNorm), biases(Norm::MeanOnly), biases(Norm::None)), (1, 1, 3));
    }
}
