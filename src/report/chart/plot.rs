//! One panel of a chart as SVG: two axes and the marks between them.
//!
//! Colours and fonts are classes, whose values are in `chart.css`, and for a page also in `report.css`, so that a
//! chart is dark on white in print and in files, and follows the reader's choice on a screen.

use maud::{Markup, html};

use crate::report::chart::axis::Axis;
use crate::report::chart::path::{self, Position};
use crate::report::chart::style::NormStyle;

/// Above the plotting area, for the title.
const TOP: f64 = 30.0;
/// Below it, for the labels and the title of the x axis.
const BOTTOM: f64 = 42.0;
const RIGHT: f64 = 14.0;
/// Width of a character of a label, and the space around a label.
pub(crate) const CHARACTER: f64 = 7.4;
/// From one line of a label to the next.
const LABEL_LINE: f64 = 14.0;
const GAP: f64 = 7.0;

/// A panel. Its marks are in the units of the axes.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    /// What the y axis shows, and its unit.
    pub(crate) title: String,
    pub(crate) x_title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// The same range on the other scale, for a reader who wants it.
    pub(crate) other_y: Option<Axis>,
    /// The first one is at the back.
    pub(crate) marks: Vec<PlotMark>,
    pub(crate) readout: Option<Readout>,
    /// Width and height in pixels.
    pub(crate) size: (f64, f64),
}

/// A shape, and the arm of the comparison that it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct PlotMark {
    pub(crate) arm: Option<Arm>,
    pub(crate) shape: Shape,
}

/// An arm: its place in the legend and its style.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Arm {
    pub(crate) index: usize,
    pub(crate) style: NormStyle,
}

/// Points are x and y.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Line(Stroke, Vec<(f64, f64)>),
    /// Each value holds until the next x.
    Steps(Stroke, Vec<(f64, f64)>),
    /// x, low and high.
    Band(Vec<(f64, f64, f64)>),
    StepBand(Vec<(f64, f64, f64)>),
    Markers(Vec<(f64, f64)>),
    /// Small and translucent, one for each run.
    Dots(Vec<(f64, f64)>),
    /// Around the points that are kept.
    Rings(Vec<(f64, f64)>),
    Crosses(Vec<(f64, f64)>),
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stroke {
    Solid,
    Dashed,
    Faint,
    /// An interval.
    Thick,
    /// A wider interval around it.
    Thin,
    /// A value to compare with.
    Rule,
}

/// Values that are shown at the place that the reader points at.
#[derive(Clone, Debug)]
pub(crate) struct Readout {
    /// What x is, such as `epoch`.
    pub(crate) x_name: String,
    /// Places along the x axis, and how they are written.
    pub(crate) places: Vec<(f64, String)>,
    pub(crate) series: Vec<Series>,
}

/// A text for each place; empty where there is none.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) arm: usize,
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

/// The plotting area, in pixels.
#[derive(Clone, Copy)]
struct Area {
    left: f64,
    width: f64,
    height: f64,
}

impl Area {
    fn x(self, axis: &Axis, value: f64) -> f64 {
        self.left + self.width * axis.position(value)
    }

    fn y(self, axis: &Axis, value: f64) -> f64 {
        self.at_height(axis.position(value))
    }

    fn at_height(self, position: f64) -> f64 {
        TOP + self.height * (1.0 - position)
    }
}

impl Plot {
    /// An `svg` element for a page.
    pub(crate) fn inline(&self) -> Markup {
        let (width, height) = self.size;
        let area = self.area();
        let places = self.readout.as_ref().map(|readout| {
            let x = |(x, _): &(f64, String)| format!("{:.0}", area.x(&self.x, *x));
            readout.places.iter().map(x).collect::<Vec<_>>().join(" ")
        });
        html! {
            svg viewBox={ "0 0 " (width) " " (height) } role="img" aria-label=(self.title)
                tabindex=[places.as_ref().map(|_| "0")] data-places=[places]
                data-top=(TOP) data-bottom=(number(height - BOTTOM)) { (self.draw(true)) }
        }
    }

    /// Everything in the panel; with what a script needs for the other scale, or without.
    pub(crate) fn draw(&self, has_script: bool) -> Markup {
        let area = self.area();
        let other = self.other_y.as_ref().filter(|_| has_script);
        html! {
            text.title x="4" y="15" { (self.title) }
            (self.x_labels(area))
            g.scale { (y_labels(area, &self.y)) }
            @if let Some(other) = other { g.scale.off { (y_labels(area, other)) } }
            @for mark in &self.marks { (self.mark(mark, area, other)) }
        }
    }

    fn area(&self) -> Area {
        let (width, height) = self.size;
        let axes = std::iter::once(&self.y).chain(&self.other_y);
        let lines = axes.flat_map(|axis| axis.ticks.iter().flat_map(|tick| tick.label.lines()));
        let labels = lines.map(|line| line.chars().count());
        let left = CHARACTER * labels.max().unwrap_or(0) as f64 + GAP + 2.0;
        Area { left, width: (width - left - RIGHT).max(1.0), height: height - TOP - BOTTOM }
    }

