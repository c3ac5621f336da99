//! The points of `[compare.grid]`, each a plan of its own.

use std::collections::HashSet;
use std::path::Path;

use crate::config::document::tree::{Node, steps};
use crate::config::document::write::inline;
use crate::config::plan::{GridAxis, Plan};
use crate::config::problems::{Found, Problems, join};
use crate::config::resolve::resolve;
use crate::config::schema::check;
use crate::text::{shortened, shortened_to};

impl Plan {
    /// The points of the grid: number (from 1) with settings such as
    /// `optimizer.learning_rate=0.01`, several joined by `;`, and a plan without `[compare]`.
    /// Without a grid it is one plan and no point.
    ///
    /// The points are those of the config as it was loaded.
    pub fn points(&self) -> Vec<(Option<(usize, String)>, Self)> {
        if self.points.is_empty() {
            return vec![(None, Self { compare: None, model: None, ..self.clone() })];
        }
        let numbered = self.points.iter().zip(1..);
        numbered.map(|((label, plan), number)| (Some((number, label.clone())), plan.clone())).collect()
    }
}

/// A key and what it is set to.
type Setting<'a> = (&'a str, &'a toml::Value);

/// One setting of each axis.
type Settings<'a> = Vec<Setting<'a>>;

/// Label and plan of every point, the last axis varying fastest; none without a grid.
pub(crate) fn all(plan: &Plan, problems: &mut Problems) -> Vec<(String, Plan)> {
    let grid = plan.compare.as_ref().map(|compare| compare.grid.as_slice()).unwrap_or_default();
    if grid.is_empty() {
        return Vec::new();
    }
    // Norms and seeds stay, for the rules over them.
    let mut base = plan.to_table();
    if let Some(compare) = base.get_mut("compare").and_then(toml::Value::as_table_mut) {
        compare.remove("grid");
    }
    let base = Node::from_toml(&toml::Value::Table(base));
    let mut said = HashSet::new();
    let mut points = Vec::new();
    for settings in product(grid) {
        match point(&base, &settings, &plan.source) {
            Ok(plan) => points.push((label(&settings), plan)),
            // Ten points with the same bad value do not say so ten times.
            Err(found) => found
                .into_iter()
                .filter(|found| said.insert((found.line_of.clone(), found.message.clone())))
                .for_each(|found| report(&found, &settings, problems)),
        }
    }
    points
}

/// Types and ranges of the axes in a config `tree` that is wrong somewhere else, so that they are
/// told with the rest. Rules over several keys wait until each of them is right.
pub(crate) fn check_axes(grid: &[GridAxis], tree: &Node, problems: &mut Problems) {
    let is_right = |key: &str| {
        // Which keys there are depends on the type beside them.
        let table = key.rsplit_once('.').map_or("", |(table, _)| table);
        [key, &join(table, "type"), &join("compare.grid", key)].iter().all(|path| problems.trusts(path))
    };
    let grid: Vec<GridAxis> = grid.iter().filter(|axis| is_right(&axis.key)).cloned().collect();
    if grid.is_empty() || !problems.trusts_outright("compare.grid") {
        return;
    }
    let mut base = tree.clone();
    base.remove("compare");
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
            .for_each(|found| report(&found, &settings, problems));
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
    match resolve(&tree, source, &mut problems) {
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

/// Says what is wrong with a point at the axis that it is about, or else at the grid.
fn report(found: &Found, settings: &[Setting<'_>], problems: &mut Problems) {
    let axis = axis_of(found, settings);
    let place = axis.map_or_else(|| "compare.grid".to_owned(), |axis| format!("compare.grid.{axis}"));
    let is_named = axis.is_some_and(|axis| steps(axis).eq(steps(&found.line_of)));
    let mut message = found.message.clone();
    if !is_named {
        message = format!("{}: {message}", found.place);
    }
    // A message about the only value that varies names it; any other does not.
    if !is_named || settings.len() > 1 {
        message = format!("at {}: {message}", shown(settings, axis));
    }
    if found.is_limit {
        problems.push_limit(&place, message);
    } else {
        problems.push(&place, message);
    }
}

/// The settings on one line; where that is long, first of all the one of `axis`.
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

/// Whether a text needs no quotes to be told from its neighbours.
fn is_plain(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    !text.is_empty() && text.chars().all(is_plain)
}
