//! The points of `[compare.grid]` and `[compare.tune]`: a point is a config in which some keys were replaced; it is
//! resolved like any config.

use std::collections::HashSet;
use std::path::Path;

use crate::config::document::inline::inline;
use crate::config::document::key_path::{join, steps};
use crate::config::document::tree::Node;
use crate::config::grid::sobol;
use crate::config::plan::resolve::resolve;
use crate::config::plan::{GridAxis, GridPoint, Plan, TuneAxis};
use crate::config::problems::{Found, Problems};
use crate::config::schema::check;
use crate::text::{shortened, shortened_to};

impl Plan {
    /// The points of the grid, or those that are tried to tune: number (from 1) with settings such as
    /// `optimizer.learning_rate=0.01`, several joined by `;`, and a plan without `[compare]`.
    /// Without either it is one plan and no point.
    ///
    /// The points are those of the config as it was loaded.
    pub fn points(&self) -> Vec<(Option<(usize, String)>, Self)> {
        if self.points.is_empty() {
            return vec![(None, self.alone())];
        }
        let numbered = self.points.iter().zip(1..);
        numbered.map(|(point, number)| (Some((number, point.label.clone())), point.plan.clone())).collect()
    }

    /// The plan of a single network, with nothing to compare.
    pub fn alone(&self) -> Self {
        Self { compare: None, model: None, points: Vec::new(), ..self.clone() }
    }
}

/// A key and what it is set to.
type Setting<'a> = (&'a str, &'a toml::Value);

/// One setting of each axis.
type Settings<'a> = Vec<Setting<'a>>;

/// Where a config says what varies in a grid.
const GRID: &str = "compare.grid";

/// Every point of `grid` in the config `tree` at `source`, the last axis varying fastest; none without a grid.
pub(crate) fn resolve_all(
    tree: &Node,
    source: &Path,
    grid: &[GridAxis],
    problems: &mut Problems,
) -> Vec<GridPoint> {
    if grid.is_empty() {
        return Vec::new();
    }
    resolve_each(tree, source, GRID, &product(grid), problems)
}

/// The first `points` points of the Sobol sequence keyed by `key` over `axes`, which the config says at `place`; fewer
/// if lists have fewer combinations. The ends of each range are checked first, whether a point is near them or not.
pub(crate) fn resolve_tuned(
    tree: &Node,
    source: &Path,
    place: &str,
    axes: &[TuneAxis],
    (key, points): (u64, usize),
    problems: &mut Problems,
) -> Vec<GridPoint> {
    let extremes: Vec<(&str, Vec<toml::Value>)> =
        axes.iter().map(|axis| (axis.key.as_str(), axis.range.extremes())).collect();
    let ends: Vec<Settings<'_>> =
        extremes.iter().flat_map(|(key, values)| values.iter().map(|value| vec![(*key, value)])).collect();
    resolve_each(tree, source, place, &ends, problems);
    if !problems.is_empty() {
        return Vec::new();
    }
    let values = sobol::points(axes, key, points);
    let points: Vec<Settings<'_>> =
        values.iter().map(|values| axes.iter().map(|axis| axis.key.as_str()).zip(values).collect()).collect();
    resolve_each(tree, source, place, &points, problems)
}

/// Each of `points`; a problem of several is reported once, at the key in `place` that it is about.
fn resolve_each(
    tree: &Node,
    source: &Path,
    place: &str,
    points: &[Settings<'_>],
    problems: &mut Problems,
) -> Vec<GridPoint> {
    let mut base = tree.clone();
    // Norms and seeds stay, for the rules over them.
    ["compare.grid", "compare.positions", "compare.tune", "tune"]
        .iter()
        .for_each(|varied| base.remove(varied));
    let mut said = HashSet::new();
    let mut resolved = Vec::new();
    for settings in points {
        match point(&base, settings, source) {
            Ok(plan) => resolved.push(GridPoint {
                label: label(settings),
                settings: settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).clone())).collect(),
                plan,
            }),
            Err(found) => found
                .into_iter()
                .filter(|found| said.insert((found.line_of.clone(), found.message.clone())))
                .for_each(|found| report(&found, settings, place, problems)),
        }
    }
    resolved
}

