//! The moments of a group of neighboring columns in one row.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use crate::batch_norm::moments::{rounded_mean, shift_and_variance};
use crate::real::Real;

/// Columns that are added to separate sums, so that additions need not wait for each other.
const LANES: usize = 16;

/// What a group is normalized by, `x_hat = (x - mean) * inv_std + offset`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowMoments<F> {
    /// The mean, rounded to an `F`; 0 if the group is not centered.
    mean: F,
    pub(crate) inv_std: F,
    /// What the rounding of the mean costs, times `-inv_std`.
    offset: F,
}

impl<F: Real> RowMoments<F> {
    /// The moments of `x` in double precision: of a `centered` group mean and variance, otherwise 0 and the
    /// mean square.
    ///
    /// All arithmetic is on the differences from the first number, like that of
    /// [`batch_moments`](crate::batch_moments).
    #[inline(always)]
    pub(crate) fn new(x: &[F], centered: bool, eps: f64) -> Self {
        let origin = if centered { x[0] } else { F::zero() };
        let (mut sums, mut squares) = ([0.0; LANES], [0.0; LANES]);
        let mut add = |x: &[F; LANES]| {
            for lane in 0..LANES {
                let difference = x[lane].to_f64() - origin.to_f64();
                sums[lane] += difference;
                squares[lane] += difference * difference;
            }
        };
        let (strips, rest) = x.as_chunks();
        strips.iter().for_each(&mut add);
        if !rest.is_empty() {
            add(&filled(rest, origin));
        }
        let (n, [sum, squares]) = (x.len() as f64, [sums, squares].map(total));
        if centered {
            let (shift, var) = shift_and_variance(sum, squares, n);
            let (mean, residual) = rounded_mean(origin.to_f64(), shift);
            let inv_std = 1.0 / (var + eps).sqrt();
            Self { mean, inv_std: F::from_f64(inv_std), offset: F::from_f64(-residual * inv_std) }
        } else {
            let inv_std = 1.0 / (squares / n + eps).sqrt();
            Self { inv_std: F::from_f64(inv_std), ..Self::default() }
        }
    }

    /// `x`, normalized.
    #[inline(always)]
    pub(crate) fn x_hat(self, x: F) -> F {
        (x - self.mean) * self.inv_std + self.offset
    }

    /// The means of `q = gamma * dy` and of `q * x_hat` over the group.
    #[inline(always)]
    pub(crate) fn mean_products(self, x: &[F], dy: &[F], gamma: &[F]) -> [F; 2] {
        let (mut sums, mut products) = ([0.0; LANES], [0.0; LANES]);
        let mut add = |x: &[F; LANES], dy: &[F; LANES], gamma: &[F; LANES]| {
            for lane in 0..LANES {
                let q = gamma[lane] * dy[lane];
                sums[lane] += q.to_f64();
                products[lane] += q.to_f64() * self.x_hat(x[lane]).to_f64();
            }
        };
        let ((xs, x), (dys, dy), (gammas, gamma)) = (x.as_chunks(), dy.as_chunks(), gamma.as_chunks());
        xs.iter().zip(dys).zip(gammas).for_each(|((x, dy), gamma)| add(x, dy, gamma));
        if !x.is_empty() {
            add(&filled(x, self.mean), &filled(dy, F::zero()), &filled(gamma, F::zero()));
        }
        let n = (LANES * xs.len() + x.len()) as f64;
        [sums, products].map(|sums| F::from_f64(total(sums) / n))
    }
}

/// A strip that begins with `numbers`, at most `LANES`.
#[inline(always)]
fn filled<F: Copy>(numbers: &[F], rest: F) -> [F; LANES] {
    let mut strip = [rest; LANES];
    strip[..numbers.len()].copy_from_slice(numbers);
    strip
}

/// The sum, halving the number of sums until one is left.
#[inline(always)]
fn total(mut sums: [f64; LANES]) -> f64 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0]
}
