//! Grid points as text: a short column for each key that varies.

use std::collections::HashSet;

use crate::experiment::run_id::{POSITION, settings_with};
use crate::experiment::{Point, Summary};
use crate::nn::Norm;
use crate::report::text::number::NO_NUMBER;
use crate::text::shortened;

/// How the points of a grid are shown: a column for each key, with its numbers rounded as far as
/// they stay distinct. Where the points do not all set the same keys, it is one column that shows
/// each as a whole. Without a grid there is no column.
#[derive(Clone, Debug)]
pub(crate) struct PointColumns {
    exists: bool,
    /// In the order of the settings; empty where each point is shown as a whole.
    axes: Vec<Axis>,
}

/// A key that varies.
#[derive(Clone, Debug)]
struct Axis {
    key: String,
    head: String,
    /// Significant digits of its numbers.
    digits: usize,
}

impl PointColumns {
    pub(crate) fn of<'a>(points: impl IntoIterator<Item = &'a Option<Point>>) -> Self {
        let points: Vec<Vec<(&str, &str)>> =
            points.into_iter().flatten().map(|point| assignments(&point.settings)).collect();
        let keys = |point: &[(&str, &str)]| point.iter().map(|(key, _)| (*key).to_owned()).collect();
        let first: Vec<String> = points.first().map(|point| keys(point)).unwrap_or_default();
        if points.iter().any(|point| keys(point) != first) {
            return Self { exists: true, axes: Vec::new() };
        }
        let heads: Vec<&str> = first.iter().map(|key| short_key(key)).collect();
        let are_distinct = heads.iter().collect::<HashSet<_>>().len() == heads.len();
        let axis = |(index, key): (usize, &String)| Axis {
            key: key.clone(),
            head: shortened(if are_distinct { short_key(key) } else { key }),
            digits: enough_digits(points.iter().map(|point| point[index].1)),
        };
        Self { exists: !points.is_empty(), axes: first.iter().enumerate().map(axis).collect() }
    }

    /// Those of all groups of `summary`.
    pub(crate) fn of_summary(summary: &Summary) -> Self {
        Self::of(summary.groups.iter().map(|group| &group.point))
    }

    /// The heads of the columns.
    pub(crate) fn heads(&self) -> Vec<String> {
        match self.axes.is_empty() {
            true if self.exists => vec!["point".to_owned()],
            _ => self.axes.iter().map(|axis| axis.head.clone()).collect(),
        }
    }

    /// The cells of a row, one for each head.
    pub(crate) fn cells(&self, point: &Option<Point>) -> Vec<String> {
        let Some(point) = point else { return self.heads().iter().map(|_| NO_NUMBER.to_owned()).collect() };
        if self.axes.is_empty() {
            return vec![shortened(&point.settings)];
        }
        let values = self.values(point);
        values.map(|(_, value)| shortened(&value)).collect()
    }

    /// [`cells`](Self::cells) of a network with `norm`, which may be at no position.
    pub(crate) fn cells_with(&self, norm: Norm, point: &Option<Point>) -> Vec<String> {
        let Some(point) = point.as_ref().filter(|_| !norm.has_position()) else { return self.cells(point) };
        if self.axes.is_empty() {
            return vec![self.label_with(norm, point).unwrap_or_else(|| NO_NUMBER.to_owned())];
        }
        let cell = |(axis, value): (&Axis, String)| match axis.key == POSITION {
            true => NO_NUMBER.to_owned(),
            false => shortened(&value),
        };
        self.values(point).map(cell).collect()
    }

    /// [`label`](Self::label) of a network with `norm`; none where nothing is left to be said without a position.
    pub(crate) fn label_with(&self, norm: Norm, point: &Point) -> Option<String> {
        let label = match self.axes.is_empty() {
            true => shortened(&settings_with(norm.name(), &point.settings)),
            false => self.joined(point, |axis| norm.has_position() || axis.key != POSITION),
        };
        (!label.is_empty()).then_some(label)
    }

    /// A point on one line, such as `optimizer.learning_rate=0.003162`, or
    /// `learning_rate=0.003162;batch_size=64` where several keys vary.
    pub(crate) fn label(&self, point: &Point) -> String {
        if self.axes.is_empty() {
            return shortened(&point.settings);
        }
        self.joined(point, |_| true)
    }

    /// The settings of the keys that are `shown`.
    fn joined(&self, point: &Point, shown: impl Fn(&Axis) -> bool) -> String {
        let key = |axis: &Axis| if self.axes.len() == 1 { axis.key.clone() } else { axis.head.clone() };
        let settings = self.values(point).filter(|(axis, _)| shown(axis));
        let settings: Vec<String> = settings.map(|(axis, value)| format!("{}={value}", key(axis))).collect();
        shortened(&settings.join(";"))
    }

    fn values(&self, point: &Point) -> impl Iterator<Item = (&Axis, String)> {
        let values = assignments(&point.settings).into_iter();
        self.axes.iter().zip(values).map(|(axis, (_, value))| (axis, rounded(value, axis.digits)))
    }
}