/// Checks types and ranges of the axes in a config `tree` that has problems elsewhere, to report all of them
/// at once. Rules over several keys are checked once each of the keys is valid.
pub(crate) fn check_axes(grid: &[GridAxis], place: &str, tree: &Node, problems: &mut Problems) {
    let is_right = |key: &str| {
        // Which keys are allowed depends on the type of the table.
        let table = key.rsplit_once('.').map_or("", |(table, _)| table);
        [key, &join(table, "type"), &join(place, key)].iter().all(|path| problems.is_valid(path))
    };
    let grid: Vec<GridAxis> = grid.iter().filter(|axis| is_right(&axis.key)).cloned().collect();
    if grid.is_empty() || !problems.is_valid_itself(place) {
        return;
    }
    let mut base = tree.clone();
    ["compare", "tune"].iter().for_each(|varied| base.remove(varied));
    let mut said = HashSet::new();
    for settings in product(&grid) {
        let mut tree = base.clone();
        let mut found = Problems::default();
        for (key, value) in &settings {
            if let Err(message) = tree.set(key, Node::from_toml(value)) {
                found.push(key, message);
            }
        }
        check::check(&tree, &mut found);
        found
            .into_found()
            .into_iter()
            .filter(|found| axis_of(found, &settings).is_some())
            .filter(|found| said.insert((found.line_of.clone(), found.message.clone())))
            .for_each(|found| report(&found, &settings, place, problems));
    }
}

fn product(grid: &[GridAxis]) -> Vec<Settings<'_>> {
    let mut points = vec![Settings::new()];
    for axis in grid {
        points = points
            .iter()
            .flat_map(|point| {
                axis.values.iter().map(|value| [point.as_slice(), &[(axis.key.as_str(), value)]].concat())
            })
            .collect();
    }
    points
}

fn point(base: &Node, settings: &[Setting<'_>], source: &Path) -> Result<Plan, Vec<Found>> {
    let mut tree = base.clone();
    let mut problems = Problems::default();
    for (key, value) in settings {
        if let Err(message) = tree.set(key, Node::from_toml(value)) {
            problems.push(key, message);
        }
    }
    match resolve(&tree, source, &mut problems).plan {
        Some(plan) => Ok(Plan { compare: None, ..plan }),
        None => Err(problems.into_found()),
    }
}

/// The axis whose value a problem is about.
fn axis_of<'a>(found: &Found, settings: &[Setting<'a>]) -> Option<&'a str> {
    let is_about = |key: &str| {
        let mut path = steps(&found.line_of);
        steps(key).all(|step| path.next() == Some(step))
    };
    settings.iter().map(|(key, _)| *key).find(|key| is_about(key))
}

/// Reports a problem of a point at the axis that it is about, or else at `place`, the table of the axes.
fn report(found: &Found, settings: &[Setting<'_>], place: &str, problems: &mut Problems) {
    let axis = axis_of(found, settings);
    let place = axis.map_or_else(|| place.to_owned(), |axis| join(place, axis));
    let is_named = axis.is_some_and(|axis| steps(axis).eq(steps(&found.line_of)));
    let mut message = found.message.clone();
    if !is_named {
        message = format!("{}: {message}", found.place);
    }
    // A message about the only value that varies already shows it.
    if !is_named || settings.len() > 1 {
        message = format!("at {}: {message}", shown(settings, axis));
    }
    if found.is_limit {
        problems.push_limit(&place, message);
    } else {
        problems.push(&place, message);
    }
}

/// The settings on one line; if that is long, only the one of `axis`.
fn shown(settings: &[Setting<'_>], axis: Option<&str>) -> String {
    let whole = label(settings);
    let of_axis = settings.iter().filter(|(key, _)| Some(*key) == axis).copied().collect::<Settings<'_>>();
    let n_others = settings.len() - of_axis.len();
    if n_others == 0 || whole.chars().count() <= 60 {
        return shortened(&whole);
    }
    if of_axis.is_empty() {
        return shortened_to(&whole, 120);
    }
    let others = if n_others == 1 { "setting" } else { "settings" };
    format!("{} with {n_others} other {others}", shortened(&label(&of_axis)))
}

/// `key=value;key=value`.
fn label(settings: &[Setting<'_>]) -> String {
    let setting = |(key, value): &Setting<'_>| match value {
        toml::Value::String(text) if is_plain(text) => format!("{key}={text}"),
        value => format!("{key}={}", inline(value)),
    };
    settings.iter().map(setting).collect::<Vec<_>>().join(";")
}

/// Whether a text is unambiguous in a label without quotes.
fn is_plain(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    !text.is_empty() && text.chars().all(is_plain)
}
