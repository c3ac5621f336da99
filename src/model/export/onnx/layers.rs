//! The part of a graph that is the network.

use ndarray::Array1;

use crate::model::export::ir::{ExportLayer, ExportOp};
use crate::model::export::onnx::builder::{Attribute, Builder};
use crate::model::export::onnx::proto::DataType;
use crate::nn::layers::selu::{ALPHA, LAMBDA};

/// Adds `layers` on the value `x`, in the type `dtype`; returns the output of the last one.
pub(crate) fn add(builder: &mut Builder, layers: &[ExportLayer], x: String, dtype: DataType) -> String {
    layers.iter().fold(x, |x, layer| add_layer(builder, layer, x, dtype))
}

fn add_layer(
    builder: &mut Builder,
    ExportLayer { name, op }: &ExportLayer,
    x: String,
    dtype: DataType,
) -> String {
    let tensor = |builder: &mut Builder, what: &str, values: &Array1<f64>| {
        builder.numbers(&format!("{name}.{what}"), dtype, &[values.len()], values)
    };
    match op {
        ExportOp::Affine { weight, bias } => {
            let mut inputs = vec![builder.numbers(&format!("{name}.weight"), dtype, weight.shape(), weight)];
            if let Some(bias) = bias {
                inputs.push(tensor(builder, "bias", bias));
            }
            inputs.insert(0, x);
            let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
            builder.node("Gemm", &inputs, name, &[])
        }
        ExportOp::BatchNorm { gamma, beta, mean, var, eps } => {
            let gamma = tensor(builder, "gamma", gamma);
            let beta = tensor(builder, "beta", beta);
            let mean = tensor(builder, "running_mean", mean);
            // The attribute is in single precision; its rounding error is added to the variance.
            let epsilon = floor_to_single(*eps);
            let var = tensor(builder, "running_var", &var.mapv(|var| var + (eps - epsilon)));
            let attributes = [("epsilon", Attribute::Float(epsilon)), ("training_mode", Attribute::Int(0))];
            builder.node("BatchNormalization", &[&x, &gamma, &beta, &mean, &var], name, &attributes)
        }
        ExportOp::MeanOnly { mean, beta } => {
            let mean = tensor(builder, "running_mean", mean);
            let beta = tensor(builder, "beta", beta);
            let centred = builder.node("Sub", &[&x, &mean], &format!("{name}.centred"), &[]);
            builder.node("Add", &[&centred, &beta], name, &[])
        }
        ExportOp::RowNorm { gamma, beta, eps, groups, centered, .. } => {
            let width = gamma.len();
            let mut rows = x;
            if *groups > 1 {
                // A row for each group.
                rows = builder.reshape(&rows, &format!("{name}.groups"), width / groups);
            }
            if *centered {
                let mean = builder.mean(&rows, &format!("{name}.mean"));
                rows = builder.node("Sub", &[&rows, &mean], &format!("{name}.centered"), &[]);
            }
            let squares = builder.node("Mul", &[&rows, &rows], &format!("{name}.squares"), &[]);
            let var = builder.mean(&squares, &format!("{name}.var"));
            let eps = builder.numbers(&format!("{name}.eps"), dtype, &[1], &[*eps]);
            let sum = builder.node("Add", &[&var, &eps], &format!("{name}.sum"), &[]);
            let std = builder.node("Sqrt", &[&sum], &format!("{name}.std"), &[]);
            let mut x_hat = builder.node("Div", &[&rows, &std], &format!("{name}.x_hat"), &[]);
            if *groups > 1 {
                x_hat = builder.reshape(&x_hat, &format!("{name}.rows"), width);
            }
            let gamma = tensor(builder, "gamma", gamma);
            match beta {
                None => builder.node("Mul", &[&x_hat, &gamma], name, &[]),
                Some(beta) => {
                    let beta = tensor(builder, "beta", beta);
                    let scaled = builder.node("Mul", &[&x_hat, &gamma], &format!("{name}.scaled"), &[]);
                    builder.node("Add", &[&scaled, &beta], name, &[])
                }
            }
        }
        ExportOp::ScaleShift { centre, scale, shift } => {
            let centre = tensor(builder, "centre", centre);
            let scale = tensor(builder, "scale", scale);
            let shift = tensor(builder, "shift", shift);
            let centred = builder.node("Sub", &[&x, &centre], &format!("{name}.centred"), &[]);
            let scaled = builder.node("Mul", &[&centred, &scale], &format!("{name}.scaled"), &[]);
            builder.node("Add", &[&scaled, &shift], name, &[])
        }
        ExportOp::Activation { activation, .. } => match (activation.onnx, activation.setting) {
            // Runtimes implement LeakyRelu in single precision only.
            ("LeakyRelu", Some(slope)) if dtype == DataType::Double => {
                let slope = builder.numbers(&format!("{name}.slope"), dtype, &[1], &[slope.value]);
                let left = builder.node("Mul", &[&x, &slope], &format!("{name}.left"), &[]);
                builder.node("Max", &[&x, &left], name, &[])
            }
            // As is Selu, whose constants are attributes in single precision:
            // `lambda * max(x, 0) + (lambda * alpha) * (exp(min(x, 0)) - 1)`.
            ("Selu", None) if dtype == DataType::Double => {
                let number = |builder: &mut Builder, what: &str, value: f64| {
                    builder.numbers(&format!("{name}.{what}"), dtype, &[1], &[value])
                };
                let [zero, one] =
                    [("zero", 0.0), ("one", 1.0)].map(|(what, value)| number(builder, what, value));
                let lambda = number(builder, "lambda", LAMBDA);
                let depth = number(builder, "depth", LAMBDA * ALPHA);
                let positive = builder.node("Max", &[&x, &zero], &format!("{name}.positive"), &[]);
                let line = builder.node("Mul", &[&positive, &lambda], &format!("{name}.line"), &[]);
                let negative = builder.node("Min", &[&x, &zero], &format!("{name}.negative"), &[]);
                let power = builder.node("Exp", &[&negative], &format!("{name}.power"), &[]);
                let rest = builder.node("Sub", &[&power, &one], &format!("{name}.rest"), &[]);
                let curve = builder.node("Mul", &[&rest, &depth], &format!("{name}.curve"), &[]);
                builder.node("Add", &[&line, &curve], name, &[])
            }
            // As is Softplus: `max(x, 0) + log(1 + exp(-|x|))`.
            ("Softplus", None) if dtype == DataType::Double => {
                let one = builder.numbers(&format!("{name}.one"), dtype, &[1], &[1.0]);
                let size = builder.node("Abs", &[&x], &format!("{name}.size"), &[]);
                let negative = builder.node("Neg", &[&size], &format!("{name}.negative"), &[]);
                let power = builder.node("Exp", &[&negative], &format!("{name}.power"), &[]);
                let sum = builder.node("Add", &[&power, &one], &format!("{name}.sum"), &[]);
                let rest = builder.node("Log", &[&sum], &format!("{name}.rest"), &[]);
                let positive = builder.node("Relu", &[&x], &format!("{name}.positive"), &[]);
                builder.node("Add", &[&positive, &rest], name, &[])
            }
            (operator, setting) => {
                let attribute = setting.map(|setting| (setting.onnx, Attribute::Float(setting.value)));
                builder.node(operator, &[&x], name, attribute.as_slice())
            }
        },
        ExportOp::Identity => x,
    }
}

