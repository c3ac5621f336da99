//! Applying an encoding to rows.

use std::ops::Range;

use crate::data::Scaling;
use crate::data::dates::date_part::DatePart;
use crate::data::table::matrix::Cells;
use crate::data::transform::clip::SmoothClip;
use crate::data::transform::encoding::{Encoding, FeatureEncoding, ValueEncoding};
use crate::data::transform::numbers::NumberInputs;
use crate::kernel::real::Real;

/// Turns feature values, as they were read, into inputs of a network: an [`Encoding`] in the form that is
/// fast to apply.
///
/// The value of a numeric feature is its number, of a boolean one 0 or 1, of a date the seconds since 1970-01-01 00:00,
/// of a categorical one the number of its category; NaN if it is missing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Encoder {
    inputs: usize,
    rules: Rules,
    /// The inputs that are always 0.
    constant: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq)]
enum Rules {
    /// Each feature is a number that becomes one input, and is never missing.
    Scaled { offsets: Vec<f64>, factors: Vec<f64>, clip: Option<SmoothClip> },
    /// One rule for each feature.
    Mixed(Vec<InputRule>),
}

/// How a feature becomes inputs.
#[derive(Clone, Debug, PartialEq)]
struct InputRule {
    values: ValueRule,
    /// The input that is 1 where the value is missing.
    indicator: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
enum ValueRule {
    /// `fill` is NaN if missing values are refused.
    Scaled { input: usize, offset: f64, factor: f64, fill: f64, clip: Option<SmoothClip> },
    /// A number with other inputs than its scaled value; `fill` likewise.
    Number(Box<NumberRule>),
    /// A date; `fill` likewise.
    Date(Box<DateRule>),
    /// The input of each category by its number, then that of unknown categories.
    OneHot { inputs: Vec<Option<usize>>, fill: Option<usize> },
}

#[derive(Clone, Debug, PartialEq)]
struct NumberRule {
    /// The first of its inputs.
    first: usize,
    scaling: Scaling,
    fill: f64,
    clip: Option<SmoothClip>,
    inputs: NumberInputs,
}

#[derive(Clone, Debug, PartialEq)]
struct DateRule {
    /// The first of its inputs.
    first: usize,
    parts: Vec<DatePart>,
    scaling: Scaling,
    fill: f64,
    clip: Option<SmoothClip>,
}

impl Encoder {
    /// For values that number the categories of a feature in the order of the encoding: those with an
    /// input each, then the rare ones.
    pub(crate) fn new(encoding: &Encoding) -> Self {
        let known =
            |(_, feature): (&str, &FeatureEncoding)| feature.categories().map(str::to_owned).collect();
        let names: Vec<Vec<String>> = encoding.features().map(known).collect();
        Self::for_categories(encoding, names.iter().map(Vec::as_slice))
    }

    /// For values that number the categories of each feature in the order of its list in `names`.
    pub(crate) fn for_categories<'n>(encoding: &Encoding, names: impl Iterator<Item = &'n [String]>) -> Self {
        let mut inputs = 0;
        let mut rules = Vec::new();
        for ((_, feature), names) in encoding.features().zip(names) {
            let values = value_rule(&feature.values, names, inputs);
            inputs += feature.values.inputs();
            let indicator = feature.indicator.then_some(inputs);
            inputs += usize::from(feature.indicator);
            rules.push(InputRule { values, indicator });
        }
        let first_clip = match rules.first() {
            Some(InputRule { values: ValueRule::Scaled { clip, .. }, .. }) => *clip,
            _ => None,
        };
        let scale = |rule: &InputRule| match rule.values {
            ValueRule::Scaled { offset, factor, fill, clip, .. }
                if fill.is_nan() && rule.indicator.is_none() && clip == first_clip =>
            {
                Some((offset, factor))
            }
            _ => None,
        };
        let rules = match rules.iter().map(scale).collect::<Option<(Vec<f64>, Vec<f64>)>>() {
            Some((offsets, factors)) => Rules::Scaled { offsets, factors, clip: first_clip },
            None => Rules::Mixed(rules),
        };
        Self { inputs, rules, constant: encoding.constant.iter().map(|constant| constant.input).collect() }
    }

    /// Copies numbers unscaled.
    pub(crate) fn unscaled(features: usize) -> Self {
        let (offsets, factors) = (vec![0.0; features], vec![1.0; features]);
        let rules = Rules::Scaled { offsets, factors, clip: None };
        Self { inputs: features, rules, constant: Vec::new() }
    }

    /// The feature that this input is the scaled value of; none if it is of a category or an indicator.
    pub(crate) fn scaled_feature(&self, wanted: usize) -> Option<usize> {
        match &self.rules {
            Rules::Scaled { .. } => Some(wanted),
            Rules::Mixed(rules) => rules.iter().position(|rule| match &rule.values {
                ValueRule::Scaled { input, .. } => *input == wanted,
                ValueRule::Number(number) => number.inputs.scaled && number.first == wanted,
                ValueRule::OneHot { .. } | ValueRule::Date(_) => false,
            }),
        }
    }

    /// The number of inputs.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Turns the values of a row into inputs.
    ///
    /// A missing value without a replacement becomes NaN, or all zeros if it is a category; rows with
    /// such values are refused when they are read.
    ///
    /// # Panics
    ///
    /// If there are not as many values as features, or fewer elements in `x` than inputs.
    pub(crate) fn encode<F: Real>(&self, values: &[f64], x: &mut [F]) {
        if self.needs_zeros() {
            x.fill(F::zero());
        }
        self.encode_cells(0..values.len(), Cells::Wide(values), x);
        self.clear_constant(x);
    }

