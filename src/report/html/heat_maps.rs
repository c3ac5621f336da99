//! Which networks the heat maps show, where there are more than fit next to each other.

use crate::diagnose::{RunDiagnostics, measured_networks};
use crate::experiment::run_id::network_name;
use crate::experiment::{GroupSummary, Summary};
use crate::nn::Norm;
use crate::report::chart::strips::MAX_NETWORKS;
use crate::report::html::start::labelled;
use crate::report::measured_end::{MeasuredEnd, at_last_steps};
use crate::report::results::RunResults;
use crate::report::text::summary::other_measures::measure_name;
use crate::text::shortened;

/// The networks that are drawn.
pub(crate) struct HeatMaps {
    /// Named as in reports.
    pub(crate) runs: Vec<RunDiagnostics>,
    /// Which were chosen, unless all are there, and of how many seeds the last values are where it is not all of them.
    pub(crate) note: Option<String>,
}

/// A network, and why it is drawn.
struct Chosen {
    network: String,
    reasons: Vec<String>,
}

/// Of more networks than fit: the first norm, the best and the worst in the primary measure, the network without a norm,
/// and as many of the next best as there is room for. With a grid, each norm is at its best point.
pub(crate) fn heat_maps(run: &RunResults) -> HeatMaps {
    let mut runs = compared(run);
    let networks: Vec<String> = measured_networks(&runs).into_iter().map(str::to_owned).collect();
    let mut note = None;
    if MAX_NETWORKS < networks.len() {
        let chosen = chosen(&run.summary, &networks);
        runs.retain(|found| chosen.iter().any(|chosen| chosen.network == found.network));
        let name = |chosen: &Chosen| {
            let name = shortened(&labelled(run, &chosen.network));
            let reasons = chosen.reasons.join(", ");
            if reasons.is_empty() { name } else { format!("{name} ({reasons})") }
        };
        let names: Vec<String> = chosen.iter().map(name).collect();
        note = Some(format!(
            "{} of {} networks: {}; diagnostics.csv has all.",
            chosen.len(),
            networks.len(),
            names.join(", ")
        ));
    }
    let end = |network: &str| {
        let of_network = runs.iter().filter(|found| found.network == network);
        let end = MeasuredEnd::of(&run.summary, network, of_network);
        end.last_step(&shortened(&labelled(run, network)))
    };
    let ends = at_last_steps(measured_networks(&runs).into_iter().filter_map(end));
    let notes: Vec<String> = note.into_iter().chain(ends).collect();
    let note = (!notes.is_empty()).then(|| notes.join(" "));
    for found in &mut runs {
        found.network = labelled(run, &found.network);
    }
    HeatMaps { runs, note }
}

/// Not those that were trained to tune the networks that are compared, at many settings.
fn compared(run: &RunResults) -> Vec<RunDiagnostics> {
    let is_norm = |found: &&RunDiagnostics| run.summary.norms.iter().any(|norm| norm.name() == found.network);
    let compared: Vec<RunDiagnostics> = run.diagnostics.iter().filter(is_norm).cloned().collect();
    match run.summary.tuning.is_none() || compared.is_empty() {
        true => run.diagnostics.clone(),
        false => compared,
    }
}

/// In the order of `networks`.
fn chosen(summary: &Summary, networks: &[String]) -> Vec<Chosen> {
    let ranked = |mut groups: Vec<&'_ GroupSummary>| {
        groups.retain(|group| networks.contains(&name_of(group)));
        if summary.has_grid() {
            groups.sort_by(|left, right| left.order(right, summary.primary));
        }
        groups.into_iter().map(|group| (group.norm, name_of(group))).collect::<Vec<_>>()
    };
    let all = ranked(summary.ranked_groups());
    let at_best = |&norm: &Norm| {
        let first = || summary.groups.iter().find(|group| group.norm == norm);
        summary.best_group(norm).or_else(first)
    };
    let norms = match summary.norms.len() {
        0 | 1 => all.clone(),
        _ if summary.has_grid() => ranked(summary.norms.iter().filter_map(at_best).collect()),
        _ => all.clone(),
    };
    let mut chosen: Vec<Chosen> = Vec::new();
    let mut add = |(_, network): &(Norm, String), reason: String| match chosen
        .iter_mut()
        .find(|chosen| chosen.network == *network)
    {
        Some(chosen) => chosen.reasons.push(reason),
        None => chosen.push(Chosen { network: network.clone(), reasons: vec![reason] }),
    };
    let of = |norm: Norm| norms.iter().find(|(other, _)| *other == norm);
    if let [first, _, ..] = summary.norms[..] {
        of(first).into_iter().for_each(|found| add(found, "the first norm".to_owned()));
    }
    // Before a run is completed, none is better than another.
    let is_judged = summary.groups.iter().any(|group| group.center(summary.primary).is_some());
    if let ([best, .., worst], true) = (&norms[..], is_judged) {
        add(best, format!("the best in {}", measure_name(summary, summary.primary)));
        add(worst, "the worst".to_owned());
    }
    of(Norm::None).into_iter().for_each(|found| add(found, "no norm".to_owned()));
    let others = norms.iter().chain(&all).map(|(_, network)| network).chain(networks);
    for network in others {
        if MAX_NETWORKS <= chosen.len() {
            break;
        }
        if !chosen.iter().any(|chosen| chosen.network == *network) {
            let is_ranked = all.iter().any(|(_, ranked)| ranked == network);
            let reasons = if is_ranked && is_judged { vec!["next best".to_owned()] } else { Vec::new() };
            chosen.push(Chosen { network: network.clone(), reasons });
        }
    }
    chosen.sort_by_key(|chosen| networks.iter().position(|network| *network == chosen.network));
    chosen
}

fn name_of(group: &GroupSummary) -> String {
    network_name(group.norm.name(), group.point.as_ref().map_or("", |point| &point.settings))
}
