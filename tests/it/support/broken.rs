//! A second batch norm, plain and slow, that can be told to make a mistake.

use bntrain::nn::{Layer, Param, ParamKind, PassContext};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

/// What is wrong with the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    None,
    /// The statistics are taken for constants.
    NoStatistics,
    /// `dx` lacks `- dbeta / n`: the mean is taken for a constant.
    NoMeanTerm,
    /// `dx` lacks `- x_hat dgamma / n`: the variance is taken for a constant.
    NoVarianceTerm,
    /// The forward pass divides by `n - 1`, the backward pass is right for `n`.
    UnbiasedForward,
    /// The backward pass divides by `n - 1`, the forward pass by `n`.
    UnbiasedBackward,
    /// `dx` lacks gamma.
    NoGamma,
    /// `dx` lacks `inv_std`.
    NoInvStd,
    /// The backward pass forgets eps.
    NoEps,
    /// Sums where means belong.
    SumsForMeans,
    /// `dgamma` from `x` instead of `x_hat`.
    DgammaFromX,
    /// `dgamma` and `dbeta` as means over the rows.
    MeansForSums,
    /// `dx` is 0.
    NoDx,
    /// All gradients are 0.
    AllZeros,
}

impl Mistake {
    pub(crate) const ALL: [Self; 13] = [
        Self::NoStatistics,
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
        Self::NoDx,
        Self::AllZeros,
    ];
}

pub(crate) struct BrokenBatchNorm {
    mistake: Mistake,
    eps: f64,
    params: Vec<Param<f64>>, // gamma, beta
}

impl BrokenBatchNorm {
    pub(crate) fn new(mistake: Mistake, eps: f64, width: usize) -> Self {
        let param = |name: &str, value| {
            Param::trained(name.to_owned(), ParamKind::NoDecay, Array2::from_elem((1, width), value))
        };
        Self { mistake, eps, params: vec![param("broken.gamma", 1.0), param("broken.beta", 0.0)] }
    }

    /// `x - mean` and the variance of each column.
    fn centred(x: &ArrayView2<'_, f64>) -> (Array2<f64>, Array2<f64>) {
        let mean = x.mean_axis(Axis(0)).expect("there are rows").insert_axis(Axis(0));
        let centred = x - &mean;
        let var = centred.mapv(|c| c * c).mean_axis(Axis(0)).expect("there are rows").insert_axis(Axis(0));
        (centred, var)
    }
}

impl Layer<f64> for BrokenBatchNorm {
    fn forward(
        &mut self,
        _pass: &PassContext<'_, f64>,
        x: ArrayView2<'_, f64>,
        mut y: ArrayViewMut2<'_, f64>,
    ) {
        let n = x.nrows() as f64;
        let (centred, mut var) = Self::centred(&x);
        if self.mistake == Mistake::UnbiasedForward {
            var *= n / (n - 1.0);
        }
        y.assign(&(centred / (var + self.eps).sqrt() * &self.params[0].value + &self.params[1].value));
    }

    fn infer(&self, _pass: &PassContext<'_, f64>, _x: ArrayView2<'_, f64>, _y: ArrayViewMut2<'_, f64>) {
        unreachable!("the checks train")
    }

    fn backward(
        &mut self,
        _pass: &PassContext<'_, f64>,
        x: ArrayView2<'_, f64>,
        _y: ArrayView2<'_, f64>,
        dy: ArrayView2<'_, f64>,
        dx: Option<ArrayViewMut2<'_, f64>>,
    ) {
        use Mistake as M;
        let is = |mistake| self.mistake == mistake;
        let rows = x.nrows() as f64;
        let (centred, var) = Self::centred(&x);
        let eps = if is(M::NoEps) { 0.0 } else { self.eps };
        let inv_std = (var + eps).sqrt().recip();
        let x_hat = &centred * &inv_std;
        let sum = |a: Array2<f64>| a.sum_axis(Axis(0)).insert_axis(Axis(0));

        let dbeta = sum(dy.to_owned());
        let dgamma = sum(&dy * &x_hat);
        let n = match self.mistake {
            M::SumsForMeans => 1.0,
            M::UnbiasedBackward => rows - 1.0,
            _ => rows,
        };
        let mut d = dy.to_owned();
        if !is(M::NoStatistics) && !is(M::NoMeanTerm) {
            d = d - &dbeta / n;
        }
        if !is(M::NoStatistics) && !is(M::NoVarianceTerm) {
            d = d - x_hat * &dgamma / n;
        }
        if !is(M::NoGamma) {
            d *= &self.params[0].value;
        }
        if !is(M::NoInvStd) {
            d *= &inv_std;
        }
        if is(M::NoDx) || is(M::AllZeros) {
            d.fill(0.0);
        }
        if let Some(mut dx) = dx {
            dx.assign(&d);
        }
        self.params[0].grad = match self.mistake {
            M::DgammaFromX => sum(&dy * &x),
            M::MeansForSums => dgamma / rows,
            M::AllZeros => dgamma * 0.0,
            _ => dgamma,
        };
        self.params[1].grad = match self.mistake {
            M::MeansForSums => dbeta / rows,
            M::AllZeros => dbeta * 0.0,
            _ => dbeta,
        };
    }

    fn params(&self) -> &[Param<f64>] {
        &self.params
    }

    fn params_mut(&mut self) -> &mut [Param<f64>] {
        &mut self.params
    }
}