    /// Sets the inputs to 0 that were the same in all training rows, after all cells of a row are encoded.
    #[inline(always)]
    pub(crate) fn clear_constant<F: Real>(&self, x: &mut [F]) {
        for &input in &self.constant {
            x[input] = F::zero();
        }
    }

    /// Turns the cells of adjacent columns of a row into inputs; the inputs must be 0 before if
    /// [`needs_zeros`](Self::needs_zeros), and [`clear_constant`](Self::clear_constant) follows.
    #[inline(always)]
    pub(crate) fn encode_cells<F: Real>(&self, columns: Range<usize>, cells: Cells<'_>, x: &mut [F]) {
        match &self.rules {
            Rules::Scaled { offsets, factors, clip } => {
                let (offsets, factors) = (&offsets[columns.clone()], &factors[columns.clone()]);
                match cells {
                    Cells::Narrow(cells) => scale(cells, offsets, factors, *clip, &mut x[columns]),
                    Cells::Wide(cells) => scale(cells, offsets, factors, *clip, &mut x[columns]),
                }
            }
            Rules::Mixed(rules) => match cells {
                Cells::Narrow(cells) => encode_each(cells, &rules[columns], x),
                Cells::Wide(cells) => encode_each(cells, &rules[columns], x),
            },
        }
    }

    /// Whether inputs have to be 0 before a row is encoded.
    pub(crate) fn needs_zeros(&self) -> bool {
        matches!(self.rules, Rules::Mixed(_))
    }
}

/// [`Scaling::apply`](crate::data::Scaling::apply) on a row, and the bound if there is one.
#[inline(always)]
fn scale<T: Copy + Into<f64>, F: Real>(
    raw: &[T],
    offsets: &[f64],
    factors: &[f64],
    clip: Option<SmoothClip>,
    x: &mut [F],
) {
    let rows = x.iter_mut().zip(raw).zip(offsets).zip(factors);
    match clip {
        Some(clip) => {
            for (((x, &raw), offset), factor) in rows {
                *x = F::from_f64(clip.apply((raw.into() - offset) * factor));
            }
        }
        None => {
            for (((x, &raw), offset), factor) in rows {
                *x = F::from_f64((raw.into() - offset) * factor);
            }
        }
    }
}

#[inline(always)]
fn encode_each<T: Copy + Into<f64>, F: Real>(raw: &[T], rules: &[InputRule], x: &mut [F]) {
    for (&raw, rule) in raw.iter().zip(rules) {
        let value: f64 = raw.into();
        if let (Some(input), true) = (rule.indicator, value.is_nan()) {
            x[input] = F::one();
        }
        match &rule.values {
            ValueRule::Scaled { input, offset, factor, fill, clip } => {
                let value = if value.is_nan() { *fill } else { value };
                let scaled = (value - offset) * factor;
                x[*input] = F::from_f64(clip.map_or(scaled, |clip| clip.apply(scaled)));
            }
            ValueRule::Number(number) => {
                let value = if value.is_nan() { number.fill } else { value };
                let scaled = number.scaling.apply(value);
                let scaled = number.clip.map_or(scaled, |clip| clip.apply(scaled));
                number.inputs.write(value, scaled, &mut x[number.first..]);
            }
            ValueRule::Date(date) => {
                let value = if value.is_nan() { date.fill } else { value };
                let mut input = date.first;
                for part in &date.parts {
                    for mut prepared in part.unscaled(value) {
                        if *part == DatePart::Day {
                            let scaled = date.scaling.apply(prepared);
                            prepared = date.clip.map_or(scaled, |clip| clip.apply(scaled));
                        }
                        x[input] = F::from_f64(prepared);
                        input += 1;
                    }
                }
            }
            ValueRule::OneHot { inputs, fill } => {
                let input = match value.is_nan() {
                    true => *fill,
                    false => inputs[(value as usize).min(inputs.len() - 1)],
                };
                if let Some(input) = input {
                    x[input] = F::one();
                }
            }
        }
    }
}

/// The rule of a feature whose inputs start at `first`; `names` are those of its categories by number.
fn value_rule(encoding: &ValueEncoding, names: &[String], first: usize) -> ValueRule {
    let (scaling, fill, clip) = match encoding {
        ValueEncoding::Numeric { scaling, fill, clip, inputs, .. } if !inputs.are_scaled_only() => {
            let fill = fill.unwrap_or(f64::NAN);
            let (scaling, clip, inputs) = (*scaling, *clip, inputs.clone());
            return ValueRule::Number(Box::new(NumberRule { first, scaling, fill, clip, inputs }));
        }
        ValueEncoding::Numeric { scaling, fill, clip, .. } => (*scaling, fill, *clip),
        ValueEncoding::Boolean { fill } => (Scaling { offset: 0.0, divisor: 1.0 }, fill, None),
        ValueEncoding::Date { parts, scaling, fill, clip, .. } => {
            let (parts, fill) = (parts.clone(), fill.unwrap_or(f64::NAN));
            return ValueRule::Date(Box::new(DateRule {
                first,
                parts,
                scaling: *scaling,
                fill,
                clip: *clip,
            }));
        }
        ValueEncoding::Categorical { categories, rare, fill } => {
            let other = (!rare.is_empty()).then_some(first + categories.len());
            let input = |name: &String| match categories.binary_search(name) {
                Ok(category) => Some(first + category),
                Err(_) => other,
            };
            let inputs = names.iter().map(input).chain([other]).collect();
            return ValueRule::OneHot { inputs, fill: fill.as_ref().and_then(input) };
        }
    };
    let (offset, factor) = (scaling.offset, scaling.factor());
    ValueRule::Scaled { input: first, offset, factor, fill: fill.unwrap_or(f64::NAN), clip }
}
