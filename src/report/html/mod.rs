//! `report.html`: one page that says what came of a training, and its charts as files.
//!
//! The page is complete in itself: styles, script and charts are in it, and its content security policy forbids
//! every request. It can be read without the script. Texts from outside are escaped by `maud`, and by [`page`] what
//! is invisible in them.

pub(crate) mod config;
pub(crate) mod curves;
pub(crate) mod data;
pub(crate) mod diagnostics;
pub(crate) mod environment;
pub(crate) mod explanation;
pub(crate) mod fork;
pub(crate) mod heat_maps;
pub(crate) mod page;
pub(crate) mod several;
pub(crate) mod start;
#[cfg(test)]
mod tests;
pub(crate) mod top;
pub(crate) mod tuned;

use maud::{Markup, html};

use crate::report::chart::figure::Figure;
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::figures::confusion::confusion;
use crate::report::chart::figures::contenders::contender_figure;
use crate::report::chart::figures::curves::curves;
use crate::report::chart::figures::differences::differences;
use crate::report::chart::figures::network::network;
use crate::report::chart::figures::paired_curves::{fork_ratio, ratio};
use crate::report::chart::figures::survival::survival;
use crate::report::chart::figures::sweep::sweep;
use crate::report::chart::figures::tuning::tuning;
use crate::report::chart::strips::strips_svg;
use crate::report::html::page::{Links, page, section};
use crate::report::results::RunResults;
use crate::report::text::summary::positions::{position_table, position_title};

/// Points of all curves of a panel together: more cannot be seen, and cost bytes.
const MAX_POINTS: usize = 600;

/// The heat maps of what was measured inside the networks.
pub const DIAGNOSTICS_SVG: &str = "diagnostics.svg";

/// A page is smaller than this many bytes.
const MAX_BYTES: usize = 300_000;

/// The page about one run directory, or about several side by side. `is_in_run` says that it will be in the directory
/// of the only one, so that names of files can be links.
pub fn report_page(runs: &[RunResults], is_in_run: bool) -> String {
    let links = Links { are_reachable: is_in_run };
    let n_arms = runs.iter().map(|run| run.summary.norms.len()).max().unwrap_or(0);
    match runs {
        [run] => page_of(run, None, links),
        several => page("Several runs", n_arms, None, &several::body(several, links)),
    }
}

/// The page about a training that goes on, in its run directory, for browsers to load anew every `seconds`.
pub fn live_report_page(run: &RunResults, seconds: u64) -> String {
    page_of(run, Some(seconds), Links { are_reachable: true })
}

/// With as many points as fit.
fn page_of(run: &RunResults, refresh: Option<u64>, links: Links) -> String {
    let n_arms = run.summary.norms.len();
    let drawn = |detail| page(&top::title(run), n_arms, refresh, &one(run, links, detail));
    let mut page = String::new();
    for detail in DETAILS {
        page = drawn(detail);
        if page.len() < MAX_BYTES {
            break;
        }
    }
    page
}

/// How much a page draws.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Detail {
    /// Points of all curves of a panel together.
    max_points: usize,
    /// Measurements next to each other in heat maps.
    max_columns: usize,
}

impl Detail {
    const fn new(max_points: usize, max_columns: usize) -> Self {
        Self { max_points, max_columns }
    }
}

/// From the most to what is left on a page that has much else. Heat maps are thinned first: a curve with merged epochs
/// has a band that is too wide where it is steep.
const DETAILS: [Detail; 8] = [
    Detail::new(MAX_POINTS, 16),
    Detail::new(MAX_POINTS, 10),
    Detail::new(MAX_POINTS / 2, 8),
    Detail::new(MAX_POINTS / 2, 5),
    Detail::new(MAX_POINTS / 2, 3),
    Detail::new(MAX_POINTS / 3, 4),
    Detail::new(MAX_POINTS / 4, 4),
    Detail::new(MAX_POINTS / 8, 2),
];

