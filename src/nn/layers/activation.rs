//! Elementwise activations: one function, its derivative, no parameters.

use std::fmt;
use std::sync::Arc;

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

/// The specification of an elementwise activation.
pub(crate) trait Activation {
    /// The activation as other tools know it, with its setting rounded to `F`, as the layer has it.
    fn export<F: Real>(&self) -> ActivationExport;
}

/// An activation as other tools know it. All formats are written from this.
#[derive(Clone)]
pub(crate) struct ActivationExport {
    /// `y` from `x`, for people: `y = tanh(x)`.
    pub(crate) formula: &'static str,
    /// The operator in ONNX.
    pub(crate) onnx: &'static str,
    /// The module in `torch.nn`.
    pub(crate) torch: &'static str,
    /// The setting, if it has one.
    pub(crate) setting: Option<ExportedSetting>,
    /// `y` from `x`.
    pub(crate) function: Arc<dyn Fn(f64) -> f64 + Send + Sync>,
}

/// A setting of an activation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExportedSetting {
    /// Its name in configs, and in the formula.
    pub(crate) name: &'static str,
    /// The attribute in ONNX.
    pub(crate) onnx: &'static str,
    /// The argument of the module in `torch.nn`.
    pub(crate) torch: &'static str,
    pub(crate) value: f64,
}

impl fmt::Debug for ActivationExport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.onnx).field("setting", &self.setting).finish_non_exhaustive()
    }
}

/// `function` in double precision, for [`ActivationExport`].
pub(crate) fn in_f64(
    function: impl ActivationFunction<f64> + 'static,
) -> Arc<dyn Fn(f64) -> f64 + Send + Sync> {
    Arc::new(move |x| function.value(x))
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
