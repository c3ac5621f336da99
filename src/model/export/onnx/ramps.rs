//! The part of a graph that encodes numbers by their rank and as intervals. Both consist of ramps: 0 up to a number,
//! rising linearly to 1 over a width, and 1 from there on.

use crate::model::export::onnx::builder::{Attribute, Builder};
use crate::model::export::onnx::columns::NumberColumn;
use crate::model::export::onnx::inputs::{EncodedPart, GraphTypes};
use crate::model::export::onnx::proto::DataType;

/// Ramps of some columns.
#[derive(Default)]
struct Ramps {
    /// The column of each ramp.
    columns: Vec<usize>,
    begins: Vec<f64>,
    /// The inverse of each width.
    factors: Vec<f64>,
}

impl Ramps {
    fn push(&mut self, column: usize, (begin, factor): (f64, f64)) {
        self.columns.push(column);
        self.begins.push(begin);
        self.factors.push(factor);
    }

    /// Adds the ramps of `numbers`: a value with a column for each.
    fn add(&self, builder: &mut Builder, numbers: &str, name: &str, raw: DataType) -> String {
        let named = |what: &str| format!("{name}_{what}");
        let n = self.columns.len();
        let begins = builder.numbers(&named("begins"), raw, &[n], &self.begins);
        let factors = builder.numbers(&named("factors"), raw, &[n], &self.factors);
        let zero = builder.numbers(&named("zero"), raw, &[1], &[0.0]);
        let one = builder.numbers(&named("one"), raw, &[1], &[1.0]);
        let gathered = builder.gather(numbers, &named("numbers"), &self.columns);
        let distance = builder.node("Sub", &[&gathered, &begins], &named("distance"), &[]);
        let line = builder.node("Mul", &[&distance, &factors], &named("line"), &[]);
        let floored = builder.node("Max", &[&line, &zero], &named("floored"), &[]);
        builder.node("Min", &[&floored, &one], &named("ramps"), &[])
    }
}

/// Adds the inputs that are ramps or sums of ramps of `value`, which has the numbers without gaps, in their unit.
pub(crate) fn add_ramps(
    builder: &mut Builder,
    numbers: &[NumberColumn<'_>],
    types: GraphTypes,
    value: &str,
    parts: &mut Vec<EncodedPart>,
) {
    parts.extend(add_quantiles(builder, numbers, types, value));
    parts.extend(add_intervals(builder, numbers, types, value));
}

/// The normal quantile of each column that has one: the lowest one, and a sum of ramps of different heights.
fn add_quantiles(
    builder: &mut Builder,
    numbers: &[NumberColumn<'_>],
    types: GraphTypes,
    value: &str,
) -> Option<EncodedPart> {
    let of = |(index, number): (usize, &NumberColumn<'_>)| {
        let inputs = number.inputs?;
        let input = number.input + usize::from(inputs.scaled);
        Some((index, input, inputs.quantiles.clone()?))
    };
    let columns: Vec<_> = numbers.iter().enumerate().filter_map(of).collect();
    let most = columns.iter().map(|(_, _, quantiles)| quantiles.knots.len() - 1).max()?;
    let (mut ramps, mut heights) = (Ramps::default(), Vec::new());
    for (index, _, quantiles) in &columns {
        // All columns have as many ramps, some of height 0.
        let more = std::iter::repeat_n((0.0, 0.0, 0.0), most + 1 - quantiles.knots.len());
        for (begin, factor, height) in quantiles.ramps().chain(more) {
            ramps.push(*index, (begin, factor));
            heights.push(height);
        }
    }
    let raw = types.raw;
    let risen = ramps.add(builder, value, "quantiles", raw);
    let heights = builder.numbers("quantiles_heights", raw, &[heights.len()], &heights);
    let steps = builder.node("Mul", &[&risen, &heights], "quantiles_steps", &[]);
    // A row for each column of each record.
    let rows = builder.reshape(&steps, "quantiles_rows", most);
    let axis = builder.indices("quantiles_axis", &[1]);
    let keep = [("keepdims", Attribute::Int(1))];
    let sums = builder.node("ReduceSum", &[&rows, &axis], "quantiles_sums", &keep);
    let rises = builder.reshape(&sums, "quantiles_rises", columns.len());
    let lowest: Vec<f64> = columns.iter().map(|(_, _, quantiles)| quantiles.normal[0]).collect();
    let lowest = builder.numbers("quantiles_lowest", raw, &[lowest.len()], &lowest);
    let value = builder.node("Add", &[&rises, &lowest], "quantiles", &[]);
    let inputs = columns.into_iter().map(|(_, input, _)| input).collect();
    Some(EncodedPart { value: cast(builder, value, types), inputs })
}

/// The intervals of each column that has some, each a ramp.
fn add_intervals(
    builder: &mut Builder,
    numbers: &[NumberColumn<'_>],
    types: GraphTypes,
    value: &str,
) -> Option<EncodedPart> {
    let (mut ramps, mut inputs) = (Ramps::default(), Vec::new());
    for (index, number) in numbers.iter().enumerate() {
        let Some(parts) = number.inputs else { continue };
        let first = number.input + usize::from(parts.scaled) + usize::from(parts.quantiles.is_some());
        let intervals = parts.intervals.iter().flat_map(|intervals| intervals.ramps());
        for (interval, ramp) in intervals.enumerate() {
            ramps.push(index, ramp);
            inputs.push(first + interval);
        }
    }
    if inputs.is_empty() {
        return None;
    }
    let value = ramps.add(builder, value, "intervals", types.raw);
    Some(EncodedPart { value: cast(builder, value, types), inputs })
}

/// A value in the type of the network.
fn cast(builder: &mut Builder, value: String, types: GraphTypes) -> String {
    match types.raw == types.network {
        true => value,
        false => builder.cast(&value, &format!("{value}_cast"), types.network),
    }
}
