//! Elementwise maps and reductions over whole arrays.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::blocks::each_block;
use super::{Team, wide};
use crate::real::Real;

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
    each_block(team, x.ncols(), x.len(), y.view_mut(), |columns, mut y| {
        wide(
            #[inline(always)]
            || {
                for (x, mut y) in x.rows().into_iter().zip(y.rows_mut()) {
                    let x = &x.to_slice().expect("rows are contiguous")[columns.clone()];
                    for (y, &x) in y.as_slice_mut().expect("rows are contiguous").iter_mut().zip(x) {
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
    each_block(team, x.ncols(), x.len(), z.view_mut(), |columns, mut z| {
        wide(
            #[inline(always)]
            || {
                for ((x, y), mut z) in x.rows().into_iter().zip(y.rows()).zip(z.rows_mut()) {
                    let x = &x.to_slice().expect("rows are contiguous")[columns.clone()];
                    let y = &y.to_slice().expect("rows are contiguous")[columns.clone()];
                    for ((z, &x), &y) in
                        z.as_slice_mut().expect("rows are contiguous").iter_mut().zip(x).zip(y)
                    {
                        *z = f(x, y);
                    }
                }
            },
        );
    });
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
