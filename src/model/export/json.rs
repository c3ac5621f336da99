//! Models as JSON: everything to be read by people and by ten lines of any language.
//!
//! Numbers have as many digits as their type needs to be read back exactly.

use ndarray::{Array1, Array2};
use serde_json::{Map, Value, json};

use crate::model::export::ir::{Stage, Step};
use crate::train::Dtype;

/// The text of the file; `model` says what the layers do not: columns, scaling, classes.
pub(crate) fn to_text(stages: &[Stage], dtype: Dtype, model: Value) -> String {
    let layers: Vec<Value> = stages.iter().map(|stage| layer(stage, dtype)).collect();
    let mut document = match model {
        Value::Object(model) => model,
        model => Map::from_iter([("model".to_owned(), model)]),
    };
    document.insert("layers".to_owned(), Value::Array(layers));
    let mut text = String::new();
    write(&Value::Object(document), 0, &mut text);
    text.push('\n');
    text
}

fn layer(Stage { name, step }: &Stage, dtype: Dtype) -> Value {
    let vector =
        |values: &Array1<f64>| Value::Array(values.iter().map(|&value| number(value, dtype)).collect());
    let matrix = |values: &Array2<f64>| {
        let rows = values.rows().into_iter();
        Value::Array(
            rows.map(|row| Value::Array(row.iter().map(|&value| number(value, dtype)).collect())).collect(),
        )
    };
    match step {
        Step::Affine { weight, bias } => json!({
            "name": name, "type": "affine",
            "formula": "y = x weight + bias",
            "bias": bias.as_ref().map(vector),
            "weight": matrix(weight),
        }),
        Step::BatchNorm { gamma, beta, mean, var, eps } => json!({
            "name": name, "type": "batch_norm",
            "formula": "y = gamma * (x - mean) / sqrt(var + eps) + beta",
            "eps": eps,
            "gamma": vector(gamma), "beta": vector(beta), "mean": vector(mean), "var": vector(var),
        }),
        Step::MeanOnly { mean, beta } => json!({
            "name": name, "type": "mean_only",
            "formula": "y = x - mean + beta",
            "mean": vector(mean), "beta": vector(beta),
        }),
        Step::ScaleShift { centre, scale, shift } => json!({
            "name": name, "type": "scale_shift",
            "formula": "y = (x - centre) * scale + shift",
            "centre": vector(centre), "scale": vector(scale), "shift": vector(shift),
        }),
        Step::Relu => json!({ "name": name, "type": "relu", "formula": "y = max(x, 0)" }),
        Step::LeakyRelu { slope } => {
            json!({ "name": name, "type": "leaky_relu", "formula": "y = max(x, slope * x)", "slope": slope })
        }
        Step::Sigmoid => json!({ "name": name, "type": "sigmoid", "formula": "y = 1 / (1 + exp(-x))" }),
        Step::Tanh => json!({ "name": name, "type": "tanh", "formula": "y = tanh(x)" }),
        Step::Identity => json!({ "name": name, "type": "identity", "formula": "y = x" }),
    }
}

/// A number with the digits of its type: 0.1 in single precision is `0.1`.
fn number(value: f64, dtype: Dtype) -> Value {
    match dtype {
        Dtype::F32 => {
            let shortest: Option<f64> = (value as f32).to_string().parse().ok();
            json!(shortest)
        }
        Dtype::F64 => json!(value),
    }
}

/// Writes objects and lists of lists over several lines, lists of numbers or texts on one.
fn write(value: &Value, depth: usize, text: &mut String) {
    let indent = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    };
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (index, (key, value)) in entries.iter().enumerate() {
                text.push(if index == 0 { '{' } else { ',' });
                indent(text, depth + 1);
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push_str(": ");
                write(value, depth + 1, text);
            }
            indent(text, depth);
            text.push('}');
        }
        Value::Array(entries) if entries.iter().any(|entry| entry.is_array() || entry.is_object()) => {
            for (index, value) in entries.iter().enumerate() {
                text.push(if index == 0 { '[' } else { ',' });
                indent(text, depth + 1);
                write(value, depth + 1, text);
            }
            indent(text, depth);
            text.push(']');
        }
        Value::Array(entries) => {
            text.push('[');
            for (index, value) in entries.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write(value, depth, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

/// The steps that a file describes; otherwise the reason why it is none of ours.
pub(crate) fn read(file: &[u8]) -> Result<Vec<Step>, String> {
    let document: Value = serde_json::from_slice(file).map_err(|error| error.to_string())?;
    let layers = document["layers"].as_array().ok_or("it has no layers")?;
    layers.iter().map(|layer| step(layer).ok_or_else(|| format!("{} is incomplete", layer["name"]))).collect()
}

fn step(layer: &Value) -> Option<Step> {
    let vector =
        |name: &str| layer[name].as_array()?.iter().map(Value::as_f64).collect::<Option<Array1<f64>>>();
    Some(match layer["type"].as_str()? {
        "affine" => {
            let rows = layer["weight"].as_array()?;
            let width = rows.first()?.as_array()?.len();
            let values = rows.iter().flat_map(|row| row.as_array().into_iter().flatten()).map(Value::as_f64);
            let weight = Array2::from_shape_vec((rows.len(), width), values.collect::<Option<_>>()?).ok()?;
            Step::Affine { weight, bias: if layer["bias"].is_null() { None } else { Some(vector("bias")?) } }
        }
        "batch_norm" => Step::BatchNorm {
            gamma: vector("gamma")?,
            beta: vector("beta")?,
            mean: vector("mean")?,
            var: vector("var")?,
            eps: layer["eps"].as_f64()?,
        },
        "mean_only" => Step::MeanOnly { mean: vector("mean")?, beta: vector("beta")? },
        "scale_shift" => {
            Step::ScaleShift { centre: vector("centre")?, scale: vector("scale")?, shift: vector("shift")? }
        }
        "relu" => Step::Relu,
        "leaky_relu" => Step::LeakyRelu { slope: layer["slope"].as_f64()? },
        "sigmoid" => Step::Sigmoid,
        "tanh" => Step::Tanh,
        "identity" => Step::Identity,
        _ => return None,
    })
}