    fn x_labels(&self, area: Area) -> Markup {
        let bottom = TOP + area.height;
        let upright = |position: f64| {
            let x = area.left + area.width * position;
            path::line([(x, TOP), (x, bottom)])
        };
        let grid: String = self.x.ticks.iter().map(|tick| upright(tick.position)).collect();
        html! {
            path.grid d=(grid) {}
            @for tick in &self.x.ticks {
                text.tick.middle x=(number(area.left + area.width * tick.position)) y=(number(bottom + 17.0)) {
                    (tick.label)
                }
            }
            text.tick.middle x=(number(area.left + area.width / 2.0)) y=(number(bottom + 35.0)) { (self.x_title) }
        }
    }

    fn mark(&self, mark: &PlotMark, area: Area, other: Option<&Axis>) -> Markup {
        let class = mark.shape.class();
        let d = self.outline(mark, area, &self.y);
        let other = other.map(|axis| self.outline(mark, area, axis));
        let arm = mark.arm.map(|arm| format!("arm-{} {}", arm.index, arm.style.color.class()));
        html! { path class={ (class) @if let Some(arm) = arm { " " (arm) } } d=(d) data-d=[other] {} }
    }

    fn outline(&self, mark: &PlotMark, area: Area, y: &Axis) -> String {
        let at = |(value_x, value_y): (f64, f64)| (area.x(&self.x, value_x), area.y(y, value_y));
        let places = |points: &[(f64, f64)]| points.iter().copied().map(at).collect::<Vec<Position>>();
        match &mark.shape {
            Shape::Line(_, points) => path::line(places(points)),
            Shape::Steps(_, points) => path::line(places(&in_steps(points))),
            Shape::Band(points) => {
                let upper = points.iter().map(|&(x, _, high)| (x, high));
                let lower = points.iter().rev().map(|&(x, low, _)| (x, low));
                path::area(places(&upper.chain(lower).collect::<Vec<_>>()))
            }
            Shape::StepBand(points) => {
                let upper: Vec<_> = points.iter().map(|&(x, _, high)| (x, high)).collect();
                let lower: Vec<_> = points.iter().map(|&(x, low, _)| (x, low)).collect();
                let mut lower = in_steps(&lower);
                lower.reverse();
                path::area(places(&[in_steps(&upper), lower].concat()))
            }
            Shape::Markers(points) => match mark.arm {
                Some(arm) => path::markers(arm.style.marker, places(points)),
                None => path::circles(places(points), 3.4),
            },
            Shape::Dots(points) => path::circles(places(points), 3.0),
            Shape::Rings(points) => path::circles(places(points), 4.5),
            Shape::Crosses(points) => path::crosses(places(points)),
        }
    }
}

impl Shape {
    fn class(&self) -> &'static str {
        match self {
            Self::Line(stroke, _) | Self::Steps(stroke, _) => stroke.class(),
            Self::Band(_) | Self::StepBand(_) => "band",
            Self::Markers(_) => "marker",
            Self::Dots(_) => "dot",
            Self::Rings(_) => "ring",
            Self::Crosses(_) => "cross",
        }
    }
}

impl Stroke {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Solid => "line",
            Self::Dashed => "line dashed",
            Self::Faint => "line faint",
            Self::Thick => "line thick",
            Self::Thin => "line thin",
            Self::Rule => "line rule",
        }
    }
}

/// Grid lines and labels of a y axis; a label may have several lines.
fn y_labels(area: Area, axis: &Axis) -> Markup {
    let level = |position: f64| {
        let y = area.at_height(position);
        path::line([(area.left, y), (area.left + area.width, y)])
    };
    let grid: String = axis.ticks.iter().map(|tick| level(tick.position)).collect();
    html! {
        path.grid d=(grid) {}
        @for tick in &axis.ticks {
            @let above = 0.5 * LABEL_LINE * tick.label.lines().count().saturating_sub(1) as f64;
            @for (index, line) in tick.label.lines().enumerate() {
                @let y = area.at_height(tick.position) + 4.5 - above + LABEL_LINE * index as f64;
                text.tick.end x=(number(area.left - GAP)) y=(number(y)) { (line) }
            }
        }
    }
}

/// The corners of a staircase through `points`.
fn in_steps(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut corners: Vec<(f64, f64)> = Vec::with_capacity(2 * points.len());
    for &(x, y) in points {
        if let Some(&(_, last)) = corners.last() {
            corners.push((x, last));
        }
        corners.push((x, y));
    }
    corners
}

/// About `most` of the items, evenly spaced, the first and the last one among them: more would hide each other, and
/// make the page large.
pub(crate) fn evenly<T>(most: usize, items: Vec<T>) -> Vec<T> {
    let n_items = items.len();
    let step = n_items.div_ceil(most.max(1)).max(1);
    let is_kept = |index: usize| index.is_multiple_of(step) || index + 1 == n_items;
    items.into_iter().enumerate().filter(|(index, _)| is_kept(*index)).map(|(_, item)| item).collect()
}

/// In tenths of a pixel.
pub(crate) fn number(pixels: f64) -> String {
    let text = format!("{pixels:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}
