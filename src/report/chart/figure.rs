//! A chart: panels side by side, a legend, notes, and a table with the same numbers.

use maud::{Markup, PreEscaped, html};

use crate::report::chart::matrix::ConfusionMatrix;
use crate::report::chart::path;
use crate::report::chart::plot::{Arm, Plot, Stroke, number};
use crate::report::chart::style::NormStyle;
use crate::report::table::Table;
use crate::text::escaped_lines;

/// The style sheet of all charts.
pub(crate) const CHART_CSS: &str = include_str!("chart.css");

/// Widest file, in pixels.
const MAX_WIDTH: f64 = 1000.0;
const MARGIN: f64 = 14.0;
const LINE: f64 = 21.0;
const SAMPLE_WIDTH: f64 = 30.0;
/// Width of a character of a legend or a note.
const CHARACTER: f64 = 7.0;

/// All of a chart.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// The name of its file, without extension.
    pub(crate) name: &'static str,
    /// In a file, above the panels.
    pub(crate) title: String,
    pub(crate) plots: Vec<Panel>,
    pub(crate) legend: Vec<LegendEntry>,
    /// Sentences.
    pub(crate) notes: Vec<String>,
    pub(crate) table: Table,
    /// The file in the run directory that has the numbers.
    pub(crate) source: &'static str,
}

/// A part of a chart.
#[derive(Clone, Debug)]
pub(crate) enum Panel {
    Plot(Box<Plot>),
    Matrix(ConfusionMatrix),
}

impl Panel {
    pub(crate) fn plot(plot: Plot) -> Self {
        Self::Plot(Box::new(plot))
    }

    /// Width and height in pixels.
    fn size(&self) -> (f64, f64) {
        match self {
            Self::Plot(plot) => plot.size,
            Self::Matrix(matrix) => matrix.size(),
        }
    }

    fn inline(&self) -> Markup {
        match self {
            Self::Plot(plot) => html! { (plot.inline()) (readout(plot)) },
            Self::Matrix(matrix) => matrix.inline(),
        }
    }

    fn draw(&self) -> Markup {
        match self {
            Self::Plot(plot) => plot.draw(false),
            Self::Matrix(matrix) => matrix.draw(),
        }
    }

    /// Whether the reader can choose another scale.
    fn has_scales(&self) -> bool {
        matches!(self, Self::Plot(plot) if plot.other_y.is_some())
    }
}

/// A sample and what it means.
#[derive(Clone, Debug)]
pub(crate) struct LegendEntry {
    pub(crate) sample: Sample,
    pub(crate) label: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sample {
    Arm(Arm),
    Stroke(Stroke),
    Band,
    Dot,
    Ring,
    Cross,
}

impl LegendEntry {
    pub(crate) fn new(sample: Sample, label: impl Into<String>) -> Self {
        Self { sample, label: label.into() }
    }
}

impl Figure {
    /// For a page. `link` makes a link of the name of a file of the run.
    pub(crate) fn html(&self, link: &dyn Fn(&str) -> Markup) -> Markup {
        let arms = self.legend.iter().filter(|entry| matches!(entry.sample, Sample::Arm(_)));
        let has_scales = self.plots.iter().any(Panel::has_scales);
        html! {
            figure class={ @if 5 < arms.count() { "many" } } {
                div.legend {
                    @for entry in &self.legend { (legend_entry(entry, self.has_toggles())) }
                    @if has_scales { button.scales type="button" hidden { "other scale" } }
                }
                div.plots { @for plot in &self.plots { div.plot { (plot.inline()) } } }
                @if !self.notes.is_empty() { figcaption { (self.notes.join(" ")) } }
                details {
                    summary { "Table" }
                    (self.table.html())
                    p.note { "All numbers: " (link(self.source)) "." }
                }
            }
        }
    }

    /// Whether arms can be hidden: there is more than one.
    fn has_toggles(&self) -> bool {
        1 < self.legend.iter().filter(|entry| matches!(entry.sample, Sample::Arm(_))).count()
    }

