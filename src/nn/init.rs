//! Initial weights.

use ndarray::{Array1, Array2};
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
    /// Orthonormal rows or columns, scaled before training so that the outputs of the layer have variance 1 over the
    /// first batch (Mishkin and Matas 2016), see [`Network::fit_start`](crate::nn::Network::fit_start).
    Lsuv,
    /// `N(0, std^2)`, the course's `weight_scale`.
    Normal(f64),
    /// `U(low, high)`.
    Uniform([f64; 2]),
}

impl Configurable for Init {
    const ALLOWED: Allowed = Allowed::Either(&[
        Allowed::Choice(&["he_normal", "lecun_normal", "xavier", "lsuv"]),
        inline_table! { "{ normal = deviation }":
            /// Standard deviation of the weights.
            normal: Allowed::Number(range!(0.0..))
        },
        inline_table! { "{ uniform = [low, high] }":
            /// The range of the weights.
            uniform: Allowed::List { of: &f64::ALLOWED, min: 2, max: 2 }
        },
    ]);
}

impl Init {
    /// Weights of shape `(inputs, units)`, drawn in double precision and then rounded: networks of one
    /// seed in `f32` and `f64` have the same weights up to rounding.
    ///
    /// # Panics
    ///
    /// If the standard deviation is negative or not finite, or a range is empty; a checked config has neither.
    pub fn weights<F: Real>(self, inputs: usize, units: usize, random: &mut impl Rng) -> Array2<F> {
        let shape = (inputs, units);
        let normal = |std| Normal::new(0.0, std).expect("the standard deviation is finite and not negative");
        let weights: Array2<f64> = match self {
            Self::HeNormal => Array2::random_using(shape, normal((2.0 / inputs as f64).sqrt()), random),
            Self::LecunNormal => Array2::random_using(shape, normal((1.0 / inputs as f64).sqrt()), random),
            Self::Normal(std) => Array2::random_using(shape, normal(std), random),
            Self::Lsuv => orthonormal(Array2::random_using(shape, normal(1.0), random)),
            Self::Uniform([low, high]) => {
                let uniform = Uniform::new_inclusive(low, high).expect("the range is finite and not empty");
                Array2::random_using(shape, uniform, random)
            }
            Self::Xavier => {
                let bound = (6.0 / (inputs + units) as f64).sqrt();
                let uniform = Uniform::new(-bound, bound).expect("the bound is positive and finite");
                Array2::random_using(shape, uniform, random)
            }
        };
        weights.mapv(F::from_f64)
    }
}

/// The columns of `matrix`, or its rows if those are fewer, made orthonormal in order, each by what it adds to those
/// before it (Gram and Schmidt). Of a normal distribution this is a uniformly random rotation or reflection
/// (Saxe, McClelland and Ganguli 2014).
fn orthonormal(matrix: Array2<f64>) -> Array2<f64> {
    if matrix.nrows() < matrix.ncols() {
        return orthonormal(matrix.reversed_axes()).reversed_axes();
    }
    let mut columns: Vec<Array1<f64>> = Vec::with_capacity(matrix.ncols());
    for column in matrix.columns() {
        let mut column = column.to_owned();
        // Once leaves a rest of the size of rounding, relative to what was subtracted; twice is enough.
        for _ in 0..2 {
            for before in &columns {
                let share = before.dot(&column);
                column.scaled_add(-share, before);
            }
        }
        let length = column.dot(&column).sqrt();
        columns.push(column / length);
    }
    let mut result = Array2::zeros(matrix.dim());
    for (mut column, found) in result.columns_mut().into_iter().zip(&columns) {
        column.assign(found);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;

    #[test]
    fn the_spread_follows_the_number_of_inputs() {
        let (inputs, units) = (50, 400);
        let spread = |init: Init| {
            let weights: Array2<f64> = init.weights(inputs, units, &mut stream(1, "init", &[1]));
            (weights.pow2().sum() / (inputs * units) as f64).sqrt()
        };
        let uniform = |low: f64, high: f64| ((low * low + low * high + high * high) / 3.0).sqrt();
        let bound = (6.0 / 450.0_f64).sqrt();
        for (init, expected) in [
            (Init::HeNormal, 0.2),
            (Init::LecunNormal, 0.02_f64.sqrt()),
            (Init::Normal(0.3), 0.3),
            (Init::Uniform([-0.1, 0.5]), uniform(-0.1, 0.5)),
            (Init::Xavier, uniform(-bound, bound)),
        ] {
            // Six standard errors of 20,000 numbers.
            assert!((spread(init) / expected - 1.0).abs() < 0.03, "{init:?}: {}", spread(init));
        }
    }

    #[test]
    fn the_shorter_side_is_orthonormal() {
        for (inputs, units) in [(40, 40), (64, 10), (10, 64), (1, 3), (3, 1)] {
            let weights: Array2<f64> = Init::Lsuv.weights(inputs, units, &mut stream(1, "init", &[1]));
            let product = if inputs < units { weights.dot(&weights.t()) } else { weights.t().dot(&weights) };
            for ((row, column), value) in product.indexed_iter() {
                let expected = f64::from(u8::from(row == column));
                // Rounding of sums of up to 64 products.
                assert!((value - expected).abs() < 1e-14, "{inputs} x {units}: {value}");
            }
        }
    }
}
