//! Elementwise activations: one function, its derivative, no parameters.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::kernel;
use crate::kernel::real::Real;
use crate::nn::{Layer, PassContext};

/// An elementwise function and its derivative.
pub(crate) trait ActivationFunction<F: Real>: Send + Sync {
    /// Whether it is differentiable everywhere; false if the derivative jumps where `y` changes its sign.
    const IS_SMOOTH: bool = true;

    /// `y` from `x`.
    fn value(&self, x: F) -> F;

    /// `dy/dx` from `y` alone, so that nothing has to be stored.
    fn derivative(&self, y: F) -> F;
}

/// An [`ActivationFunction`] as a layer.
pub(crate) struct Elementwise<A>(pub(crate) A);

impl<F: Real, A: ActivationFunction<F>> Layer<F> for Elementwise<A> {
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
            kernel::map2(pass.pool, &y, &dy, &mut dx, |y, dy| dy * self.0.derivative(y));
        }
    }

    fn is_smooth(&self) -> bool {
        A::IS_SMOOTH
    }
}
