//! Loss and accuracy in evaluation mode.

use ndarray::{ArrayView1, ArrayView2};

use super::Score;
use crate::data::{Batch, Rows};
use crate::kernel::Team;
use crate::nn::{Network, Workspace};
use crate::real::Real;

/// Rows evaluated at once: enough for matrix products to run at speed, few enough to stay in cache.
const CHUNK: usize = 256;

/// Scores a network on rows, with room that is made once.
pub struct Evaluator<F> {
    workspace: Workspace<F>,
    batch: Batch<F>,
}

impl<F: Real> Evaluator<F> {
    /// Room for networks shaped like `network` on rows like `rows`.
    pub fn new(network: &Network<F>, rows: &Rows<F>) -> Self {
        Self { workspace: network.reserve_inference(CHUNK), batch: rows.batch(CHUNK) }
    }

    /// The mean loss and the accuracy of `network` on `rows`, in evaluation mode.
    pub fn score(&mut self, team: &Team, network: &Network<F>, rows: &Rows<F>) -> Score {
        let Self { workspace, batch } = self;
        let (mut loss, mut weight) = (0.0, 0.0);
        let mut right = 0_usize;
        for start in (0..rows.len()).step_by(CHUNK) {
            let end = rows.len().min(start + CHUNK);
            rows.gather(start..end, batch);
            let (scores, losses) = network.infer(team, batch.x(), batch.targets(), workspace);
            loss += weighted_sum(losses, batch.weights());
            weight += match batch.weights() {
                Some(weights) => weights.iter().map(|&weight| weight.to_f64()).sum(),
                None => batch.rows() as f64,
            };
            right += scores
                .rows()
                .into_iter()
                .zip(batch.targets().classes())
                .filter(|(row, class)| argmax(*row) == **class as usize)
                .count();
        }
        Score { loss: loss / weight, accuracy: right as f64 / rows.len() as f64 }
    }
}

/// The sum of `losses`, `(n, 1)`, each times its weight.
pub(super) fn weighted_sum<F: Real>(losses: ArrayView2<'_, F>, weights: Option<&[F]>) -> f64 {
    match weights {
        Some(weights) => {
            losses.iter().zip(weights).map(|(&loss, &weight)| loss.to_f64() * weight.to_f64()).sum()
        }
        None => losses.iter().map(|&loss| loss.to_f64()).sum(),
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
