//! The raw columns that a graph takes: numeric and boolean features as numbers, the parts of dates as numbers,
//! categorical features as strings.

use crate::data::{DatePart, Encoding, FeatureEncoding, NumberInputs, Scaling, SmoothClip, ValueEncoding};

/// The columns of an encoding, and which inputs of the network each one becomes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RawColumns<'e> {
    pub(crate) numbers: Vec<NumberColumn<'e>>,
    pub(crate) texts: Vec<TextColumn<'e>>,
    /// The number of inputs of the network.
    pub(crate) inputs: usize,
    /// The inputs that are always 0.
    pub(crate) constant: Vec<usize>,
}

/// A column of numbers; NaN where one is missing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NumberColumn<'e> {
    pub(crate) name: &'e str,
    pub(crate) scaling: Scaling,
    /// Bounds the scaled number.
    pub(crate) clip: Option<SmoothClip>,
    /// Replaces a missing number, before scaling; without it NaN passes through the network.
    pub(crate) fill: Option<f64>,
    /// What its inputs are; none other than the scaled number for a boolean one.
    pub(crate) inputs: Option<&'e NumberInputs>,
    /// The first of its inputs.
    pub(crate) input: usize,
    /// The input that is 1 where the number is missing.
    pub(crate) missing_input: Option<usize>,
}

/// A column of strings; an empty one is missing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TextColumn<'e> {
    pub(crate) name: &'e str,
    pub(crate) categories: &'e [String],
    /// Replaces a missing string; without it, a missing string is like an unknown one.
    pub(crate) fill: Option<&'e str>,
    /// The input of the first category; the others follow.
    pub(crate) first_input: usize,
    /// The input that is 1 where the string is not one of the categories.
    pub(crate) other_input: Option<usize>,
    /// The input that is 1 where the string is missing.
    pub(crate) missing_input: Option<usize>,
}

impl<'e> RawColumns<'e> {
    /// The columns that `encoding` takes.
    pub(crate) fn of(encoding: &'e Encoding) -> Self {
        let constant = encoding.constant.iter().map(|constant| constant.input).collect();
        let mut columns = Self { numbers: Vec::new(), texts: Vec::new(), inputs: 0, constant };
        for (name, FeatureEncoding { values, indicator }) in encoding.features() {
            let mut add_number = |scaling, clip, fill, inputs: Option<&'e NumberInputs>| {
                let input = columns.take_inputs(inputs.map_or(1, NumberInputs::count));
                let missing_input = indicator.then(|| columns.take_inputs(1));
                columns.numbers.push(NumberColumn {
                    name,
                    scaling,
                    clip,
                    fill,
                    inputs,
                    input,
                    missing_input,
                });
            };
            match values {
                ValueEncoding::Numeric { scaling, fill, clip, inputs, .. } => {
                    add_number(*scaling, *clip, *fill, Some(inputs));
                }
                ValueEncoding::Boolean { fill } => {
                    add_number(Scaling { offset: 0.0, divisor: 1.0 }, None, *fill, None);
                }
                ValueEncoding::Date { parts, scaling, fill, clip, .. } => {
                    columns.add_date(encoding, (parts, *scaling, *clip, *fill), *indicator);
                }
                ValueEncoding::Categorical { categories, rare, fill } => {
                    let first_input = columns.take_inputs(categories.len());
                    let other_input = (!rare.is_empty()).then(|| columns.take_inputs(1));
                    let missing_input = indicator.then(|| columns.take_inputs(1));
                    let fill = fill.as_deref();
                    columns.texts.push(TextColumn {
                        name,
                        categories,
                        fill,
                        first_input,
                        other_input,
                        missing_input,
                    });
                }
            }
        }
        columns
    }

    /// Adds a column for each input of a date: the days since 1970-01-01, sines and cosines as they are. The
    /// first of them says whether the date is missing.
    fn add_date(
        &mut self,
        encoding: &'e Encoding,
        (parts, scaling, clip, fill): (&[DatePart], Scaling, Option<SmoothClip>, Option<f64>),
        indicator: bool,
    ) {
        let first_column = self.numbers.len();
        for &part in parts {
            let fills: Option<Vec<f64>> = fill.map(|seconds| part.unscaled(seconds).collect());
            let unscaled = Scaling { offset: 0.0, divisor: 1.0 };
            let is_day = part == DatePart::Day;
            for index in 0..part.inputs() {
                let input = self.take_inputs(1);
                self.numbers.push(NumberColumn {
                    name: &encoding.inputs[input],
                    scaling: if is_day { scaling } else { unscaled },
                    clip: clip.filter(|_| is_day),
                    fill: fills.as_ref().map(|fills| fills[index]),
                    inputs: None,
                    input,
                    missing_input: None,
                });
            }
        }
        if indicator {
            self.numbers[first_column].missing_input = Some(self.take_inputs(1));
        }
    }

    /// Reserves the next `count` inputs; the first of them.
    fn take_inputs(&mut self, count: usize) -> usize {
        let first = self.inputs;
        self.inputs += count;
        first
    }
}

impl NumberColumn<'_> {
    /// Whether its scaled value is an input, the first one.
    pub(crate) fn is_scaled(&self) -> bool {
        self.inputs.is_none_or(|inputs| inputs.scaled)
    }
}
