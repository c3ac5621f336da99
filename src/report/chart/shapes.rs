//! The parts of a picture: panels, shapes in them, and legend entries.

use crate::report::chart::axis::Axis;
use crate::report::chart::style::NormStyle;

/// Two axes and the shapes between them, the first one at the back. Positions are `0..=1` from the
/// lower left corner.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) x_title: String,
    pub(crate) y_title: String,
    pub(crate) marks: Vec<Shape>,
}

/// A shape at given positions.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Band { style: NormStyle, outline: Vec<(f64, f64)> },
    Line { style: NormStyle, stroke: Stroke, points: Vec<(f64, f64)> },
    Markers { style: NormStyle, points: Vec<(f64, f64)> },
    Cross { style: NormStyle, at: (f64, f64) },
}

/// Shapes in the order of drawing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    pub(crate) back: Vec<Shape>,
    pub(crate) middle: Vec<Shape>,
    pub(crate) front: Vec<Shape>,
}

impl Layers {
    /// All shapes, from back to front.
    pub(crate) fn into_marks(self) -> Vec<Shape> {
        [self.back, self.middle, self.front].concat()
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stroke {
    Solid,
    Dashed,
    Faint,
}

/// An entry of the legend.
#[derive(Clone, Debug)]
pub(crate) struct LegendEntry {
    pub(crate) sample: Swatch,
    pub(crate) label: String,
}

/// The sample in front of the label.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Swatch {
    Norm(NormStyle),
    Stroke(Stroke),
    Band,
    Cross,
}
