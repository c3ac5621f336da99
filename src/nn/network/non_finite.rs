//! Where a number became infinite or NaN.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The first number in a training step or an evaluation that is infinite or NaN. Files have the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
#[non_exhaustive]
pub enum NonFinite {
    /// The loss of a batch.
    Loss,
    /// The loss on the training or validation rows, in evaluation mode.
    EvaluationLoss,
    /// The gradient of the tensor of this name, such as `affine_1.weight`.
    Gradient(String),
    /// The tensor of this name itself: a parameter after an update, or a batch or running statistic.
    Tensor(String),
}

const LOSS: &str = "loss";
const EVALUATION_LOSS: &str = "loss in evaluation mode";
const GRADIENT: &str = "gradient of ";

impl fmt::Display for NonFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loss => f.write_str(LOSS),
            Self::EvaluationLoss => f.write_str(EVALUATION_LOSS),
            Self::Gradient(tensor) => write!(f, "{GRADIENT}{tensor}"),
            Self::Tensor(tensor) => f.write_str(tensor),
        }
    }
}

impl From<NonFinite> for String {
    fn from(cause: NonFinite) -> Self {
        cause.to_string()
    }
}

impl From<String> for NonFinite {
    fn from(text: String) -> Self {
        match &*text {
            LOSS => Self::Loss,
            EVALUATION_LOSS => Self::EvaluationLoss,
            _ => match text.strip_prefix(GRADIENT) {
                Some(tensor) => Self::Gradient(tensor.to_owned()),
                None => Self::Tensor(text),
            },
        }
    }
}
