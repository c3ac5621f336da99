//! Quantities by layer and time as heat maps, the networks next to each other.

use std::collections::BTreeMap;

use maud::{Markup, PreEscaped, html};

use crate::diagnose::{DiagnosticRow, Quantity, RunDiagnostics, measured_networks};
use crate::probe::percentiles;
use crate::report::chart::figure::{CHART_CSS, wrapped};
use crate::report::text::number::four_digits;
use crate::text::{escaped_lines, shortened, shortened_to};

/// The networks that fit next to each other; others are left out.
pub(crate) const MAX_NETWORKS: usize = 4;
/// Measurements next to each other; of more, some are left out evenly.
const MAX_COLUMNS: usize = 40;

const WIDTH: i32 = 900;
const LEFT: i32 = 84;
const RIGHT: i32 = 110;
/// The names of the networks.
const TOP: i32 = 34;
/// The width of a character of a name, about.
const CHARACTER: i32 = 6;
/// The title of a file.
const TITLE: i32 = 36;
const GAP: i32 = 16;
/// A line of the note of a file.
const NOTE: i32 = 20;
/// Above and below the map of a quantity.
const STRIP_MARGIN: i32 = 42;

/// A heat map of layers over time for each quantity that was measured by layer, as an SVG file of about 900 pixels in
/// width. None without any.
///
/// The networks of `runs` are next to each other, at most four, in the same colors: a color is a value, whatever the
/// network. Values are medians over seeds. Input layers are at the top. The scale is logarithmic where values are
/// positive and differ much. The `note` is below.
pub(crate) fn strips_svg(title: &str, runs: &[RunDiagnostics], note: Option<&str>) -> Option<String> {
    let strips = Strips::of(runs, MAX_COLUMNS)?;
    let bottom = strips.height() + TITLE;
    let notes = note.map_or_else(Vec::new, |note| wrapped(note, f64::from(WIDTH - 2 * GAP)));
    let height = bottom + NOTE * notes.len() as i32;
    let svg = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(WIDTH) height=(height) viewBox={ "0 0 " (WIDTH) " " (height) } {
            style { (PreEscaped(CHART_CSS)) }
            rect width="100%" height="100%" fill="#fff" {}
            text.title.middle x=(WIDTH / 2) y=(24) { (shortened(title)) }
            g transform={ "translate(0 " (TITLE) ")" } { (strips.draw()) }
            @for (line, note) in (0..).zip(&notes) {
                text.tick.middle x=(WIDTH / 2) y=(bottom + NOTE * line) { (note) }
            }
        }
    };
    Some(format!("{}\n", escaped_lines(&svg.into_string())))
}

/// All heat maps of a comparison.
pub(crate) struct Strips {
    pub(crate) networks: Vec<String>,
    pub(crate) strips: Vec<Strip>,
}

impl Strips {
    /// With at most `max_columns` measurements next to each other; none without any measurements.
    pub(crate) fn of(runs: &[RunDiagnostics], max_columns: usize) -> Option<Self> {
        let mut networks = measured_networks(runs);
        networks.truncate(MAX_NETWORKS);
        let strips: Vec<Strip> =
            STRIPS.iter().filter_map(|kind| Strip::of(kind, &networks, runs, max_columns)).collect();
        let networks = networks.into_iter().map(str::to_owned).collect();
        (!strips.is_empty()).then_some(Self { networks, strips })
    }

    /// For a page.
    pub(crate) fn inline(&self) -> Markup {
        html! {
            svg.strips width=(WIDTH) viewBox={ "0 0 " (WIDTH) " " (self.height()) } role="img"
                aria-label="heat maps of layers over time" { (self.draw()) }
        }
    }

    fn height(&self) -> i32 {
        TOP + self.strips.iter().map(Strip::height).sum::<i32>()
    }

    fn draw(&self) -> Markup {
        let width = map_width(self.networks.len());
        let mut top = TOP;
        html! {
            (scale_bar())
            @for (index, network) in (0..).zip(&self.networks) {
                text.tick.middle x=(LEFT + index * (width + GAP) + width / 2) y=(14) {
                    title { (shortened(network)) }
                    (shortened_to(network, (width / CHARACTER) as usize))
                }
            }
            @for strip in &self.strips {
                (strip.draw(top, width))
                ({ top += strip.height(); PreEscaped("") })
            }
        }
    }
}

