//! An encoding made ready for many rows.

use std::ops::Range;

use crate::data::table::matrix::Cells;
use crate::data::transform::encoding::{Encoding, FeatureEncoding, ValueEncoding};
use crate::kernel::real::Real;

/// Turns the values of features, as they were read, into inputs of a network.
///
/// The value of a numeric feature is its number, of a boolean one 0 or 1, of a categorical one the
/// number of its category, and of any of them NaN if it is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    inputs: usize,
    ways: Ways,
}

#[derive(Clone, Debug, PartialEq)]
enum Ways {
    /// All features are numbers, each of which becomes one input, and none may be missing.
    Scaled { offsets: Vec<f64>, factors: Vec<f64> },
    /// Each feature in its own way.
    Mixed(Vec<Way>),
}

/// How a feature becomes inputs.
#[derive(Clone, Debug, PartialEq)]
struct Way {
    /// Its first input.
    first: usize,
    values: Values,
    /// The input that says that the value is missing.
    indicator: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    Scaled {
        offset: f64,
        factor: f64,
        fill: f64,
    },
    /// The input of each category by its number, and behind them that of all others.
    OneHot {
        places: Vec<Option<usize>>,
        fill: Option<usize>,
    },
}

impl Encoder {
    /// For values in which categories are numbered: those with an input of their own first, then the rare ones.
    pub fn new(encoding: &Encoding) -> Self {
        let known = |feature: &FeatureEncoding| match &feature.values {
            ValueEncoding::Categorical { categories, rare, .. } => {
                categories.iter().chain(rare).cloned().collect()
            }
            _ => Vec::new(),
        };
        let names: Vec<Vec<String>> = encoding.features().map(|(_, feature)| known(feature)).collect();
        Self::for_categories(encoding, names.iter().map(Vec::as_slice))
    }

    /// For values in which categories have their places in `names`, a list for each feature.
    pub(crate) fn for_categories<'n>(encoding: &Encoding, names: impl Iterator<Item = &'n [String]>) -> Self {
        let mut first = 0;
        let mut ways = Vec::new();
        for ((_, feature), names) in encoding.features().zip(names) {
            let (values, width) = values(&feature.values, names, first);
            let indicator = feature.indicator.then_some(first + width);
            ways.push(Way { first, values, indicator });
            first += width + usize::from(feature.indicator);
        }
        let scaled = |way: &Way| match way.values {
            Values::Scaled { offset, factor, fill } if fill.is_nan() => Some((offset, factor)),
            _ => None,
        };
        let is_plain = ways.iter().all(|way| way.indicator.is_none());
        let ways = match ways.iter().map(scaled).collect::<Option<Vec<_>>>() {
            Some(scales) if is_plain => {
                let (offsets, factors) = scales.into_iter().unzip();
                Ways::Scaled { offsets, factors }
            }
            _ => Ways::Mixed(ways),
        };
        Self { inputs: first, ways }
    }

    /// Numbers as they are.
    pub(crate) fn unscaled(features: usize) -> Self {
        let ways = Ways::Scaled { offsets: vec![0.0; features], factors: vec![1.0; features] };
        Self { inputs: features, ways }
    }

    /// The feature that this input is the scaled number of; none if it is of another kind.
    pub fn scaled_feature(&self, input: usize) -> Option<usize> {
        match &self.ways {
            Ways::Scaled { .. } => Some(input),
            Ways::Mixed(ways) => ways.iter().position(|way| way.first == input),
        }
    }

    /// The number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Turns the values of a row into inputs.
    ///
    /// A missing value that nothing stands in for becomes NaN, or all zeros if it is a category;
    /// whoever reads the row refuses it before.
    ///
    /// # Panics
    ///
    /// If there are not as many values as features, or less room than inputs.
    pub fn encode<F: Real>(&self, values: &[f64], x: &mut [F]) {
        if let Ways::Mixed(_) = self.ways {
            x.fill(F::zero());
        }
        self.encode_cells(0..values.len(), Cells::Wide(values), x);
    }

    /// Turns cells of a row that are beside each other into their inputs; those of categories
    /// and indicators were 0.
    #[inline(always)]
    pub(crate) fn encode_cells<F: Real>(&self, columns: Range<usize>, cells: Cells<'_>, x: &mut [F]) {
        match &self.ways {
            Ways::Scaled { offsets, factors } => {
                let (offsets, factors) = (&offsets[columns.clone()], &factors[columns.clone()]);
                match cells {
                    Cells::Narrow(cells) => scale(cells, offsets, factors, &mut x[columns]),
                    Cells::Wide(cells) => scale(cells, offsets, factors, &mut x[columns]),
                }
            }
            Ways::Mixed(ways) => match cells {
                Cells::Narrow(cells) => encode_each(cells, &ways[columns], x),
                Cells::Wide(cells) => encode_each(cells, &ways[columns], x),
            },
        }
    }

    /// Whether inputs have to be 0 before a row is encoded.
    pub(crate) fn needs_zeros(&self) -> bool {
        matches!(self.ways, Ways::Mixed(_))
    }
}

/// [`Scaling::apply`](crate::data::Scaling::apply) on a row.
#[inline(always)]
fn scale<T: Copy + Into<f64>, F: Real>(raw: &[T], offsets: &[f64], factors: &[f64], x: &mut [F]) {
    for (((x, &raw), offset), factor) in x.iter_mut().zip(raw).zip(offsets).zip(factors) {
        *x = F::from_f64((raw.into() - offset) * factor);
    }
}

#[inline(always)]
fn encode_each<T: Copy + Into<f64>, F: Real>(raw: &[T], ways: &[Way], x: &mut [F]) {
    for (&raw, way) in raw.iter().zip(ways) {
        let value: f64 = raw.into();
        if let (Some(place), true) = (way.indicator, value.is_nan()) {
            x[place] = F::one();
        }
        match &way.values {
            Values::Scaled { offset, factor, fill } => {
                let value = if value.is_nan() { *fill } else { value };
                x[way.first] = F::from_f64((value - offset) * factor);
            }
            Values::OneHot { places, fill } => {
                let place =
                    if value.is_nan() { *fill } else { places[(value as usize).min(places.len() - 1)] };
                if let Some(place) = place {
                    x[place] = F::one();
                }
            }
        }
    }
}

/// How the value of a feature becomes inputs, and how many; `names` are those of its categories.
fn values(encoding: &ValueEncoding, names: &[String], first: usize) -> (Values, usize) {
    let or_nan = |fill: &Option<f64>| fill.unwrap_or(f64::NAN);
    match encoding {
        ValueEncoding::Numeric { scaling, fill } => {
            let (offset, factor) = (scaling.offset, scaling.factor());
            (Values::Scaled { offset, factor, fill: or_nan(fill) }, 1)
        }
        ValueEncoding::Boolean { fill } => {
            (Values::Scaled { offset: 0.0, factor: 1.0, fill: or_nan(fill) }, 1)
        }
        ValueEncoding::Categorical { categories, rare, fill } => {
            let width = categories.len() + usize::from(!rare.is_empty());
            let other = (!rare.is_empty()).then_some(first + categories.len());
            let place = |name: &String| match categories.binary_search(name) {
                Ok(place) => Some(first + place),
                Err(_) => other,
            };
            let places = names.iter().map(place).chain([other]).collect();
            (Values::OneHot { places, fill: fill.as_ref().and_then(place) }, width)
        }
    }
}