    /// A file for papers, dark on white; the same chart gives the same bytes.
    pub(crate) fn svg(&self) -> String {
        let mut at = (MARGIN, MARGIN + LINE + 6.0);
        let (mut places, mut right, mut bottom) = (Vec::new(), at.0, at.1);
        for (panel_width, panel_height) in self.plots.iter().map(Panel::size) {
            // As many in a row as fit.
            if MARGIN < at.0 && MARGIN + MAX_WIDTH < at.0 + panel_width {
                at = (MARGIN, bottom + MARGIN);
            }
            places.push(at);
            at.0 += panel_width;
            right = f64::max(right, at.0);
            bottom = f64::max(bottom, at.1 + panel_height);
        }
        let width = right + MARGIN;
        let legend = rows(&self.legend, width - 2.0 * MARGIN);
        let notes: Vec<String> =
            self.notes.iter().flat_map(|note| wrapped(note, width - 2.0 * MARGIN)).collect();
        let n_lines = legend.len() + notes.len();
        let height = bottom + 8.0 + LINE * n_lines as f64 + MARGIN;
        let svg = html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(number(width)) height=(number(height))
                viewBox={ "0 0 " (number(width)) " " (number(height)) } {
                style { (PreEscaped(CHART_CSS)) }
                rect width="100%" height="100%" fill="#fff" {}
                text.title.middle x=(number(width / 2.0)) y=(number(MARGIN + 10.0)) { (self.title) }
                @for (plot, (x, y)) in self.plots.iter().zip(places) {
                    g.ink transform={ "translate(" (number(x)) " " (number(y)) ")" } { (plot.draw()) }
                }
                @for (row, entries) in legend.iter().enumerate() {
                    (legend_row(entries, width, bottom + 18.0 + LINE * row as f64))
                }
                @for (row, note) in notes.iter().enumerate() {
                    text.tick.middle x=(number(width / 2.0))
                        y=(number(bottom + 20.0 + LINE * (legend.len() + row) as f64)) { (note) }
                }
            }
        };
        format!("{}\n", escaped_lines(&svg.into_string()))
    }
}

/// An entry on a page: for an arm, with a box that hides it, which works by style alone.
fn legend_entry(entry: &LegendEntry, has_toggles: bool) -> Markup {
    let sample = html! {
        svg.sample viewBox="0 0 28 14" width="28" height="14" aria-hidden="true" { (sample(entry.sample, (2.0, 7.0))) }
    };
    match entry.sample {
        Sample::Arm(arm) if has_toggles => html! {
            label { input class={ "arm toggle-" (arm.index) } type="checkbox" checked; (sample) (entry.label) }
        },
        _ => html! { span { (sample) (entry.label) } },
    }
}

/// What a script needs to show the values at a place.
fn readout(plot: &Plot) -> Markup {
    let Some(readout) = &plot.readout else { return html! {} };
    let names = readout.places.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("|");
    html! {
        div.readout data-name=(readout.x_name) data-places=(names) aria-live="polite" hidden {
            @for series in &readout.series {
                span class={ "arm-" (series.arm) } data-values=(series.values.join("|")) { (series.name) }
            }
        }
    }
}

/// 26 pixels wide, from `at` to the right, centered in height.
fn sample(sample: Sample, (x, y): (f64, f64)) -> Markup {
    let (right, middle) = (x + 24.0, x + 12.0);
    let line =
        |stroke: Stroke| html! { path class={ (stroke.class()) } d=(path::line([(x, y), (right, y)])) {} };
    let arm = |NormStyle { color, marker }: NormStyle| {
        html! {
            g class=(color.class()) {
                (line(Stroke::Solid))
                path.marker d=(path::markers(marker, [(middle, y)])) {}
            }
        }
    };
    let drawn = match sample {
        Sample::Arm(Arm { style, .. }) => return arm(style),
        Sample::Stroke(stroke) => line(stroke),
        Sample::Band => {
            let corners = [(x, y - 5.0), (right, y - 5.0), (right, y + 5.0), (x, y + 5.0)];
            html! { path.band d=(path::area(corners)) {} }
        }
        Sample::Dot => html! { path.dot d=(path::circles([(middle, y)], 3.0)) {} },
        Sample::Ring => html! { path.ring d=(path::circles([(middle, y)], 4.5)) {} },
        Sample::Cross => html! { path.cross d=(path::crosses([(middle, y)])) {} },
    };
    html! { g.ink { (drawn) } }
}

fn legend_row(entries: &[&LegendEntry], width: f64, y: f64) -> Markup {
    let mut x = (width - row_width(entries)) / 2.0;
    html! {
        @for entry in entries {
            (sample(entry.sample, (x, y - 4.5)))
            text.tick x=(number(x + SAMPLE_WIDTH)) y=(number(y)) { (entry.label) }
            ({ x += entry_width(entry); PreEscaped("") })
        }
    }
}

/// As many entries in a row as fit.
fn rows(entries: &[LegendEntry], width: f64) -> Vec<Vec<&LegendEntry>> {
    let mut rows: Vec<Vec<&LegendEntry>> = Vec::new();
    for entry in entries {
        match rows.last_mut() {
            Some(row) if row_width(row) + entry_width(entry) <= width => row.push(entry),
            _ => rows.push(vec![entry]),
        }
    }
    rows
}

fn row_width(entries: &[&LegendEntry]) -> f64 {
    entries.iter().map(|entry| entry_width(entry)).sum()
}

fn entry_width(entry: &LegendEntry) -> f64 {
    SAMPLE_WIDTH + CHARACTER * entry.label.chars().count() as f64 + 16.0
}

/// Lines of whole words.
pub(crate) fn wrapped(text: &str, width: f64) -> Vec<String> {
    let most = (width / CHARACTER) as usize;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
