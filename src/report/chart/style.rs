//! Colours and markers that are distinct with any colour vision, and in black and white.

use plotters::style::RGBColor;

use crate::nn::Norm;

/// The style of a norm, the same in every picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NormStyle {
    pub(crate) color: RGBColor,
    pub(crate) marker: Marker,
}

/// The marker at some points of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
}

/// Axes, titles and everything else without a norm.
pub(crate) const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);
/// Grid lines.
pub(crate) const GRID: RGBColor = RGBColor(0xDD, 0xDD, 0xDD);
/// Lines between the grid lines.
pub(crate) const FINE_GRID: RGBColor = RGBColor(0xF1, 0xF1, 0xF1);

/// Colours from the palette of Okabe and Ito (2008), which stay distinct with the common kinds of
/// colour blindness.
pub(crate) fn norm_style(norm: Norm) -> NormStyle {
    match norm {
        Norm::BatchNorm => NormStyle { color: RGBColor(0x00, 0x72, 0xB2), marker: Marker::Circle },
        Norm::None => NormStyle { color: RGBColor(0xD5, 0x5E, 0x00), marker: Marker::Square },
        Norm::MeanOnly => NormStyle { color: RGBColor(0x00, 0x9E, 0x73), marker: Marker::Triangle },
        Norm::GhostBatchNorm => NormStyle { color: RGBColor(0x56, 0xB4, 0xE9), marker: Marker::Circle },
        Norm::BatchRenorm => NormStyle { color: RGBColor(0x00, 0x00, 0x00), marker: Marker::Circle },
        Norm::VarianceOnly => NormStyle { color: RGBColor(0xE6, 0x9F, 0x00), marker: Marker::Triangle },
        Norm::LayerNorm => NormStyle { color: RGBColor(0xCC, 0x79, 0xA7), marker: Marker::Diamond },
        Norm::RmsNorm => NormStyle { color: RGBColor(0xE6, 0x9F, 0x00), marker: Marker::Circle },
        Norm::WeightNorm => NormStyle { color: RGBColor(0x00, 0x72, 0xB2), marker: Marker::Diamond },
        Norm::WeightNormMeanOnly => NormStyle { color: RGBColor(0x00, 0x9E, 0x73), marker: Marker::Square },
        Norm::CenteredWeightNorm => NormStyle { color: RGBColor(0xD5, 0x5E, 0x00), marker: Marker::Triangle },
        Norm::GroupNorm => NormStyle { color: RGBColor(0x56, 0xB4, 0xE9), marker: Marker::Square },
    }
}
