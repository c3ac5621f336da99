//! How far an exported model is from the one that it was made of.

use ndarray::{Array2, s};

use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::metrics::argmax;
use crate::model::export::{ExportError, Exported, Sample, answer};
use crate::model::{AnyNetwork, Model};
use crate::nn::{CHUNK_ROWS, Network, row_chunks};
use crate::train::Dtype;

/// How well two models agree on some rows.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Agreement {
    /// The number of rows.
    pub rows: usize,
    /// The largest difference between two probabilities of a class, or two values in units of the
    /// spread of their target; infinite where only one of them is a number.
    pub largest_difference: f64,
    /// Rows whose most probable class is not the same; none where values are predicted.
    pub other_class: Option<usize>,
}

/// The largest difference that rounding explains, for networks of the precision `dtype`.
pub fn tolerance(dtype: Dtype) -> f64 {
    match dtype {
        Dtype::F32 => 1e-5,
        Dtype::F64 => 1e-9,
    }
}

/// Runs `model` and what was exported of it over the same rows.
///
/// # Errors
///
/// If the exported model cannot be run.
pub fn compare(model: &Model, exported: &Exported, sample: &Sample) -> Result<Agreement, ExportError> {
    let scores = match &model.network {
        AnyNetwork::F32(network) => scores(network, &sample.encoded),
        AnyNetwork::F64(network) => scores(network, &sample.encoded),
    };
    let answer = answer(model);
    let (expected, found) = (answer.comparable(&scores), exported.answers(sample)?);
    if expected.dim() != found.dim() {
        let message = format!("it gives {:?} numbers instead of {:?}", found.dim(), expected.dim());
        return Err(ExportError::ReadBack(message));
    }
    let largest_difference = expected.iter().zip(&found).map(|(&a, &b)| difference(a, b)).fold(0.0, f64::max);
    let pairs = expected.rows().into_iter().zip(found.rows());
    let other_class = pairs.filter(|(a, b)| argmax(a) != argmax(b)).count();
    let other_class = answer.is_classes().then_some(other_class);
    Ok(Agreement { rows: sample.len(), largest_difference, other_class })
}

/// The scores of encoded rows, in the network's own precision.
fn scores<F: Real>(network: &Network<F>, encoded: &Array2<f64>) -> Array2<f64> {
    let pool = ThreadPool::single();
    let n = encoded.nrows();
    let mut workspace = network.inference_workspace(n.min(CHUNK_ROWS));
    let mut scores = Array2::zeros((n, network.num_outputs()));
    for rows in row_chunks(n) {
        let rows = s![rows, ..];
        let x = encoded.slice(rows).mapv(F::from_f64);
        let found = network.outputs(&pool, x.view(), &mut workspace);
        scores.slice_mut(rows).assign(&found.mapv(Real::to_f64));
    }
    scores
}

fn difference(a: f64, b: f64) -> f64 {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0.0,
        (false, false) => (a - b).abs(),
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_place_of_none_is_as_far_off_as_can_be() {
        assert_eq!(difference(0.25, 1.0), 0.75);
        assert_eq!(difference(f64::NAN, f64::NAN), 0.0);
        assert_eq!(difference(0.25, f64::NAN), f64::INFINITY);
        assert_eq!(difference(f64::NAN, 0.25), f64::INFINITY);
    }

    /// Single precision has some 7 digits, double precision 16, of which layers may cost half.
    #[test]
    fn the_limit_goes_with_the_precision() {
        assert_eq!([Dtype::F32, Dtype::F64].map(tolerance), [1e-5, 1e-9]);
    }
}
