//! The part of the graph that is the network.

use ndarray::Array1;

use crate::model::export::ir::{Stage, Step};
use crate::model::export::onnx::builder::{Attribute, Builder};
use crate::model::export::onnx::proto::DataType;

/// Adds `stages` on the value `x`, in the type `dtype`; the result is the name of the last value.
pub(crate) fn add(builder: &mut Builder, stages: &[Stage], x: String, dtype: DataType) -> String {
    stages.iter().fold(x, |x, stage| add_stage(builder, stage, x, dtype))
}

fn add_stage(builder: &mut Builder, Stage { name, step }: &Stage, x: String, dtype: DataType) -> String {
    let tensor = |builder: &mut Builder, what: &str, values: &Array1<f64>| {
        builder.numbers(&format!("{name}.{what}"), dtype, &[values.len()], values)
    };
    match step {
        Step::Affine { weight, bias } => {
            let mut inputs = vec![builder.numbers(&format!("{name}.weight"), dtype, weight.shape(), weight)];
            if let Some(bias) = bias {
                inputs.push(tensor(builder, "bias", bias));
            }
            inputs.insert(0, x);
            let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
            builder.node("Gemm", &inputs, name, &[])
        }
        Step::BatchNorm { gamma, beta, mean, var, eps } => {
            let gamma = tensor(builder, "gamma", gamma);
            let beta = tensor(builder, "beta", beta);
            let mean = tensor(builder, "running_mean", mean);
            // The attribute is in single precision; what that cuts off joins the variance.
            let epsilon = below(*eps);
            let var = tensor(builder, "running_var", &var.mapv(|var| var + (eps - epsilon)));
            let attributes = [("epsilon", Attribute::Float(epsilon)), ("training_mode", Attribute::Int(0))];
            builder.node("BatchNormalization", &[&x, &gamma, &beta, &mean, &var], name, &attributes)
        }
        Step::MeanOnly { mean, beta } => {
            let mean = tensor(builder, "running_mean", mean);
            let beta = tensor(builder, "beta", beta);
            let centred = builder.node("Sub", &[&x, &mean], &format!("{name}.centred"), &[]);
            builder.node("Add", &[&centred, &beta], name, &[])
        }
        Step::ScaleShift { centre, scale, shift } => {
            let centre = tensor(builder, "centre", centre);
            let scale = tensor(builder, "scale", scale);
            let shift = tensor(builder, "shift", shift);
            let centred = builder.node("Sub", &[&x, &centre], &format!("{name}.centred"), &[]);
            let scaled = builder.node("Mul", &[&centred, &scale], &format!("{name}.scaled"), &[]);
            builder.node("Add", &[&scaled, &shift], name, &[])
        }
        Step::Relu => builder.node("Relu", &[&x], name, &[]),
        Step::LeakyRelu { slope } if dtype == DataType::Float => {
            builder.node("LeakyRelu", &[&x], name, &[("alpha", Attribute::Float(*slope))])
        }
        // Runtimes have the operator in single precision only.
        Step::LeakyRelu { slope } => {
            let slope = builder.numbers(&format!("{name}.slope"), dtype, &[1], &[*slope]);
            let left = builder.node("Mul", &[&x, &slope], &format!("{name}.left"), &[]);
            builder.node("Max", &[&x, &left], name, &[])
        }
        Step::Sigmoid => builder.node("Sigmoid", &[&x], name, &[]),
        Step::Tanh => builder.node("Tanh", &[&x], name, &[]),
        Step::Identity => x,
    }
}

/// The largest number in single precision that is not above `value`, which is positive.
fn below(value: f64) -> f64 {
    let nearest = value as f32;
    f64::from(if f64::from(nearest) > value { nearest.next_down() } else { nearest })
}
