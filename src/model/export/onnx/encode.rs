//! The part of the graph that turns raw columns into the network's inputs.

use crate::model::export::inputs::{Inputs, Source, Text};
use crate::model::export::onnx::builder::{Attribute, Builder};
use crate::model::export::onnx::proto::DataType;

/// The name of the graph's input of numbers.
pub(crate) const NUMBERS: &str = "numbers";

/// The name of the graph's input of texts.
pub(crate) const TEXTS: &str = "texts";

/// The types that the graph computes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Types {
    /// Of raw numbers, until they are scaled.
    pub(crate) raw: DataType,
    /// Of the network.
    pub(crate) network: DataType,
}

/// Some of the network's inputs side by side, and where they come from.
struct Part {
    value: String,
    sources: Vec<Source>,
}

/// Adds inputs and encoding to a graph; the result is the name of the network's inputs.
pub(crate) fn encode(builder: &mut Builder, inputs: &Inputs, types: Types) -> String {
    let mut parts = Vec::new();
    if !inputs.numbers.is_empty() {
        encode_numbers(builder, inputs, types, &mut parts);
    }
    if !inputs.texts.is_empty() {
        let names = inputs.texts.iter().map(|text| text.name.as_str());
        builder.input(TEXTS, DataType::String, inputs.texts.len(), describe_texts(names));
        for (index, text) in inputs.texts.iter().enumerate() {
            encode_text(builder, (index, text), &inputs.order, types.network, &mut parts);
        }
    }
    in_order(builder, &parts, &inputs.order)
}

fn encode_numbers(builder: &mut Builder, inputs: &Inputs, types: Types, parts: &mut Vec<Part>) {
    let numbers = &inputs.numbers;
    let n = numbers.len();
    let names = numbers.iter().map(|number| number.name.as_str());
    let mut value = builder.input(NUMBERS, types.raw, n, describe_numbers(names));

    let missing: Vec<usize> = inputs
        .order
        .iter()
        .filter_map(|source| match source {
            Source::MissingNumber(index) => Some(*index),
            _ => None,
        })
        .collect();
    let is_filled = numbers.iter().any(|number| number.fill.is_some());
    if is_filled || !missing.is_empty() {
        builder.node("IsNaN", &[NUMBERS], "numbers_missing", &[]);
    }
    if is_filled {
        let fills: Vec<f64> = numbers.iter().map(|number| number.fill.unwrap_or(f64::NAN)).collect();
        builder.numbers("numbers_fill", types.raw, &[1, n], &fills);
        value = builder.node("Where", &["numbers_missing", "numbers_fill", &value], "numbers_filled", &[]);
    }
    let offsets: Vec<f64> = numbers.iter().map(|number| number.scaling.offset).collect();
    if offsets.iter().any(|&offset| offset != 0.0) {
        builder.numbers("numbers_offset", types.raw, &[n], &offsets);
        value = builder.node("Sub", &[&value, "numbers_offset"], "numbers_centred", &[]);
    }
    let factors: Vec<f64> = numbers.iter().map(|number| number.scaling.factor()).collect();
    if factors.iter().any(|&factor| factor != 1.0) {
        builder.numbers("numbers_factor", types.raw, &[n], &factors);
        value = builder.node("Mul", &[&value, "numbers_factor"], "numbers_scaled", &[]);
    }
    if types.raw != types.network {
        value = cast(builder, &value, "numbers_cast", types.network);
    }
    parts.push(Part { value, sources: (0..n).map(Source::Number).collect() });

    if !missing.is_empty() {
        let cast = cast(builder, "numbers_missing", "numbers_missing_cast", types.network);
        let value = gather(builder, &cast, "numbers_indicators", &missing);
        parts.push(Part { value, sources: missing.into_iter().map(Source::MissingNumber).collect() });
    }
}

/// One column of texts: 0 or 1 for each category, for any other text, and for a missing one, as
/// far as the network has inputs for them.
fn encode_text(
    builder: &mut Builder,
    (index, text): (usize, &Text),
    order: &[Source],
    network: DataType,
    parts: &mut Vec<Part>,
) {
    let name = |what: &str| format!("texts_{index}{what}");
    let mut value = gather(builder, TEXTS, &name(""), &[index]);
    let has_indicator = order.contains(&Source::MissingText(index));
    let missing = name("_missing");
    if text.fill.is_some() || has_indicator {
        let empty = builder.texts(&name("_empty"), &[""]);
        builder.node("Equal", &[&value, &empty], &missing, &[]);
    }
    if let Some(fill) = &text.fill {
        let fill = builder.texts(&name("_fill"), &[fill]);
        value = builder.node("Where", &[&missing, &fill, &value], &name("_filled"), &[]);
    }
    let categories: Vec<&str> = text.categories.iter().map(String::as_str).collect();
    let known = builder.texts(&name("_categories"), &categories);
    let equal = builder.node("Equal", &[&value, &known], &name("_equal"), &[]);
    let one_hot = cast(builder, &equal, &name("_one_hot"), network);
    let sources = (0..categories.len()).map(|category| Source::Category { text: index, category });
    parts.push(Part { value: one_hot.clone(), sources: sources.collect() });
    if order.contains(&Source::OtherCategory(index)) {
        let axis = builder.indices(&name("_axis"), &[1]);
        let keep = [("keepdims", Attribute::Int(1))];
        let sum = builder.node("ReduceSum", &[&one_hot, &axis], &name("_sum"), &keep);
        let one = builder.numbers(&name("_one"), network, &[1], &[1.0]);
        let value = builder.node("Sub", &[&one, &sum], &name("_other"), &[]);
        parts.push(Part { value, sources: vec![Source::OtherCategory(index)] });
    }
    if has_indicator {
        let value = cast(builder, &missing, &name("_indicator"), network);
        parts.push(Part { value, sources: vec![Source::MissingText(index)] });
    }
}

/// The parts as the columns that the network wants.
fn in_order(builder: &mut Builder, parts: &[Part], order: &[Source]) -> String {
    let values: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
    let value = match values[..] {
        [value] => value.to_owned(),
        _ => builder.node("Concat", &values, "inputs_joined", &[("axis", Attribute::Int(1))]),
    };
    let found: Vec<Source> = parts.iter().flat_map(|part| part.sources.iter().copied()).collect();
    if found == order {
        return value;
    }
    let place = |wanted: &Source| {
        found.iter().position(|source| source == wanted).expect("there is a part for every source")
    };
    let places: Vec<usize> = order.iter().map(place).collect();
    gather(builder, &value, "inputs", &places)
}

fn gather(builder: &mut Builder, value: &str, output: &str, columns: &[usize]) -> String {
    let columns = builder.indices(&format!("{output}_columns"), columns);
    builder.node("Gather", &[value, &columns], output, &[("axis", Attribute::Int(1))])
}

pub(crate) fn cast(builder: &mut Builder, value: &str, output: &str, to: DataType) -> String {
    builder.node("Cast", &[value], output, &[("to", Attribute::Int(to as i64))])
}

fn describe_numbers<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("one row per record; columns, as in the file: {}; NaN where missing", joined(names))
}

fn describe_texts<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("one row per record; columns, as in the file: {}; empty where missing", joined(names))
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