/// Keys and values of `key=value;key=value`, where a value may hold both signs in quotes.
pub(crate) fn assignments(settings: &str) -> Vec<(&str, &str)> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, character) in settings.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => {
                parts.push(&settings[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&settings[start..]);
    parts.into_iter().map(|part| part.split_once('=').unwrap_or((part, ""))).collect()
}

/// `key` without its table, except for `layers`, where an index means nothing without its list.
fn short_key(key: &str) -> &str {
    match key.split_once('.') {
        Some(("layers", _)) | None => key,
        Some((_, rest)) => rest,
    }
}

/// The smallest number of significant digits, at least 4, that keeps different values different.
fn enough_digits<'a>(values: impl Iterator<Item = &'a str>) -> usize {
    const ALL: usize = 17;
    let values: HashSet<&str> = values.collect();
    let is_distinct = |digits: &usize| {
        values.iter().map(|value| rounded(value, *digits)).collect::<HashSet<_>>().len() == values.len()
    };
    (4..ALL).find(is_distinct).unwrap_or(ALL)
}

/// A float with `digits` significant digits, without trailing zeros; anything else unchanged.
fn rounded(value: &str, digits: usize) -> String {
    if !value.contains(['.', 'e']) {
        return value.to_owned();
    }
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => {
            let decimals = digits.saturating_sub(1);
            let near: f64 = format!("{number:.decimals$e}").parse().unwrap_or(number);
            let text = format!("{near:?}");
            text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(settings: &[&str]) -> Vec<Option<Point>> {
        let point =
            |(index, settings): (usize, &&str)| Some(Point { index, settings: (*settings).to_owned() });
        settings.iter().enumerate().map(point).collect()
    }

    /// Heads and the cells of every point, each joined by `|`.
    fn shown(settings: &[&str]) -> Vec<String> {
        let points = points(settings);
        let columns = PointColumns::of(&points);
        let rows = points.iter().map(|point| columns.cells(point));
        std::iter::once(columns.heads()).chain(rows).map(|row| row.join(" | ")).collect()
    }

    #[test]
    fn numbers_are_rounded_as_far_as_they_stay_distinct() {
        let points = ["model.init.normal=0.001", "model.init.normal=0.0031622776601683794"];
        assert_eq!(shown(&points), ["init.normal", "0.001", "0.003162"]);
        let points = ["optimizer.eps=0.123456", "optimizer.eps=0.123457", "optimizer.eps=1.0"];
        assert_eq!(shown(&points), ["eps", "0.123456", "0.123457", "1"]);
        let points = ["optimizer.l2=0.000012345678", "optimizer.l2=1e-8", "optimizer.l2=123456789"];
        assert_eq!(shown(&points), ["l2", "1.235e-5", "1e-8", "123456789"]);
        let points = ["optimizer.l2=1.0000000000000002", "optimizer.l2=1.0"];
        assert_eq!(shown(&points), ["l2", "1.0000000000000002", "1"]);
    }

    #[test]
    fn each_key_has_a_column() {
        let points = [
            "optimizer.learning_rate=0.03162277660168379;layers.0.units=1000",
            "optimizer.learning_rate=0.1;layers.0.units=1000",
        ];
        let expected = ["learning_rate | layers.0.units", "0.03162 | 1000", "0.1 | 1000"];
        assert_eq!(shown(&points), expected);
        let points = ["data.path=\"a;b=\\\";c\";optimizer={ type = \"sgd\" }"];
        assert_eq!(shown(&points), ["path | optimizer", "\"a;b=\\\";c\" | { type = \"sgd\" }"]);
        // Keys that are equal without their tables keep them.
        let points = ["optimizer.x=1;training.x=2"];
        assert_eq!(shown(&points), ["optimizer.x | training.x", "1 | 2"]);
    }

    #[test]
    fn points_of_several_grids_are_shown_whole() {
        let points = ["optimizer.l2=0.5", "training.epochs=5;optimizer.l2=0.5"];
        assert_eq!(shown(&points), ["point", "optimizer.l2=0.5", "training.epochs=5;optimizer.l2=0.5"]);
        assert_eq!(PointColumns::of([&None]).heads(), Vec::<String>::new());
        assert_eq!(PointColumns::of([&None]).cells(&None), Vec::<String>::new());
    }

    #[test]
    fn without_a_norm_there_is_no_position() {
        let of = |settings: &[&str], norm| {
            let points = points(settings);
            let columns = PointColumns::of(&points);
            let label = columns.label_with(norm, points[0].as_ref().unwrap());
            (label.unwrap_or_default(), columns.cells_with(norm, &points[0]).join(" | "))
        };
        let alone = ["model.position=after", "model.position=before"];
        assert_eq!(of(&alone, Norm::BatchNorm), ("model.position=after".to_owned(), "after".to_owned()));
        assert_eq!(of(&alone, Norm::None), (String::new(), "-".to_owned()));
        assert_eq!(of(&alone, Norm::WeightNorm), of(&alone, Norm::None));
        let two = ["optimizer.learning_rate=0.5;model.position=after"];
        assert_eq!(of(&two, Norm::None), ("learning_rate=0.5".to_owned(), "0.5 | -".to_owned()));
        let other = ["model.position=after;training.epochs=2", "model.position=after"];
        assert_eq!(of(&other, Norm::None), ("training.epochs=2".to_owned(), "training.epochs=2".to_owned()));
        assert_eq!(of(&other[1..], Norm::None).1, "-");
    }

    #[test]
    fn a_label_has_short_numbers_and_of_several_keys_the_heads() {
        let points = points(&["model.init.normal=0.0031622776601683794;training.epochs=5"]);
        let label = PointColumns::of(&points).label(points[0].as_ref().unwrap());
        assert_eq!(label, "init.normal=0.003162;epochs=5");
        let points = self::points(&["model.init.normal=0.0031622776601683794"]);
        let label = PointColumns::of(&points).label(points[0].as_ref().unwrap());
        assert_eq!(label, "model.init.normal=0.003162");
    }
}