fn map_width(networks: usize) -> i32 {
    let count = networks.max(1) as i32;
    (WIDTH - LEFT - RIGHT - (count - 1) * GAP) / count
}

/// What a strip shows: a quantity, or the difference of two.
struct StripKind {
    title: &'static str,
    of: Quantity,
    minus: Option<Quantity>,
}

const fn plain(title: &'static str, of: Quantity) -> StripKind {
    StripKind { title, of, minus: None }
}

const STRIPS: [StripKind; 12] = [
    StripKind {
        title: "spread of what the activation sees (85th minus 15th percentile)",
        of: Quantity::PreActivationP85,
        minus: Some(Quantity::PreActivationP15),
    },
    plain("share of dead units", Quantity::DeadShare),
    plain("length of the gradient of the weights", Quantity::WeightGradient),
    plain("length of the gradient of the output", Quantity::ActivationGradient),
    plain("update over weight in a step", Quantity::UpdateRatio),
    plain("effective rate", Quantity::EffectiveRate),
    plain("running mean against that of the training rows, in deviations", Quantity::RunningMeanGap),
    plain("median of gamma", Quantity::GammaP50),
    plain(
        "covariate shift: change of the gradient by a step of the earlier layers",
        Quantity::CovariateShift,
    ),
    plain("agreement of the rows about the gradient", Quantity::GradientAlignment),
    plain("mean cosine between rows", Quantity::MeanCosine),
    plain("participation rank", Quantity::ParticipationRank),
];

/// The heat maps of a quantity.
pub(crate) struct Strip {
    pub(crate) title: &'static str,
    pub(crate) layers: Vec<String>,
    steps: Vec<u64>,
    /// For each network, layer and step the value; NaN if there is none.
    pub(crate) values: Vec<Vec<Vec<f64>>>,
    scale: ColorScale,
}

impl Strip {
    fn of(kind: &StripKind, networks: &[&str], runs: &[RunDiagnostics], max_columns: usize) -> Option<Self> {
        let rows = || runs.iter().flat_map(|run| &run.rows).filter(|row| row.quantity == kind.of);
        let mut layers: Vec<String> = Vec::new();
        let mut steps: Vec<u64> = Vec::new();
        for row in rows() {
            let layer = row.layer.as_deref()?;
            if !layers.iter().any(|known| known == layer) {
                layers.push(layer.to_owned());
            }
            steps.push(row.step);
        }
        steps.sort_unstable();
        steps.dedup();
        let stride = steps.len().div_ceil(max_columns).max(1);
        let steps: Vec<u64> = steps.into_iter().step_by(stride).collect();
        let of_network = |network: &&str| {
            let runs = runs.iter().filter(|run| run.network == **network);
            medians(kind, &layers, &steps, &runs.collect::<Vec<_>>())
        };
        let values: Vec<_> = networks.iter().map(of_network).collect();
        let scale = ColorScale::of(values.iter().flatten().flatten().copied())?;
        Some(Self { title: kind.title, layers, steps, values, scale })
    }

    fn cell_height(&self) -> i32 {
        (120 / self.layers.len().max(1) as i32).clamp(3, 16)
    }

    fn map_height(&self) -> i32 {
        self.cell_height() * self.layers.len() as i32
    }

    fn height(&self) -> i32 {
        self.map_height().max(48) + STRIP_MARGIN
    }

    fn draw(&self, top: i32, width: i32) -> Markup {
        let cell = self.cell_height();
        let last = self.layers.len() - 1;
        let map = top + 12;
        html! {
            text.tick x=(LEFT) y=(top + 4) { (self.title) }
            // All names if they fit, otherwise those of the ends.
            @for (index, layer) in self.layers.iter().enumerate().filter(|(index, _)| cell >= 12 || *index % last.max(1) == 0) {
                text.tick x="8" y=(map + cell * index as i32 + cell / 2 + 4) { (layer) }
            }
            @for (index, values) in (0..).zip(&self.values) {
                (self.draw_map(values, (LEFT + index * (width + GAP), map), width))
            }
            (self.draw_scale(WIDTH - RIGHT + 14, map))
        }
    }

