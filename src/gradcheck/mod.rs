//! Analytic gradients against central differences, in double precision.
//!
//! [`check_network`] goes through a whole network in training mode, [`check_layer`] through one
//! layer. Each entry `w` of each trained tensor and of the input is moved both ways, and the
//! derivative that the backward pass gave is compared with
//!
//! ```text
//! (objective(w + h) - objective(w - h)) / (2 h)
//! ```
//!
//! # What is an error
//!
//! Between the analytic derivative `a` and the numeric one `n`:
//!
//! ```text
//! |a - n| / max(|a|, |n|, floor)
//! ```
//!
//! Without the floor a true zero would fail: the gradient of a bias before batch norm is 0, and both
//! derivatives consist of rounding errors that have nothing to do with each other.
//!
//! # Kinks
//!
//! If the input of a ReLU changes its sign between `w - h` and `w + h`, the difference mixes the
//! derivatives of both sides. An entry for which that is so at every `h` tried is left out and counted.
//!
//! # Mistakes
//!
//! [`Mistake`] has wrong backward passes of batch norm, each of which the check refuses.

pub(crate) mod check;
pub(crate) mod example;
pub(crate) mod forms;
pub(crate) mod graph;
pub(crate) mod layer;
pub(crate) mod mistakes;
pub(crate) mod network;
pub(crate) mod report;
pub(crate) mod table;
pub(crate) mod trace;

pub use crate::gradcheck::example::worked_example;
pub use crate::gradcheck::forms::{BackwardForms, compare_backward_forms};
pub use crate::gradcheck::graph::{GraphNode, batch_norm_graph};
pub use crate::gradcheck::layer::check_layer;
pub use crate::gradcheck::mistakes::{Mistake, WrongBatchNorm};
pub use crate::gradcheck::network::check_network;
pub use crate::gradcheck::report::{GradcheckReport, TensorCheck};
pub use crate::gradcheck::table::{mistakes_table, table};
pub use crate::gradcheck::trace::{LayerTrace, Trace, trace};

/// Step size, tolerance and extent of a check.
#[derive(Clone, Debug, PartialEq)]
pub struct GradcheckSettings {
    /// The `h` that is tried first; for an entry larger than 1, as a share of it. If the error is over a
    /// hundredth of the tolerance, a tenth, a hundredth and ten times that are tried, then smaller ones where
    /// the derivative is so large that rounding does not matter, and the smallest error counts.
    pub step_size: f64,
    /// The largest error that passes.
    pub tolerance: f64,
    /// Derivatives below this are compared as if they were as large as this.
    pub floor: f64,
    /// Entries checked per tensor; of a larger tensor, that many are drawn at random.
    pub max_entries: usize,
    /// Biases, gamma and beta are moved by up to this much while they are checked: at their initial 0 and
    /// 1, a forgotten factor would not show.
    pub jitter: f64,
    /// Seed of what is drawn at random.
    pub seed: u64,
}

impl GradcheckSettings {
    /// For [`check_layer`]: every entry, to `|a - n| <= 1e-7 * max(1, |a|, |n|)`.
    pub fn for_layer() -> Self {
        Self { step_size: 1e-5, tolerance: 1e-7, floor: 1.0, max_entries: usize::MAX, jitter: 0.0, seed: 0 }
    }

    /// For [`check_network`]: up to 200 entries of each tensor, to a relative error of 1e-5 over a
    /// floor of 1e-4.
    ///
    /// Of 3456 correct networks, with 1 to 8 hidden layers, 4 to 64 rows and initial weights from 1e-4 to
    /// 1, two failed by a little, both with weights of 1 and a huge loss.
    pub fn for_network() -> Self {
        Self { step_size: 1e-5, tolerance: 1e-5, floor: 1e-4, max_entries: 200, jitter: 0.1, seed: 0 }
    }
}
