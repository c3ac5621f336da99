//! Networks from their specifications.

use std::convert::Infallible;

use ndarray::Array2;

use crate::kernel::real::Real;
use crate::nn::layers::affine::weight_norm::{WeightForm, WeightNorm};
use crate::nn::network::passes::Fused;
use crate::nn::{Init, Layer, LayerSpec, Loss, Network, ParamKind};
use crate::random::stream;

/// The position of a layer in its network.
pub(crate) struct BuildContext<'a> {
    /// The prefix of its tensors' names, such as `affine_1`.
    pub(crate) name: &'a str,
    /// Its number among the layers of its kind, from 1.
    pub(crate) ordinal: usize,
    /// The columns of its input.
    pub(crate) inputs: usize,
    /// The columns of the output layer.
    pub(crate) outputs: usize,
    /// Keys random masks.
    pub(crate) seed: u64,
    /// Whether the next layer cancels a bias.
    pub(crate) is_bias_canceled: bool,
    /// The ReLUs next to it that it may apply itself.
    pub(crate) fusible: Fused,
}

/// How a specification becomes a layer, and what is special about this kind of layer.
pub(crate) trait Build {
    /// Whether a comparison puts other norms in its place.
    const IS_NORM: bool = false;
    /// Whether it cancels a bias directly before it, so that the gradient of the bias is exactly 0.
    const CANCELS_BIAS: bool = false;
    /// Whether it normalizes by statistics of the batch, which needs two rows.
    const NEEDS_BATCH: bool = false;
    /// Whether it applies a ReLU after it in its own forward pass.
    const FUSES_RELU_AFTER: bool = false;
    /// Which loss it is, if it is one.
    const LOSS: Option<Loss> = None;
    /// How the weights before it start by default, if it says so.
    const INIT: Option<Init> = None;

    /// The layer; weights that are drawn at random are still 0.
    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>>;

    /// Which of [`BuildContext::fusible`] the layer applies itself.
    fn fused(&self, context: &BuildContext<'_>) -> Fused {
        Fused { relu_after: Self::FUSES_RELU_AFTER && context.fusible.relu_after, relu_before: false }
    }
}

/// The weights of an affine layer that have to be set, `(inputs, units)`.
#[derive(Clone, Copy, Debug)]
pub struct InitialWeights<'a> {
    /// Name of the tensor.
    pub name: &'a str,
    /// Number of the layer among the affine ones, from 1.
    pub ordinal: usize,
    /// Rows.
    pub inputs: usize,
    /// Columns.
    pub units: usize,
    /// The distribution that they are drawn from by default.
    pub init: Init,
}

impl<F: Real> Network<F> {
    /// The network that `specs` describe, for `inputs` features and `answers` classes or values. The last
    /// affine layer is as wide as the loss wants. Weights are drawn from the streams of `seed`.
    ///
    /// The weights of the `k`-th affine layer come from the stream (seed, "init", k): the layers between
    /// the affine ones do not change them.
    ///
    /// ```
    /// use bntrain::{Network, affine, batch_norm, output_affine, relu, softmax_loss};
    ///
    /// let specs = [affine(32), batch_norm(), relu(), output_affine(), softmax_loss()];
    /// let network = Network::<f32>::build(&specs, 4, 3, 0);
    /// // No bias before batch norm; gamma and beta; weights and bias of the output.
    /// assert_eq!(network.num_trainable(), 4 * 32 + 2 * 32 + 32 * 3 + 3);
    /// ```
    pub fn build(specs: &[LayerSpec], inputs: usize, answers: usize, seed: u64) -> Self {
        Self::build_seeded(specs, inputs, answers, seed, seed)
    }

    /// Like [`build`](Self::build), with a seed of the masks of dropout that differs from that of the weights.
    pub(crate) fn build_seeded(
        specs: &[LayerSpec],
        inputs: usize,
        answers: usize,
        weights_seed: u64,
        dropout_seed: u64,
    ) -> Self {
        let Ok(network) = Self::build_with(specs, inputs, answers, dropout_seed, draw(weights_seed));
        network
    }