    fn draw_map(&self, values: &[Vec<f64>], (left, top): (i32, i32), width: i32) -> Markup {
        let (height, cell) = (self.map_height(), self.cell_height());
        if values.iter().flatten().all(|value| value.is_nan()) {
            return html! {
                rect.empty x=(left) y=(top) width=(width) height=(height) {}
                text.tick.middle x=(left + width / 2) y=(top + height / 2 + 4) { "does not apply" }
            };
        }
        let columns = self.steps.len() as i32;
        let edge = |column: i32| left + width * column / columns;
        // Cells of one color are a single path.
        let mut paths: BTreeMap<String, String> = BTreeMap::new();
        for (row, values) in (0..).zip(values) {
            let colors: Vec<String> = values.iter().map(|value| self.scale.color(*value)).collect();
            let mut column = 0;
            for same in colors.chunk_by(|one, next| one == next) {
                let (left, right) = (edge(column), edge(column + same.len() as i32));
                column += same.len() as i32;
                let width = right - left;
                let path = format!("M{left} {}h{width}v{cell}h-{width}z", top + cell * row);
                paths.entry(same[0].clone()).or_default().push_str(&path);
            }
        }
        let (y, first, last) = (top + height + 13, self.steps[0], self.steps[self.steps.len() - 1]);
        html! {
            g shape-rendering="crispEdges" { @for (color, d) in &paths { path fill=(color) d=(d) {} } }
            text.tick x=(left) y=(y) { "step " (first) }
            text.tick.end x=(left + width) y=(y) { (last) }
        }
    }

    fn draw_scale(&self, left: i32, top: i32) -> Markup {
        html! {
            use href={ "#" (SCALE) } x=(left) y=(top) {}
            text.tick x=(left + 16) y=(top + 10) { (four_digits(self.scale.high)) }
            @if self.scale.is_log { text.tick x=(left + 16) y=(top + SCALE_STEPS + 4) { "log" } }
            text.tick x=(left + 16) y=(top + 2 * SCALE_STEPS - 2) { (four_digits(self.scale.low)) }
        }
    }
}

/// The name of the bar that all scales use.
const SCALE: &str = "viridis";
/// Its colors.
const SCALE_STEPS: i32 = 24;

/// The bar of a scale, the largest value at the top.
fn scale_bar() -> Markup {
    let share = |step: i32| f64::from(SCALE_STEPS - 1 - step) / f64::from(SCALE_STEPS - 1);
    html! {
        defs {
            g id=(SCALE) {
                @for step in 0..SCALE_STEPS {
                    rect y=(2 * step) width="10" height="2" fill=(viridis(share(step))) {}
                }
            }
        }
    }
}

/// The median over `runs` for each layer and step.
fn medians(kind: &StripKind, layers: &[String], steps: &[u64], runs: &[&RunDiagnostics]) -> Vec<Vec<f64>> {
    let mut cells = vec![vec![Vec::new(); steps.len()]; layers.len()];
    for run in runs {
        // In the order of a file, the rows of a step and layer are near each other.
        let of = |quantity: Quantity| run.rows.iter().filter(move |row| row.quantity == quantity);
        let mut subtracted = kind.minus.map(|quantity| of(quantity));
        for row in of(kind.of) {
            let place = layers.iter().position(|layer| Some(&**layer) == row.layer.as_deref());
            let minus = subtracted.as_mut().map_or(Some(0.0), |rows| same_place(rows, row));
            if let (Some(layer), Ok(step), Some(minus)) = (place, steps.binary_search(&row.step), minus) {
                cells[layer][step].push(row.value - minus);
            }
        }
    }
    let median = |values: Vec<f64>| percentiles(values, &[0.5])[0];
    cells.into_iter().map(|row| row.into_iter().map(median).collect()).collect()
}

/// The value of the next of `rows` that is of the same step and layer as `row`.
fn same_place<'a>(rows: &mut impl Iterator<Item = &'a DiagnosticRow>, row: &DiagnosticRow) -> Option<f64> {
    rows.find(|other| other.step == row.step && other.layer == row.layer).map(|other| other.value)
}

/// What a color means.
struct ColorScale {
    low: f64,
    high: f64,
    is_log: bool,
}

