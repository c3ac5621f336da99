//! Checks the gradient of a layer that is not part of the library: `cargo run --example gradcheck_own_layer`.

use bntrain::{GradcheckSettings, Layer, PassContext, TargetsView, ThreadPool, check_layer};
use ndarray::{ArrayView2, ArrayViewMut2, Zip, array};

/// `y = ln(1 + exp(x))`, with the derivative `1 / (1 + exp(-x))`.
struct Softplus;

impl Layer<f64> for Softplus {
    fn forward(&mut self, pass: &PassContext<'_, f64>, x: ArrayView2<'_, f64>, y: ArrayViewMut2<'_, f64>) {
        self.infer(pass, x, y);
    }

    fn infer(&self, _: &PassContext<'_, f64>, x: ArrayView2<'_, f64>, mut y: ArrayViewMut2<'_, f64>) {
        Zip::from(&mut y).and(x).for_each(|y, x| *y = x.exp().ln_1p());
    }

    fn backward(
        &mut self,
        _: &PassContext<'_, f64>,
        x: ArrayView2<'_, f64>,
        _y: ArrayView2<'_, f64>,
        dy: ArrayView2<'_, f64>,
        dx: Option<ArrayViewMut2<'_, f64>>,
    ) {
        let Some(dx) = dx else { return };
        Zip::from(dx).and(x).and(dy).for_each(|dx, x, dy| *dx = dy / (1.0 + (-x).exp()));
    }
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() {
    let pool = ThreadPool::single();
    let pass = PassContext::new(&pool, TargetsView::none());
    let x = array![[0.5, -1.0], [2.0, 0.25], [-0.75, 3.0]];
    let report = check_layer(&mut Softplus, &pass, &x, &GradcheckSettings::for_layer());
    report.tensors.iter().for_each(|of| println!("{}: largest error {:.1e}", of.name, of.largest_error));
    assert!(report.passed());
}
