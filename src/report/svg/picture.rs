//! A picture as data: panels side by side, a legend below, notes at the bottom.

use super::NormStyle;
use super::canvas::{Canvas, Drawn, Rect};
use crate::report::axis::Axis;

/// All that is drawn.
#[derive(Clone, Debug)]
pub(in crate::report) struct Picture {
    pub(in crate::report) title: String,
    /// From left to right, equally wide.
    pub(in crate::report) panels: Vec<Panel>,
    pub(in crate::report) legend: Vec<Key>,
    /// Sentences, a line each.
    pub(in crate::report) notes: Vec<String>,
}

/// Two axes and what is between them, the first mark at the back. Positions are `0..=1` from the
/// lower left corner.
#[derive(Clone, Debug)]
pub(in crate::report) struct Panel {
    pub(in crate::report) x: Axis,
    pub(in crate::report) y: Axis,
    pub(in crate::report) x_title: String,
    pub(in crate::report) y_title: String,
    pub(in crate::report) marks: Vec<Mark>,
}

/// Something at given positions.
#[derive(Clone, Debug)]
pub(in crate::report) enum Mark {
    Band { style: NormStyle, outline: Vec<(f64, f64)> },
    Line { style: NormStyle, stroke: Stroke, points: Vec<(f64, f64)> },
    Markers { style: NormStyle, points: Vec<(f64, f64)> },
    Cross { style: NormStyle, at: (f64, f64) },
}

/// Marks in the order of drawing.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Layers {
    pub(in crate::report) back: Vec<Mark>,
    pub(in crate::report) middle: Vec<Mark>,
    pub(in crate::report) front: Vec<Mark>,
}

impl Layers {
    /// The back first.
    pub(in crate::report) fn into_marks(self) -> Vec<Mark> {
        [self.back, self.middle, self.front].concat()
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Stroke {
    Solid,
    Dashed,
    Faint,
}

/// An entry of the legend.
#[derive(Clone, Debug)]
pub(in crate::report) struct Key {
    pub(in crate::report) sample: Sample,
    pub(in crate::report) label: String,
}

/// What stands before the label.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) enum Sample {
    Norm(NormStyle),
    Stroke(Stroke),
    Band,
    Cross,
}

/// In pixels.
const WIDTH: i32 = 900;
const MARGIN: i32 = 12;
const TITLE_HEIGHT: i32 = 38;
const PANEL_HEIGHT: i32 = 306;
const KEY_HEIGHT: i32 = 20;
const SAMPLE_WIDTH: i32 = 34;
/// Between two keys.
const GAP: i32 = 22;

impl Picture {
    /// The text of an SVG file.
    pub(in crate::report) fn to_svg(&self) -> String {
        let rows = self.legend_rows();
        let n_lines = (rows.len() + self.notes.len()) as i32;
        let height = TITLE_HEIGHT + PANEL_HEIGHT + MARGIN + n_lines * KEY_HEIGHT + MARGIN;
        Canvas::svg((WIDTH, height), |canvas| self.draw(canvas, &rows))
    }

    fn draw(&self, canvas: &Canvas<'_>, rows: &[Vec<&Key>]) -> Drawn {
        canvas.title(&self.title, (WIDTH / 2, MARGIN))?;
        let width = (WIDTH - 2 * MARGIN) / self.panels.len().max(1) as i32;
        for (index, panel) in (0..).zip(&self.panels) {
            let left = MARGIN + index * width;
            let rect = Rect { left, top: TITLE_HEIGHT, width, height: PANEL_HEIGHT };
            canvas.panel(panel, rect)?;
        }
        let mut y = TITLE_HEIGHT + PANEL_HEIGHT + MARGIN + KEY_HEIGHT / 2;
        for row in rows {
            let mut x = (WIDTH - row_width(row)) / 2;
            for key in row {
                canvas.sample(key.sample, (x, y), SAMPLE_WIDTH - 8)?;
                canvas.label(&key.label, (x + SAMPLE_WIDTH, y))?;
                x += key_width(key) + GAP;
            }
            y += KEY_HEIGHT;
        }
        for note in &self.notes {
            canvas.note(note, (WIDTH / 2, y))?;
            y += KEY_HEIGHT;
        }
        Ok(())
    }

    /// The norms in rows of their own, then the kinds of lines; as many in a row as fit.
    fn legend_rows(&self) -> Vec<Vec<&Key>> {
        let is_norm = |key: &&Key| matches!(key.sample, Sample::Norm(_));
        let (norms, others): (Vec<&Key>, Vec<&Key>) = self.legend.iter().partition(is_norm);
        let mut rows: Vec<Vec<&Key>> = Vec::new();
        for keys in [norms, others] {
            let mut row: Vec<&Key> = Vec::new();
            for key in keys {
                let fits = row_width(&row) + GAP + key_width(key) <= WIDTH - 2 * MARGIN;
                if !row.is_empty() && !fits {
                    rows.push(std::mem::take(&mut row));
                }
                row.push(key);
            }
            rows.extend(Some(row).filter(|row| !row.is_empty()));
        }
        rows
    }
}

fn row_width(row: &[&Key]) -> i32 {
    row.iter().map(|key| key_width(key) + GAP).sum::<i32>() - GAP
}

/// With the widest of the usual fonts.
fn key_width(key: &Key) -> i32 {
    SAMPLE_WIDTH + (key.label.chars().count() as f64 * 0.54 * f64::from(super::canvas::LABEL_SIZE)) as i32
}