/// The charts of a run as SVG files: name and content.
pub fn figures(run: &RunResults) -> Vec<(String, String)> {
    let title = top::title(run);
    let figures = Charts::of(run, &title, MAX_POINTS).all();
    let figures = figures.into_iter().map(|figure| (format!("{}.svg", figure.name), figure.svg()));
    let shown = heat_maps::heat_maps(run);
    let inside = strips_svg(&title, &shown.runs, shown.note.as_deref());
    figures.chain(inside.map(|svg| (DIAGNOSTICS_SVG.to_owned(), svg))).collect()
}

/// The charts of a run, those that it has.
pub(crate) struct Charts {
    pub(crate) curves: Figure,
    pub(crate) ratio: Option<Figure>,
    /// That of forks to the runs that they are from.
    pub(crate) fork: Option<Figure>,
    pub(crate) differences: Option<Figure>,
    pub(crate) sweep: Option<Figure>,
    pub(crate) tuning: Option<Figure>,
    pub(crate) survival: Option<Figure>,
    pub(crate) contenders: Option<Figure>,
    pub(crate) confusion: Option<Figure>,
    /// What was measured of whole networks.
    pub(crate) network: Option<Figure>,
}

impl Charts {
    pub(crate) fn of(run: &RunResults, title: &str, max_points: usize) -> Self {
        let arms = Arms { summary: &run.summary, labels: &run.labels };
        Self {
            curves: curves(title, arms, &run.records, max_points),
            ratio: ratio(title, arms, &run.records, max_points),
            fork: fork_ratio(title, arms, &fork::effects(run)),
            differences: differences(title, arms),
            sweep: sweep(title, arms),
            tuning: tuning(title, arms),
            survival: survival(title, arms),
            contenders: contender_figure(title, arms),
            confusion: confusion(title, arms, run),
            network: network(title, arms, &run.diagnostics, max_points),
        }
    }

    /// The curves, with the ratio next to them.
    pub(crate) fn training(&self) -> Figure {
        let mut training = self.curves.clone();
        if let Some(ratio) = &self.ratio {
            training.plots.extend(ratio.plots.iter().cloned());
            training.notes.extend(ratio.notes.iter().cloned());
        }
        training
    }

    fn all(self) -> Vec<Figure> {
        let further = [
            self.ratio,
            self.fork,
            self.differences,
            self.sweep,
            self.tuning,
            self.survival,
            self.contenders,
            self.confusion,
            self.network,
        ];
        std::iter::once(self.curves).chain(further.into_iter().flatten()).collect()
    }
}

/// Everything about one run.
fn one(run: &RunResults, links: Links, detail: Detail) -> Markup {
    let charts = Charts::of(run, &top::title(run), detail.max_points);
    let chart = |figure: &Figure| figure.html(&|name| links.file(name));
    html! {
        (top::top(run, links))
        (section("curves", "Training", chart(&charts.training())))
        @if let Some(figure) = &charts.differences { (section("differences", "Differences by seed", chart(figure))) }
        @if !run.summary.positions.is_empty() {
            (section("positions", "After and before the activation", html! {
                p { (position_title(&run.summary)) "." }
                (position_table(&run.summary, &|norm| run.labels.norm(norm)).html())
            }))
        }
        @if let Some(figure) = &charts.sweep { (section("grid", "Over the grid", chart(figure))) }
        @if run.summary.tuning.is_some() {
            (section("tuning", "Tuned settings", html! {
                @if let Some(figure) = &charts.tuning { (chart(figure)) }
                (tuned::tuned(run))
            }))
        }
        @if let Some(figure) = &charts.survival { (section("time", "Time to a bound", chart(figure))) }
        (diagnostics::diagnostics(run, charts.network.as_ref(), (links, detail.max_columns)))
        (start::start(run))
        @if let Some(figure) = &charts.contenders {
            (section("baselines", "Saved weights and baselines", html! {
                (chart(figure))
                @if let Some(figure) = &charts.confusion { h3 { "Confusion" } (chart(figure)) }
            }))
        }
        (data::data(run))
        (config::config(run, links))
        (environment::environment(run, links))
    }
}
