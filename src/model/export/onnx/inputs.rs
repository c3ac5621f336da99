//! The part of a graph that turns raw columns into the inputs of the network.

use crate::data::SmoothClip;
use crate::model::export::onnx::builder::{Attribute, Builder};
use crate::model::export::onnx::columns::{NumberColumn, RawColumns, TextColumn};
use crate::model::export::onnx::proto::DataType;
use crate::model::export::onnx::ramps::add_ramps;

/// The graph's input of numbers.
const NUMBERS: &str = "numbers";

/// The graph's input of strings.
const TEXTS: &str = "texts";

/// The types that a graph computes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GraphTypes {
    /// Of raw numbers, until they are scaled.
    pub(crate) raw: DataType,
    /// Of the network.
    pub(crate) network: DataType,
}

/// A value of the graph that has some of the network's inputs as its columns.
pub(crate) struct EncodedPart {
    pub(crate) value: String,
    /// The network's input of each column.
    pub(crate) inputs: Vec<usize>,
}

/// Adds the graph's inputs and their encoding; returns the value that has the network's inputs.
pub(crate) fn add(builder: &mut Builder, columns: &RawColumns<'_>, types: GraphTypes) -> String {
    let mut parts = Vec::new();
    if !columns.numbers.is_empty() {
        encode_numbers(builder, columns, types, &mut parts);
    }
    if !columns.texts.is_empty() {
        let doc = describe(columns.texts.iter().map(|text| text.name), "empty");
        builder.input(TEXTS, DataType::String, columns.texts.len(), doc);
        for (index, text) in columns.texts.iter().enumerate() {
            encode_text(builder, index, text, types.network, &mut parts);
        }
    }
    let inputs = join(builder, &parts, columns.inputs);
    if columns.constant.is_empty() {
        return inputs;
    }
    let varied: Vec<f64> =
        (0..columns.inputs).map(|input| f64::from(u8::from(!columns.constant.contains(&input)))).collect();
    let varied = builder.numbers("inputs_varied", types.network, &[columns.inputs], &varied);
    builder.node("Mul", &[&inputs, &varied], "inputs_kept", &[])
}

