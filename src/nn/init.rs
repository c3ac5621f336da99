//! Initial weights.

use ndarray::Array2;
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::{Normal, Uniform};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::kernel::real::Real;
use crate::settings::{Allowed, Configurable, inline_table, range};

/// The distribution of the initial weights of an affine layer; biases start at 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Init {
    /// `N(0, 2 / inputs)`: keeps the scale of activations through ReLU layers (He et al. 2015,
    /// eq. 10).
    HeNormal,
    /// `N(0, 1 / inputs)`: keeps the variance of pre-activations of inputs with variance 1, as SELU wants
    /// (LeCun et al. 1998, section 4.6).
    LecunNormal,
    /// `U(-a, a)` with `a = sqrt(6 / (inputs + units))`: keeps the scale through layers that are
    /// near linear at 0 (Glorot and Bengio 2010, eq. 16).
    Xavier,
    /// `N(0, std^2)`, the course's `weight_scale`.
    Normal(f64),
}

impl Configurable for Init {
    const ALLOWED: Allowed = Allowed::Either(&[
        Allowed::Choice(&["he_normal", "lecun_normal", "xavier"]),
        inline_table! { "{ normal = deviation }":
            /// Standard deviation of the weights.
            normal: Allowed::Number(range!(0.0..))
        },
    ]);
}

impl Init {
    /// Weights of shape `(inputs, units)`, drawn in double precision and then rounded: networks of one
    /// seed in `f32` and `f64` have the same weights up to rounding.
    ///
    /// # Panics
    ///
    /// If the standard deviation is negative or not finite; a checked config has neither.
    pub fn weights<F: Real>(self, inputs: usize, units: usize, random: &mut impl Rng) -> Array2<F> {
        let shape = (inputs, units);
        let normal = |std| Normal::new(0.0, std).expect("the standard deviation is finite and not negative");
        let weights: Array2<f64> = match self {
            Self::HeNormal => Array2::random_using(shape, normal((2.0 / inputs as f64).sqrt()), random),
            Self::LecunNormal => Array2::random_using(shape, normal((1.0 / inputs as f64).sqrt()), random),
            Self::Normal(std) => Array2::random_using(shape, normal(std), random),
            Self::Xavier => {
                let bound = (6.0 / (inputs + units) as f64).sqrt();
                let uniform = Uniform::new(-bound, bound).expect("the bound is positive and finite");
                Array2::random_using(shape, uniform, random)
            }
        };
        weights.mapv(F::from_f64)
    }
}
