//! Networks, layers and optimisers against numbers from PyTorch, in f64.
//!
//! Everything is compared at 1e-9, see [`TOLERANCE`]; `tests/golden/README.md` describes the files.

mod layers;
mod network;
mod optimizers;

use bntrain::nn::{
    AffineSpec, BatchNormSpec, LayerSpec, Network, RunningStart, Workspace, relu, softmax_loss,
};
use ndarray::Array2;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::support::assert_close;
use crate::support::json::{entries, find, labels, matrix, number, set};

/// A correct implementation stays below 1e-12; known mistakes exceed 1e-7, see the README of the files.
const TOLERANCE: f64 = 1e-9;

/// The network of the golden files, with its names.
///
/// The files count layers by position, `4_batch_norm`; the network counts within the kind,
/// `batch_norm_2`.
struct Golden {
    specs: Vec<LayerSpec>,
    network: Network<f64>,
    workspace: Workspace<f64>,
    names: Vec<(String, String)>, // of each layer: in the file, in the network
}

/// PyTorch's convention: the initial running statistics count.
fn pytorch() -> BatchNormSpec {
    BatchNormSpec { running_start: RunningStart::Standard, ..BatchNormSpec::default() }
}

impl Golden {
    /// Builds the network of `layers` over 6 features with four classes and sets its `parameters`.
    fn new(layers: &Value, parameters: &Value, norm: &BatchNormSpec) -> Self {
        let names: Vec<&str> = layers.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let kinds: Vec<&str> =
            names.iter().map(|name| name.split_once('_').expect("position and kind").1).collect();
        let mut hidden_units = [8, 7].into_iter();
        let mut specs: Vec<LayerSpec> = kinds
            .iter()
            .map(|&kind| match kind {
                "affine" => {
                    LayerSpec::Affine(AffineSpec { units: hidden_units.next(), ..AffineSpec::default() })
                }
                "batch_norm" => LayerSpec::BatchNorm(norm.clone()),
                "relu" => relu(),
                _ => panic!("unknown kind {kind}"),
            })
            .collect();
        specs.push(softmax_loss());
        let ours = |index: usize| {
            let ordinal = kinds[..=index].iter().filter(|&&kind| kind == kinds[index]).count();
            format!("{}_{ordinal}", kinds[index])
        };
        let names: Vec<_> =
            names.iter().enumerate().map(|(index, &name)| (name.to_owned(), ours(index))).collect();
        let mut network = Network::build(&specs, 6, 4, 0);
        let workspace = network.allocate(10);
        let mut golden = Self { specs, network, workspace, names };
        let mut n_set = 0;
        for (name, value) in entries(parameters) {
            let ours = golden.ours(name);
            set(golden.network.params_mut(), &ours, value);
            n_set += 1;
        }
        assert_eq!(n_set, golden.network.params().filter(|param| param.is_trained()).count());
        golden
    }

    /// The network's name for the file's `4_batch_norm.gamma`.
    fn ours(&self, name: &str) -> String {
        let (layer, tensor) = name.split_once('.').expect("layer and tensor");
        let (_, ours) = self.names.iter().find(|(theirs, _)| theirs == layer).expect("a layer of the file");
        format!("{ours}.{tensor}")
    }

    /// The row losses of a training pass over `batch`.
    fn train(&mut self, batch: &Value, step: u64) -> Array2<f64> {
        let labels = labels(&batch["labels"]);
        let pass = crate::support::pass(step, &labels);
        self.network.forward(&pass, matrix(&batch["x"]).view(), &mut self.workspace).to_owned()
    }

    /// The gradients after [`train`](Self::train), and that of the input.
    fn backward(&mut self, batch: &Value, step: u64) -> Array2<f64> {
        let labels = labels(&batch["labels"]);
        let x = matrix(&batch["x"]);
        let mut dx = Array2::zeros(x.dim());
        let pass = crate::support::pass(step, &labels);
        self.network.backward(&pass, x.view(), &mut self.workspace, Some(dx.view_mut()));
        dx
    }

    #[track_caller]
    fn assert_values(&mut self, what: &str, expected: &Value) {
        for (name, value) in entries(expected) {
            let ours = self.ours(name);
            let actual = &find(self.network.params_mut(), &ours).value;
            assert_close(&format!("{what}: {name}"), actual, &matrix(value), TOLERANCE);
        }
    }
}

#[track_caller]
fn assert_number(what: &str, actual: f64, expected: &Value) {
    let one = |value| Array2::from_elem((1, 1), value);
    assert_close(what, &one(actual), &one(number(expected)), TOLERANCE);
}

/// The specification of a case: the longest of `kinds` that its name begins with, with the keys of its
/// config.
fn spec<T: DeserializeOwned>(
    kinds: impl Iterator<Item = &'static str>,
    name: &str,
    config: &Map<String, Value>,
) -> T {
    let kind = kinds.filter(|kind| name.starts_with(kind)).max_by_key(|kind| kind.len());
    let mut table = config.clone();
    table.insert("type".to_owned(), kind.unwrap_or_else(|| panic!("{name} is not of a known kind")).into());
    serde_json::from_value(table.into()).unwrap_or_else(|error| panic!("{name}: {error}"))
}
