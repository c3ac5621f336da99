//! Elementwise maps and reductions over whole arrays.

use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::parallel::partition::par_chunks;
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::simd::with_simd;

const ROW_MAJOR: &str = "arrays are in row-major layout";

/// `y = f(x)`, element by element.
///
/// # Panics
///
/// If the shapes differ or an array is not in row-major layout.
pub fn map<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    y: &mut ArrayViewMut2<'_, F>,
    f: impl Fn(F) -> F + Sync,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a map");
    let (x, y) = (x.as_slice().expect(ROW_MAJOR), y.as_slice_mut().expect(ROW_MAJOR));
    par_chunks(pool, x.len(), x.len(), y, |elements, y| {
        with_simd(
            #[inline(always)]
            || {
                for (y, &x) in y.iter_mut().zip(&x[elements]) {
                    *y = f(x);
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
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    y: &ArrayView2<'_, F>,
    z: &mut ArrayViewMut2<'_, F>,
    f: impl Fn(F, F) -> F + Sync,
) {
    assert_eq!((x.dim(), y.dim()), (z.dim(), z.dim()), "shapes of a map");
    let (x, y) = (x.as_slice().expect(ROW_MAJOR), y.as_slice().expect(ROW_MAJOR));
    let z = z.as_slice_mut().expect(ROW_MAJOR);
    par_chunks(pool, x.len(), x.len(), z, |elements, z| {
        with_simd(
            #[inline(always)]
            || {
                for ((z, &x), &y) in z.iter_mut().zip(&x[elements.clone()]).zip(&y[elements]) {
                    *z = f(x, y);
                }
            },
        );
    });
}

/// Updates parameters `w` by their gradient `g` and up to two tensors of optimizer state, all of the same
/// shape. `body` gets a chunk of each, in the order of these arguments; a state that is `None` is an empty
/// slice. Chunks are contiguous, and each thread gets the same one every time.
///
/// # Panics
///
/// If the shapes differ or an array is not in row-major layout.
pub fn update<F: Real>(
    pool: &ThreadPool,
    w: ArrayViewMut2<'_, F>,
    g: &ArrayView2<'_, F>,
    state: [Option<ArrayViewMut2<'_, F>>; 2],
    body: impl Fn(&mut [F], &[F], &mut [F], &mut [F]) + Sync,
) {
    let fits =
        |state: &Option<ArrayViewMut2<'_, F>>| state.as_ref().is_none_or(|state| state.dim() == w.dim());
    assert!(g.dim() == w.dim() && state.iter().all(fits), "shapes of an update");
    let g = g.as_slice().expect(ROW_MAJOR);
    let [m, v] = state.map(|state| state.map(|state| state.into_slice().expect(ROW_MAJOR)));
    let outputs = (w.into_slice().expect(ROW_MAJOR), m, v);
    par_chunks(pool, g.len(), g.len(), outputs, |elements, (w, m, v)| {
        with_simd(
            #[inline(always)]
            || body(w, &g[elements], m.unwrap_or_default(), v.unwrap_or_default()),
        );
    });
}

/// [`all_finite`] for many elements, divided among the threads.
pub(crate) fn par_all_finite<F: Real>(pool: &ThreadPool, x: &[F]) -> bool {
    let is_bad = AtomicBool::new(false);
    par_chunks(pool, x.len(), x.len(), (), |elements, ()| {
        if !all_finite(&x[elements]) {
            is_bad.store(true, Ordering::Relaxed);
        }
    });
    !is_bad.into_inner()
}

/// Whether no element is NaN or infinite.
pub(crate) fn all_finite<F: Real>(x: &[F]) -> bool {
    // x * 0 is 0 for finite x and NaN otherwise; lanes are independent, so this vectorises.
    let mut lanes = [F::zero(); 64];
    with_simd(
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
pub(crate) fn sum_of_squares<F: Real>(x: &[F]) -> f64 {
    let mut lanes = [0.0_f64; 32];
    with_simd(
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
    use std::num::NonZeroUsize;

    use super::*;

    #[test]
    fn all_finite_finds_one_bad_number_at_any_place() {
        let pool = ThreadPool::new(NonZeroUsize::new(3).expect("three"));
        for len in [1, 63, 64, 65, 200, 100_000] {
            let mut x = vec![1e30_f32; len];
            assert!(all_finite(&x) && par_all_finite(&pool, &x));
            for place in [0, len / 2, len - 1] {
                for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    x[place] = bad;
                    assert!(!all_finite(&x) && !par_all_finite(&pool, &x), "{bad} at {place} of {len}");
                    x[place] = 0.0;
                }
            }
        }
    }

    #[test]
    fn sum_of_squares_exceeds_the_range_of_f32() {
        let x = vec![1e30_f32; 100];
        let expected = 100.0 * f64::from(1e30_f32).powi(2);
        assert!((sum_of_squares(&x) / expected - 1.0).abs() < 1e-14);
    }
}
