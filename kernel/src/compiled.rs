//! Where the loops are compiled: in this crate, once for `f32` and once for `f64`.
//!
//! A generic function is compiled again in every crate that calls it. The functions below only look up
//! the one that was compiled here.

use std::any::Any;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::batch_norm::Normaliser;
use crate::batch_norm_backward::ProjectionSums;
use crate::moments::BatchMoments;
use crate::real::Real;
use crate::threads::ThreadPool;
use crate::{batch_norm, batch_norm_backward, elementwise, matmul, moments, softmax};

/// Declares a table with an entry for each function, and a function of the same name and signature that
/// calls the entry for `F`.
macro_rules! compiled {
    ($(
        $(#[$doc:meta])*
        fn $module:ident::$name:ident<F>($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)?;
    )*) => {
        struct Kernels<F> {
            $($name: fn($($type),*) $(-> $result)?,)*
        }

        impl<F: Real> Kernels<F> {
            const fn new() -> Self {
                Self { $($name: $module::$name::<F>,)* }
            }
        }

        $(
            $(#[$doc])*
            pub fn $name<F: Real>($($argument: $type),*) $(-> $result)? {
                (Kernels::<F>::compiled().$name)($($argument),*)
            }
        )*
    };
}

static F32: Kernels<f32> = Kernels::new();
static F64: Kernels<f64> = Kernels::new();

impl<F: Real> Kernels<F> {
    fn compiled() -> &'static Self {
        let tables: [&'static dyn Any; 2] = [&F32, &F64];
        tables.into_iter().find_map(|table| table.downcast_ref()).expect("a `Real` is an f32 or an f64")
    }
}

// Shapes, formulas and sources are documented at each function's body, in the module that is named.
compiled! {
    /// The matrix product `c = a b`.
    fn matmul::product<F>(
        pool: &ThreadPool,
        a: &ArrayView2<'_, F>,
        b: &ArrayView2<'_, F>,
        c: &mut ArrayViewMut2<'_, F>,
    );

    /// The output of an affine layer, `y = x w + bias`, or `max(0, y)` if it `rectifies`.
    fn matmul::affine<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        weights_and_bias: (&ArrayView2<'_, F>, &[F]),
        rectifies: bool,
        y: &mut ArrayViewMut2<'_, F>,
    );

    /// The matrix product `a b`, and back through the ReLU with outputs `y` before it.
    fn matmul::product_before_rectifier<F>(
        pool: &ThreadPool,
        factors: (&ArrayView2<'_, F>, &ArrayView2<'_, F>),
        y: &ArrayView2<'_, F>,
        dx: &mut ArrayViewMut2<'_, F>,
    );

    /// The gradient of the weights, `dw = x' dy`, and whether all of it is finite.
    fn matmul::gradient_product<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        dy: &ArrayView2<'_, F>,
        dw: &mut ArrayViewMut2<'_, F>,
    ) -> bool;

    /// Each column's sum over the rows.
    fn moments::sum_rows<F>(pool: &ThreadPool, x: &ArrayView2<'_, F>, sums: &mut [F]);

    /// The mean and the variance of each column, in one pass.
    fn moments::batch_moments<F>(pool: &ThreadPool, x: &ArrayView2<'_, F>, moments: &mut BatchMoments);

    /// Batch norm in training: normalises a batch by its own moments.
    fn batch_norm::normalise_batch<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        eps_gamma_beta: (f64, &[F], &[F]),
        rectifies: bool,
        normaliser: &mut Normaliser<F>,
        y: &mut ArrayViewMut2<'_, F>,
    );

    /// Batch norm in evaluation: normalises by given statistics.
    fn batch_norm::normalise_by<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        mean_var_eps: (&[F], &[F], f64),
        gamma_beta: (&[F], &[F]),
        y: &mut ArrayViewMut2<'_, F>,
    );

    /// Subtracts a mean from each column and adds beta.
    fn batch_norm::translate<F>(
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        origin_shift: (&[f64], &[f64]),
        beta: &[F],
        y: &mut ArrayViewMut2<'_, F>,
    );

    /// The backward pass of batch norm.
    fn batch_norm_backward::centre_and_project<F>(
        pool: &ThreadPool,
        dy_x: (&ArrayView2<'_, F>, &ArrayView2<'_, F>),
        normaliser: &Normaliser<F>,
        sums: &mut ProjectionSums<F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    );

    /// The exponentials of a softmax, and their sum for each row.
    fn softmax::exponentials<F>(scores: &[F], classes: usize, terms: &mut [F], sums: &mut [F]);

    /// Whether no element is NaN or infinite.
    fn elementwise::all_finite<F>(x: &[F]) -> bool;

    /// [`all_finite`] for many elements, which the threads share.
    fn elementwise::all_finite_among<F>(pool: &ThreadPool, x: &[F]) -> bool;

    /// The sum of the squares, in double precision and in a fixed order.
    fn elementwise::sum_of_squares<F>(x: &[F]) -> f64;
}
