//! A trained model translated for other tools: ONNX, PyTorch tensors, JSON.
//!
//! [`Export::new`] lowers the network to a list of layers in the precision of the file.
//! [`Export::to_bytes`] writes that list and [`Export::compare`] runs it against the model, so what
//! is checked is what is written.

pub(crate) mod check;
pub(crate) mod check_rows;
pub(crate) mod error;
pub(crate) mod fold;
pub(crate) mod ir;
pub(crate) mod json;
pub(crate) mod onnx;
#[cfg(test)]
mod tests;
pub(crate) mod torch;

use serde_json::{Value, json};

pub use crate::model::export::check::{Agreement, tolerance};
pub use crate::model::export::check_rows::{CheckRows, RowsOrigin};
pub use crate::model::export::error::ExportError;
use crate::model::export::fold::fold;
use crate::model::export::ir::{ExportLayer, lower};
use crate::model::export::onnx::OnnxModel;
use crate::model::export::onnx::columns::RawColumns;
use crate::model::export::onnx::outputs::OutputHead;
use crate::model::tensors::member_prefix;
use crate::model::{Model, with_network};
use crate::train::Dtype;

/// The format of an exported file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// An ONNX graph from raw columns to probabilities or values.
    Onnx {
        /// Whether norms are folded into adjacent affine layers.
        fold: bool,
        /// The type in which the graph takes raw numbers. In double precision they are scaled as
        /// exactly as in training, whatever the precision of the network.
        raw: Dtype,
    },
    /// The tensors of a PyTorch `nn.Sequential`, in a safetensors file.
    Safetensors,
    /// All layers and their numbers as JSON.
    Json,
}

/// A model lowered to the layers of an exported file.
pub struct Export<'m> {
    model: &'m Model,
    format: ExportFormat,
    /// The layers of each network, in the precision of the file: one, or the members of an ensemble.
    members: Vec<Vec<ExportLayer>>,
}

impl<'m> Export<'m> {
    /// Lowers `model` for `format`: folded if asked for, and rounded to the model's precision.
    pub fn new(model: &'m Model, format: ExportFormat) -> Self {
        let networks = std::iter::once(&model.network).chain(&model.members);
        let members = networks.enumerate().map(|(index, network)| {
            let mut layers = with_network!(network, network => lower(&model.plan.layers, network));
            if let ExportFormat::Onnx { fold: true, .. } = format {
                layers = fold(layers);
            }
            if model.plan.training.dtype == Dtype::F32 {
                layers.iter_mut().for_each(|layer| layer.op.round_to_single());
            }
            let prefix = member_prefix(index);
            layers.iter_mut().for_each(|layer| layer.name.insert_str(0, &prefix));
            layers
        });
        Self { model, format, members: members.collect() }
    }

    /// The bytes of the exported file.
    ///
    /// # Errors
    ///
    /// If the file would be larger than its format allows.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ExportError> {
        let Self { model, format, members } = self;
        let dtype = model.plan.training.dtype;
        match *format {
            ExportFormat::Onnx { raw, .. } => onnx::to_bytes(&OnnxModel {
                columns: &RawColumns::of(&model.description.encoding),
                members,
                head: OutputHead::of(model),
                threshold: model.description.encoding.targets.threshold(),
                dtype,
                raw_dtype: raw,
                metadata: &[("model_sha256", &model.sha256), ("data_sha256", &model.description.data_sha256)],
            }),
            ExportFormat::Safetensors => torch::to_bytes(&model.plan.layers, members, dtype, describe(model))
                .map_err(ExportError::Container),
            ExportFormat::Json => Ok(json::to_text(members, dtype, describe(model)).into_bytes()),
        }
    }
}

/// What the formats other than ONNX say of a model besides its layers.
fn describe(model: &Model) -> Value {
    json!({
        "bntrain_version": env!("CARGO_PKG_VERSION"),
        "model_sha256": model.sha256,
        "data_sha256": model.description.data_sha256,
        "dtype": model.plan.training.dtype,
        "encoding": model.description.encoding,
    })
}
