//! Matrix products.
//!
//! The columns of `c = a b` are computed panel by panel. The part of `b` that a panel needs is
//! copied beside itself once; then tiles, some rows by some vectors of `c`, are held in registers
//! while the products are added up.
//!
//! Every element of `c` is one sum, taken in the order of the inner index with one rounding per
//! term (fused multiply-add, where the processor has it). Only where many inputs go into few units,
//! `y = x W`, it is taken in [`PARTS`] parts, which are then added in order. An element therefore
//! depends on its own row of `a`, its own column of `b` and the number of columns alone: not on the
//! other rows of a batch, on blocking or on threads.

pub(crate) mod epilogue;
pub(crate) mod pack;
pub(crate) mod tile;

use std::any::Any;
use std::cell::RefCell;
use std::sync::atomic::AtomicBool;
use std::thread::LocalKey;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::aligned::{spare, start};
use crate::areas::each_area;
use crate::matmul::epilogue::Finish;
pub use crate::matmul::epilogue::{rectified, slope};
use crate::matmul::pack::Operand;
use crate::matmul::tile::{Task, multiply};
use crate::matrix_view::{Rows, RowsMut};
use crate::partition::{Parts, each_block};
use crate::real::Real;
use crate::simd::{Level, level, wide};
use crate::threads::ThreadPool;

/// Parts of a long sum.
const PARTS: usize = 4;

/// The least length of a sum that is taken in parts.
const LONG: usize = 512;

/// `c = a b`.
///
/// # Shapes
///
/// `a`: `(m, k)`; `b`: `(k, n)`; `c`: `(m, n)`, with `c` in row-major layout. `a` and `b` may be
/// transposed views of arrays in row-major layout, at about the same speed.
///
/// # Panics
///
/// If the shapes do not fit, or an array has another layout.
pub(crate) fn product<F: Real>(
    pool: &ThreadPool,
    a: &ArrayView2<'_, F>,
    b: &ArrayView2<'_, F>,
    c: &mut ArrayViewMut2<'_, F>,
) {
    compute(pool, (a, b), c, Finish::Nothing, None);
}

/// The output of an affine layer, `y = x w + bias`; and of a rectifier behind it, `max(0, y)`, if it
/// `rectifies`.
///
/// # Shapes
///
/// `x`: `(n, inputs)`; `w`: `(inputs, units)`; `bias`: `units`; `y`: `(n, units)`, in row-major layout.
///
/// # Panics
///
/// As [`product`].
pub(crate) fn affine<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    (w, bias): (&ArrayView2<'_, F>, &[F]),
    rectifies: bool,
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(bias.len(), w.ncols(), "shapes of a product");
    let finish = if rectifies { Finish::Rectify(bias) } else { Finish::Add(bias) };
    compute(pool, (x, w), y, finish, None);
}

/// The gradient of what came into a rectifier, whose outputs `y` went on to a product: `dx = a b` times
/// the slope, which is 1 where `y` is positive and 0 elsewhere.
///
/// # Shapes
///
/// As those of [`product`], with `y` and `dx` like its `c`, both in row-major layout.
///
/// # Panics
///
/// As [`product`].
pub(crate) fn product_before_rectifier<F: Real>(
    pool: &ThreadPool,
    (a, b): (&ArrayView2<'_, F>, &ArrayView2<'_, F>),
    y: &ArrayView2<'_, F>,
    dx: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(y.dim(), dx.dim(), "shapes of a product");
    compute(pool, (a, b), dx, Finish::Slope(Rows::new(y)), None);
}

/// The gradient of the weights, `dw = x' dy`. Returns whether all of it is finite, which costs next to
/// nothing while the numbers are at hand.
///
/// # Shapes
///
/// `x`: `(n, inputs)`; `dy`: `(n, units)`; `dw`: `(inputs, units)`, in row-major layout.
///
/// # Panics
///
/// As [`product`].
pub(crate) fn gradient_product<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    dy: &ArrayView2<'_, F>,
    dw: &mut ArrayViewMut2<'_, F>,
) -> bool {
    let is_bad = AtomicBool::new(false);
    compute(pool, (&x.t(), dy), dw, Finish::Nothing, Some(&is_bad));
    !is_bad.into_inner()
}

