//! What all elementwise activations share: one function, its derivative, no parameters.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::kernel;
use crate::kernel::real::Real;
use crate::nn::{Layer, PassContext};

/// An elementwise function and its derivative.
pub(crate) trait Activation<F: Real>: Send + Sync {
    /// Whether the derivative jumps where `y` changes its sign.
    const HAS_KINK: bool = false;
    /// Whether `y = max(0, x)`.
    const IS_RECTIFIER: bool = false;

    /// `y` from `x`.
    fn value(&self, x: F) -> F;

    /// `dy/dx` from `y` alone, so that nothing has to be kept.
    fn slope(&self, y: F) -> F;
}

/// An [`Activation`] as a layer.
pub(crate) struct Elementwise<A>(pub(crate) A);

impl<F: Real, A: Activation<F>> Layer<F> for Elementwise<A> {
    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) {
        self.infer(pass, x, y);
    }

    fn infer(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        kernel::map(pass.pool, &x, &mut y, |x| self.0.value(x));
    }

    fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        _x: ArrayView2<'_, F>,
        y: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        if let Some(mut dx) = dx {
            kernel::map2(pass.pool, &y, &dy, &mut dx, |y, dy| dy * self.0.slope(y));
        }
    }

    fn is_rectifier(&self) -> bool {
        A::IS_RECTIFIER
    }

    fn has_kink(&self) -> bool {
        A::HAS_KINK
    }
}
