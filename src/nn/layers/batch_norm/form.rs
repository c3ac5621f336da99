//! The forms of batch norm.

use crate::kernel::{BatchNormForm, RunningStats};
use crate::nn::layers::batch_norm::renorm::RenormLimits;

/// What a layer does differently from batch norm.
#[derive(Clone, Debug)]
pub(crate) enum BatchForm {
    /// Nothing.
    Standard,
    /// It normalizes each ghost batch, of this number of rows or a few more, by itself.
    Ghost { rows: usize },
    /// It scales, but does not center.
    VarianceOnly,
    /// It corrects towards the running statistics.
    Renorm(RenormLimits),
}

impl BatchForm {
    /// Whether it has a running mean.
    pub(crate) fn has_mean(&self) -> bool {
        !matches!(self, Self::VarianceOnly)
    }

    /// How many ghost batches there are in a batch of `rows` rows.
    pub(crate) fn ghosts(&self, rows: usize) -> usize {
        match self {
            Self::Ghost { rows: size } => (rows / size).max(1),
            Self::Standard | Self::VarianceOnly | Self::Renorm(_) => 1,
        }
    }

    /// The form in the kernel, with the running statistics, if there are any yet, and the share of the training
    /// that is done.
    pub(crate) fn in_kernel<'a, F>(
        &self,
        stats: Option<RunningStats<'a, F>>,
        progress: f64,
    ) -> BatchNormForm<'a, F> {
        match (self, stats) {
            (Self::Standard | Self::Ghost { .. }, _) | (Self::Renorm(_), None) => BatchNormForm::Standard,
            (Self::VarianceOnly, _) => BatchNormForm::Uncentered,
            (Self::Renorm(limits), Some(stats)) => {
                let [max_ratio, max_offset] = limits.at(progress);
                BatchNormForm::Renormalized { stats, max_ratio, max_offset }
            }
        }
    }
}
