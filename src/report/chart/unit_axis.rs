//! An axis as the plotting library wants it: positions `0..=1`, with our ticks.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::report::chart::axis::Axis;

pub(crate) struct UnitAxis<'a>(pub(crate) &'a Axis);

impl Ranged for UnitAxis<'_> {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, position: &f64, (start, end): (i32, i32)) -> i32 {
        start + (position * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match hint.weight().allow_light_points() {
            true => self.0.minor.clone(),
            false => self.0.ticks.iter().map(|tick| tick.position).collect(),
        }
    }

    fn range(&self) -> Range<f64> {
        0.0..1.0
    }
}

impl ValueFormatter<f64> for UnitAxis<'_> {
    fn format_ext(&self, position: &f64) -> String {
        let tick = self.0.ticks.iter().find(|tick| tick.position == *position);
        tick.map(|tick| tick.label.clone()).unwrap_or_default()
    }
}