fn compute<F: Real>(
    pool: &ThreadPool,
    (a, b): (&ArrayView2<'_, F>, &ArrayView2<'_, F>),
    c: &mut ArrayViewMut2<'_, F>,
    finish: Finish<'_, F>,
    is_bad: Option<&AtomicBool>,
) {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert_eq!((b.nrows(), c.dim()), (k, (m, n)), "shapes of a product");
    let (a, b) = (Operand::new(a), Operand::new(b));
    // Products are added up some 32 in the time that a loop takes for one number.
    let cost = m * k * n / 32;
    let is_long = !a.transposed && !b.transposed && k >= LONG && k >= PARTS * n;
    let parts = if is_long { PARTS } else { 1 };
    let one_part = |part: usize, (row, column), adds, finish, c: &mut RowsMut<'_, F>| {
        let inner = (k * part / parts, k * (part + 1) / parts - k * part / parts);
        let task = Task { a, b, inner, row, column, adds, finish, is_bad };
        // Six rows by this many vectors fill the registers: 32 of them with AVX-512, else 16.
        with_scratch(&PANEL, |panel| match level() {
            Level::Avx512 => multiply::<F::Avx512, 4>(task, c, panel),
            Level::Avx2 => multiply::<F::Avx2, 2>(task, c, panel),
            Level::Baseline => multiply::<F::Baseline, 2>(task, c, panel),
        });
    };
    // The parts of a long sum can be shared out themselves. Each member then has rows of the weights to
    // itself, the same ones for which it computes the gradient and the update: no core waits for
    // weights that another one has changed. What the members exchange are sums, no more of them than
    // there are weights.
    let divides = pool.members() > 1 && PARTS.is_multiple_of(pool.members());
    if is_long && divides && PARTS * m <= k && !c.is_empty() {
        return with_scratch(&SUMS, |sums| {
            let size = m * n;
            let sums = room(sums, PARTS * size);
            each_block(pool, PARTS, cost, Parts::new(sums, size), |numbers, rooms| {
                for (part, room) in numbers.zip(rooms.into_each()) {
                    let room = ArrayViewMut2::from_shape((m, n), room).expect("room for a part");
                    one_part(part, (0, 0), false, Finish::Nothing, &mut RowsMut::new(room));
                }
            });
            add_in_order(sums, c, finish);
        });
    }
    each_area(pool, cost, [c.view_mut()], |rows, columns, [mut c]| {
        for part in 0..parts {
            let finish = if part + 1 < parts { Finish::Nothing } else { finish };
            one_part(part, (rows.start, columns.start), part > 0, finish, &mut c);
        }
    });
}

/// `c` becomes the sum of as many matrices of its size as there are, and is finished.
fn add_in_order<F: Real>(matrices: &[F], c: &mut ArrayViewMut2<'_, F>, finish: Finish<'_, F>) {
    let width = c.ncols();
    let c = c.as_slice_mut().expect("outputs are in row-major layout");
    let (first, others) = matrices.split_at(c.len());
    wide(
        #[inline(always)]
        || {
            c.copy_from_slice(first);
            for other in others.chunks_exact(c.len()) {
                c.iter_mut().zip(other).for_each(|(c, &other)| *c += other);
            }
            for (row, sums) in c.chunks_exact_mut(width).enumerate() {
                finish.row(row, sums);
            }
        },
    );
}

/// Memory of a thread, asked for only while it grows.
type Scratch = RefCell<Option<Box<dyn Any>>>;

thread_local! {
    /// For the columns that are being multiplied.
    static PANEL: Scratch = const { RefCell::new(None) };
    /// For the parts of long sums.
    static SUMS: Scratch = const { RefCell::new(None) };
}

fn with_scratch<F: Real>(scratch: &'static LocalKey<Scratch>, body: impl FnOnce(&mut Vec<F>)) {
    scratch.with_borrow_mut(|scratch| {
        if !scratch.as_ref().is_some_and(|scratch| scratch.is::<Vec<F>>()) {
            *scratch = Some(Box::new(Vec::<F>::new()));
        }
        body(scratch.as_mut().and_then(|scratch| scratch.downcast_mut()).expect("it was just made"));
    });
}

