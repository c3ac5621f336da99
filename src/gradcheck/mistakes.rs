//! Deliberately wrong backward passes of batch norm, to see how the gradient check refuses them.
//!
//! Most of them have the right dimensions: that a gradient has the shape of its tensor does not make it
//! right. The right formulas are those of [`BatchNorm`](crate::nn::BatchNorm).

use std::fmt;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

use crate::nn::{BatchNormSpec, Layer, LayerSpec, Network, Param, ParamKind, PassContext, build_layers};

/// What is wrong with a backward pass of batch norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mistake {
    /// `dx = gamma * inv_std * dy`: mean and variance are taken for constants.
    ConstantStatistics,
    /// `dx` lacks `- dbeta / n`: the mean is taken for a constant.
    NoMeanTerm,
    /// `dx` lacks `- x_hat * dgamma / n`: the variance is taken for a constant.
    NoVarianceTerm,
    /// The forward pass divides the variance by `n - 1`, the backward pass is right for `n`.
    UnbiasedForward,
    /// The backward pass divides by `n - 1`, the forward pass by `n`.
    UnbiasedBackward,
    /// `dx` lacks the factor gamma.
    NoGamma,
    /// `dx` lacks the factor `inv_std`.
    NoInvStd,
    /// The backward pass uses `1 / sqrt(var)`.
    NoEps,
    /// `dx` subtracts `dbeta` and `x_hat * dgamma`, not divided by `n`.
    SumsForMeans,
    /// `dgamma = sum dy * x`, with `x` in place of `x_hat`.
    DgammaFromX,
    /// `dgamma` and `dbeta` are means over the rows, not sums.
    MeansForSums,
    /// `dx = 0`.
    ZeroDx,
    /// All gradients are 0.
    ZeroGradients,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::ConstantStatistics,
        Self::NoMeanTerm,
        Self::NoVarianceTerm,
        Self::UnbiasedForward,
        Self::UnbiasedBackward,
        Self::NoGamma,
        Self::NoInvStd,
        Self::NoEps,
        Self::SumsForMeans,
        Self::DgammaFromX,
        Self::MeansForSums,
        Self::ZeroDx,
        Self::ZeroGradients,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::ConstantStatistics => "constant-statistics",
            Self::NoMeanTerm => "no-mean-term",
            Self::NoVarianceTerm => "no-variance-term",
            Self::UnbiasedForward => "unbiased-forward",
            Self::UnbiasedBackward => "unbiased-backward",
            Self::NoGamma => "no-gamma",
            Self::NoInvStd => "no-inv-std",
            Self::NoEps => "no-eps",
            Self::SumsForMeans => "sums-for-means",
            Self::DgammaFromX => "dgamma-from-x",
            Self::MeansForSums => "means-for-sums",
            Self::ZeroDx => "zero-dx",
            Self::ZeroGradients => "zero-gradients",
        }
    }

    /// What is wrong, in a line.
    pub fn description(self) -> &'static str {
        match self {
            Self::ConstantStatistics => "dx = gamma * inv_std * dy: mean and variance taken for constants",
            Self::NoMeanTerm => "dx lacks - dbeta / n: the mean taken for a constant",
            Self::NoVarianceTerm => "dx lacks - x_hat * dgamma / n: the variance taken for a constant",
            Self::UnbiasedForward => "forward divides the variance by n - 1, backward by n",
            Self::UnbiasedBackward => "backward divides by n - 1, forward by n",
            Self::NoGamma => "dx lacks the factor gamma",
            Self::NoInvStd => "dx lacks the factor inv_std",
            Self::NoEps => "backward uses 1 / sqrt(var), without eps",
            Self::SumsForMeans => "dx subtracts dbeta and x_hat * dgamma, not divided by n",
            Self::DgammaFromX => "dgamma = sum dy * x, with x in place of x_hat",
            Self::MeansForSums => "dgamma and dbeta are means over the rows, not sums",
            Self::ZeroDx => "dx = 0",
            Self::ZeroGradients => "all gradients are 0",
        }
    }

    /// Whether it changes any gradient of a layer with these settings.
    fn applies_to(self, spec: &BatchNormSpec) -> bool {
        match self {
            Self::NoGamma | Self::DgammaFromX => spec.scale,
            Self::MeansForSums => spec.scale || spec.shift,
            _ => true,
        }
    }

    /// The network of [`Network::build`] with this mistake in each of its batch norms; `None` if it has
    /// none that the mistake would change.
    pub fn network(
        self,
        specs: &[LayerSpec],
        inputs: usize,
        answers: usize,
        seed: u64,
    ) -> Option<Network<f64>> {
        let mut layers = build_layers::<f64>(specs, inputs, answers, seed);
        let (mut width, mut ordinal, mut found) = (inputs, 0, false);
        for (layer, spec) in layers.iter_mut().zip(specs) {
            if let LayerSpec::BatchNorm(spec) = spec {
                ordinal += 1;
                found |= self.applies_to(spec);
                *layer =
                    Box::new(WrongBatchNorm::new(&format!("batch_norm_{ordinal}"), spec, width, Some(self)));
            }
            width = layer.output_width(width);
        }
        found.then(|| Network::new(inputs, layers))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Batch norm with a [`Mistake`], written for reading and not for speed. It has no running statistics;
/// evaluation uses those of the batch.
pub struct WrongBatchNorm {
    mistake: Option<Mistake>,
    spec: BatchNormSpec,
    params: Vec<Param<f64>>, // gamma and beta, where they are trained
    ones: Array2<f64>,       // gamma, where it is not trained
    zeros: Array2<f64>,      // beta, where it is not trained
}

impl WrongBatchNorm {
    /// A layer named `name` over `width` features, right if there is no mistake.
    pub fn new(name: &str, spec: &BatchNormSpec, width: usize, mistake: Option<Mistake>) -> Self {
        let row = |value| Array2::from_elem((1, width), value);
        let param =
            |tensor, value| Param::trained(format!("{name}.{tensor}"), ParamKind::NoDecay, row(value));
        let gamma = spec.scale.then(|| param("gamma", 1.0));
        let beta = spec.shift.then(|| param("beta", 0.0));
        let mut spec = spec.clone();
        if mistake == Some(Mistake::NoEps) {
            // A smaller one hides in the tolerance of the check.
            spec.eps = spec.eps.max(0.01);
        }
        Self {
            mistake,
            spec,
            params: gamma.into_iter().chain(beta).collect(),
            ones: row(1.0),
            zeros: row(0.0),
        }
    }

    fn is(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    fn gamma(&self) -> &Array2<f64> {
        if self.spec.scale { &self.params[0].value } else { &self.ones }
    }

    fn beta(&self) -> &Array2<f64> {
        if self.spec.shift { &self.params[usize::from(self.spec.scale)].value } else { &self.zeros }
    }
}

/// `x - mean` and the variance of each column.
fn centred(x: &ArrayView2<'_, f64>) -> (Array2<f64>, Array2<f64>) {
    let mean = x.mean_axis(Axis(0)).expect("there are rows").insert_axis(Axis(0));
    let centred = x - &mean;
    let var = centred.mapv(|c| c * c).mean_axis(Axis(0)).expect("there are rows").insert_axis(Axis(0));
    (centred, var)
}

/// The sum of each column, `1 x width`.
fn sum(x: &Array2<f64>) -> Array2<f64> {
    x.sum_axis(Axis(0)).insert_axis(Axis(0))
}

impl Layer<f64> for WrongBatchNorm {
    fn forward(&mut self, pass: &PassContext<'_, f64>, x: ArrayView2<'_, f64>, y: ArrayViewMut2<'_, f64>) {
        self.infer(pass, x, y);
    }

    fn infer(&self, _pass: &PassContext<'_, f64>, x: ArrayView2<'_, f64>, mut y: ArrayViewMut2<'_, f64>) {
        let n = x.nrows() as f64;
        let (centred, mut var) = centred(&x);
        if self.is(Mistake::UnbiasedForward) {
            var *= n / (n - 1.0);
        }
        y.assign(&(centred / (var + self.spec.eps).sqrt() * self.gamma() + self.beta()));
    }

    fn backward(
        &mut self,
        _pass: &PassContext<'_, f64>,
        x: ArrayView2<'_, f64>,
        _y: ArrayView2<'_, f64>,
        dy: ArrayView2<'_, f64>,
        dx: Option<ArrayViewMut2<'_, f64>>,
    ) {
        let rows = x.nrows() as f64;
        let (centred, var) = centred(&x);
        let eps = if self.is(Mistake::NoEps) { 0.0 } else { self.spec.eps };
        let inv_std = (var + eps).sqrt().recip();
        let x_hat = &centred * &inv_std;

        let mut dbeta = sum(&dy.to_owned());
        let mut dgamma = sum(&(&dy * &x_hat));
        let n = match self.mistake {
            Some(Mistake::SumsForMeans) => 1.0,
            Some(Mistake::UnbiasedBackward) => rows - 1.0,
            _ => rows,
        };
        let mut d = dy.to_owned();
        if !self.is(Mistake::ConstantStatistics) && !self.is(Mistake::NoMeanTerm) {
            d = d - &dbeta / n;
        }
        if !self.is(Mistake::ConstantStatistics) && !self.is(Mistake::NoVarianceTerm) {
            d = d - x_hat * &dgamma / n;
        }
        if !self.is(Mistake::NoGamma) {
            d *= self.gamma();
        }
        if !self.is(Mistake::NoInvStd) {
            d *= &inv_std;
        }
        match self.mistake {
            Some(Mistake::ZeroDx) => d.fill(0.0),
            Some(Mistake::ZeroGradients) => {
                for gradient in [&mut d, &mut dgamma, &mut dbeta] {
                    gradient.fill(0.0);
                }
            }
            Some(Mistake::DgammaFromX) => dgamma = sum(&(&dy * &x)),
            Some(Mistake::MeansForSums) => {
                dgamma /= rows;
                dbeta /= rows;
            }
            _ => {}
        }
        if let Some(mut dx) = dx {
            dx.assign(&d);
        }
        let gradients = [self.spec.scale.then_some(dgamma), self.spec.shift.then_some(dbeta)];
        for (param, gradient) in self.params.iter_mut().zip(gradients.into_iter().flatten()) {
            param.grad = gradient;
        }
    }

    fn params(&self) -> &[Param<f64>] {
        &self.params
    }

    fn params_mut(&mut self) -> &mut [Param<f64>] {
        &mut self.params
    }
}