fn encode_numbers(
    builder: &mut Builder,
    columns: &RawColumns<'_>,
    types: GraphTypes,
    parts: &mut Vec<EncodedPart>,
) {
    let numbers = &columns.numbers;
    let n = numbers.len();
    let doc = describe(numbers.iter().map(|number| number.name), "NaN");
    let mut value = builder.input(NUMBERS, types.raw, n, doc);

    let with_indicator = numbers.iter().enumerate().filter_map(|(index, number)| {
        let input = number.missing_input?;
        Some((index, input))
    });
    let (missing, missing_inputs): (Vec<usize>, Vec<usize>) = with_indicator.unzip();
    let is_filled = numbers.iter().any(|number| number.fill.is_some());
    if is_filled || !missing.is_empty() {
        builder.node("IsNaN", &[NUMBERS], "numbers_missing", &[]);
    }
    if is_filled {
        let fills: Vec<f64> = numbers.iter().map(|number| number.fill.unwrap_or(f64::NAN)).collect();
        builder.numbers("numbers_fill", types.raw, &[1, n], &fills);
        value = builder.node("Where", &["numbers_missing", "numbers_fill", &value], "numbers_filled", &[]);
    }
    add_ramps(builder, numbers, types, &value, parts);
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
    if numbers.iter().any(|number| number.clip.is_some()) {
        value = clip_numbers(builder, columns, types.raw, &value);
    }
    if types.raw != types.network {
        value = builder.cast(&value, "numbers_cast", types.network);
    }
    let is_scaled = |(_, number): &(usize, &NumberColumn<'_>)| number.is_scaled();
    let scaled = numbers.iter().enumerate().filter(is_scaled).map(|(index, number)| (index, number.input));
    let (scaled, inputs): (Vec<usize>, Vec<usize>) = scaled.unzip();
    if scaled.len() < n && !scaled.is_empty() {
        value = builder.gather(&value, "numbers_as_inputs", &scaled);
    }
    if !scaled.is_empty() {
        parts.push(EncodedPart { value, inputs });
    }

    if !missing.is_empty() {
        let cast = builder.cast("numbers_missing", "numbers_missing_cast", types.network);
        let value = builder.gather(&cast, "numbers_indicators", &missing);
        parts.push(EncodedPart { value, inputs: missing_inputs });
    }
}

/// The bound of [`SmoothClip`]. A column without a bound, such as one of booleans, is linear everywhere.
fn clip_numbers(builder: &mut Builder, columns: &RawColumns<'_>, raw: DataType, value: &str) -> String {
    const FAR: f64 = 1e9;
    let each = |of: fn(SmoothClip) -> f64, without: f64| -> Vec<f64> {
        columns.numbers.iter().map(|number| number.clip.map_or(without, of)).collect()
    };
    let n = columns.numbers.len();
    let linear = each(|clip| clip.linear, FAR);
    let low: Vec<f64> = linear.iter().map(|linear| -linear).collect();
    let low = builder.numbers("numbers_linear_low", raw, &[n], &low);
    let high = builder.numbers("numbers_linear_high", raw, &[n], &linear);
    let far = [-FAR, FAR].map(|far| [far]);
    let least = builder.numbers("numbers_least", raw, &[1], &far[0]);
    let most = builder.numbers("numbers_most", raw, &[1], &far[1]);
    let width = builder.numbers("numbers_bend", raw, &[n], &each(|clip| clip.limit - clip.linear, 1.0));
    let one = builder.numbers("numbers_one", raw, &[1], &[1.0]);
    let floored = builder.node("Max", &[value, &least], "numbers_not_low", &[]);
    let near = builder.node("Min", &[&floored, &most], "numbers_near", &[]);
    let core = builder.node("Max", &[&near, &low], "numbers_core_low", &[]);
    let core = builder.node("Min", &[&core, &high], "numbers_core", &[]);
    let rest = builder.node("Sub", &[&near, &core], "numbers_rest", &[]);
    let bent = builder.node("Div", &[&rest, &width], "numbers_bent", &[]);
    let square = builder.node("Mul", &[&bent, &bent], "numbers_square", &[]);
    let sum = builder.node("Add", &[&one, &square], "numbers_sum", &[]);
    let root = builder.node("Sqrt", &[&sum], "numbers_root", &[]);
    let tail = builder.node("Div", &[&rest, &root], "numbers_tail", &[]);
    builder.node("Add", &[&core, &tail], "numbers_bounded", &[])
}

/// One column of strings: 0 or 1 for each category, for any other string and for a missing one, as
/// far as the network has inputs for them.
fn encode_text(
    builder: &mut Builder,
    index: usize,
    text: &TextColumn<'_>,
    network: DataType,
    parts: &mut Vec<EncodedPart>,
) {
    let name = |what: &str| format!("texts_{index}{what}");
    let mut value = builder.gather(TEXTS, &name(""), &[index]);
    let missing = name("_missing");
    if text.fill.is_some() || text.missing_input.is_some() {
        let empty = builder.texts(&name("_empty"), &[""]);
        builder.node("Equal", &[&value, &empty], &missing, &[]);
    }
    if let Some(fill) = text.fill {
        let fill = builder.texts(&name("_fill"), &[fill]);
        value = builder.node("Where", &[&missing, &fill, &value], &name("_filled"), &[]);
    }
    let categories: Vec<&str> = text.categories.iter().map(String::as_str).collect();
    let known = builder.texts(&name("_categories"), &categories);
    let equal = builder.node("Equal", &[&value, &known], &name("_equal"), &[]);
    let one_hot = builder.cast(&equal, &name("_one_hot"), network);
    let inputs = (text.first_input..).take(categories.len()).collect();
    parts.push(EncodedPart { value: one_hot.clone(), inputs });
    if let Some(input) = text.other_input {
        let axis = builder.indices(&name("_axis"), &[1]);
        let keep = [("keepdims", Attribute::Int(1))];
        let sum = builder.node("ReduceSum", &[&one_hot, &axis], &name("_sum"), &keep);
        let one = builder.numbers(&name("_one"), network, &[1], &[1.0]);
        let value = builder.node("Sub", &[&one, &sum], &name("_other"), &[]);
        parts.push(EncodedPart { value, inputs: vec![input] });
    }
    if let Some(input) = text.missing_input {
        let value = builder.cast(&missing, &name("_indicator"), network);
        parts.push(EncodedPart { value, inputs: vec![input] });
    }
}

/// The parts side by side, in the order of the network's inputs.
fn join(builder: &mut Builder, parts: &[EncodedPart], inputs: usize) -> String {
    let values: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
    let value = match values[..] {
        [value] => value.to_owned(),
        _ => builder.node("Concat", &values, "inputs_joined", &[("axis", Attribute::Int(1))]),
    };
    let joined = parts.iter().flat_map(|part| part.inputs.iter().copied());
    let mut columns = vec![0; inputs];
    for (column, input) in joined.enumerate() {
        columns[input] = column;
    }
    if columns.iter().copied().eq(0..inputs) {
        return value;
    }
    builder.gather(&value, "inputs", &columns)
}

fn describe<'a>(names: impl Iterator<Item = &'a str>, missing: &str) -> String {
    let names = names.collect::<Vec<_>>().join(", ");
    format!("one row per record; columns, as in the file: {names}; {missing} where missing")
}
