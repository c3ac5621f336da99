//! Evaluates the ONNX graphs that bntrain writes, and no others.

mod operators;
mod tensor;

use std::collections::HashMap;

use ndarray::Array2;
use prost::Message;

use crate::export::Rows;
use crate::export::interpreter::operators::apply;
use crate::export::interpreter::tensor::Tensor;
use crate::export::proto::{DataType, GraphProto, ModelProto};

/// A graph read from a file.
pub(crate) struct Interpreter {
    graph: GraphProto,
    initializers: HashMap<String, Tensor>,
}

impl Interpreter {
    pub(crate) fn new(file: &[u8]) -> Self {
        let model = ModelProto::decode(file).expect("an ONNX file");
        let mut graph = model.graph.expect("a graph");
        let initializers = std::mem::take(&mut graph.initializer).into_iter().map(|tensor| {
            let value =
                Tensor::read(&tensor).unwrap_or_else(|| panic!("tensor {} has no values", tensor.name));
            (tensor.name, value)
        });
        let initializers = initializers.collect();
        Self { graph, initializers }
    }

    /// The first output of the graph for some rows: probabilities or values.
    pub(crate) fn run(&self, rows: &Rows) -> Array2<f64> {
        self.output(&self.graph.output[0].name, rows)
    }

    /// The output called `name`, of numbers.
    pub(crate) fn output(&self, name: &str, rows: &Rows) -> Array2<f64> {
        let mut values: HashMap<&str, Tensor> = HashMap::new();
        for input in &self.graph.input {
            let dtype =
                input.kind.as_ref().and_then(|kind| kind.tensor_type.as_ref()).map(|kind| kind.elem_type);
            let value = match input.name.as_str() {
                "numbers" => Tensor::rounded(rows.numbers.clone(), dtype == Some(DataType::Float as i32)),
                "texts" => Tensor::Texts(rows.texts.clone()),
                other => panic!("unexpected input {other}"),
            };
            values.insert(&input.name, value);
        }
        for node in &self.graph.node {
            let find = |name: &String| {
                let value = values.get(name.as_str()).or_else(|| self.initializers.get(name));
                value.unwrap_or_else(|| panic!("{} uses {name}, which does not exist", node.name))
            };
            let operands: Vec<&Tensor> = node.input.iter().map(find).collect();
            let result = apply(node, &operands);
            let result = result.unwrap_or_else(|| panic!("{} does not fit its inputs", node.name));
            let [output] = &node.output[..] else { panic!("{} does not have one output", node.name) };
            values.insert(output, result);
        }
        for output in &self.graph.output {
            assert!(values.contains_key(output.name.as_str()), "output {} does not exist", output.name);
        }
        assert!(self.graph.output.iter().any(|output| output.name == name), "{name} is not an output");
        match values.remove(name) {
            Some(Tensor::Numbers { values, .. }) => values,
            _ => panic!("{name} is not a tensor of numbers"),
        }
    }
}
