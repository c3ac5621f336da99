//! Model files: refused, or a model that is written and read again, and exported.

use std::collections::HashSet;

use prost::Message;

use crate::fuzzing::check_message;
use crate::model::checksum::{BLANK, seal};
use crate::model::export::onnx::proto::ModelProto;
use crate::model::export::{Export, ExportFormat};
use crate::model::{Model, ensemble_to_bytes};
use crate::train::{Dtype, with_dtype};

/// The bytes of a model file, whose checksum is made right; or its parts, see [`assembled`].
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
    let mut file = assembled(input).unwrap_or_else(|| input.to_vec());
    let _ = seal(&mut file);
    Model::from_bytes(&file).map_err(|fault| fault.to_string())
}

/// A file of parts, so that a change of one does not break the lengths and quotes around it: the description and
/// the entries of the header for the tensors, a line of JSON each, then the numbers.
fn assembled(input: &[u8]) -> Option<Vec<u8>> {
    let mut parts = input.splitn(3, |&byte| byte == b'\n');
    let mut line = || parts.next().and_then(|line| std::str::from_utf8(line).ok());
    let (description, entries) = (line()?, line()?);
    if !description.starts_with('{') {
        return None;
    }
    let entries = entries.strip_prefix('{').and_then(|entries| entries.strip_suffix('}')).unwrap_or(entries);
    let comma = if entries.is_empty() { "" } else { "," };
    let document = format!("{{\"sha256\":\"{BLANK}\",\"model\":{description}}}");
    let document = serde_json::to_string(&document).expect("a text");
    let mut header = format!("{{\"__metadata__\":{{\"bntrain\":{document}}}{comma}{entries}}}");
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(parts.next().unwrap_or_default());
    Some(file)
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
