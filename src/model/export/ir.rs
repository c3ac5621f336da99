//! The exporter's intermediate representation: what a trained network computes in evaluation mode,
//! layer by layer, in double precision whatever the precision of the network.

use ndarray::{Array1, Array2};

use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::layers::activation::ActivationExport;
use crate::nn::layers::affine::weight_norm::weights_of;
use crate::nn::{
    BatchNormSpec, BatchRenormSpec, GhostBatchNormSpec, Layer, LayerSpec, Network, VarianceOnlySpec,
    any_activation, any_loss,
};

/// A layer in evaluation mode.
#[derive(Clone, Debug)]
pub(crate) struct ExportLayer {
    /// As in the names of the layer's tensors, such as `affine_1`.
    pub(crate) name: String,
    pub(crate) op: ExportOp,
}

/// The function of a layer, from `x`, `(n, inputs)`, to `y`, `(n, outputs)`.
#[derive(Clone, Debug)]
pub(crate) enum ExportOp {
    /// `y = x W + b`; `W` is `(inputs, units)`.
    Affine { weight: Array2<f64>, bias: Option<Array1<f64>> },
    /// `y = gamma * (x - mean) / sqrt(var + eps) + beta`, per column.
    BatchNorm { gamma: Array1<f64>, beta: Array1<f64>, mean: Array1<f64>, var: Array1<f64>, eps: f64 },
    /// `y = x - mean + beta`, per column.
    MeanOnly { mean: Array1<f64>, beta: Array1<f64> },
    /// `y = gamma * (x - mean) / sqrt(var + eps) + beta` with mean and variance of each of `groups` parts of a
    /// row; if it is not `centered`, with 0 and the mean square. `kind` is that of its layer.
    RowNorm {
        kind: &'static str,
        gamma: Array1<f64>,
        beta: Option<Array1<f64>>,
        eps: f64,
        groups: usize,
        centered: bool,
    },
    /// `y = (x - centre) * scale + shift`, per column: a norm after folding.
    ScaleShift { centre: Array1<f64>, scale: Array1<f64>, shift: Array1<f64> },
    /// An elementwise function; `kind` is that of its layer.
    Activation { kind: &'static str, activation: ActivationExport },
    /// `y = x`: dropout, and the noise of batch statistics.
    Identity,
}

/// The layers of `network`, described by `specs`, without the loss.
pub(crate) fn lower<F: Real>(specs: &[LayerSpec], network: &Network<F>) -> Vec<ExportLayer> {
    let mut layers = Vec::with_capacity(specs.len());
    let mut width = network.num_inputs();
    for (index, (spec, layer)) in specs.iter().zip(network.layers()).enumerate() {
        let ordinal = 1 + specs[..index].iter().filter(|other| other.kind() == spec.kind()).count();
        let name = format!("{}_{ordinal}", spec.kind());
        layers.extend(ExportOp::of(spec, layer.as_ref(), width).map(|op| ExportLayer { name, op }));
        width = layer.output_width(width);
    }
    layers
}

impl ExportOp {
    /// What `layer` does in evaluation mode to `width` columns; none for a loss, which evaluation does not
    /// need.
    fn of<F: Real>(spec: &LayerSpec, layer: &dyn Layer<F>, width: usize) -> Option<Self> {
        Some(match spec {
            LayerSpec::Affine(affine) => {
                let weight = weights_of(affine.weights, &ThreadPool::single(), layer.params());
                let weight = weight.mapv(Real::to_f64);
                Self::Affine { weight, bias: find(layer, "bias") }
            }
            LayerSpec::BatchNorm(BatchNormSpec { eps, .. })
            | LayerSpec::GhostBatchNorm(GhostBatchNormSpec { eps, .. })
            | LayerSpec::BatchRenorm(BatchRenormSpec { eps, .. })
            | LayerSpec::VarianceOnly(VarianceOnlySpec { eps, .. }) => Self::BatchNorm {
                gamma: find(layer, "gamma").unwrap_or_else(|| Array1::ones(width)),
                beta: find(layer, "beta").unwrap_or_else(|| Array1::zeros(width)),
                // Of a norm that does not center there is none.
                mean: find(layer, "running_mean").unwrap_or_else(|| Array1::zeros(width)),
                var: find(layer, "running_var").expect("a norm over the batch has a running variance"),
                eps: *eps,
            },
            LayerSpec::MeanOnly(_) => {
                let mean = find(layer, "running_mean").expect("a norm always has its running statistics");
                let beta = find(layer, "beta").unwrap_or_else(|| Array1::zeros(mean.len()));
                Self::MeanOnly { mean, beta }
            }
            LayerSpec::LayerNorm(norm) => Self::row_norm(spec, layer, width, norm.eps, 1),
            LayerSpec::RmsNorm(norm) => Self::row_norm(spec, layer, width, norm.eps, 1),
            LayerSpec::GroupNorm(norm) => Self::row_norm(spec, layer, width, norm.eps, norm.groups(width)),
            LayerSpec::Dropout(_) | LayerSpec::AlphaDropout(_) | LayerSpec::NoiseOnly(_) => Self::Identity,
            any_activation!() => Self::activation::<F>(spec)?,
            any_loss!() => return None,
        })
    }

