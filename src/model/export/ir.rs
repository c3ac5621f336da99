//! What a trained network computes in evaluation mode, layer by layer.

use ndarray::{Array1, Array2};

use crate::kernel::real::Real;
use crate::nn::{Layer, LayerSpec, Network};

/// One layer in evaluation mode, in double precision whatever the network's own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stage {
    /// As in the names of the layer's tensors, such as `affine_1`.
    pub(crate) name: String,
    pub(crate) step: Step,
}

/// From `x`, `(n, inputs)`, to `y`, `(n, outputs)`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// `y = x W + b`; `W` is `(inputs, units)`.
    Affine { weight: Array2<f64>, bias: Option<Array1<f64>> },
    /// `y = gamma * (x - mean) / sqrt(var + eps) + beta`, per column.
    BatchNorm { gamma: Array1<f64>, beta: Array1<f64>, mean: Array1<f64>, var: Array1<f64>, eps: f64 },
    /// `y = x - mean + beta`, per column.
    MeanOnly { mean: Array1<f64>, beta: Array1<f64> },
    /// `y = (x - centre) * scale + shift`, per column: what folding leaves of a norm.
    ScaleShift { centre: Array1<f64>, scale: Array1<f64>, shift: Array1<f64> },
    /// `y = max(x, 0)`.
    Relu,
    /// `y = x` right of 0, `slope * x` left of it; `0 < slope < 1`.
    LeakyRelu { slope: f64 },
    /// `y = 1 / (1 + exp(-x))`.
    Sigmoid,
    /// `y = tanh(x)`.
    Tanh,
    /// `y = x`: dropout.
    Identity,
}

/// The layers of `network`, which `specs` describe, without the loss.
pub(crate) fn stages<F: Real>(specs: &[LayerSpec], network: &Network<F>) -> Vec<Stage> {
    let mut stages = Vec::with_capacity(specs.len());
    for (index, (spec, layer)) in specs.iter().zip(network.layers()).enumerate() {
        let ordinal = 1 + specs[..index].iter().filter(|other| other.kind() == spec.kind()).count();
        let name = format!("{}_{ordinal}", spec.kind());
        stages.extend(step(spec, layer.as_ref()).map(|step| Stage { name, step }));
    }
    stages
}

/// None for a loss, which evaluation does not need.
fn step<F: Real>(spec: &LayerSpec, layer: &dyn Layer<F>) -> Option<Step> {
    let step = match spec {
        LayerSpec::Affine(_) => {
            let weight = layer.params()[0].value.mapv(Real::to_f64);
            Step::Affine { weight, bias: find(layer, "bias") }
        }
        LayerSpec::BatchNorm(norm) => {
            let [mean, var] = ["running_mean", "running_var"]
                .map(|name| find(layer, name).expect("a norm always has its running statistics"));
            Step::BatchNorm {
                gamma: find(layer, "gamma").unwrap_or_else(|| Array1::ones(mean.len())),
                beta: find(layer, "beta").unwrap_or_else(|| Array1::zeros(mean.len())),
                mean,
                var,
                eps: norm.eps,
            }
        }
        LayerSpec::MeanOnly(_) => {
            let mean = find(layer, "running_mean").expect("a norm always has its running statistics");
            let beta = find(layer, "beta").unwrap_or_else(|| Array1::zeros(mean.len()));
            Step::MeanOnly { mean, beta }
        }
        LayerSpec::Relu(_) => Step::Relu,
        // The slope that the layer multiplies by.
        LayerSpec::LeakyRelu(leaky) => {
            Step::LeakyRelu { slope: Real::to_f64(<F as Real>::from_f64(leaky.slope)) }
        }
        LayerSpec::Sigmoid(_) => Step::Sigmoid,
        LayerSpec::Tanh(_) => Step::Tanh,
        LayerSpec::Dropout(_) => Step::Identity,
        LayerSpec::SoftmaxLoss(_)
        | LayerSpec::LogisticLoss(_)
        | LayerSpec::SquaredLoss(_)
        | LayerSpec::HuberLoss(_) => return None,
    };
    Some(step)
}

/// The tensor of `layer` whose name ends in `.name`.
fn find<F: Real>(layer: &dyn Layer<F>, name: &str) -> Option<Array1<f64>> {
    let is_it = |full: &str| full.rsplit_once('.').is_some_and(|(_, tensor)| tensor == name);
    let param = layer.params().iter().find(|param| is_it(&param.name))?;
    Some(param.value.iter().map(|&value| Real::to_f64(value)).collect())
}

impl Step {
    /// `y` from `x`, in double precision.
    ///
    /// # Panics
    ///
    /// If `x` has another width than the step.
    pub(crate) fn apply(&self, mut x: Array2<f64>) -> Array2<f64> {
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
            Self::ScaleShift { centre, scale, shift } => {
                x -= centre;
                x *= scale;
                x += shift;
            }
            Self::Relu => x.mapv_inplace(|x| if x < 0.0 { 0.0 } else { x }),
            Self::LeakyRelu { slope } => x.mapv_inplace(|x| if x < 0.0 { slope * x } else { x }),
            Self::Sigmoid => x.mapv_inplace(|x| 1.0 / (1.0 + (-x).exp())),
            Self::Tanh => x.mapv_inplace(f64::tanh),
            Self::Identity => {}
        }
        x
    }
}
