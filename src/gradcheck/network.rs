//! The check of a whole network.

use ndarray::Array2;
use rand::Rng;

use crate::gradcheck::check::{Differentiable, Objective, check_tensor};
use crate::gradcheck::{GradcheckReport, GradcheckSettings};
use crate::nn::{Network, Param, ParamKind, PassContext, Workspace};
use crate::optim::add_l2_gradient;
use crate::random::stream;

/// Checks the gradient of each trained tensor of `network` and of its input `x`, in training mode,
/// for the objective
///
/// ```text
/// mean over the rows of weight * loss + l2 / 2 * sum over ParamKind::Weight of W^2
/// ```
///
/// Batch norm uses the statistics of `x`; dropout drops the same units in every evaluation, those
/// of `pass.step`. A dozen rows are enough: kinks become more frequent with each row.
///
/// Afterwards all tensors, running statistics included, have the values they had before.
///
/// # Shapes
///
/// `x`: `(n, inputs)`; `pass.targets`, `pass.weights`: `n` rows.
///
/// # Panics
///
/// If there are fewer targets than rows, or they do not fit the loss.
pub fn check_network(
    network: &mut Network<f64>,
    pass: &PassContext<'_, f64>,
    x: &Array2<f64>,
    l2: f64,
    settings: &GradcheckSettings,
) -> GradcheckReport {
    let before = jitter(network.params_mut(), settings);
    let report = check_unmoved(network, pass, x, l2, settings);
    for (param, value) in trained(network).filter(is_not_decayed).zip(before) {
        param.value = value;
    }
    report
}

fn check_unmoved(
    network: &mut Network<f64>,
    pass: &PassContext<'_, f64>,
    x: &Array2<f64>,
    l2: f64,
    settings: &GradcheckSettings,
) -> GradcheckReport {
    let mut dx = Array2::zeros(x.dim());
    let mut workspace = network.allocate(x.nrows());
    let loss = network.forward(pass, x.view(), &mut workspace).mean().unwrap_or(0.0);
    network.backward(pass, x.view(), &mut workspace, Some(dx.view_mut()));
    add_l2_gradient(network, l2);
    let mut analytic: Vec<(String, Array2<f64>)> =
        trained(network).map(|param| (param.name.clone(), param.grad.clone())).collect();
    analytic.push(("input".to_owned(), dx));
    // The rounding of a difference grows with what is subtracted.
    let floor = settings.floor * loss.abs().max(1.0);
    let mut subject = NetworkSubject { network, workspace, pass, x: x.clone(), l2 };
    let tensors = analytic
        .into_iter()
        .enumerate()
        .map(|(tensor, (name, gradient))| {
            check_tensor(&mut subject, tensor, name, &gradient, floor, settings)
        })
        .collect();
    GradcheckReport { tensors, tolerance: settings.tolerance, floor }
}

/// Moves each bias, gamma and beta among `params` by up to `settings.jitter`, and returns what they were.
pub(crate) fn jitter<'p>(
    params: impl Iterator<Item = &'p mut Param<f64>>,
    settings: &GradcheckSettings,
) -> Vec<Array2<f64>> {
    let mut random = stream(settings.seed, "gradcheck", &[2]);
    let mut move_one = |value: &mut f64| *value += settings.jitter * random.random_range(-1.0..1.0);
    params
        .filter(is_not_decayed)
        .map(|param| {
            let before = param.value.clone();
            param.value.iter_mut().for_each(&mut move_one);
            before
        })
        .collect()
}

fn trained(network: &mut Network<f64>) -> impl Iterator<Item = &mut Param<f64>> {
    network.params_mut().filter(|param| param.is_trained())
}

fn is_not_decayed(param: &&mut Param<f64>) -> bool {
    param.kind == ParamKind::NoDecay
}

struct NetworkSubject<'a, 't> {
    network: &'a mut Network<f64>,
    workspace: Workspace<f64>,
    pass: &'a PassContext<'t, f64>,
    x: Array2<f64>,
    l2: f64,
}

impl Differentiable for NetworkSubject<'_, '_> {
    fn entry(&mut self, tensor: usize, place: (usize, usize)) -> &mut f64 {
        let values = match trained(self.network).nth(tensor) {
            Some(param) => &mut param.value,
            None => &mut self.x,
        };
        &mut values[place]
    }

    fn evaluate(&mut self, tensor: usize, place: (usize, usize), pass: &mut Objective) {
        let rows = self.x.nrows();
        let losses = self.network.forward(self.pass, self.x.view(), &mut self.workspace);
        pass.terms.clear();
        let weights = self.pass.weights.into_iter().flatten().chain(std::iter::repeat(&1.0));
        pass.terms.extend(losses.iter().zip(weights).map(|(loss, weight)| weight * loss / rows as f64));
        // Of the L2 penalty, the term of this entry; the others do not change.
        let param = trained(self.network).nth(tensor);
        if let Some(param) = param.filter(|param| param.kind == ParamKind::Weight) {
            pass.terms.push(0.5 * self.l2 * param.value[place].powi(2));
        }
        pass.sides.clear();
        for (index, layer) in self.network.layers().iter().enumerate() {
            if !layer.is_smooth() {
                // The ReLU itself writes its output, or the layer before does.
                let y = self.workspace.activation(index).expect("the output of a ReLU is always written");
                pass.sides.extend(y.iter().map(|&y| y > 0.0));
            }
        }
    }
}
