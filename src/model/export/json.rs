//! Models as JSON, for people and for a few lines of any language.
//!
//! Numbers have as many digits as their type needs to be read back exactly.

use ndarray::{Array1, Array2};
use serde_json::{Map, Value, json};

use crate::model::export::ir::{ExportLayer, ExportOp};
use crate::train::Dtype;

/// The text of the file; `model` has the rest: columns, scaling, classes. An ensemble has the layers of each member.
pub(crate) fn to_text(members: &[Vec<ExportLayer>], dtype: Dtype, model: Value) -> String {
    let layers =
        |layers: &Vec<ExportLayer>| -> Value { layers.iter().map(|layer| to_value(layer, dtype)).collect() };
    let mut document = match model {
        Value::Object(model) => model,
        model => Map::from_iter([("model".to_owned(), model)]),
    };
    match members {
        [single] => document.insert("layers".to_owned(), layers(single)),
        members => document.insert("members".to_owned(), members.iter().map(layers).collect()),
    };
    let mut text = String::new();
    write(&Value::Object(document), 0, &mut text);
    text.push('\n');
    text
}

fn to_value(ExportLayer { name, op }: &ExportLayer, dtype: Dtype) -> Value {
    let vector =
        |values: &Array1<f64>| Value::Array(values.iter().map(|&value| number(value, dtype)).collect());
    let matrix = |values: &Array2<f64>| {
        let rows = values.rows().into_iter();
        Value::Array(
            rows.map(|row| Value::Array(row.iter().map(|&value| number(value, dtype)).collect())).collect(),
        )
    };
    match op {
        ExportOp::Affine { weight, bias } => json!({
            "name": name, "type": "affine",
            "formula": "y = x weight + bias",
            "bias": bias.as_ref().map(vector),
            "weight": matrix(weight),
        }),
        ExportOp::BatchNorm { gamma, beta, mean, var, eps } => json!({
            "name": name, "type": "batch_norm",
            "formula": "y = gamma * (x - mean) / sqrt(var + eps) + beta",
            "eps": eps,
            "gamma": vector(gamma), "beta": vector(beta), "mean": vector(mean), "var": vector(var),
        }),
        ExportOp::MeanOnly { mean, beta } => json!({
            "name": name, "type": "mean_only",
            "formula": "y = x - mean + beta",
            "mean": vector(mean), "beta": vector(beta),
        }),
        ExportOp::RowNorm { kind, gamma, beta, eps, groups, centered } => json!({
            "name": name, "type": kind,
            "formula": row_norm_formula(*groups, *centered),
            "eps": eps, "groups": groups,
            "gamma": vector(gamma), "beta": beta.as_ref().map(vector),
        }),
        ExportOp::ScaleShift { centre, scale, shift } => json!({
            "name": name, "type": "scale_shift",
            "formula": "y = (x - centre) * scale + shift",
            "centre": vector(centre), "scale": vector(scale), "shift": vector(shift),
        }),
        ExportOp::Activation { kind, activation } => {
            let mut value = json!({ "name": name, "type": kind, "formula": activation.formula });
            if let Some(setting) = activation.setting {
                value[setting.name] = json!(setting.value);
            }
            value
        }
        ExportOp::Identity => json!({ "name": name, "type": "identity", "formula": "y = x" }),
    }
}

/// For people: mean and variance are those of a row, or of each of its groups of neighbors.
fn row_norm_formula(groups: usize, centered: bool) -> &'static str {
    match (groups, centered) {
        (_, false) => "y = gamma * x / sqrt(mean of x^2 over the row + eps)",
        (1, true) => "y = gamma * (x - mean over the row) / sqrt(variance over the row + eps) + beta",
        (_, true) => {
            "y = gamma * (x - mean over the group) / sqrt(variance over the group + eps) + beta; the groups of a \
             row are equal numbers of neighbors"
        }
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

/// Writes objects and lists of lists over several lines, lists of numbers or strings on one.
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

#[cfg(test)]
mod tests {
    use crate::model::AnyNetwork;
    use crate::model::export::tests::golden_model;
    use crate::model::export::{Export, ExportFormat};

    #[test]
    fn numbers_are_read_back_exactly_and_each_row_of_a_matrix_is_a_line() {
        let model = golden_model("single");
        let bytes = Export::new(&model, ExportFormat::Json).to_bytes().expect("a file");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let layer = &document["layers"][1];
        assert_eq!(layer["formula"], "y = x weight + bias");
        let AnyNetwork::F32(network) = &model.network else { panic!("expected single precision") };
        let weight = &network.layers()[1].params()[0].value;
        let row: Vec<String> = weight.row(1).iter().map(f32::to_string).collect();
        assert!(text.contains(&format!("\n        [{}],\n", row.join(", "))), "{text}");
        let rows = layer["weight"].as_array().into_iter().flatten();
        let values = rows.flat_map(|row| row.as_array()).flatten().filter_map(serde_json::Value::as_f64);
        assert!(values.map(|value| value as f32).eq(weight.iter().copied()));
    }
}
