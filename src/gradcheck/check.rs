//! The comparison of one tensor, the same for a layer and for a network.

use ndarray::Array2;

use crate::gradcheck::{GradcheckSettings, TensorCheck};
use crate::random::stream;

/// Factors on the step size, tried in order until the error is small.
const FACTORS: [f64; 4] = [1.0, 0.1, 0.01, 10.0];

/// Further factors, for a rise that rounding hardly touches: after batch norm of a variance of 0, as of equal
/// rows, the objective is straight only over a distance that `sqrt(eps)` shortens with every such layer.
const SMALL_FACTORS: [f64; 5] = [1e-3, 1e-4, 1e-5, 1e-6, 1e-8];

/// A rise is hardly touched by rounding if it is larger than that of the objective by this factor.
const RESOLVED: f64 = 1e6;

/// An error is small up to this share of the tolerance.
const SMALL: f64 = 0.01;

/// Tensors, and an objective that depends on them.
pub(crate) trait Differentiable {
    /// The entry at `place` of the `tensor`-th tensor.
    fn entry(&mut self, tensor: usize, place: (usize, usize)) -> &mut f64;

    /// Runs a training pass and writes the terms whose sum is the objective (without those that do
    /// not depend on this entry), and the side of its kink that each ReLU is on.
    fn evaluate(&mut self, tensor: usize, place: (usize, usize), result: &mut Objective);
}

/// The results of a pass.
#[derive(Default)]
pub(crate) struct Objective {
    pub(crate) terms: Vec<f64>,
    pub(crate) sides: Vec<bool>,
}

/// Compares the derivatives `analytic` of the `tensor`-th tensor with central differences.
pub(crate) fn check_tensor(
    subject: &mut impl Differentiable,
    tensor: usize,
    name: String,
    analytic: &Array2<f64>,
    floor: f64,
    settings: &GradcheckSettings,
) -> TensorCheck {
    let mut check = TensorCheck {
        name,
        shape: analytic.dim(),
        checked: 0,
        kinks: 0,
        largest_error: 0.0,
        place: (0, 0),
        analytic: 0.0,
        numeric: 0.0,
        largest_derivative: 0.0,
    };
    let mut passes = Passes::default();
    if !analytic.is_empty() {
        subject.evaluate(tensor, (0, 0), &mut passes.here);
    }
    for index in entries(analytic.len(), tensor, settings) {
        let place = (index / analytic.ncols(), index % analytic.ncols());
        let analytic = analytic[place];
        let measure = |numeric| relative_error(analytic, numeric, floor);
        let Some((numeric, error)) = best_difference(subject, tensor, place, &mut passes, settings, measure)
        else {
            check.kinks += 1;
            continue;
        };
        if check.checked == 0 || error > check.largest_error {
            (check.largest_error, check.place) = (error, place);
            (check.analytic, check.numeric) = (analytic, numeric);
        }
        check.largest_derivative = check.largest_derivative.max(analytic.abs()).max(numeric.abs());
        check.checked += 1;
    }
    check
}

/// The measure of the [module](super).
pub(crate) fn relative_error(analytic: f64, numeric: f64, floor: f64) -> f64 {
    let error = (analytic - numeric).abs() / analytic.abs().max(numeric.abs()).max(floor);
    if error.is_finite() { error } else { f64::INFINITY }
}

/// All entries of a tensor, or as many as the settings allow, drawn without replacement, in order.
fn entries(len: usize, tensor: usize, settings: &GradcheckSettings) -> Vec<usize> {
    if len <= settings.max_entries {
        return (0..len).collect();
    }
    let mut random = stream(settings.seed, "gradcheck", &[0, tensor as u64]);
    let mut drawn = rand::seq::index::sample(&mut random, len, settings.max_entries).into_vec();
    drawn.sort_unstable();
    drawn
}

/// The passes of a difference.
#[derive(Default)]
struct Passes {
    here: Objective, // nothing moved
    above: Objective,
    below: Objective,
}

impl Passes {
    /// The rise of the objective between the last two passes, in units of its rounding error.
    fn resolution(&self) -> f64 {
        let Self { above, below, .. } = self;
        let rise: f64 = above.terms.iter().zip(&below.terms).map(|(above, below)| above - below).sum();
        let size: f64 = above.terms.iter().map(|term| term.abs()).sum();
        rise.abs() / (f64::EPSILON * size)
    }
}

/// The central difference at `place` with the smallest error, and that error; `None` if every `h` crosses
/// a kink.
///
/// The truncation error falls with `h^2`, and dominates if the objective is strongly curved, as after batch
/// norm of a small variance; the rounding error grows with `1 / h`. So other `h` are tried if the error is
/// not small. A wrong derivative is wrong at each of them.
fn best_difference(
    subject: &mut impl Differentiable,
    tensor: usize,
    place: (usize, usize),
    passes: &mut Passes,
    settings: &GradcheckSettings,
    measure: impl Fn(f64) -> f64,
) -> Option<(f64, f64)> {
    let mut best: Option<(f64, f64)> = None;
    let factors = FACTORS.map(|factor| (factor, 0.0)).into_iter();
    for (factor, resolved) in factors.chain(SMALL_FACTORS.map(|factor| (factor, RESOLVED))) {
        let difference = difference(subject, tensor, place, factor * settings.step_size, passes);
        let is_resolved = || resolved == 0.0 || passes.resolution() >= resolved;
        let Some(numeric) = difference.filter(|_| is_resolved()) else { continue };
        let error = measure(numeric);
        if best.is_none_or(|(_, least)| error < least) {
            best = Some((numeric, error));
        }
        if error <= SMALL * settings.tolerance {
            break;
        }
    }
    best
}

/// The central difference at `place`; `None` if a kink is in between.
fn difference(
    subject: &mut impl Differentiable,
    tensor: usize,
    place: (usize, usize),
    step_size: f64,
    Passes { here, above, below }: &mut Passes,
) -> Option<f64> {
    let value = *subject.entry(tensor, place);
    let h = step_size * value.abs().max(1.0);
    let (up, down) = (value + h, value - h);
    *subject.entry(tensor, place) = up;
    subject.evaluate(tensor, place, above);
    *subject.entry(tensor, place) = down;
    subject.evaluate(tensor, place, below);
    *subject.entry(tensor, place) = value;
    if here.sides != above.sides || here.sides != below.sides {
        return None;
    }
    // Term by term: the difference of two sums would lose the digits of the sums.
    let rise: f64 = above.terms.iter().zip(&below.terms).map(|(above, below)| above - below).sum();
    // The distance after rounding, which is not quite 2 h.
    Some(rise / (up - down))
}
