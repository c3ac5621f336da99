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

/// The graph's output of predicted classes, by index.
const LABEL: &str = "label";

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

/// Adds the head on the scores of each network and declares the outputs: probabilities or values, then the scores.
/// Those of several networks are averaged.
pub(crate) fn add(
    builder: &mut Builder,
    head: OutputHead<'_>,
    threshold: Option<f64>,
    scores: &[String],
    types: GraphTypes,
) {
    let network = types.network;
    match (head, scores) {
        (OutputHead::Values { targets }, scores) => {
            mean(builder, scores, SCORES, network);
            add_values(builder, targets, types);
        }
        (_, [single]) => {
            // The value is named after the last layer; the output needs another name.
            builder.node("Identity", &[single], SCORES, &[]);
            add_probabilities(builder, head, SCORES, "", network);
            declare(builder, head, network, matches!(head, OutputHead::Logistic { .. }));
        }
        (_, members) => {
            let of_member = |(index, scores): (usize, &String)| {
                add_probabilities(builder, head, scores, &format!("member_{}.", index + 1), network)
            };
            let probabilities: Vec<String> = members.iter().enumerate().map(of_member).collect();
            mean(builder, &probabilities, PROBABILITIES, network);
            add_mean_scores(builder, head, network);
            declare(builder, head, network, false);
        }
    }
    threshold.into_iter().for_each(|threshold| add_label(builder, head, threshold, network));
}

/// The label that a threshold on the probability of the second class gives.
fn add_label(builder: &mut Builder, head: OutputHead<'_>, threshold: f64, network: DataType) {
    let (OutputHead::Softmax { classes, .. } | OutputHead::Logistic { classes, .. }) = head else { return };
    let probability = builder.gather(PROBABILITIES, "label_probability", &[1]);
    let threshold = builder.numbers("label_threshold", network, &[1], &[threshold]);
    let is_second = builder.node("Greater", &[&probability, &threshold], "label_is_second", &[]);
    builder.cast(&is_second, LABEL, DataType::Int64);
    let doc = format!("one row per record, the index of the predicted class: {}", classes.join(", "));
    builder.output(LABEL, DataType::Int64, 1, doc);
}

/// The mean of some values of one shape, called `output`.
fn mean(builder: &mut Builder, values: &[String], output: &str, network: DataType) {
    let [first, others @ ..] = values else { return };
    if others.is_empty() {
        builder.node("Identity", &[first], output, &[]);
        return;
    }
    let sum = others.iter().enumerate().fold(first.clone(), |sum, (index, other)| {
        builder.node("Add", &[&sum, other], &format!("{output}_sum_{}", index + 2), &[])
    });
    let count = builder.numbers(&format!("{output}_count"), network, &[1], &[values.len() as f64]);
    builder.node("Div", &[&sum, &count], output, &[]);
}

/// The scores of an ensemble: the logarithms of the products of mean probability and class weight, the largest of which
/// is that of the predicted class. Without class weights their softmax are the probabilities.
fn add_mean_scores(builder: &mut Builder, head: OutputHead<'_>, network: DataType) {
    let (OutputHead::Softmax { weights, .. } | OutputHead::Logistic { weights, .. }) = head else { return };
    let mut value = PROBABILITIES.to_owned();
    if let Some(weights) = weights {
        let weights = builder.numbers("class_weights", network, &[weights.len()], weights);
        value = builder.node("Mul", &[&value, &weights], "probabilities_weighted", &[]);
    }
    // 0 has no logarithm.
    let least = builder.numbers("probabilities_least", network, &[1], &[f64::from(f32::MIN_POSITIVE)]);
    let floored = builder.node("Max", &[&value, &least], "probabilities_floored", &[]);
    builder.node("Log", &[&floored], SCORES, &[]);
}

/// Adds the probabilities that the scores of a network give; names begin with `prefix`.
fn add_probabilities(
    builder: &mut Builder,
    head: OutputHead<'_>,
    scores: &str,
    prefix: &str,
    network: DataType,
) -> String {
    let named = |name: &str| format!("{prefix}{name}");
    let axis = [("axis", Attribute::Int(1))];
    match head {
        OutputHead::Softmax { weights, .. } => {
            let weights = weights.map(|weights| weights.iter().map(|weight| weight.ln()).collect::<Vec<_>>());
            let scores = corrected(builder, weights, scores, prefix, network);
            builder.node("Softmax", &[&scores], &named(PROBABILITIES), &axis)
        }
        OutputHead::Logistic { weights, .. } => {
            let weights = weights.map(|weights| vec![(weights[1] / weights[0]).ln()]);
            let scores = corrected(builder, weights, scores, prefix, network);
            let negative = builder.node("Neg", &[&scores], &named("scores_negative"), &[]);
            let no = builder.node("Sigmoid", &[&negative], &named("probability_0"), &[]);
            let yes = builder.node("Sigmoid", &[&scores], &named("probability_1"), &[]);
            builder.node("Concat", &[&no, &yes], &named(PROBABILITIES), &axis)
        }
        OutputHead::Values { .. } => scores.to_owned(),
    }
}

/// Declares the outputs of a classification; `is_single` says that there is one score, not one for each class.
fn declare(builder: &mut Builder, head: OutputHead<'_>, network: DataType, is_single: bool) {
    let (OutputHead::Softmax { classes, .. } | OutputHead::Logistic { classes, .. }) = head else { return };
    builder.output(PROBABILITIES, network, classes.len(), per_class("the probability of", classes));
    match is_single {
        true => builder.output(SCORES, network, 1, format!("the log odds of {}", classes[1])),
        false => builder.output(SCORES, network, classes.len(), per_class("the score of", classes)),
    }
}

/// The scores of probabilities that are corrected for class weights, whose logarithms are subtracted.
fn corrected(
    builder: &mut Builder,
    weights: Option<Vec<f64>>,
    scores: &str,
    prefix: &str,
    network: DataType,
) -> String {
    let Some(weights) = weights else { return scores.to_owned() };
    let name = format!("{prefix}class_weights_log");
    let weights = builder.numbers(&name, network, &[weights.len()], &weights);
    builder.node("Sub", &[scores, &weights], &format!("{prefix}scores_corrected"), &[])
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