impl ColorScale {
    /// From the smallest to the largest finite value; none without any.
    fn of(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let finite = values.filter(|value| value.is_finite());
        let low = finite.clone().fold(f64::INFINITY, f64::min);
        let high = finite.fold(f64::NEG_INFINITY, f64::max);
        (low <= high).then_some(Self { low, high, is_log: low > 0.0 && high / low > 20.0 })
    }

    fn color(&self, value: f64) -> String {
        if value.is_nan() {
            return BLANK.to_owned();
        }
        let place = |value: f64| if self.is_log { value.ln() } else { value };
        let (low, high) = (place(self.low), place(self.high));
        viridis(if high > low { (place(value) - low) / (high - low) } else { 0.0 })
    }
}

/// No value.
const BLANK: &str = "#eee";

/// The colors of Matplotlib's viridis from 0 to 1: their lightness grows evenly, so they keep their order with any
/// color vision and in black and white.
fn viridis(share: f64) -> String {
    const COLORS: [[u8; 3]; 6] =
        [[68, 1, 84], [65, 68, 135], [42, 120, 142], [34, 168, 132], [122, 209, 81], [253, 231, 37]];
    // More colors than these look the same.
    let share = (64.0 * share.clamp(0.0, 1.0)).round() / 64.0;
    let place = share * (COLORS.len() - 1) as f64;
    let index = (place as usize).min(COLORS.len() - 2);
    let part = place - index as f64;
    let [r, g, b] = [0, 1, 2].map(|channel| {
        let (low, high) = (f64::from(COLORS[index][channel]), f64::from(COLORS[index + 1][channel]));
        (low + (high - low) * part).round() as u8
    });
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(network: &str, values: &[(u64, &str, Quantity, f64)]) -> RunDiagnostics {
        let row = |&(step, layer, quantity, value): &(u64, &str, Quantity, f64)| DiagnosticRow {
            epoch: step,
            step,
            layer: Some(layer.into()),
            quantity,
            value,
        };
        RunDiagnostics { network: network.to_owned(), seed: 1, rows: values.iter().map(row).collect() }
    }

    #[test]
    fn networks_share_a_scale_and_names_are_escaped() {
        let of =
            |value| [(0, "affine_1", Quantity::DeadShare, value), (5, "affine_1", Quantity::DeadShare, 0.5)];
        let runs = [run("batch_norm", &of(0.0)), run("none x=\"<b>\"", &of(1.0))];
        let svg = strips_svg("a & b", &runs, None).expect("a picture");
        assert!(svg.contains("&lt;b&gt;") && svg.contains("a &amp; b"), "{svg}");
        // The middle is the same color in both.
        let color = format!("path fill=\"{}\"", viridis(0.5));
        assert_eq!(svg.matches(&color).count(), 2, "{color}");
        assert!(strips_svg("nothing", &[run("none", &[])], None).is_none());
    }

    #[test]
    fn percentiles_become_a_spread_and_missing_networks_are_blank() {
        let rows = |step: u64| {
            [
                (step, "affine_1", Quantity::PreActivationP15, -1.0),
                (step, "affine_1", Quantity::PreActivationP85, 2.0),
                (step, "affine_2", Quantity::PreActivationP15, -2.0),
                (step, "affine_2", Quantity::PreActivationP85, 8.0),
            ]
        };
        let runs = [run("batch_norm", &[rows(0), rows(3)].concat())];
        let strip = Strip::of(&STRIPS[0], &["batch_norm", "none"], &runs, MAX_COLUMNS).expect("a strip");
        assert_eq!(strip.values[0], [[3.0, 3.0], [10.0, 10.0]]);
        assert!(strip.values[1].iter().flatten().all(|value| value.is_nan()));
    }

    #[test]
    fn a_scale_is_logarithmic_where_values_differ_much() {
        let scale = ColorScale::of([1e-4, 1.0, f64::NAN, f64::INFINITY].into_iter()).expect("values");
        assert!(scale.is_log);
        assert_eq!(scale.color(1e-2), viridis(0.5));
        assert_eq!(scale.color(f64::NAN), BLANK);
        assert!(!ColorScale::of([0.0, 1.0].into_iter()).expect("values").is_log);
        assert_eq!(ColorScale::of([2.0].into_iter()).expect("a value").color(2.0), viridis(0.0));
    }
}
