//! What a config says about the inputs of numbers.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::data::spec::{DataSpec, ScalingMethod};
use crate::settings::{Allowed, Configurable, one_or_more, settings};

settings! {
    /// Inputs that a number becomes, fitted on the training rows. A constant column is one input, 0.
    pub enum NumericEncoding {
        /// The number scaled to mean 0 and standard deviation 1.
        Standardize = "standardize";
        /// The normal quantile of its rank, see [`NormalQuantiles`](crate::data::NormalQuantiles).
        Quantile = "quantile";
        /// An input for each of some intervals, see [`PiecewiseLinear`](crate::data::PiecewiseLinear).
        PiecewiseLinear = "piecewise_linear";
    }
}

/// Encodings of a number, side by side; in a config one of them or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumericEncodings(pub Vec<NumericEncoding>);

impl Configurable for NumericEncodings {
    const ALLOWED: Allowed =
        Allowed::Either(&[NumericEncoding::ALLOWED, Allowed::non_empty_list(&NumericEncoding::ALLOWED)]);
}

/// How the numbers of a column are encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NumericSettings {
    /// `data.scale`, or the standardization that `numeric` has.
    pub(crate) scale: ScalingMethod,
    /// What `numeric` says; none for scaled numbers.
    pub(crate) encodings: Option<NumericEncodings>,
    /// The most intervals of the piecewise-linear encoding.
    pub(crate) intervals: usize,
}

impl NumericSettings {
    /// The settings for all columns.
    pub(crate) fn of(spec: &DataSpec) -> Self {
        Self { scale: spec.scale, encodings: spec.numeric.clone(), intervals: spec.intervals }
    }

    /// Replaces what `numeric` says. It takes the place of the scaling.
    pub(crate) fn set(&mut self, encodings: &NumericEncodings) {
        self.scale = ScalingMethod::Standardize;
        self.encodings = Some(encodings.clone());
    }

    /// Whether a number has this among its inputs.
    pub(crate) fn has(&self, encoding: NumericEncoding) -> bool {
        match &self.encodings {
            Some(encodings) => encodings.0.contains(&encoding),
            None => encoding == NumericEncoding::Standardize,
        }
    }

    /// The most inputs of a number.
    pub(crate) fn most_inputs(&self) -> usize {
        usize::from(self.has(NumericEncoding::Standardize))
            + usize::from(self.has(NumericEncoding::Quantile))
            + if self.has(NumericEncoding::PiecewiseLinear) { self.intervals } else { 0 }
    }
}

impl Serialize for NumericEncodings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        one_or_more::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for NumericEncodings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_more::deserialize(deserializer, "an encoding of numbers, or a list of them").map(Self)
    }
}
