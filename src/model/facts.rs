//! A summary of a model, for `bntrain inspect`.

use serde::Serialize;

use crate::data::Encoding;
use crate::kernel::real::Real;
use crate::model::{History, Model, result_hash, with_network};
use crate::nn::{LayerSpec, Network, Param};

/// A summary of a model.
#[derive(Debug, Serialize)]
pub struct ModelFacts<'m> {
    /// The file format.
    pub format: u32,
    /// The version of bntrain that wrote the file.
    pub version: &'m str,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: &'m str,
    /// SHA-256 of the training file, in hexadecimal.
    pub data_sha256: &'m str,
    /// SHA-256 over all tensors, names and bits, as in `summary.json`.
    pub result_hash: String,
    /// The precision of all tensors: `f32` or `f64`.
    pub dtype: &'static str,
    /// Number of trainable parameters of a network.
    pub parameters: usize,
    /// The number of networks whose predictions are averaged; layers, tensors, hash and history are those of the first.
    pub networks: usize,
    /// In order.
    pub layers: Vec<LayerFacts<'m>>,
    /// In the order of the layers.
    pub tensors: Vec<TensorFacts<'m>>,
    /// From the columns of a file to the inputs and outputs of the network.
    pub encoding: &'m Encoding,
    /// The course of training.
    pub history: &'m History,
    /// The complete config, as TOML.
    pub config: &'m str,
}

/// One layer.
#[derive(Debug, Serialize)]
pub struct LayerFacts<'m> {
    /// Width of the input.
    pub inputs: usize,
    /// Width of the output.
    pub outputs: usize,
    /// Number of trainable parameters.
    pub parameters: usize,
    /// As in a config.
    pub settings: &'m LayerSpec,
}

/// One tensor, and statistics over all its numbers.
#[derive(Debug, Serialize)]
pub struct TensorFacts<'m> {
    /// Layer and tensor, such as `affine_1.weight`.
    pub name: &'m str,
    /// Rows and columns.
    pub shape: (usize, usize),
    /// False for running statistics.
    pub is_trained: bool,
    /// The mean.
    pub mean: f64,
    /// The standard deviation (biased).
    pub deviation: f64,
    /// The smallest number.
    pub min: f64,
    /// The largest number.
    pub max: f64,
}

impl Model {
    /// A summary of the model.
    pub fn facts(&self) -> ModelFacts<'_> {
        with_network!(&self.network, network => self.facts_of(network))
    }

    fn facts_of<'m, F: Real>(&'m self, network: &'m Network<F>) -> ModelFacts<'m> {
        let description = &self.description;
        let mut inputs = network.num_inputs();
        let layers = network.layers().iter().zip(&self.plan.layers).map(|(layer, settings)| {
            let trained = layer.params().iter().filter(|param| param.is_trained());
            let parameters = trained.map(|param| param.value.len()).sum();
            let outputs = layer.output_width(inputs);
            let facts = LayerFacts { inputs, outputs, parameters, settings };
            inputs = outputs;
            facts
        });
        ModelFacts {
            format: description.format,
            version: &description.version,
            sha256: &self.sha256,
            data_sha256: &description.data_sha256,
            result_hash: result_hash(network),
            dtype: F::NAME,
            parameters: network.num_trainable(),
            networks: 1 + self.members.len(),
            layers: layers.collect(),
            tensors: network.params().map(TensorFacts::of).collect(),
            encoding: &description.encoding,
            history: &description.history,
            config: &description.config,
        }
    }
}

impl<'m> TensorFacts<'m> {
    fn of<F: Real>(param: &'m Param<F>) -> Self {
        let n = param.value.len() as f64;
        let numbers = || param.value.iter().map(|&value| Real::to_f64(value));
        let mean = numbers().sum::<f64>() / n;
        let variance = numbers().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
        Self {
            name: &param.name,
            shape: param.value.dim(),
            is_trained: param.is_trained(),
            mean,
            deviation: variance.sqrt(),
            min: numbers().fold(f64::INFINITY, f64::min),
            max: numbers().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}