/// The largest single-precision number that is at most `value`, which is positive.
fn floor_to_single(value: f64) -> f64 {
    let nearest = value as f32;
    f64::from(if f64::from(nearest) > value { nearest.next_down() } else { nearest })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// The attribute is in single precision, in which 0.3 is another number.
    #[test]
    fn epsilon_and_variance_add_up_exactly_in_double_precision() {
        let [gamma, beta, mean] = [1.0, 0.0, 0.0].map(|value| array![value]);
        let op = ExportOp::BatchNorm { gamma, beta, mean, var: array![0.0], eps: 0.3 };
        let layer = ExportLayer { name: "norm".to_owned(), op };
        let mut builder = Builder::default();
        add(&mut builder, &[layer], "x".to_owned(), DataType::Double);
        let graph = builder.finish("graph");
        let var = graph.initializer.iter().find(|tensor| tensor.name == "norm.running_var");
        let var = var.and_then(|var| var.raw_data.as_deref()?.try_into().ok()).map(f64::from_le_bytes);
        let epsilon = graph.node[0].attribute.iter().find_map(|attribute| attribute.f);
        assert_eq!(f64::from(epsilon.expect("an epsilon")) + var.expect("a variance"), 0.3);
    }

    #[test]
    fn numbers_are_rounded_down_to_single_precision() {
        for value in [0.3, 1e-5, 1e-3, 0.5] {
            let rounded = floor_to_single(value);
            assert!(rounded <= value && rounded > value * (1.0 - 1.2e-7), "{value} {rounded}");
            assert_eq!(f64::from(rounded as f32), rounded);
        }
    }
}
