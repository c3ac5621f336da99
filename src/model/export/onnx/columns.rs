//! The raw columns that a graph takes: numeric and boolean features as numbers, categorical ones as
//! strings.

use crate::data::{Encoding, FeatureEncoding, Scaling, SmoothClip, ValueEncoding};

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
    /// The input of the scaled number.
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
            match values {
                ValueEncoding::Numeric { scaling, fill, clip, .. } => {
                    columns.add_number(name, (*scaling, *clip), *fill, *indicator);
                }
                ValueEncoding::Boolean { fill } => {
                    let scaling = Scaling { offset: 0.0, divisor: 1.0 };
                    columns.add_number(name, (scaling, None), *fill, *indicator);
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

    fn add_number(
        &mut self,
        name: &'e str,
        (scaling, clip): (Scaling, Option<SmoothClip>),
        fill: Option<f64>,
        indicator: bool,
    ) {
        let input = self.take_inputs(1);
        let missing_input = indicator.then(|| self.take_inputs(1));
        self.numbers.push(NumberColumn { name, scaling, clip, fill, input, missing_input });
    }

    /// Reserves the next `count` inputs; the first of them.
    fn take_inputs(&mut self, count: usize) -> usize {
        let first = self.inputs;
        self.inputs += count;
        first
    }
}