/// Room for `size` numbers, from the beginning of a cache line on.
fn room<F: Real>(scratch: &mut Vec<F>, size: usize) -> &mut [F] {
    if scratch.len() < size + spare::<F>() {
        scratch.resize(size + spare::<F>(), F::zero());
    }
    let first = start(scratch);
    &mut scratch[first..][..size]
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::{Array2, s};

    use super::*;

    fn matrix<F: Real>(rows: usize, columns: usize, salt: usize) -> Array2<F> {
        let entry = |(i, j)| F::from_f64(((i * 31 + j * 17 + salt * 7) % 23) as f64 / 11.0 - 1.0);
        Array2::from_shape_fn((rows, columns), entry)
    }

    fn naive<F: Real>(a: &ArrayView2<'_, F>, b: &ArrayView2<'_, F>) -> Array2<f64> {
        let entry = |(i, j)| (0..a.ncols()).map(|p| a[[i, p]].to_f64() * b[[p, j]].to_f64()).sum();
        Array2::from_shape_fn((a.nrows(), b.ncols()), entry)
    }

    fn check<F: Real>(tolerance: f64) {
        for m in [1, 2, 5, 6, 7, 13] {
            for k in [1, 3, 16, 17, 40] {
                for n in [1, 2, 8, 15, 16, 17, 33, 48, 63, 64, 65, 130] {
                    let (a, at) = (matrix::<F>(m, k, 1), matrix::<F>(k, m, 2));
                    let (b, bt) = (matrix::<F>(k, n, 3), matrix::<F>(n, k, 4));
                    for (a, b) in
                        [(a.view(), b.view()), (at.t(), b.view()), (a.view(), bt.t()), (at.t(), bt.t())]
                    {
                        let mut c = Array2::from_elem((m, n), F::nan());
                        product(&ThreadPool::single(), &a, &b, &mut c.view_mut());
                        let error =
                            (c.mapv(Real::to_f64) - naive(&a, &b)).fold(0.0, |max: f64, e| max.max(e.abs()));
                        // Each of the k terms is at most 1 and rounded once.
                        assert!(error <= tolerance * k as f64, "{m} {k} {n}: {error:e}");
                    }
                }
            }
        }
    }

    #[test]
    fn agrees_with_sums_in_double_precision() {
        check::<f32>(1.2e-7);
        check::<f64>(2.3e-16);
    }

    #[test]
    fn long_sums_are_right_and_the_same_whatever_the_team_and_the_batch() {
        // The first two batches are shared by parts, the others have too many rows for it.
        for (m, k, n) in [(60, 784, 100), (128, 515, 17), (129, 515, 17), (300, 512, 128)] {
            let (a, b) = (matrix::<f32>(m, k, 1), matrix::<f32>(k, n, 2));
            let mut whole = Array2::zeros((m, n));
            product(&ThreadPool::single(), &a.view(), &b.view(), &mut whole.view_mut());
            let error = (whole.mapv(f64::from) - naive(&a.view(), &b.view()))
                .fold(0.0, |max: f64, e| max.max(e.abs()));
            // Each term is at most 1 and rounded once, and so is each part.
            assert!(error <= 1.2e-7 * (k + PARTS) as f64, "{m} {k} {n}: {error:e}");
            for members in 2..=5 {
                let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
                let mut shared = Array2::from_elem((m, n), f32::NAN);
                product(&pool, &a.view(), &b.view(), &mut shared.view_mut());
                assert_eq!(shared, whole, "{m} {k} {n}, {members} members");
            }
            let mut few = Array2::zeros((2, n));
            product(&ThreadPool::single(), &a.slice(s![3..5, ..]), &b.view(), &mut few.view_mut());
            assert_eq!(few, whole.slice(s![3..5, ..]), "{m} {k} {n}");
        }
    }

    #[test]
    fn nothing_times_many_inputs_is_nothing() {
        let pool = ThreadPool::new(NonZeroUsize::new(2).expect("two"));
        for (m, n) in [(0, 10), (10, 0), (0, 0)] {
            let (a, b) = (matrix::<f32>(m, LONG, 1), matrix::<f32>(LONG, n, 2));
            product(&pool, &a.view(), &b.view(), &mut Array2::zeros((m, n)).view_mut());
        }
    }

    #[test]
    fn one_bad_number_in_a_gradient_is_seen_wherever_it_comes_from() {
        let pool = ThreadPool::new(NonZeroUsize::new(2).expect("two"));
        // By rows and by columns, with and without a part of a vector at the end.
        for (n, inputs, units) in [(5, 3, 2), (40, 100, 64), (40, 100, 130), (33, 70, 7)] {
            let (x, dy) = (matrix::<f32>(n, inputs, 1), matrix::<f32>(n, units, 2));
            let mut dw = Array2::zeros((inputs, units));
            let mut is_finite = |x: &Array2<f32>, dy: &Array2<f32>| {
                let is_finite = gradient_product(&pool, &x.view(), &dy.view(), &mut dw.view_mut());
                let sums = dw.iter().all(|sum| sum.is_finite());
                assert_eq!(is_finite, sums, "{n} {inputs} {units}");
                is_finite
            };
            assert!(is_finite(&x, &dy));
            for bad in [f32::NAN, f32::INFINITY, f32::MAX] {
                for place in [[0, 0], [n - 1, units - 1], [n / 2, units / 2]] {
                    let mut dy = dy.clone();
                    dy[place] = bad;
                    // The largest number alone is fine, four times it is not.
                    assert!(!is_finite(&(&x * 4.0 + 5.0), &dy), "{bad} at {place:?}");
                }
            }
        }
    }

    #[test]
    fn a_row_and_a_column_do_not_depend_on_the_others_nor_on_the_team() {
        let (a, b) = (matrix::<f32>(97, 150, 1), matrix::<f32>(150, 100, 2));
        let mut whole = Array2::zeros((97, 100));
        product(&ThreadPool::single(), &a.view(), &b.view(), &mut whole.view_mut());
        let pool = ThreadPool::new(NonZeroUsize::new(3).expect("three"));
        for rows in [0..1, 3..4, 5..96] {
            for columns in [0..100, 0..1, 7..90] {
                let mut part = Array2::zeros((rows.len(), columns.len()));
                let b = b.slice(s![.., columns.clone()]).to_owned();
                product(&pool, &a.slice(s![rows.clone(), ..]), &b.view(), &mut part.view_mut());
                assert_eq!(part, whole.slice(s![rows.clone(), columns]));
            }
        }
    }
}
