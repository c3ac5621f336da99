//! `[compare.tune]` and `[tune]`: settings that are chosen by trying points between bounds.

use serde::{Serialize, Serializer};

use crate::config::document::tree::Node;
use crate::config::grid::axes::MAX_AXES;
use crate::config::grid::ranges::range_of;
use crate::config::plan::experiment::refusal;
use crate::config::plan::seeds::counted;
use crate::config::plan::spec::ConfigSpec;
use crate::config::problems::Problems;
use crate::config::schema::check;
use crate::settings::{Allowed, settings};
use crate::text::Count;

settings! {
    /// A fair comparison: each norm with its own best settings. The same points between the bounds are tried with
    /// every norm; the best one of each, on validation rows, is trained again with the fresh seeds of
    /// `compare.seeds`, which are compared.
    pub(crate) struct TuneSpec {
        /// How many points. They are those of a scrambled Sobol sequence, so that more points keep the ones before;
        /// powers of 2 cover the range most evenly. With lists, each combination is tried once: there may be fewer.
        points: usize = 16, range(2..=1024);
        /// Seeds for each point, from `training.seed` on. `compare.seeds`, if it is a number, counts on after them.
        seeds: u64 = 3, range(1..=100);
        /// How close to its best a norm has to be at a point for the point to count as usable: of accuracy or R2,
        /// such as 0.02; of a loss as a share of it, such as 0.2 for 1.2 times the loss.
        within: Option<f64>, absent("0.02 of accuracy or R2, 0.2 of a loss"), range(> 0.0);
        /// Config keys and where they are tried: `{ log = [from, to] }`, `{ linear = [from, to] }`, or a list of
        /// values, as in `"optimizer.learning_rate" = { log = [0.001, 10] }`.
        keys: toml::Table, absent("`optimizer.learning_rate`, from a hundredth to a hundred times its value"), is(Allowed::Ranges);
    }
}

/// `[compare.tune]`, checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TunePlan {
    /// How many points.
    pub points: usize,
    /// How many seeds for each point.
    #[serde(rename = "seeds")]
    pub n_seeds: u64,
    /// How close to the best a point has to be to count as usable; none for the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<f64>,
    /// What is tuned, at least one key.
    #[serde(rename = "keys", serialize_with = "axes_as_table")]
    pub axes: Vec<TuneAxis>,
    /// The seeds for each point.
    #[serde(skip)]
    pub seeds: Vec<u64>,
    /// What keys the points.
    #[serde(skip)]
    pub key: u64,
}

/// One key of `keys`.
#[derive(Clone, Debug, PartialEq)]
pub struct TuneAxis {
    /// Dotted, such as `optimizer.learning_rate`.
    pub key: String,
    /// Where it is tried.
    pub range: TuneRange,
}

/// Where a key is tried.
#[derive(Clone, Debug, PartialEq)]
pub enum TuneRange {
    /// Evenly in the value, or in its logarithm.
    #[expect(missing_docs, reason = "the names say it")]
    Between { low: f64, high: f64, is_log: bool, is_whole: bool },
    /// One of these.
    Values(Vec<toml::Value>),
}

impl TuneRange {
    /// As in a config.
    fn to_toml(&self) -> toml::Value {
        match self {
            Self::Values(values) => toml::Value::Array(values.clone()),
            &Self::Between { low, high, is_log, is_whole } => {
                let end = |end: f64| {
                    if is_whole { toml::Value::Integer(end as i64) } else { toml::Value::Float(end) }
                };
                let ends = toml::Value::Array(vec![end(low), end(high)]);
                let form = if is_log { "log" } else { "linear" };
                toml::Value::Table([(form.to_owned(), ends)].into_iter().collect())
            }
        }
    }
}

fn axes_as_table<S: Serializer>(axes: &[TuneAxis], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(axes.iter().map(|axis| (&axis.key, axis.range.to_toml())))
}

/// Says that there are fewer points than the config asks for.
pub(crate) fn fewer_points_note(place: &str, asked: usize, found: usize) -> Option<String> {
    (found < asked).then(|| {
        let found = Count(found, "combination");
        format!(
            "{place}.points = {asked}, but the values of {place}.keys give only {found} to try, each once"
        )
    })
}

/// The checked `[compare.tune]`.
pub(crate) fn resolve(
    written: &TuneSpec,
    spec: &ConfigSpec,
    tree: &Node,
    problems: &mut Problems,
) -> TunePlan {
    let place = "compare.tune.keys";
    let &TuneSpec { points, seeds, within, .. } = written;
    let mut axes = axes(place, &written.keys, tree, problems);
    if written.keys.is_empty() && problems.is_valid(place) {
        axes.extend(learning_rate(spec));
    }
    TunePlan {
        points,
        n_seeds: seeds,
        within,
        axes,
        seeds: counted("compare.tune.seeds", spec.training.seed, seeds, problems),
        key: spec.training.seed,
    }
}

/// Two decades to either side of the rate in the config.
fn learning_rate(spec: &ConfigSpec) -> Option<TuneAxis> {
    let rate = spec.optimizer.as_ref()?.learning_rate();
    // A hundredth of 0.1 is 0.001, not 0.0010000000000000002.
    let times = |factor: f64| short(rate * factor, 6);
    let range = TuneRange::Between { low: times(0.01), high: times(100.0), is_log: true, is_whole: false };
    Some(TuneAxis { key: "optimizer.learning_rate".to_owned(), range })
}

/// The keys of `table`, a table at `place` that was expanded.
pub(crate) fn axes(place: &str, table: &toml::Table, tree: &Node, problems: &mut Problems) -> Vec<TuneAxis> {
    if table.len() > MAX_AXES {
        problems.push(place, format!("it tunes {} keys, limit {MAX_AXES}", table.len()));
        return Vec::new();
    }
    let mut axes = Vec::with_capacity(table.len());
    for (key, written) in table {
        if let Some(reason) = refusal(key, tree) {
            problems.push(&format!("{place}.{key}"), reason);
        } else if matches!(key.as_str(), "data.path" | "data.valid_path" | "data.test_path") {
            problems.push(
                &format!("{place}.{key}"),
                "this is a question, not a setting to tune; vary it in compare.grid",
            );
        }
        let Some(mut range) = range_of(written) else { continue };
        if let TuneRange::Between { low, is_whole, .. } = &mut range {
            *is_whole = *is_whole && takes_integers_only(key, *low, tree);
        }
        axes.push(TuneAxis { key: key.clone(), range });
    }
    axes
}

/// Whether `key` takes the integer `value` but not the number.
fn takes_integers_only(key: &str, value: f64, tree: &Node) -> bool {
    let is_refused = |value: toml::Value| {
        let mut tree = tree.clone();
        let mut problems = Problems::default();
        if tree.set(key, Node::from_toml(&value)).is_err() {
            return true;
        }
        check::check(&tree, &mut problems);
        !problems.is_valid(key)
    };
    is_refused(toml::Value::Float(value)) && !is_refused(toml::Value::Integer(value as i64))
}

/// `value` to this many significant digits.
pub(crate) fn short(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}