    /// Like [`build`](Self::build), with weights from elsewhere; `seed` keys the masks of dropout.
    ///
    /// # Errors
    ///
    /// The first one of `weights`.
    pub fn build_with<E>(
        specs: &[LayerSpec],
        inputs: usize,
        answers: usize,
        seed: u64,
        weights: impl FnMut(&InitialWeights<'_>) -> Result<Array2<F>, E>,
    ) -> Result<Self, E> {
        let (layers, fused) = layers(specs, inputs, answers, seed, true, weights)?.into_iter().unzip();
        Ok(Self::fused(inputs, layers, fused))
    }
}

/// The layers of [`Network::build`], none of them fused with a ReLU next to it: to look at one of them,
/// or to put another one in its place and then build a [`Network::new`].
///
/// ```
/// use bntrain::{Layer, Network, affine, build_layers, softmax_loss};
///
/// fn network(own: Box<dyn Layer<f64>>) -> Network<f64> {
///     let mut layers = build_layers(&[affine(8), affine(2), softmax_loss()], 4, 2, 0);
///     layers.insert(1, own);
///     Network::new(4, layers)
/// }
/// ```
pub fn build_layers<F: Real>(
    specs: &[LayerSpec],
    inputs: usize,
    answers: usize,
    seed: u64,
) -> Vec<Box<dyn Layer<F>>> {
    let Ok(layers) = layers(specs, inputs, answers, seed, false, draw(seed));
    layers.into_iter().map(|(layer, _)| layer).collect()
}

/// Layers like those of [`build_layers`], with weights of 0 to be set.
pub(crate) fn blank_layers<F: Real>(
    specs: &[LayerSpec],
    inputs: usize,
    answers: usize,
) -> Vec<Box<dyn Layer<F>>> {
    let zeros =
        |weights: &InitialWeights<'_>| Ok::<_, Infallible>(Array2::zeros((weights.inputs, weights.units)));
    let Ok(layers) = layers(specs, inputs, answers, 0, false, zeros);
    layers.into_iter().map(|(layer, _)| layer).collect()
}

/// Draws weights by their own rule.
pub(crate) fn draw<F: Real>(seed: u64) -> impl Fn(&InitialWeights<'_>) -> Result<Array2<F>, Infallible> {
    move |weights| {
        let mut random = stream(seed, "init", &[weights.ordinal as u64]);
        Ok(weights.init.weights(weights.inputs, weights.units, &mut random))
    }
}

/// A layer, and how it is fused.
type Built<F> = (Box<dyn Layer<F>>, Fused);

fn layers<F: Real, E>(
    specs: &[LayerSpec],
    inputs: usize,
    answers: usize,
    seed: u64,
    may_fuse: bool,
    mut weights: impl FnMut(&InitialWeights<'_>) -> Result<Array2<F>, E>,
) -> Result<Vec<Built<F>>, E> {
    let outputs = specs.last().and_then(LayerSpec::loss).map_or(answers, |loss| loss.outputs(answers));
    let is_relu = |index: usize| matches!(specs.get(index), Some(LayerSpec::Relu(_)));
    let mut layers = Vec::with_capacity(specs.len());
    let mut width = inputs;
    for (index, spec) in specs.iter().enumerate() {
        // Counted within the kind, so that a name is the same in every twin.
        let ordinal = 1 + specs[..index].iter().filter(|other| other.kind() == spec.kind()).count();
        let context = BuildContext {
            name: &format!("{}_{ordinal}", spec.kind()),
            ordinal,
            inputs: width,
            outputs,
            seed,
            is_bias_canceled: specs.get(index + 1).is_some_and(LayerSpec::cancels_bias),
            fusible: Fused {
                relu_after: may_fuse && is_relu(index + 1),
                // A ReLU that is the first layer has no layer before it to take its gradient.
                relu_before: may_fuse && index >= 2 && is_relu(index - 1),
            },
        };
        let mut layer = spec.build::<F>(&context);
        if let LayerSpec::Affine(affine) = spec {
            let param = &mut layer.params_mut()[0];
            let (inputs, units) = param.value.dim();
            let init = affine.init.unwrap_or_else(|| default_init(&specs[index + 1..]));
            let missing = InitialWeights { name: &param.name, ordinal, inputs, units, init };
            let drawn = weights(&missing)?;
            param.value.assign(&drawn);
            if affine.weights != WeightForm::Plain {
                let lengths = WeightNorm::lengths(affine.weights, &drawn);
                layer.params_mut()[1].value.assign(&lengths);
            }
        }
        width = layer.output_width(width);
        layers.push((layer, spec.fused(&context)));
    }
    Ok(layers)
}

/// The names and kinds of the tensors of [`Network::build`], in its order, without the network.
pub(crate) fn tensor_names(specs: &[LayerSpec]) -> Vec<(String, ParamKind)> {
    let mut names = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        let ordinal = 1 + specs[..index].iter().filter(|other| other.kind() == spec.kind()).count();
        // Any width that the layer can have.
        let inputs = match spec {
            LayerSpec::GroupNorm(norm) => 2 * norm.groups.unwrap_or(1),
            _ => 1,
        };
        let layer = spec.build::<f32>(&BuildContext {
            name: &format!("{}_{ordinal}", spec.kind()),
            ordinal,
            inputs,
            outputs: 1,
            seed: 0,
            is_bias_canceled: specs.get(index + 1).is_some_and(LayerSpec::cancels_bias),
            fusible: Fused::default(),
        });
        names.extend(layer.params().iter().map(|param| (param.name.clone(), param.kind)));
    }
    names
}

/// The initial weights of an affine layer that is followed by these layers: that of the next
/// activation, `xavier` if it does not say.
pub(crate) fn default_init(following: &[LayerSpec]) -> Init {
    let is_between = |spec: &&LayerSpec| {
        spec.is_norm() || matches!(spec, LayerSpec::Dropout(_) | LayerSpec::AlphaDropout(_))
    };
    let next = following.iter().find(|spec| !is_between(spec));
    next.and_then(LayerSpec::init).unwrap_or(Init::Xavier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{AffineSpec, affine, batch_norm, dropout, output_affine, relu, softmax_loss, tanh};

    #[test]
    fn a_relu_between_two_layers_is_a_part_of_both() {
        let specs = [
            relu(),
            affine(3),
            relu(),
            affine(3),
            tanh(),
            affine(3),
            relu(),
            output_affine(),
            softmax_loss(),
        ];
        let Ok(built) = layers::<f32, _>(&specs, 2, 2, 0, true, draw(0));
        let fused: Vec<(bool, bool)> =
            built.iter().map(|(_, fused)| (fused.relu_before, fused.relu_after)).collect();
        let (alone, before, after) = ((false, false), (true, false), (false, true));
        assert_eq!(fused, [alone, after, alone, before, alone, after, alone, before, alone]);
    }

    /// Whatever norm or dropout is between them.
    #[test]
    fn weights_are_initialized_for_the_next_activation() {
        let given = |init| AffineSpec { units: Some(5), init: Some(init), ..AffineSpec::default() }.into();
        for (between, expected) in [
            (vec![relu()], Init::HeNormal),
            (vec![batch_norm(), dropout(0.5), relu()], Init::HeNormal),
            (vec![tanh()], Init::Xavier),
            (vec![], Init::Xavier),
        ] {
            let weights = |first: LayerSpec| {
                let specs = [&[first][..], &between, &[output_affine(), softmax_loss()]].concat();
                build_layers::<f32>(&specs, 4, 3, 1)[0].params()[0].value.clone()
            };
            assert_eq!(weights(affine(5)), weights(given(expected)), "{between:?}");
        }
    }
}
