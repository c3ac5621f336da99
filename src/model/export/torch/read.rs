//! Such a file read back, as PyTorch would.

use ndarray::{Array1, Array2};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype as TensorType;

use crate::model::export::ir::Step;
use crate::model::export::torch::{Document, ENTRY, Module};

/// The steps that the modules of a file compute in evaluation mode; otherwise the reason why it is
/// none of ours.
pub(crate) fn read(file: &[u8]) -> Result<Vec<Step>, String> {
    let (_, metadata) = SafeTensors::read_metadata(file).map_err(|error| error.to_string())?;
    let document = metadata.metadata().as_ref().and_then(|entries| entries.get(ENTRY));
    let document = document.ok_or_else(|| format!("there is no {ENTRY} in its metadata"))?;
    let document: Document = serde_json::from_str(document).map_err(|error| error.to_string())?;
    let tensors = SafeTensors::deserialize(file).map_err(|error| error.to_string())?;
    let step = |(index, module): (usize, &Module)| Reader { tensors: &tensors, index }.step(module);
    document.modules.iter().enumerate().map(step).collect()
}

/// The tensors of one module.
struct Reader<'a> {
    tensors: &'a SafeTensors<'a>,
    index: usize,
}

impl Reader<'_> {
    fn step(&self, Module { kind, options }: &Module) -> Result<Step, String> {
        let number = |name: &str| {
            let value = options.get(name).and_then(serde_json::Value::as_f64);
            value.ok_or_else(|| format!("module {} has no {name}", self.index))
        };
        let is = |name: &str| options.get(name) == Some(&serde_json::Value::Bool(true));
        Ok(match kind.as_str() {
            "Linear" => {
                let weight = self.tensor("weight")?.reversed_axes();
                Step::Affine { weight, bias: is("bias").then(|| self.vector("bias")).transpose()? }
            }
            "BatchNorm1d" => {
                let mean = self.vector("running_mean")?;
                let (gamma, beta) = match is("affine") {
                    true => (self.vector("weight")?, self.vector("bias")?),
                    false => (Array1::ones(mean.len()), Array1::zeros(mean.len())),
                };
                Step::BatchNorm { gamma, beta, mean, var: self.vector("running_var")?, eps: number("eps")? }
            }
            "LeakyReLU" => Step::LeakyRelu { slope: number("negative_slope")? },
            "ReLU" => Step::Relu,
            "Sigmoid" => Step::Sigmoid,
            "Tanh" => Step::Tanh,
            "Dropout" | "Identity" => Step::Identity,
            _ => return Err(format!("module {} is of an unknown kind", self.index)),
        })
    }

    /// A tensor as a matrix; a vector is one row.
    fn tensor(&self, name: &str) -> Result<Array2<f64>, String> {
        let name = format!("{}.{name}", self.index);
        let tensor = self.tensors.tensor(&name).map_err(|error| format!("{name}: {error}"))?;
        let bytes = tensor.data();
        let values: Vec<f64> = match tensor.dtype() {
            TensorType::F32 => {
                let (words, _) = bytes.as_chunks();
                words.iter().map(|&word| f64::from(f32::from_le_bytes(word))).collect()
            }
            _ => bytes.as_chunks().0.iter().map(|&word| f64::from_le_bytes(word)).collect(),
        };
        let shape = match *tensor.shape() {
            [width] => (1, width),
            [rows, columns] => (rows, columns),
            _ => return Err(format!("{name} is no matrix")),
        };
        Array2::from_shape_vec(shape, values).map_err(|error| format!("{name}: {error}"))
    }

    fn vector(&self, name: &str) -> Result<Array1<f64>, String> {
        Ok(self.tensor(name)?.row(0).to_owned())
    }
}
