//! Colours and markers that are distinct with any colour vision, and in black and white.

use crate::nn::Norm;

/// The style of a norm, the same in every picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NormStyle {
    pub(crate) color: Color,
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

/// A colour of the palette of Okabe and Ito (2008), whose colours stay distinct with the common kinds of colour
/// blindness, and a brown that is darker than all of them but black. `chart.css` has its values on white, `report.css` those on black.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Color {
    Blue,
    Vermilion,
    Green,
    Sky,
    Black,
    Orange,
    Purple,
    Brown,
}

impl Color {
    /// The class in the style sheets.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Vermilion => "vermilion",
            Self::Green => "green",
            Self::Sky => "sky",
            Self::Black => "black",
            Self::Orange => "orange",
            Self::Purple => "purple",
            Self::Brown => "brown",
        }
    }
}

/// The styles of series that are not norms: classes, targets.
pub(crate) const SERIES_STYLES: [NormStyle; 6] = [
    NormStyle { color: Color::Blue, marker: Marker::Circle },
    NormStyle { color: Color::Vermilion, marker: Marker::Square },
    NormStyle { color: Color::Green, marker: Marker::Triangle },
    NormStyle { color: Color::Purple, marker: Marker::Diamond },
    NormStyle { color: Color::Orange, marker: Marker::Circle },
    NormStyle { color: Color::Black, marker: Marker::Square },
];

/// No two norms have the same style.
pub(crate) fn norm_style(norm: Norm) -> NormStyle {
    let (color, marker) = match norm {
        Norm::BatchNorm => (Color::Blue, Marker::Circle),
        Norm::None => (Color::Vermilion, Marker::Square),
        Norm::MeanOnly => (Color::Green, Marker::Triangle),
        Norm::GhostBatchNorm => (Color::Sky, Marker::Circle),
        Norm::BatchRenorm => (Color::Black, Marker::Circle),
        Norm::VarianceOnly => (Color::Orange, Marker::Triangle),
        Norm::NoiseOnly => (Color::Purple, Marker::Triangle),
        Norm::LayerNorm => (Color::Purple, Marker::Diamond),
        Norm::RmsNorm => (Color::Orange, Marker::Circle),
        Norm::WeightNorm => (Color::Brown, Marker::Diamond),
        Norm::WeightNormMeanOnly => (Color::Brown, Marker::Square),
        Norm::CenteredWeightNorm => (Color::Brown, Marker::Triangle),
        Norm::GroupNorm => (Color::Sky, Marker::Square),
    };
    NormStyle { color, marker }
}
