//! A confusion matrix as SVG.

use maud::{Markup, html};

use crate::report::chart::plot::number;

const CELL: f64 = 34.0;
const TOP: f64 = 52.0;
const CHARACTER: f64 = 6.9;
const MIN_WIDTH: f64 = 300.0;

/// Counts by true class (down) and predicted class (across). Each row is shaded by its shares.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ConfusionMatrix {
    pub(crate) title: String,
    /// Names of the classes.
    pub(crate) classes: Vec<String>,
    /// As many rows as classes, each with as many counts.
    pub(crate) counts: Vec<Vec<u64>>,
}

impl ConfusionMatrix {
    /// Width and height in pixels.
    pub(crate) fn size(&self) -> (f64, f64) {
        let length = CELL * self.classes.len() as f64;
        ((self.left() + length + 8.0).max(MIN_WIDTH), TOP + length + 30.0)
    }

    /// Left of the cells.
    fn left(&self) -> f64 {
        let longest = self.classes.iter().map(|class| class.chars().count()).max().unwrap_or(0);
        CHARACTER * longest as f64 + 18.0
    }

    pub(crate) fn inline(&self) -> Markup {
        let (width, height) = self.size();
        html! {
            svg.matrix width=(number(width)) viewBox={ "0 0 " (number(width)) " " (number(height)) } role="img" aria-label=(self.title) { (self.draw()) }
        }
    }

    pub(crate) fn draw(&self) -> Markup {
        let left = self.left();
        let middle = |index: usize| CELL * (index as f64 + 0.5);
        let corner =
            |truth: usize, predicted: usize| (left + CELL * predicted as f64, TOP + CELL * truth as f64);
        html! {
            text.title x="4" y="15" { (self.title) }
            @for (index, class) in self.classes.iter().enumerate() {
                text.tick.end x=(number(left - 6.0)) y=(number(TOP + middle(index) + 4.5)) { (class) }
                text.tick.middle x=(number(left + middle(index))) y=(number(TOP - 7.0)) { (initial(class)) }
            }
            path.empty d=(self.empty_cells(&corner)) {}
            @for (truth, counts) in self.counts.iter().enumerate() {
                @let total = counts.iter().map(|&count| count as f64).sum::<f64>().max(1.0);
                @for (predicted, &count) in counts.iter().enumerate().filter(|(_, count)| 0 < **count) {
                    (cell(corner(truth, predicted), count, count as f64 / total, truth == predicted))
                }
            }
            text.tick.middle x=(number(left + CELL * self.classes.len() as f64 / 2.0))
                y=(number(TOP + CELL * self.classes.len() as f64 + 19.0)) { "predicted (across), true (down)" }
        }
    }

    /// One path for all: most cells of a good model are empty.
    fn empty_cells(&self, corner: &dyn Fn(usize, usize) -> (f64, f64)) -> String {
        let mut cells = String::new();
        for (truth, counts) in self.counts.iter().enumerate() {
            for (predicted, _) in counts.iter().enumerate().filter(|(_, count)| **count == 0) {
                cells.push_str(&square(corner(truth, predicted)));
            }
        }
        cells
    }
}

/// A square in a path, with its corner at a place.
fn square((x, y): (f64, f64)) -> String {
    let side = number(CELL - 2.0);
    format!("M{} {}h{side}v{side}h-{side}z", number(x + 1.0), number(y + 1.0))
}

/// Shaded from no row to all rows of the class; mistakes in another colour, and stronger.
fn cell((x, y): (f64, f64), count: u64, share: f64, is_right: bool) -> Markup {
    let opacity = if is_right { 0.6 * share } else { (0.9 * share.sqrt()).min(0.8) };
    let class = if is_right { "cell blue" } else { "cell vermilion" };
    html! {
        rect class=(class) x=(number(x + 1.0)) y=(number(y + 1.0)) width=(number(CELL - 2.0)) height=(number(CELL - 2.0))
            fill-opacity=(format!("{opacity:.2}")) {}
        text.count.middle x=(number(x + CELL / 2.0)) y=(number(y + CELL / 2.0 + 4.5)) { (count) }
    }
}

/// What fits above a cell.
fn initial(class: &str) -> String {
    let most = 4;
    match class.chars().count() {
        length if length <= most => class.to_owned(),
        _ => class.chars().take(most - 1).chain(['.']).collect(),
    }
}
