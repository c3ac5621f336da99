//! Model files: refused, or a model that is written and read again, and exported.

use std::collections::HashSet;

use prost::Message;

use crate::fuzzing::check_message;
use crate::fuzzing::sealed_file::sealed_file;
use crate::model::export::onnx::proto::ModelProto;
use crate::model::export::{Export, ExportFormat};
use crate::model::{Model, ensemble_to_bytes};
use crate::train::{Dtype, with_dtype};

/// The bytes of a model file, whose checksum is made right; or its parts, see [`sealed_file`].
pub fn model(input: &[u8]) {
    match read(input) {
        Ok(model) => {
            let written = write(&model);
            let again =
                Model::from_bytes(&written).unwrap_or_else(|fault| panic!("refused its own file: {fault}"));
            assert_eq!(write(&again), written);
            assert_eq!(again.description, model.description);
            serde_json::to_string(&model.facts()).expect("what `inspect` shows");
        }
        Err(message) => check_message(&message),
    }
}

/// As for [`model`]: whatever is accepted can be exported, and the ONNX file can be read back.
pub fn export(input: &[u8]) {
    let Ok(model) = read(input) else { return };
    for format in [ExportFormat::Safetensors, ExportFormat::Json] {
        let _ = Export::new(&model, format).to_bytes();
    }
    for (fold, raw) in [(true, Dtype::F32), (false, Dtype::F64)] {
        if let Ok(file) = Export::new(&model, ExportFormat::Onnx { fold, raw }).to_bytes() {
            check_onnx(&file);
        }
    }
}

fn read(input: &[u8]) -> Result<Model, String> {
    let file = sealed_file(input, |description| format!("\"model\":{description}"));
    Model::from_bytes(&file).map_err(|fault| fault.to_string())
}

fn write(model: &Model) -> Vec<u8> {
    let written = with_dtype!(model.plan.training.dtype, F => {
        ensemble_to_bytes(&model.networks::<F>(), &model.description)
    });
    written.expect("what fits into a file fits again")
}

/// The graph of an ONNX file is one: names are given once, before they are used.
fn check_onnx(file: &[u8]) {
    let decoded = ModelProto::decode(file).expect("an ONNX file");
    assert!(decoded.encode_to_vec() == file, "read back and written again it differs");
    let graph = decoded.graph.expect("a graph");
    let mut known = HashSet::new();
    let given = graph
        .input
        .iter()
        .map(|input| &input.name)
        .chain(graph.initializer.iter().map(|tensor| &tensor.name));
    for name in given {
        assert!(known.insert(name), "{name} is given twice");
    }
    for node in &graph.node {
        for name in node.input.iter().filter(|name| !name.is_empty()) {
            assert!(known.contains(name), "{name} is used before it is given");
        }
        for name in &node.output {
            assert!(known.insert(name), "{name} is given twice");
        }
    }
    for output in &graph.output {
        assert!(known.contains(&output.name), "{} is an output without a node", output.name);
    }
}
