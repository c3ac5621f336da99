//! The part of the graph that turns scores into answers.

use crate::data::ValueTarget;
use crate::model::export::answer::Answer;
use crate::model::export::onnx::builder::{Attribute, Builder};
use crate::model::export::onnx::encode::{Types, cast};

/// The name of the graph's output of scores.
pub(crate) const SCORES: &str = "scores";

/// The name of the graph's output of probabilities.
pub(crate) const PROBABILITIES: &str = "probabilities";

/// The name of the graph's output of values.
const VALUES: &str = "values";

/// Adds what makes answers of `scores`, and declares the outputs: the answers, then the scores.
pub(crate) fn add(builder: &mut Builder, answer: &Answer, scores: &str, types: Types) {
    let network = types.network;
    // The last layer is called after itself; an output needs its own name.
    builder.node("Identity", &[scores], SCORES, &[]);
    match answer {
        Answer::Softmax { classes } => {
            builder.node("Softmax", &[SCORES], PROBABILITIES, &[("axis", Attribute::Int(1))]);
            builder.output(PROBABILITIES, network, classes.len(), per_class("the probability of", classes));
            builder.output(SCORES, network, classes.len(), per_class("the score of", classes));
        }
        Answer::Logistic { classes } => {
            let negative = builder.node("Neg", &[SCORES], "scores_negative", &[]);
            let no = builder.node("Sigmoid", &[&negative], "probability_0", &[]);
            let yes = builder.node("Sigmoid", &[SCORES], "probability_1", &[]);
            builder.node("Concat", &[&no, &yes], PROBABILITIES, &[("axis", Attribute::Int(1))]);
            builder.output(PROBABILITIES, network, classes.len(), per_class("the probability of", classes));
            builder.output(SCORES, network, 1, format!("the log odds of {}", classes[1]));
        }
        Answer::Values { targets } => add_values(builder, targets, types),
    }
}

fn add_values(builder: &mut Builder, targets: &[ValueTarget], types: Types) {
    let n = targets.len();
    let mut value = SCORES.to_owned();
    if types.raw != types.network {
        value = cast(builder, &value, "scores_cast", types.raw);
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
