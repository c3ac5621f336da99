//! Builds a graph: nodes, and the tensors that they need.

use crate::model::export::onnx::proto::{
    AttributeProto, AttributeType, DataType, Dimension, Extent, GraphProto, NodeProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};

/// The graph built so far.
#[derive(Default)]
pub(crate) struct Builder {
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
}

/// The value of an attribute.
pub(crate) enum Attribute {
    Int(i64),
    Float(f64),
}

impl Builder {
    /// Adds the operator `op` on the values `inputs`; its result is called `output`. Returns that
    /// name, like all methods that add something.
    pub(crate) fn node(
        &mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[(&str, Attribute)],
    ) -> String {
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            name: format!("{output}:{op}"),
            op_type: op.to_owned(),
            attribute: attributes.iter().map(|(name, value)| attribute(name, value)).collect(),
        });
        output.to_owned()
    }

    /// Adds a conversion of `value` to the type `to`.
    pub(crate) fn cast(&mut self, value: &str, output: &str, to: DataType) -> String {
        self.node("Cast", &[value], output, &[("to", Attribute::Int(to as i64))])
    }

    /// Adds a selection of `columns` of `value`.
    pub(crate) fn gather(&mut self, value: &str, output: &str, columns: &[usize]) -> String {
        let columns = self.indices(&format!("{output}_columns"), columns);
        self.node("Gather", &[value, &columns], output, &[("axis", Attribute::Int(1))])
    }

    /// Adds the mean of each row of `value`, as a column.
    pub(crate) fn mean(&mut self, value: &str, output: &str) -> String {
        let axes = self.indices(&format!("{output}_axes"), &[1]);
        self.node("ReduceMean", &[value, &axes], output, &[("keepdims", Attribute::Int(1))])
    }

    /// Adds the numbers of `value` in the same order as rows of `width`.
    pub(crate) fn reshape(&mut self, value: &str, output: &str, width: usize) -> String {
        let shape = self.integers(&format!("{output}_shape"), &[-1, width as i64]);
        self.node("Reshape", &[value, &shape], output, &[])
    }

    /// Adds a tensor of numbers in row-major order, rounded to `dtype`.
    pub(crate) fn numbers<'a>(
        &mut self,
        name: &str,
        dtype: DataType,
        dims: &[usize],
        values: impl IntoIterator<Item = &'a f64>,
    ) -> String {
        let mut raw = Vec::new();
        for &value in values {
            match dtype {
                DataType::Double => raw.extend(value.to_le_bytes()),
                _ => raw.extend((value as f32).to_le_bytes()),
            }
        }
        self.tensor(name, dtype, dims, Some(raw), Vec::new())
    }

    /// Adds a list of indices.
    pub(crate) fn indices(&mut self, name: &str, indices: &[usize]) -> String {
        let indices: Vec<i64> = indices.iter().map(|&index| index as i64).collect();
        self.integers(name, &indices)
    }

    fn integers(&mut self, name: &str, integers: &[i64]) -> String {
        let raw = integers.iter().flat_map(|integer| integer.to_le_bytes()).collect();
        self.tensor(name, DataType::Int64, &[integers.len()], Some(raw), Vec::new())
    }

    /// Adds a row of strings.
    pub(crate) fn texts(&mut self, name: &str, texts: &[&str]) -> String {
        let strings = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        self.tensor(name, DataType::String, &[1, texts.len()], None, strings)
    }

    fn tensor(
        &mut self,
        name: &str,
        dtype: DataType,
        dims: &[usize],
        raw_data: Option<Vec<u8>>,
        string_data: Vec<Vec<u8>>,
    ) -> String {
        self.initializers.push(TensorProto {
            dims: dims.iter().map(|&dim| dim as i64).collect(),
            data_type: dtype as i32,
            string_data,
            name: name.to_owned(),
            raw_data,
        });
        name.to_owned()
    }

    /// Declares an input of the graph, `(rows, width)` with any number of rows.
    pub(crate) fn input(&mut self, name: &str, dtype: DataType, width: usize, doc: String) -> String {
        self.inputs.push(value_info(name, dtype, width, doc));
        name.to_owned()
    }

    /// Declares an output of the graph, `(rows, width)` with any number of rows.
    pub(crate) fn output(&mut self, name: &str, dtype: DataType, width: usize, doc: String) {
        self.outputs.push(value_info(name, dtype, width, doc));
    }

    /// The graph, called `name`.
    pub(crate) fn finish(self, name: &str) -> GraphProto {
        GraphProto {
            node: self.nodes,
            name: name.to_owned(),
            initializer: self.initializers,
            input: self.inputs,
            output: self.outputs,
        }
    }
}

fn attribute(name: &str, value: &Attribute) -> AttributeProto {
    let (f, i, kind) = match *value {
        Attribute::Int(i) => (None, Some(i), AttributeType::Int),
        Attribute::Float(f) => (Some(f as f32), None, AttributeType::Float),
    };
    AttributeProto { name: name.to_owned(), f, i, kind: kind as i32 }
}

fn value_info(name: &str, dtype: DataType, width: usize, doc_string: String) -> ValueInfoProto {
    let extents = [Extent::Param("rows".to_owned()), Extent::Value(width as i64)];
    let dim = extents.map(|extent| Dimension { extent: Some(extent) }).to_vec();
    let tensor_type = TensorTypeProto { elem_type: dtype as i32, shape: Some(TensorShapeProto { dim }) };
    let kind = TypeProto { tensor_type: Some(tensor_type) };
    ValueInfoProto { name: name.to_owned(), kind: Some(kind), doc_string }
}
