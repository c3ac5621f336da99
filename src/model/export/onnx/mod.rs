//! Models as ONNX files.
//!
//! The graph takes raw columns: `numbers`, `(rows, numeric columns)`, and `texts`, `(rows,
//! categorical columns)`, each only where there are such columns. It gives `probabilities`, or
//! `values` in the unit of the file, and the `scores` behind them. Names of columns and classes are
//! in the metadata, as lists in JSON.

pub(crate) mod answers;
pub(crate) mod builder;
pub(crate) mod encode;
pub(crate) mod evaluate;
pub(crate) mod layers;
pub(crate) mod operators;
pub(crate) mod proto;
pub(crate) mod tensor;

use prost::Message;

use crate::model::export::answer::Answer;
use crate::model::export::inputs::Inputs;
use crate::model::export::ir::Stage;
use crate::model::export::onnx::builder::Builder;
use crate::model::export::onnx::encode::Types;
pub(crate) use crate::model::export::onnx::evaluate::Evaluator;
use crate::model::export::onnx::proto::{DataType, ModelProto, OperatorSetIdProto, StringStringEntryProto};
pub(crate) use crate::model::export::onnx::tensor::Tensor;
use crate::train::Dtype;

/// The version of the operators. Strings can be compared since 19; 21 is read by every runtime
/// since the middle of 2024.
const OPSET: i64 = 21;

/// The version of the file format that came with [`OPSET`].
const IR_VERSION: i64 = 10;

/// The largest message that protocol buffers allow, in bytes.
pub(crate) const MAX_BYTES: usize = (1 << 31) - 1;

/// What a graph is made of.
pub(crate) struct Parts<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) stages: &'a [Stage],
    pub(crate) answer: &'a Answer,
    /// Of the network.
    pub(crate) dtype: Dtype,
    /// Of raw numbers.
    pub(crate) raw_dtype: Dtype,
    /// Further entries of the metadata.
    pub(crate) metadata: &'a [(&'static str, String)],
}

/// The file, or how many bytes it would have where that is too many.
pub(crate) fn to_bytes(parts: &Parts<'_>) -> Result<Vec<u8>, usize> {
    let types = Types { raw: data_type(parts.raw_dtype), network: data_type(parts.dtype) };
    let mut builder = Builder::default();
    let x = encode::encode(&mut builder, parts.inputs, types);
    let scores = layers::add(&mut builder, parts.stages, x, types.network);
    answers::add(&mut builder, parts.answer, &scores, types);
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "bntrain".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: describe(parts),
        graph: Some(builder.finish("network")),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
        metadata_props: metadata(parts),
    };
    match model.encoded_len() {
        length if length > MAX_BYTES => Err(length),
        _ => Ok(model.encode_to_vec()),
    }
}

fn data_type(dtype: Dtype) -> DataType {
    match dtype {
        Dtype::F32 => DataType::Float,
        Dtype::F64 => DataType::Double,
    }
}

fn describe(Parts { inputs, answer, .. }: &Parts<'_>) -> String {
    let mut text = format!("numbers: {} columns, unscaled", inputs.numbers.len());
    if !inputs.texts.is_empty() {
        text += &format!("; texts: {} columns", inputs.texts.len());
    }
    text + match answer {
        Answer::Softmax { .. } | Answer::Logistic { .. } => "; out: the probability of each class",
        Answer::Values { .. } => "; out: values in the unit of the file",
    } + "; names are in the metadata"
}

fn metadata(parts: &Parts<'_>) -> Vec<StringStringEntryProto> {
    let list =
        |names: &mut dyn Iterator<Item = &String>| serde_json::json!(names.collect::<Vec<_>>()).to_string();
    let mut entries = vec![
        ("numbers", list(&mut parts.inputs.numbers.iter().map(|number| &number.name))),
        ("texts", list(&mut parts.inputs.texts.iter().map(|text| &text.name))),
        match parts.answer {
            Answer::Softmax { classes } | Answer::Logistic { classes } => {
                ("classes", list(&mut classes.iter()))
            }
            Answer::Values { targets } => ("targets", list(&mut targets.iter().map(|target| &target.column))),
        },
    ];
    entries.retain(|(_, names)| names != "[]");
    entries.extend(parts.metadata.iter().cloned());
    let entry = |(key, value): (&str, String)| StringStringEntryProto { key: key.to_owned(), value };
    entries.into_iter().map(entry).collect()
}
