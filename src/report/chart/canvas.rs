//! Draws texts, lines and panels as SVG.

use std::io;

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::report::chart::shapes::{Panel, Shape, Stroke, Swatch};
use crate::report::chart::style::{FINE_GRID, GRID, INK, Marker, NormStyle};
use crate::report::chart::unit_axis::UnitAxis;

/// Font size of labels, in pixels.
pub(crate) const LABEL_SIZE: i32 = 12;
const TITLE_SIZE: i32 = 16;

/// plotters draws at integer coordinates; ten units per pixel make curves smooth.
const UNITS: i32 = 10;

/// The result of drawing, which cannot fail in memory.
pub(crate) type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// A picture that is being drawn. Positions are in pixels from the upper left corner.
pub(crate) struct Canvas<'a> {
    root: DrawingArea<SVGBackend<'a>, Shift>,
}

/// In pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rect {
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

impl Canvas<'_> {
    /// The SVG file with what `draw` draws on white.
    pub(crate) fn svg((width, height): (i32, i32), draw: impl FnOnce(&Canvas<'_>) -> Drawn) -> String {
        let mut svg = String::new();
        let size = ((UNITS * width) as u32, (UNITS * height) as u32);
        let drawn = {
            let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            root.fill(&WHITE)
                .and_then(|()| draw(&Canvas { root: root.clone() }))
                .and_then(|()| root.present())
        };
        drawn.expect("only files and fonts can fail, and there are none");
        let in_units = format!("width=\"{}\" height=\"{}\"", size.0, size.1);
        svg.replacen(&in_units, &format!("width=\"{width}\" height=\"{height}\""), 1)
    }

    /// Centred, its top at the position.
    pub(crate) fn title(&self, text: &str, at: (i32, i32)) -> Drawn {
        self.text(text, &font(TITLE_SIZE).style(FontStyle::Bold), at, (HPos::Center, VPos::Top))
    }

    /// From the position to the right, centred in height.
    pub(crate) fn label(&self, text: &str, at: (i32, i32)) -> Drawn {
        self.text(text, &font(LABEL_SIZE), at, (HPos::Left, VPos::Center))
    }

    /// Centred at the position.
    pub(crate) fn note(&self, text: &str, at: (i32, i32)) -> Drawn {
        self.text(text, &font(LABEL_SIZE - 1), at, (HPos::Center, VPos::Center))
    }

    /// A sample for the legend, from the position to the right, centred in height.
    pub(crate) fn sample(&self, sample: Swatch, (x, y): (i32, i32), width: i32) -> Drawn {
        let [left, right, middle] = [units((x, y)), units((x + width, y)), units((x + width / 2, y))];
        match sample {
            Swatch::Norm(style) => {
                self.line(&[left, right], style.color, Stroke::Solid)?;
                self.marker(style, middle)
            }
            Swatch::Stroke(stroke) => self.line(&[left, right], INK, stroke),
            Swatch::Band => {
                let corners = [units((x, y - 5)), units((x + width, y + 5))];
                self.root.draw(&Rectangle::new(corners, INK.mix(BAND_OPACITY).filled()))
            }
            Swatch::Cross => self.cross(INK, middle),
        }
    }

    /// A rectangle of one color, without an edge.
    pub(crate) fn cell(&self, color: RGBColor, Rect { left, top, width, height }: Rect) -> Drawn {
        let corners = [units((left, top)), units((left + width, top + height))];
        self.root.draw(&Rectangle::new(corners, color.filled()))
    }

    /// Axes, ticks and marks.
    pub(crate) fn panel(&self, panel: &Panel, Rect { left, top, width, height }: Rect) -> Drawn {
        let area = self.root.clone().shrink(units((left, top)), units((width, height)));
        let mut chart = ChartBuilder::on(&area)
            .margin_top(4 * UNITS)
            .margin_right(14 * UNITS)
            .x_label_area_size(40 * UNITS)
            .y_label_area_size(66 * UNITS)
            .build_cartesian_2d(UnitAxis(&panel.x), UnitAxis(&panel.y))?;
        chart
            .configure_mesh()
            .axis_style(INK.stroke_width(UNITS as u32))
            .bold_line_style(GRID.stroke_width(UNITS as u32))
            .light_line_style(FINE_GRID.stroke_width(UNITS as u32))
            .set_all_tick_mark_size(4 * UNITS)
            .label_style(font(LABEL_SIZE).color(&INK))
            .axis_desc_style(font(LABEL_SIZE + 1).color(&INK))
            .x_desc(panel.x_title.clone())
            .y_desc(panel.y_title.clone())
            .draw()?;
        let plotting = chart.plotting_area();
        let place = |points: &[(f64, f64)]| -> Vec<(i32, i32)> {
            points.iter().map(|point| plotting.map_coordinate(point)).collect()
        };
        for mark in &panel.marks {
            match mark {
                Shape::Band { style, outline } => {
                    let fill = style.color.mix(BAND_OPACITY).filled();
                    self.root.draw(&Polygon::new(place(outline), fill))?;
                }
                Shape::Line { style, stroke, points } => self.line(&place(points), style.color, *stroke)?,
                Shape::Markers { style, points } => {
                    place(points).into_iter().try_for_each(|at| self.marker(*style, at))?;
                }
                Shape::Cross { style, at } => self.cross(style.color, plotting.map_coordinate(at))?,
            }
        }
        Ok(())
    }

    fn text(&self, text: &str, font: &FontDesc<'_>, at: (i32, i32), (h, v): (HPos, VPos)) -> Drawn {
        self.root.draw_text(text, &font.color(&INK).pos(Pos::new(h, v)), units(at))
    }

    fn line(&self, points: &[(i32, i32)], color: RGBColor, stroke: Stroke) -> Drawn {
        match stroke {
            Stroke::Solid => self.root.draw(&PathElement::new(points, color.stroke_width(22))),
            Stroke::Faint => self.root.draw(&PathElement::new(points, color.mix(0.6).stroke_width(11))),
            Stroke::Dashed => {
                let points = points.to_vec();
                self.root.draw(&DashedPathElement::new(points, 60, 40, color.stroke_width(14)))
            }
        }
    }

    fn marker(&self, style: NormStyle, at @ (x, y): (i32, i32)) -> Drawn {
        let fill = style.color.filled();
        match style.marker {
            Marker::Circle => self.root.draw(&Circle::new(at, 42, fill)),
            Marker::Square => self.root.draw(&Rectangle::new([(x - 37, y - 37), (x + 37, y + 37)], fill)),
            Marker::Triangle => self.root.draw(&TriangleMarker::new(at, 52, fill)),
            Marker::Diamond => {
                self.root.draw(&Polygon::new([(x - 52, y), (x, y - 52), (x + 52, y), (x, y + 52)], fill))
            }
        }
    }

    fn cross(&self, color: RGBColor, at: (i32, i32)) -> Drawn {
        self.root.draw(&Cross::new(at, 45, color.stroke_width(22)))
    }
}

const BAND_OPACITY: f64 = 0.18;

fn units((x, y): (i32, i32)) -> (i32, i32) {
    (UNITS * x, UNITS * y)
}

/// plotters divides font sizes by 1.24.
fn font(pixels: i32) -> FontDesc<'static> {
    FontDesc::new(FontFamily::SansSerif, 1.24 * f64::from(UNITS * pixels), FontStyle::Normal)
}
