//! The `d` of SVG paths. Positions are in pixels; tenths of a pixel are written.

use crate::report::chart::style::Marker;

/// A position from the upper left corner.
pub(crate) type Position = (f64, f64);

/// Half the width of a marker.
const MARKER: f64 = 3.4;
/// Half the width of a cross.
const CROSS: f64 = 3.6;

/// Builds the `d` of a path. Positions are rounded to tenths before differences are taken, so that no error adds up.
#[derive(Default)]
struct Pen {
    d: String,
    /// In tenths.
    at: (i64, i64),
}

impl Pen {
    fn start(&mut self, position: Position) {
        self.at = tenths(position);
        self.d.push('M');
        self.d.push_str(&decimal(self.at.0));
        self.d.push_str(&signed(self.at.1));
    }

    fn line_to(&mut self, position: Position) {
        let to = tenths(position);
        let (dx, dy) = (to.0 - self.at.0, to.1 - self.at.1);
        self.at = to;
        match (dx, dy) {
            (0, 0) => {}
            (_, 0) => self.d.push_str(&format!("h{}", decimal(dx))),
            (0, _) => self.d.push_str(&format!("v{}", decimal(dy))),
            _ => self.d.push_str(&format!("l{}{}", decimal(dx), signed(dy))),
        }
    }

    fn polyline(&mut self, points: impl IntoIterator<Item = Position>) {
        let mut points = points.into_iter();
        if let Some(first) = points.next() {
            self.start(first);
            points.for_each(|point| self.line_to(point));
        }
    }
}

fn tenths((x, y): Position) -> (i64, i64) {
    ((10.0 * x).round() as i64, (10.0 * y).round() as i64)
}

/// Tenths as a decimal number.
fn decimal(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, rest) = (tenths.abs() / 10, tenths.abs() % 10);
    match (whole, rest) {
        (_, 0) => format!("{sign}{whole}"),
        (0, _) => format!("{sign}.{rest}"),
        _ => format!("{sign}{whole}.{rest}"),
    }
}

/// The same, set apart from a number before it.
fn signed(tenths: i64) -> String {
    let separator = if tenths < 0 { "" } else { " " };
    format!("{separator}{}", decimal(tenths))
}

/// Straight lines from point to point.
pub(crate) fn line(points: impl IntoIterator<Item = Position>) -> String {
    let mut pen = Pen::default();
    pen.polyline(points);
    pen.d
}

/// A closed outline.
pub(crate) fn area(points: impl IntoIterator<Item = Position>) -> String {
    let mut d = line(points);
    d.push('z');
    d
}

/// A marker at each of the points.
pub(crate) fn markers(marker: Marker, points: impl IntoIterator<Item = Position>) -> String {
    points.into_iter().map(|point| marker_at(marker, point, MARKER)).collect()
}

/// A circle around each of the points.
pub(crate) fn circles(points: impl IntoIterator<Item = Position>, radius: f64) -> String {
    points.into_iter().map(|point| circle(point, radius)).collect()
}

fn circle((x, y): Position, radius: f64) -> String {
    let mut pen = Pen::default();
    pen.start((x - radius, y));
    let (radius, diameter) = (decimal(tenths((radius, 0.0)).0), decimal(tenths((2.0 * radius, 0.0)).0));
    format!("{d}a{radius} {radius} 0 1 0 {diameter} 0a{radius} {radius} 0 1 0-{diameter} 0", d = pen.d)
}

fn marker_at(marker: Marker, (x, y): Position, size: f64) -> String {
    let corners: &[Position] = match marker {
        Marker::Circle => return circle((x, y), size),
        Marker::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        Marker::Triangle => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
        Marker::Diamond => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
    };
    area(corners.iter().map(|(dx, dy)| (x + size * dx, y + size * dy)))
}

/// A cross at each of the points.
pub(crate) fn crosses(points: impl IntoIterator<Item = Position>) -> String {
    let cross = |(x, y): Position| {
        let strokes = [[(-1.0, -1.0), (1.0, 1.0)], [(-1.0, 1.0), (1.0, -1.0)]];
        strokes.map(|ends| line(ends.map(|(dx, dy)| (x + CROSS * dx, y + CROSS * dy)))).concat()
    };
    points.into_iter().map(cross).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_does_not_add_up() {
        let points = (0..=1000).map(|step| (0.04 * f64::from(step), 1.0));
        let d = line(points);
        let ends: f64 = d.split('h').skip(1).map(|step| step.parse::<f64>().unwrap()).sum();
        assert!((ends - 40.0).abs() < 1e-6, "{ends}");
    }

    #[test]
    fn paths_are_short() {
        assert_eq!(line([(1.0, 2.0), (3.25, 2.0), (3.25, -4.0), (2.0, -4.5)]), "M1 2h2.3v-6l-1.3-.5");
        assert_eq!(line([]), "");
        assert_eq!(area([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]), "M0 0h1v1z");
        assert_eq!(circles([(5.0, 5.0)], 3.0), "M2 5a3 3 0 1 0 6 0a3 3 0 1 0-6 0");
        assert_eq!(crosses([(10.0, 10.0)]), "M6.4 6.4l7.2 7.2M6.4 13.6l7.2-7.2");
    }
}
