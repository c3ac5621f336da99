//! Evaluates the networks in exported safetensors and JSON files on encoded inputs.

use ndarray::{Array1, Array2, Axis, concatenate};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype as TensorType;
use serde_json::Value;

/// From `x`, `(n, inputs)`, to `y`, `(n, outputs)`.
pub(crate) type Layer = Box<dyn Fn(Array2<f64>) -> Array2<f64>>;

/// The probabilities of each class.
pub(crate) fn probabilities(layers: Vec<Layer>, inputs: &Array2<f64>) -> Array2<f64> {
    let logits = layers.iter().fold(inputs.clone(), |x, layer| layer(x));
    match logits.ncols() {
        1 => softmax(concatenate(Axis(1), &[(&logits * 0.0).view(), logits.view()]).expect("two columns")),
        _ => softmax(logits),
    }
}

/// `exp(x)` over its sum, per row.
pub(crate) fn softmax(mut x: Array2<f64>) -> Array2<f64> {
    for mut row in x.rows_mut() {
        let max = row.fold(f64::NEG_INFINITY, |max, &x| max.max(x));
        row.mapv_inplace(|x| (x - max).exp());
        let sum = row.sum();
        row /= sum;
    }
    x
}

/// The modules of a safetensors file for PyTorch, in evaluation mode.
pub(crate) fn of_pytorch(file: &[u8]) -> Vec<Layer> {
    let (_, metadata) = SafeTensors::read_metadata(file).expect("safetensors");
    let document = &metadata.metadata().as_ref().expect("metadata")["bntrain_export"];
    let document: Value = serde_json::from_str(document).expect("JSON");
    let tensors = SafeTensors::deserialize(file).expect("safetensors");
    let modules = document["modules"].as_array().expect("modules").iter().enumerate();
    let layer = |(index, module): (usize, &Value)| -> Layer {
        let (options, find) = (&module["options"], |name: &str| tensor(&tensors, &format!("{index}.{name}")));
        let vector = |name: &str| find(name).row(0).to_owned();
        match module["type"].as_str().expect("a type") {
            "Linear" => {
                let weight = find("weight").reversed_axes();
                affine(weight, options["bias"].as_bool().expect("a bool").then(|| vector("bias")))
            }
            "BatchNorm1d" => {
                let (mean, var) = (vector("running_mean"), vector("running_var"));
                let (gamma, beta) = match options["affine"].as_bool().expect("a bool") {
                    true => (vector("weight"), vector("bias")),
                    false => (Array1::ones(mean.len()), Array1::zeros(mean.len())),
                };
                norm([gamma, beta, mean, var], number(&options["eps"]))
            }
            "LeakyReLU" => leaky_relu(number(&options["negative_slope"])),
            "ReLU" => leaky_relu(0.0),
            "Sigmoid" => Box::new(|x| x.mapv(|x| 1.0 / (1.0 + (-x).exp()))),
            "Tanh" => Box::new(|x| x.mapv(f64::tanh)),
            "Dropout" => Box::new(|x| x),
            other => panic!("unexpected module {other}"),
        }
    };
    modules.map(layer).collect()
}

/// A tensor as a matrix; a vector is a matrix of one row.
fn tensor(tensors: &SafeTensors<'_>, name: &str) -> Array2<f64> {
    let tensor = tensors.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let bytes = tensor.data();
    let values: Vec<f64> = match tensor.dtype() {
        TensorType::F32 => {
            bytes.as_chunks().0.iter().map(|&word| f64::from(f32::from_le_bytes(word))).collect()
        }
        _ => bytes.as_chunks().0.iter().map(|&word| f64::from_le_bytes(word)).collect(),
    };
    let (rows, columns) = match *tensor.shape() {
        [width] => (1, width),
        [rows, columns] => (rows, columns),
        _ => panic!("{name} is neither a vector nor a matrix"),
    };
    Array2::from_shape_vec((rows, columns), values).expect("a number for each element")
}

/// The layers of a JSON file.
pub(crate) fn of_json(file: &[u8]) -> Vec<Layer> {
    let document: Value = serde_json::from_slice(file).expect("JSON");
    let layer = |layer: &Value| -> Layer {
        let vector = |name: &str| -> Array1<f64> {
            layer[name].as_array().expect("a list").iter().map(number).collect()
        };
        match layer["type"].as_str().expect("a type") {
            "affine" => {
                let bias = (!layer["bias"].is_null()).then(|| vector("bias"));
                affine(super::numbers(&layer["weight"]), bias)
            }
            "batch_norm" => norm(["gamma", "beta", "mean", "var"].map(vector), number(&layer["eps"])),
            "mean_only" => {
                let ones = Array1::ones(vector("mean").len());
                norm([ones.clone(), vector("beta"), vector("mean"), ones], 0.0)
            }
            "relu" => leaky_relu(0.0),
            "leaky_relu" => leaky_relu(number(&layer["slope"])),
            "sigmoid" => Box::new(|x| x.mapv(|x| 1.0 / (1.0 + (-x).exp()))),
            "tanh" => Box::new(|x| x.mapv(f64::tanh)),
            "identity" => Box::new(|x| x),
            other => panic!("unexpected layer {other}"),
        }
    };
    document["layers"].as_array().expect("layers").iter().map(layer).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn affine(weight: Array2<f64>, bias: Option<Array1<f64>>) -> Layer {
    Box::new(move |x| {
        let y = x.dot(&weight);
        bias.as_ref().map_or_else(|| y.clone(), |bias| &y + bias)
    })
}

fn norm([gamma, beta, mean, var]: [Array1<f64>; 4], eps: f64) -> Layer {
    Box::new(move |x| (x - &mean) / var.mapv(|var| (var + eps).sqrt()) * &gamma + &beta)
}

fn leaky_relu(slope: f64) -> Layer {
    Box::new(move |x| x.mapv(|x| if x < 0.0 { slope * x } else { x }))
}
