//! Loss and accuracy in evaluation mode.

use ndarray::{Array2, ArrayView1, s};

use super::Score;
use crate::data::Rows;
use crate::kernel::Team;
use crate::nn::{Network, Workspace};
use crate::real::Real;

/// Rows evaluated at once: enough for matrix products to run at speed, few enough to stay in cache.
const CHUNK: usize = 256;

/// Scores a network on rows, with room that is made once.
pub struct Evaluator<F> {
    workspace: Workspace<F>,
    x: Array2<F>,     // (CHUNK, inputs), rows beyond those in work are stale
    labels: Vec<u32>, // of the rows in work
}

impl<F: Real> Evaluator<F> {
    /// Room for networks shaped like `network`.
    pub fn new(network: &Network<F>) -> Self {
        Self {
            workspace: network.reserve_inference(CHUNK),
            x: Array2::zeros((CHUNK, network.inputs())),
            labels: Vec::with_capacity(CHUNK),
        }
    }

    /// The mean loss and the accuracy of `network` on `rows`, in evaluation mode.
    pub fn score(&mut self, team: &Team, network: &Network<F>, rows: &Rows<F>) -> Score {
        let Self { workspace, x, labels } = self;
        let mut loss = 0.0;
        let mut right = 0_usize;
        for start in (0..rows.len()).step_by(CHUNK) {
            let end = rows.len().min(start + CHUNK);
            let mut x = x.slice_mut(s![..end - start, ..]);
            rows.gather(start..end, x.view_mut(), labels);
            let (scores, losses) = network.infer(team, x.view(), labels, workspace);
            loss += losses.iter().map(|&loss| loss.to_f64()).sum::<f64>();
            right += scores
                .rows()
                .into_iter()
                .zip(&*labels)
                .filter(|(row, label)| argmax(*row) == **label as usize)
                .count();
        }
        Score { loss: loss / rows.len() as f64, accuracy: right as f64 / rows.len() as f64 }
    }
}

/// The place of the largest score, the first among equals.
fn argmax<F: Real>(scores: ArrayView1<'_, F>) -> usize {
    let mut best = 0;
    for (class, &score) in scores.iter().enumerate() {
        if score > scores[best] {
            best = class;
        }
    }
    best
}
