//! The part of the graph that turns scores into answers.

use super::super::answer::Answer;
use super::builder::{Attribute, Builder};
use super::proto::DataType;

/// The name of the graph's output of scores.
pub(super) const SCORES: &str = "scores";

/// The name of the graph's output of probabilities.
pub(super) const PROBABILITIES: &str = "probabilities";

/// Adds what makes answers of `scores`, and declares the outputs: the answers, then the scores.
pub(super) fn add(builder: &mut Builder, answer: &Answer, scores: &str, network: DataType) {
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
    }
}

fn per_class(what: &str, classes: &[String]) -> String {
    format!("one row per record, {what} each class: {}", classes.join(", "))
}
