//! A picture as data: panels side by side, a legend below, notes at the bottom.

use crate::report::chart::NormStyle;
use crate::report::chart::axis::Axis;
use crate::report::chart::canvas::{Canvas, Drawn, Rect};

/// All that is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) title: String,
    /// From left to right, equally wide.
    pub(crate) panels: Vec<Panel>,
    pub(crate) legend: Vec<Key>,
    /// Sentences, a line each.
    pub(crate) notes: Vec<String>,
}

/// Two axes and what is between them, the first mark at the back. Positions are `0..=1` from the
/// lower left corner.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) x_title: String,
    pub(crate) y_title: String,
    pub(crate) marks: Vec<Mark>,
}

/// Something at given positions.
#[derive(Clone, Debug)]
pub(crate) enum Mark {
    Band { style: NormStyle, outline: Vec<(f64, f64)> },
    Line { style: NormStyle, stroke: Stroke, points: Vec<(f64, f64)> },
    Markers { style: NormStyle, points: Vec<(f64, f64)> },
    Cross { style: NormStyle, at: (f64, f64) },
}

/// Marks in the order of drawing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    pub(crate) back: Vec<Mark>,
    pub(crate) middle: Vec<Mark>,
    pub(crate) front: Vec<Mark>,
}

impl Layers {
    /// The back first.
    pub(crate) fn into_marks(self) -> Vec<Mark> {
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
pub(crate) struct Key {
    pub(crate) sample: Sample,
    pub(crate) label: String,
}

/// What stands before the label.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sample {
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
    pub(crate) fn to_svg(&self) -> String {
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
    SAMPLE_WIDTH
        + (key.label.chars().count() as f64 * 0.54 * f64::from(crate::report::chart::canvas::LABEL_SIZE))
            as i32
}
