//! The part of a graph that turns the output of the network into probabilities or values.

use crate::data::{TargetEncoding, ValueTarget};
use crate::model::Model;
use crate::model::export::onnx::builder::{Attribute, Builder};
use crate::model::export::onnx::inputs::GraphTypes;
use crate::model::export::onnx::proto::DataType;
use crate::nn::{LayerSpec, Loss};

/// The graph's output of logits or scaled values. The name is part of the file format.
const SCORES: &str = "scores";

/// The graph's output of probabilities.
const PROBABILITIES: &str = "probabilities";

/// The graph's output of values.
const VALUES: &str = "values";

/// How the output of the network is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum OutputHead<'m> {
    /// A logit for each class.
    Softmax { classes: &'m [String], weights: Option<&'m [f64]> },
    /// One logit, the log odds of the second of two classes.
    Logistic { classes: &'m [String], weights: Option<&'m [f64]> },
    /// A scaled value for each target.
    Values { targets: &'m [ValueTarget] },
}

impl<'m> OutputHead<'m> {
    /// How the output of `model` is read.
    pub(crate) fn of(model: &'m Model) -> Self {
        match &model.description.encoding.targets {
            TargetEncoding::Values(targets) => Self::Values { targets },
            TargetEncoding::Classes { names, weights, .. } => {
                let weights = weights.as_deref();
                match model.plan.layers.last().and_then(LayerSpec::loss) {
                    Some(Loss::Logistic) => Self::Logistic { classes: names, weights },
                    _ => Self::Softmax { classes: names, weights },
                }
            }
        }
    }
}

/// Adds the head on the value `scores` and declares the outputs: probabilities or values, then the
/// scores.
pub(crate) fn add(builder: &mut Builder, head: OutputHead<'_>, scores: &str, types: GraphTypes) {
    let network = types.network;
    // The value is named after the last layer; the output needs another name.
    builder.node("Identity", &[scores], SCORES, &[]);
    match head {
        OutputHead::Softmax { classes, weights } => {
            let weights = weights.map(|weights| weights.iter().map(|weight| weight.ln()).collect::<Vec<_>>());
            let scores = corrected(builder, weights, network);
            builder.node("Softmax", &[&scores], PROBABILITIES, &[("axis", Attribute::Int(1))]);
            builder.output(PROBABILITIES, network, classes.len(), per_class("the probability of", classes));
            builder.output(SCORES, network, classes.len(), per_class("the score of", classes));
        }
        OutputHead::Logistic { classes, weights } => {
            let weights = weights.map(|weights| vec![(weights[1] / weights[0]).ln()]);
            let scores = corrected(builder, weights, network);
            let negative = builder.node("Neg", &[&scores], "scores_negative", &[]);
            let no = builder.node("Sigmoid", &[&negative], "probability_0", &[]);
            let yes = builder.node("Sigmoid", &[&scores], "probability_1", &[]);
            builder.node("Concat", &[&no, &yes], PROBABILITIES, &[("axis", Attribute::Int(1))]);
            builder.output(PROBABILITIES, network, classes.len(), per_class("the probability of", classes));
            builder.output(SCORES, network, 1, format!("the log odds of {}", classes[1]));
        }
        OutputHead::Values { targets } => add_values(builder, targets, types),
    }
}

/// The scores of probabilities that are corrected for class weights, whose logarithms are subtracted.
fn corrected(builder: &mut Builder, weights: Option<Vec<f64>>, network: DataType) -> String {
    let Some(weights) = weights else { return SCORES.to_owned() };
    let weights = builder.numbers("class_weights_log", network, &[weights.len()], &weights);
    builder.node("Sub", &[SCORES, &weights], "scores_corrected", &[])
}

fn add_values(builder: &mut Builder, targets: &[ValueTarget], types: GraphTypes) {
    let n = targets.len();
    let mut value = SCORES.to_owned();
    if types.raw != types.network {
        value = builder.cast(&value, "scores_cast", types.raw);
    }
    let divisors: Vec<f64> = targets.iter().map(|target| target.scaling.divisor).collect();
    let divisors = builder.numbers("values_divisor", types.raw, &[n], &divisors);
    let scaled = builder.node("Mul", &[&value, &divisors], "values_scaled", &[]);
    let offsets: Vec<f64> = targets.iter().map(|target| target.scaling.offset).collect();
    let offsets = builder.numbers("values_offset", types.raw, &[n], &offsets);
    builder.node("Add", &[&scaled, &offsets], VALUES, &[]);
    let names = targets.iter().map(|target| target.column.as_str()).collect::<Vec<_>>().join(", ");
    builder.output(VALUES, types.raw, n, format!("one row per record, in the unit of the file: {names}"));
    builder.output(SCORES, types.network, n, "the values as scaled for training".to_owned());
}

fn per_class(what: &str, classes: &[String]) -> String {
    format!("one row per record, {what} each class: {}", classes.join(", "))
}
