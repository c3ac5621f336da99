//! The moments of a group of neighboring columns in one row.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::hint::black_box;

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
        let mut sums = [[0.0; LANES]; 2];
        let (strips, rest) = x.as_chunks();
        for strip in strips {
            add_differences(&mut sums, strip, origin);
        }
        if !rest.is_empty() {
            add_differences(&mut sums, &filled(rest, origin), origin);
        }
        let (n, [sum, squares]) = (x.len() as f64, sums.map(total));
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

    /// Adds `dy` and `dy * x_hat` to the sums of each column, and gives the means of `q = gamma * dy` and of `q * x_hat` over
    /// the group.
    #[inline(always)]
    pub(crate) fn add_products(
        self,
        x: &[F],
        dy: &[F],
        gamma: &[F],
        [dbeta, dgamma]: [&mut [f64]; 2],
    ) -> [F; 2] {
        let mut sums = [[0.0; LANES]; 2];
        let n = x.len() as f64;
        let ((xs, x), (dys, dy), (gammas, gamma)) = (x.as_chunks(), dy.as_chunks(), gamma.as_chunks());
        let ((dbetas, dbeta), (dgammas, dgamma)) = (dbeta.as_chunks_mut(), dgamma.as_chunks_mut());
        for ((((x, dy), gamma), dbeta), dgamma) in xs.iter().zip(dys).zip(gammas).zip(dbetas).zip(dgammas) {
            self.add_strip(&mut sums, x, dy, gamma, [dbeta, dgamma]);
        }
        if !x.is_empty() {
            let [dy, gamma] = [dy, gamma].map(|numbers| filled(numbers, F::zero()));
            let mut columns = [&*dbeta, &*dgamma].map(|sums| filled(sums, 0.0));
            self.add_strip(&mut sums, &filled(x, self.mean), &dy, &gamma, columns.each_mut());
            for (sums, columns) in [dbeta, dgamma].into_iter().zip(columns) {
                sums.copy_from_slice(&columns[..sums.len()]);
            }
        }
        sums.map(|sums| F::from_f64(total(sums) / n))
    }

    /// What [`add_products`](Self::add_products) adds for a strip.
    #[inline(always)]
    fn add_strip(
        self,
        [sums, products]: &mut [[f64; LANES]; 2],
        x: &[F; LANES],
        dy: &[F; LANES],
        gamma: &[F; LANES],
        [dbeta, dgamma]: [&mut [f64; LANES]; 2],
    ) {
        // Copies, which nothing else can point to.
        let (x, dy, gamma, mut of_beta, mut of_gamma) = (*x, *dy, *gamma, *dbeta, *dgamma);
        for lane in 0..LANES {
            let (q, x_hat) = ((gamma[lane] * dy[lane]).to_f64(), self.x_hat(x[lane]).to_f64());
            sums[lane] += q;
            products[lane] += q * x_hat;
            let dy = dy[lane].to_f64();
            of_beta[lane] += dy;
            of_gamma[lane] += dy * x_hat;
        }
        (*dbeta, *dgamma) = (of_beta, of_gamma);
    }
}

/// Adds the differences of a strip from `origin`, and their squares.
#[inline(always)]
fn add_differences<F: Real>([sums, squares]: &mut [[f64; LANES]; 2], x: &[F; LANES], origin: F) {
    for lane in 0..LANES {
        let difference = x[lane].to_f64() - origin.to_f64();
        sums[lane] += difference;
        squares[lane] += difference * difference;
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
fn total(sums: [f64; LANES]) -> f64 {
    let mut half = [0.0; LANES / 2];
    for lane in 0..LANES / 2 {
        half[lane] = sums[lane] + sums[lane + LANES / 2];
    }
    // From memory: else the compiler keeps each sum in a register of its own, and additions before this are not of vectors.
    let [a, b, c, d, e, f, g, h] = black_box(half);
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}
