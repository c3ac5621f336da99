//! The check of a single layer.

use ndarray::Array2;
use rand::Rng;

use crate::gradcheck::check::{Differentiable, Objective, check_tensor};
use crate::gradcheck::{GradcheckReport, GradcheckSettings};
use crate::nn::{Layer, Param, PassContext};
use crate::random::stream;

/// Checks `dx` and the gradient of each trained tensor of `layer` at `x`, in training mode, for the
/// objective `sum(R * y)` with `R` fixed and uniform in -1 to 1.
///
/// A plain `sum(y)` would not do: through batch norm its gradient is 0, and a backward pass that returns
/// 0 would pass. For the same reason `x` should have three rows or more: two rows are normalised to about
/// 1 and -1 whatever they are.
///
/// The layer's tensors keep their values; its gradients are those of the backward pass. For an example see
/// [`Layer`].
///
/// # Shapes
///
/// `x`: `(n, inputs)`.
pub fn check_layer(
    layer: &mut dyn Layer<f64>,
    pass: &PassContext<'_, f64>,
    x: &Array2<f64>,
    settings: &GradcheckSettings,
) -> GradcheckReport {
    let shape = (x.nrows(), layer.output_width(x.ncols()));
    layer.allocate(x.nrows());
    let mut random = stream(settings.seed, "gradcheck", &[1]);
    let mut subject = LayerSubject {
        r: Array2::from_shape_simple_fn(shape, || random.random_range(-1.0..1.0)),
        x: x.clone(),
        y: Array2::zeros(shape),
        layer,
        pass,
    };
    let dx = subject.gradients();
    let mut analytic: Vec<(String, Array2<f64>)> =
        trained(subject.layer).map(|param| (param.name.clone(), param.grad.clone())).collect();
    analytic.push(("input".to_owned(), dx));
    let tensors = analytic
        .into_iter()
        .enumerate()
        .map(|(tensor, (name, gradient))| {
            check_tensor(&mut subject, tensor, name, &gradient, settings.floor, settings)
        })
        .collect();
    GradcheckReport { tensors, tolerance: settings.tolerance, floor: settings.floor }
}

struct LayerSubject<'a, 't> {
    layer: &'a mut dyn Layer<f64>,
    pass: &'a PassContext<'t, f64>,
    x: Array2<f64>,
    y: Array2<f64>,
    r: Array2<f64>,
}

fn trained(layer: &mut dyn Layer<f64>) -> impl Iterator<Item = &mut Param<f64>> {
    layer.params_mut().iter_mut().filter(|param| param.is_trained())
}

impl LayerSubject<'_, '_> {
    /// Fills the gradients of the parameters and returns that of `x`.
    fn gradients(&mut self) -> Array2<f64> {
        let mut dx = Array2::zeros(self.x.dim());
        self.layer.forward(self.pass, self.x.view(), self.y.view_mut());
        let (x, y, dy) = (self.x.view(), self.y.view(), self.r.view());
        self.layer.backward(self.pass, x, y, dy, Some(dx.view_mut()));
        dx
    }
}

impl Differentiable for LayerSubject<'_, '_> {
    fn entry(&mut self, tensor: usize, place: (usize, usize)) -> &mut f64 {
        let values = match trained(self.layer).nth(tensor) {
            Some(param) => &mut param.value,
            None => &mut self.x,
        };
        &mut values[place]
    }

    fn evaluate(&mut self, _tensor: usize, _place: (usize, usize), pass: &mut Objective) {
        self.layer.forward(self.pass, self.x.view(), self.y.view_mut());
        pass.terms.clear();
        pass.terms.extend(self.r.iter().zip(&self.y).map(|(r, y)| r * y));
        pass.sides.clear();
        if !self.layer.is_smooth() {
            pass.sides.extend(self.y.iter().map(|&y| y > 0.0));
        }
    }
}
