//! Models as ONNX files.
//!
//! The graph takes raw columns: `numbers`, `(rows, numeric columns)`, and `texts`, `(rows,
//! categorical columns)`, each only where there are such columns. It gives `probabilities`, or
//! `values` in the unit of the file, and the `scores` that the loss is of. Names of columns and
//! classes are in the metadata, as lists in JSON.

pub(crate) mod builder;
pub(crate) mod columns;
pub(crate) mod inputs;
pub(crate) mod layers;
pub(crate) mod outputs;
pub(crate) mod proto;
pub(crate) mod ramps;

use prost::Message;
use serde_json::json;

use crate::model::export::error::ExportError;
use crate::model::export::ir::ExportLayer;
use crate::model::export::onnx::builder::Builder;
use crate::model::export::onnx::columns::RawColumns;
use crate::model::export::onnx::inputs::GraphTypes;
use crate::model::export::onnx::outputs::OutputHead;
use crate::model::export::onnx::proto::{DataType, ModelProto, OperatorSetIdProto, StringStringEntryProto};
use crate::train::Dtype;

/// The version of the operators. Strings can be compared since 19; 21 is supported by every runtime
/// since the middle of 2024.
const OPSET: i64 = 21;

/// The version of the file format that came with [`OPSET`].
const IR_VERSION: i64 = 10;

/// The largest message that protocol buffers allow, in bytes.
const MAX_BYTES: usize = (1 << 31) - 1;

/// The parts of an ONNX model.
pub(crate) struct OnnxModel<'a> {
    pub(crate) columns: &'a RawColumns<'a>,
    /// The layers of each network, whose names differ.
    pub(crate) members: &'a [Vec<ExportLayer>],
    pub(crate) head: OutputHead<'a>,
    /// Above this probability, the second of two classes is the label.
    pub(crate) threshold: Option<f64>,
    /// Of the network.
    pub(crate) dtype: Dtype,
    /// Of raw numbers.
    pub(crate) raw_dtype: Dtype,
    /// Further entries of the metadata.
    pub(crate) metadata: &'a [(&'static str, &'a str)],
}

/// The bytes of the file.
///
/// # Errors
///
/// If there are more than protocol buffers allow.
pub(crate) fn to_bytes(model: &OnnxModel<'_>) -> Result<Vec<u8>, ExportError> {
    let types = GraphTypes { raw: data_type(model.raw_dtype), network: data_type(model.dtype) };
    let mut builder = Builder::default();
    let x = inputs::add(&mut builder, model.columns, types);
    let of_member = |layers: &Vec<ExportLayer>| layers::add(&mut builder, layers, x.clone(), types.network);
    let scores: Vec<String> = model.members.iter().map(of_member).collect();
    outputs::add(&mut builder, model.head, model.threshold, &scores, types);
    let file = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "bntrain".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: describe(model),
        graph: Some(builder.finish("network")),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
        metadata_props: metadata(model),
    };
    match file.encoded_len() {
        bytes if bytes > MAX_BYTES => Err(ExportError::TooLarge { bytes, limit: MAX_BYTES }),
        _ => Ok(file.encode_to_vec()),
    }
}

fn data_type(dtype: Dtype) -> DataType {
    match dtype {
        Dtype::F32 => DataType::Float,
        Dtype::F64 => DataType::Double,
    }
}

fn describe(OnnxModel { columns, head, .. }: &OnnxModel<'_>) -> String {
    let mut text = format!("numbers: {} columns, unscaled", columns.numbers.len());
    if !columns.texts.is_empty() {
        text += &format!("; texts: {} columns", columns.texts.len());
    }
    text + match head {
        OutputHead::Softmax { .. } | OutputHead::Logistic { .. } => "; out: the probability of each class",
        OutputHead::Values { .. } => "; out: values in the unit of the file",
    } + "; names are in the metadata"
}

fn metadata(OnnxModel { columns, head, metadata, .. }: &OnnxModel<'_>) -> Vec<StringStringEntryProto> {
    let numbers: Vec<&str> = columns.numbers.iter().map(|number| number.name).collect();
    let texts: Vec<&str> = columns.texts.iter().map(|text| text.name).collect();
    let mut entries = Vec::new();
    if !numbers.is_empty() {
        entries.push(("numbers", json!(numbers).to_string()));
    }
    if !texts.is_empty() {
        entries.push(("texts", json!(texts).to_string()));
    }
    entries.push(match head {
        OutputHead::Softmax { classes, .. } | OutputHead::Logistic { classes, .. } => {
            ("classes", json!(classes).to_string())
        }
        OutputHead::Values { targets } => {
            let names: Vec<&str> = targets.iter().map(|target| target.column.as_str()).collect();
            ("targets", json!(names).to_string())
        }
    });
    entries.extend(metadata.iter().map(|&(key, value)| (key, value.to_owned())));
    let entry = |(key, value): (&str, String)| StringStringEntryProto { key: key.to_owned(), value };
    entries.into_iter().map(entry).collect()
}
