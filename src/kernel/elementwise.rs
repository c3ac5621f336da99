//! Elementwise maps and reductions over whole arrays.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use ndarray::{ArrayView2, ArrayViewMut2};

use super::blocks::each_block;
use super::rows::RowsMut;
use super::{Team, wide};
use crate::real::Real;

const ROW_MAJOR: &str = "arrays are in row-major layout";

/// `y = f(x)`, element by element.
///
/// # Panics
///
/// If the shapes differ or an array is not in row-major layout.
pub fn map<F: Real>(
    team: &Team,
    x: &ArrayView2<'_, F>,
    y: &mut ArrayViewMut2<'_, F>,
    f: impl Fn(F) -> F + Sync,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a map");
    let x_all = x.as_slice().expect(ROW_MAJOR);
    each_block(team, x.ncols(), x.len(), RowsMut::new(y.view_mut()), |columns, mut y| {
        let x = x_all.get(columns.start..).unwrap_or_default();
        wide(
            #[inline(always)]
            || {
                for run in 0..y.runs() {
                    let (place, y) = y.run(run);
                    for (y, &x) in y.iter_mut().zip(&x[place..]) {
                        *y = f(x);
                    }
                }
            },
        );
    });
}

/// `z = f(x, y)`, element by element.
///
/// # Panics
///
/// If the shapes differ or an array is not in row-major layout.
pub fn map2<F: Real>(
    team: &Team,
    x: &ArrayView2<'_, F>,
    y: &ArrayView2<'_, F>,
    z: &mut ArrayViewMut2<'_, F>,
    f: impl Fn(F, F) -> F + Sync,
) {
    assert_eq!((x.dim(), y.dim()), (z.dim(), z.dim()), "shapes of a map");
    let (x_all, y_all) = (x.as_slice().expect(ROW_MAJOR), y.as_slice().expect(ROW_MAJOR));
    each_block(team, x.ncols(), x.len(), RowsMut::new(z.view_mut()), |columns, mut z| {
        let [x, y] = [x_all, y_all].map(|all| all.get(columns.start..).unwrap_or_default());
        wide(
            #[inline(always)]
            || {
                for run in 0..z.runs() {
                    let (place, z) = z.run(run);
                    for ((z, &x), &y) in z.iter_mut().zip(&x[place..]).zip(&y[place..]) {
                        *z = f(x, y);
                    }
                }
            },
        );
    });
}

/// Lets `body` change parameters: `w`, by their gradient `g` and up to two tensors of state, all of
/// the same shape. `body` sees runs of them, in the order of these arguments; of `g` there may be
/// more behind, and state that is not there is empty. The columns are shared out as those of the matrix products are, so that a member
/// finds in its cache what it wrote there.
///
/// # Panics
///
/// If the shapes differ or an array is not in row-major layout.
pub fn update<F: Real>(
    team: &Team,
    w: ArrayViewMut2<'_, F>,
    g: &ArrayView2<'_, F>,
    state: [Option<ArrayViewMut2<'_, F>>; 2],
    body: impl Fn(&mut [F], &[F], &mut [F], &mut [F]) + Sync,
) {
    let fits =
        |state: &Option<ArrayViewMut2<'_, F>>| state.as_ref().is_none_or(|state| state.dim() == w.dim());
    assert!(g.dim() == w.dim() && state.iter().all(fits), "shapes of an update");
    let (width, cost) = (w.ncols(), w.len());
    let g_all = g.as_slice().expect(ROW_MAJOR);
    let [m, v] = state.map(|state| state.map(RowsMut::new));
    each_block(team, width, cost, (RowsMut::new(w), m, v), |columns, (mut w, mut m, mut v)| {
        let g = g_all.get(columns.start..).unwrap_or_default();
        wide(
            #[inline(always)]
            || {
                for run in 0..w.runs() {
                    let (place, w) = w.run(run);
                    body(w, &g[place..], state_run(&mut m, run), state_run(&mut v, run));
                }
            },
        );
    });
}

#[inline(always)]
fn state_run<'s, F>(state: &'s mut Option<RowsMut<'_, F>>, run: usize) -> &'s mut [F] {
    state.as_mut().map_or(&mut [], |state| state.run(run).1)
}

/// Whether no element is NaN or infinite.
pub fn all_finite<F: Real>(x: &[F]) -> bool {
    // x * 0 is 0 for finite x and NaN otherwise; lanes are independent, so this vectorises.
    let mut lanes = [F::zero(); 64];
    wide(
        #[inline(always)]
        || {
            let mut chunks = x.chunks_exact(64);
            for chunk in &mut chunks {
                for (lane, &x) in lanes.iter_mut().zip(chunk) {
                    *lane += x * F::zero();
                }
            }
            for (lane, &x) in lanes.iter_mut().zip(chunks.remainder()) {
                *lane += x * F::zero();
            }
        },
    );
    lanes.iter().all(|lane| *lane == F::zero())
}

/// The sum of the squares, in double precision and in a fixed order.
pub fn sum_of_squares<F: Real>(x: &[F]) -> f64 {
    let mut lanes = [0.0_f64; 32];
    wide(
        #[inline(always)]
        || {
            let mut chunks = x.chunks_exact(32);
            for chunk in &mut chunks {
                for (lane, &x) in lanes.iter_mut().zip(chunk) {
                    *lane += x.to_f64() * x.to_f64();
                }
            }
            for (lane, &x) in lanes.iter_mut().zip(chunks.remainder()) {
                *lane += x.to_f64() * x.to_f64();
            }
        },
    );
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_number_is_seen_wherever_it_stands() {
        for len in [1, 63, 64, 65, 200] {
            let mut x = vec![1e30_f32; len];
            assert!(all_finite(&x));
            for place in [0, len / 2, len - 1] {
                for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    x[place] = bad;
                    assert!(!all_finite(&x), "{bad} at {place} of {len}");
                    x[place] = 0.0;
                }
            }
        }
    }

    #[test]
    fn squares_add_up_beyond_the_range_of_f32() {
        let x = vec![1e30_f32; 100];
        let expected = 100.0 * f64::from(1e30_f32).powi(2);
        assert!((sum_of_squares(&x) / expected - 1.0).abs() < 1e-14);
    }
}
