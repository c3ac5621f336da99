//! A picture as data: panels side by side, a legend below, notes at the bottom.

use crate::report::chart::canvas::{Canvas, Drawn, LABEL_SIZE, Rect};
use crate::report::chart::shapes::{LegendEntry, Panel, Swatch};

/// All that is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) title: String,
    /// From left to right, equally wide.
    pub(crate) panels: Vec<Panel>,
    pub(crate) legend: Vec<LegendEntry>,
    /// Sentences, a line each.
    pub(crate) notes: Vec<String>,
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

    fn draw(&self, canvas: &Canvas<'_>, rows: &[Vec<&LegendEntry>]) -> Drawn {
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
    fn legend_rows(&self) -> Vec<Vec<&LegendEntry>> {
        let is_norm = |key: &&LegendEntry| matches!(key.sample, Swatch::Norm(_));
        let (norms, others): (Vec<&LegendEntry>, Vec<&LegendEntry>) = self.legend.iter().partition(is_norm);
        let mut rows: Vec<Vec<&LegendEntry>> = Vec::new();
        for keys in [norms, others] {
            let mut row: Vec<&LegendEntry> = Vec::new();
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

fn row_width(row: &[&LegendEntry]) -> i32 {
    row.iter().map(|key| key_width(key) + GAP).sum::<i32>() - GAP
}

/// With the widest of the usual fonts.
fn key_width(key: &LegendEntry) -> i32 {
    SAMPLE_WIDTH + (key.label.chars().count() as f64 * 0.54 * f64::from(LABEL_SIZE)) as i32
}