    /// A norm of each row.
    fn row_norm<F: Real>(
        spec: &LayerSpec,
        layer: &dyn Layer<F>,
        width: usize,
        eps: f64,
        groups: usize,
    ) -> Self {
        let centered = !matches!(spec, LayerSpec::RmsNorm(_));
        Self::RowNorm {
            kind: spec.kind(),
            gamma: find(layer, "gamma").unwrap_or_else(|| Array1::ones(width)),
            beta: centered.then(|| find(layer, "beta").unwrap_or_else(|| Array1::zeros(width))),
            eps,
            groups,
            centered,
        }
    }

    /// The activation of `spec` in a network in `F`; none if it is another layer.
    pub(crate) fn activation<F: Real>(spec: &LayerSpec) -> Option<Self> {
        let activation = spec.exported_activation::<F>()?;
        Some(Self::Activation { kind: spec.kind(), activation })
    }

    /// `y` from `x`, in double precision.
    ///
    /// # Panics
    ///
    /// If the width of `x` is not that of the layer's input.
    pub(crate) fn forward(&self, mut x: Array2<f64>) -> Array2<f64> {
        match self {
            Self::Affine { weight, bias } => {
                let mut y = x.dot(weight);
                if let Some(bias) = bias {
                    y += bias;
                }
                return y;
            }
            Self::BatchNorm { gamma, beta, mean, var, eps } => {
                x -= mean;
                x *= &(gamma / var.mapv(|var| (var + eps).sqrt()));
                x += beta;
            }
            Self::MeanOnly { mean, beta } => {
                x -= mean;
                x += beta;
            }
            Self::RowNorm { gamma, beta, eps, groups, centered, .. } => {
                let size = x.ncols() / groups;
                for mut group in x.exact_chunks_mut((1, size)) {
                    let mean = if *centered { group.mean().unwrap_or(0.0) } else { 0.0 };
                    group -= mean;
                    let var = group.mapv(|x| x * x).mean().unwrap_or(0.0);
                    group /= (var + eps).sqrt();
                }
                x *= gamma;
                if let Some(beta) = beta {
                    x += beta;
                }
            }
            Self::ScaleShift { centre, scale, shift } => {
                x -= centre;
                x *= scale;
                x += shift;
            }
            Self::Activation { activation, .. } => x.mapv_inplace(|x| (activation.function)(x)),
            Self::Identity => {}
        }
        x
    }

    /// Rounds all tensors to single precision.
    pub(crate) fn round_to_single(&mut self) {
        let single = |value: f64| f64::from(value as f32);
        let vectors: Vec<&mut Array1<f64>> = match self {
            Self::Affine { weight, bias } => {
                weight.mapv_inplace(single);
                bias.iter_mut().collect()
            }
            Self::BatchNorm { gamma, beta, mean, var, eps: _ } => vec![gamma, beta, mean, var],
            Self::MeanOnly { mean, beta } => vec![mean, beta],
            Self::RowNorm { gamma, beta, .. } => std::iter::once(gamma).chain(beta).collect(),
            Self::ScaleShift { centre, scale, shift } => vec![centre, scale, shift],
            Self::Activation { .. } | Self::Identity => Vec::new(),
        };
        vectors.into_iter().for_each(|vector| vector.mapv_inplace(single));
    }
}

/// The tensor of `layer` whose name ends in `.name`.
fn find<F: Real>(layer: &dyn Layer<F>, name: &str) -> Option<Array1<f64>> {
    let is_it = |full: &str| full.rsplit_once('.').is_some_and(|(_, tensor)| tensor == name);
    let param = layer.params().iter().find(|param| is_it(&param.name))?;
    Some(param.value.iter().map(|&value| Real::to_f64(value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AnyNetwork;
    use crate::model::export::tests::golden_model;

    #[test]
    fn the_slope_of_leaky_relu_is_rounded_like_in_the_layer() {
        let model = golden_model("single");
        let AnyNetwork::F32(network) = &model.network else { panic!("expected single precision") };
        let slopes: Vec<f64> = lower(&model.plan.layers, network)
            .iter()
            .filter_map(|layer| match &layer.op {
                ExportOp::Activation { activation, .. } => Some(activation.setting?.value),
                _ => None,
            })
            .collect();
        assert_eq!(slopes, [f64::from(0.1_f32)]);
    }
}
