//! An evaluator of exactly the graphs that are written here: it reads a file back and computes
//! what any other runtime would.

use std::collections::HashMap;

use prost::Message;

use crate::model::export::onnx::operators::apply;
use crate::model::export::onnx::proto::{GraphProto, ModelProto};
use crate::model::export::onnx::tensor::Tensor;

/// A graph that was read back.
pub(crate) struct Evaluator {
    graph: GraphProto,
    initializers: HashMap<String, Tensor>,
}

impl Evaluator {
    /// Reads a file; otherwise the reason why it is none of ours.
    pub(crate) fn new(file: &[u8]) -> Result<Self, String> {
        let model = ModelProto::decode(file).map_err(|error| error.to_string())?;
        let mut graph = model.graph.ok_or("there is no graph")?;
        let mut initializers = HashMap::new();
        for tensor in std::mem::take(&mut graph.initializer) {
            let value =
                Tensor::read(&tensor).ok_or_else(|| format!("tensor {} has no values", tensor.name))?;
            initializers.insert(tensor.name, value);
        }
        Ok(Self { graph, initializers })
    }

    /// The outputs in order, from inputs in order.
    pub(crate) fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, String> {
        if inputs.len() != self.graph.input.len() {
            return Err(format!("the graph has {} inputs", self.graph.input.len()));
        }
        let names = self.graph.input.iter().map(|input| input.name.as_str());
        let mut values: HashMap<&str, Tensor> = names.zip(inputs).collect();
        for node in &self.graph.node {
            let find = |name: &String| {
                let value = values.get(name.as_str()).or_else(|| self.initializers.get(name));
                value.ok_or_else(|| format!("{} uses {name} before it is there", node.name))
            };
            let operands = node.input.iter().map(find).collect::<Result<Vec<&Tensor>, _>>()?;
            let result =
                apply(node, &operands).ok_or_else(|| format!("{} does not fit its inputs", node.name))?;
            let [output] = &node.output[..] else { return Err(format!("{} has not one output", node.name)) };
            values.insert(output, result);
        }
        let mut output = |name: &str| values.remove(name).ok_or_else(|| format!("nothing makes {name}"));
        self.graph.output.iter().map(|output| output.name.as_str()).map(&mut output).collect()
    }
}
