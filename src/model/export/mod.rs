//! Models for other tools: as ONNX, as PyTorch's tensors, as JSON.
//!
//! [`to_bytes`] makes a file. [`Exported::read`] reads one back the way other tools would, and
//! [`compare`] runs it and the model it was made of over the same [`Sample`] of rows.

pub(crate) mod answer;
pub(crate) mod compare;
pub(crate) mod error;
pub(crate) mod exported;
pub(crate) mod fold;
pub(crate) mod inputs;
pub(crate) mod ir;
pub(crate) mod json;
pub(crate) mod onnx;
pub(crate) mod sample;
#[cfg(test)]
mod tests;
pub(crate) mod torch;

use serde_json::{Value, json};

use crate::model::export::answer::Answer;
pub use crate::model::export::compare::{Agreement, compare, tolerance};
pub use crate::model::export::error::ExportError;
pub use crate::model::export::exported::Exported;
use crate::model::export::inputs::Inputs;
use crate::model::export::ir::{Stage, stages};
pub use crate::model::export::sample::{Origin, Sample};
use crate::model::{AnyNetwork, Model};
use crate::nn::{LayerSpec, Loss};
use crate::train::Dtype;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A graph that takes raw columns and gives probabilities or values.
    Onnx {
        /// Whether norms are folded into the affine layers beside them.
        fold: bool,
        /// The type in which the graph takes raw numbers. In double precision they are scaled as
        /// exactly as in training, whatever the type of the network.
        raw: Dtype,
    },
    /// The tensors of a PyTorch `nn.Sequential`, see the module's documentation.
    Safetensors,
    /// Everything as text.
    Json,
}

/// The file of `model` in another format.
///
/// # Errors
///
/// If the file would be larger than its format allows.
pub fn to_bytes(model: &Model, format: Format) -> Result<Vec<u8>, ExportError> {
    let (dtype, stages) = read_network(model);
    match format {
        Format::Onnx { fold, raw } => {
            let stages = if fold { fold::fold(stages) } else { stages };
            let parts = onnx::Parts {
                inputs: &Inputs::of(&model.description.encoding),
                stages: &stages,
                answer: &answer(model),
                dtype,
                raw_dtype: raw,
                metadata: &[
                    ("model_sha256", model.sha256.clone()),
                    ("data_sha256", model.description.data_sha256.clone()),
                ],
            };
            onnx::to_bytes(&parts).map_err(|bytes| ExportError::TooLarge { bytes, limit: onnx::MAX_BYTES })
        }
        Format::Safetensors => torch::to_bytes(&model.plan.layers, &stages, dtype, describe(model))
            .map_err(ExportError::Container),
        Format::Json => Ok(json::to_text(&stages, dtype, describe(model)).into_bytes()),
    }
}

fn read_network(model: &Model) -> (Dtype, Vec<Stage>) {
    let specs = &model.plan.layers;
    match &model.network {
        AnyNetwork::F32(network) => (Dtype::F32, stages(specs, network)),
        AnyNetwork::F64(network) => (Dtype::F64, stages(specs, network)),
    }
}

fn answer(model: &Model) -> Answer {
    let classes = model.description.encoding.classes().to_vec();
    match model.plan.layers.last().and_then(LayerSpec::loss) {
        Some(Loss::Softmax) | None => Answer::Softmax { classes },
        Some(Loss::Logistic) => Answer::Logistic { classes },
        Some(Loss::Squared | Loss::Huber) => {
            Answer::Values { targets: model.description.encoding.values().to_vec() }
        }
    }
}

/// What is known of a model beside its layers.
fn describe(model: &Model) -> Value {
    json!({
        "bntrain_version": env!("CARGO_PKG_VERSION"),
        "model_sha256": model.sha256,
        "data_sha256": model.description.data_sha256,
        "dtype": model.plan.training.dtype,
        "encoding": model.description.encoding,
    })
}
