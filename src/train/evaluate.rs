//! Loss and accuracy in evaluation mode.

use ndarray::{ArrayView1, s};

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
}

impl<F: Real> Evaluator<F> {
    /// Room for networks shaped like `network`.
    pub fn new(network: &Network<F>) -> Self {
        Self { workspace: network.reserve_inference(CHUNK) }
    }

    /// The mean loss and the accuracy of `network` on `rows`, in evaluation mode.
    pub fn score(&mut self, team: &Team, network: &Network<F>, rows: &Rows<F>) -> Score {
        let mut loss = 0.0;
        let mut right = 0_usize;
        for start in (0..rows.len()).step_by(CHUNK) {
            let end = rows.len().min(start + CHUNK);
            let labels = &rows.labels[start..end];
            let (scores, losses) =
                network.infer(team, rows.x.slice(s![start..end, ..]), labels, &mut self.workspace);
            loss += losses.iter().map(|&loss| loss.to_f64()).sum::<f64>();
            right += scores
                .rows()
                .into_iter()
                .zip(labels)
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
