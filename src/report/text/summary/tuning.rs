//! How settings were chosen for each norm, as text.

use crate::experiment::tuning::MIN_SEEDS;
use crate::experiment::{BestRatio, Edge, EdgeWarning, Summary, TunedNorm, TunedPoint, Tuning};
use crate::nn::Norm;
use crate::report::text::layout::{Align, WIDEST, aligned, aligned_within, joined, wrapped};
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::report::text::summary::grid_point::PointColumns;
use crate::report::text::summary::other_measures::measure_name;
use crate::text::{Count, shortened};

/// The best point of each norm and how wide its usable range is, the ratios of the best values, what may lie beyond,
/// how good the best of fewer points would be, and with one key the measure at every point. Empty without tuning.
pub(crate) fn tuning(summary: &Summary) -> String {
    let Some(tuning) = &summary.tuning else { return String::new() };
    let columns = point_columns(tuning);
    let name = |norm: Norm| norm.name().to_owned();
    let rows = best_points(tuning, &name);
    let best = aligned_within(WIDEST, 1 + columns.heads().len(), &vec![Align::Left; rows[0].len()], &rows);
    let remarks = remarks(tuning, &name);
    let remarks: String = remarks.iter().map(|line| wrapped(WIDEST, "  ", "    ", line)).collect();
    let expected = expected_best(tuning, &name);
    joined([
        format!("{}{best}{remarks}", wrapped(WIDEST, "", "  ", &head(summary, tuning))),
        format!("{EXPECTED_BEST}\n{}", aligned(&vec![Align::Left; expected[0].len()], &expected)),
        by_point(summary, tuning, &columns),
    ])
}

/// What [`expected_best`] shows.
pub(crate) const EXPECTED_BEST: &str =
    "to expect of the best of N of these points, by N (-: it may be a lost one)";

fn point_columns(tuning: &Tuning) -> PointColumns {
    let points = tuning.norms.iter().flat_map(|norm| &norm.points).map(|point| Some(point.point.clone()));
    PointColumns::of(&points.collect::<Vec<_>>())
}

/// What was tried, for how many seeds.
pub(crate) fn head(summary: &Summary, tuning: &Tuning) -> String {
    let keys: Vec<String> = tuning.keys.iter().map(|key| shortened(key)).collect();
    format!(
        "the best of {} of {} for each norm, by {}, {} each{}",
        Count(tuning.n_points, "point"),
        keys.join(" and "),
        measure_name(summary, tuning.measure),
        Count(tuning.seeds.len(), "seed"),
        if summary.runs.is_empty() { "" } else { "; the comparison has other seeds" },
    )
}

/// A head, and a row for each norm, which is called by `name`: its best point, and how wide its usable range is.
pub(crate) fn best_points(tuning: &Tuning, name: &dyn Fn(Norm) -> String) -> Vec<Vec<String>> {
    let columns = point_columns(tuning);
    let mut head = vec!["norm".to_owned()];
    head.extend(columns.heads());
    head.push("there (over seeds)".to_owned());
    let several = 1 < tuning.keys.len();
    for usable in tuning.norms.first().map(|norm| &norm.usable[..]).unwrap_or_default() {
        let of = if several { format!(" {}", shortened(&usable.key)) } else { String::new() };
        head.push(format!("usable{of}"));
        head.push("decades".to_owned());
    }
    let row = |norm: &TunedNorm| {
        let best = norm.best_point();
        let mut row = vec![name(norm.norm)];
        row.extend(columns.cells(&best.map(|best| best.point.clone())));
        row.push(best.map_or_else(|| NO_NUMBER.to_owned(), mean_and_range));
        for usable in &norm.usable {
            let [low, high] = [usable.low, usable.high].map(|end| format!("{end}"));
            let (below, above) =
                (if usable.is_low_open { "≤" } else { "" }, if usable.is_high_open { "≥" } else { "" });
            // A single point has no width that could be measured.
            let is_point = usable.low == usable.high;
            row.push(match is_point && below.is_empty() && above.is_empty() {
                true => format!("only {low}"),
                false => format!("{below}{low} to {above}{high}"),
            });
            let decades = usable.decades.filter(|_| !is_point);
            row.push(decades.map_or_else(|| NO_NUMBER.to_owned(), |decades| format!("{decades:.1}")));
        }
        row.resize(head.len(), NO_NUMBER.to_owned());
        row
    };
    std::iter::once(head.clone()).chain(tuning.norms.iter().map(row)).collect()
}

/// Such as `0.9796 (0.9777 to 0.9805)`.
pub(crate) fn mean_and_range(point: &TunedPoint) -> String {
    if 0 < point.n_lost {
        return format!("{} of {} lost", point.n_lost, point.n_runs);
    }
    let Some(mean) = point.mean.map(four_digits) else { return NO_NUMBER.to_owned() };
    match point.low.zip(point.high).filter(|(low, high)| low < high) {
        Some((low, high)) => format!("{mean} ({} to {})", four_digits(low), four_digits(high)),
        None => mean,
    }
}

/// Ratios of best values that are listed, those of three norms.
const MAX_RATIOS: usize = 3;

/// What usable means, ratios, warnings; norms are called by `name`.
pub(crate) fn remarks(tuning: &Tuning, name: &dyn Fn(Norm) -> String) -> Vec<String> {
    let close = match tuning.measure.is_loss() {
        true => format!("at most {} times the loss of", 1.0 + tuning.within),
        false => format!("within {} of", tuning.within),
    };
    let mut lines = Vec::new();
    if tuning.norms.iter().any(|norm| !norm.usable.is_empty()) {
        lines.push(format!("usable: no run is lost, and it is {close} the norm's best"));
        if 1 < tuning.keys.len() {
            lines.push(
                "the usable values of a key are those with some value of the other keys: they do not all go together"
                    .to_owned(),
            );
        } else {
            lines.extend(tuning.norms.iter().filter_map(|norm| gaps(&name(norm.norm), norm)));
        }
    }
    // The ratios of many norms are in summary.json: there is one for each pair.
    let shown = if tuning.ratios.len() <= MAX_RATIOS { &tuning.ratios[..] } else { &[] };
    for ratio in shown {
        let interval = interval_of(ratio, tuning.seeds.len());
        let (key, norm, other) = (shortened(&ratio.key), name(ratio.norm), name(ratio.other));
        lines.push(format!("best {key}: {norm} {} times that of {other}{interval}", short(ratio.ratio)));
    }
    for norm in &tuning.norms {
        let is_alone = tuning.keys.len() == 1;
        lines.extend(norm.warnings.iter().map(|warning| edge(&name(norm.norm), warning, is_alone)));
    }
    lines
}

/// Points of a single key that are not usable although they are between usable ones.
fn gaps(name: &str, norm: &TunedNorm) -> Option<String> {
    let range = norm.usable.first()?;
    let within =
        |point: &&TunedPoint| point.value(0).is_some_and(|value| range.low <= value && value <= range.high);
    let all = norm.points.iter().filter(within).count();
    let usable = norm.points.iter().filter(within).filter(|point| point.is_usable).count();
    (usable < all)
        .then(|| format!("of the {all} points in the usable range of {name}, not usable: {}", all - usable))
}

/// What is known of a ratio from this number of tuning seeds.
fn interval_of(ratio: &BestRatio, n_seeds: usize) -> String {
    let seeds = Count(n_seeds, "tuning seed");
    // Summaries of older versions have intervals of fewer seeds.
    match ratio.interval.filter(|_| MIN_SEEDS <= n_seeds) {
        // The best points are the same in every draw; what is between them was not tried.
        Some(interval) if interval.low == interval.high => {
            format!(
                " (the same whichever of the {seeds} are drawn; values between the points were not tried)"
            )
        }
        Some(interval) => format!(
            " (95\u{a0}% interval {} to {}, bootstrap over the {seeds}, at the points that were tried)",
            short(interval.low),
            short(interval.high)
        ),
        None => format!(" ({seeds}: too few for a 95\u{a0}% interval, which takes {MIN_SEEDS})"),
    }
}

fn edge(norm: &str, EdgeWarning { key, value, edge }: &EdgeWarning, is_alone: bool) -> String {
    let key = shortened(key);
    match edge {
        Edge::Lowest => {
            format!(
                "warning: {norm} is best at {value}, the least {key} that was tried; a smaller one may be better"
            )
        }
        Edge::Highest => {
            format!(
                "warning: {norm} is best at {value}, the largest {key} that was tried; a larger one may be better"
            )
        }
        Edge::NextToLost => format!(
            "warning: {norm} is best with {key} = {value}, next to a {} at which a run is lost; with other seeds \
             this one may be lost, too",
            if is_alone { "value" } else { "point" }
        ),
    }
}

/// Two digits of a ratio.
fn short(ratio: f64) -> String {
    let digits = if ratio < 10.0 { 2 } else { 1 };
    format!("{ratio:.digits$}")
}

/// A head, and a row for each norm, by the number of points tried: 1, 2, 4 and so on, and all.
pub(crate) fn expected_best(tuning: &Tuning, name: &dyn Fn(Norm) -> String) -> Vec<Vec<String>> {
    let tried = tuning.norms.iter().map(|norm| norm.expected_best.len()).max();
    let most = tried.unwrap_or(0).min(tuning.n_points);
    let mut trials: Vec<usize> = (0..).map(|power| 1 << power).take_while(|trials| *trials < most).collect();
    trials.extend((0 < most).then_some(most));
    let head = std::iter::once("norm".to_owned()).chain(trials.iter().map(usize::to_string));
    let mut rows: Vec<Vec<String>> = vec![head.collect()];
    for norm in &tuning.norms {
        let cell = |trials: &usize| {
            let best = norm.expected_best.get(trials - 1).copied().flatten();
            best.map_or_else(|| NO_NUMBER.to_owned(), four_digits)
        };
        rows.push(std::iter::once(name(norm.norm)).chain(trials.iter().map(cell)).collect());
    }
    rows
}

/// With one key, a row for each point in the order of its value.
fn by_point(summary: &Summary, tuning: &Tuning, columns: &PointColumns) -> String {
    let Some(first) = tuning.norms.first().filter(|_| tuning.keys.len() == 1) else { return String::new() };
    let mut order: Vec<usize> = (0..first.points.len()).collect();
    order.sort_by(|&left, &right| {
        first.points[left]
            .value(0)
            .partial_cmp(&first.points[right].value(0))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let cell = |point: &TunedPoint, is_best: bool| {
        // A mean of the runs that are left would make a point look better for losing the worst.
        let cell = match point.n_lost {
            0 => point.mean.map(four_digits).unwrap_or_default(),
            lost => format!("{lost} of {} lost", point.n_runs),
        };
        format!("{cell}{}", if is_best { " *" } else { "" })
    };
    let mut rows = vec![columns.heads()];
    rows[0].extend(tuning.norms.iter().map(|norm| norm.norm.name().to_owned()));
    let n_names = rows[0].len() - tuning.norms.len();
    for place in order {
        let mut row = columns.cells(&Some(first.points[place].point.clone()));
        row.extend(tuning.norms.iter().map(|norm| cell(&norm.points[place], norm.best == Some(place + 1))));
        rows.push(row);
    }
    let measure = measure_name(summary, tuning.measure);
    let table = aligned_within(WIDEST, n_names, &vec![Align::Left; rows[0].len()], &rows);
    format!("{measure} at each point, of the mean curve over the seeds (*: best)\n{table}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::statistics::Interval;

    #[test]
    fn an_interval_says_its_level_and_what_it_is_over_and_needs_six_seeds() {
        let of = |ends: Option<(f64, f64)>, n_seeds| {
            let interval = ends.map(|(low, high)| Interval { low, high });
            let (norm, other) = (Norm::BatchNorm, Norm::None);
            interval_of(&BestRatio { key: "k".to_owned(), norm, other, ratio: 2.0, interval }, n_seeds)
                .replace('\u{a0}', " ")
        };
        let expected =
            " (95 % interval 1.00 to 4.00, bootstrap over the 6 tuning seeds, at the points that were tried)";
        assert_eq!(of(Some((1.0, 4.0)), 6), expected);
        let too_few = " (3 tuning seeds: too few for a 95 % interval, which takes 6)";
        assert_eq!([of(None, 3), of(Some((1.0, 4.0)), 3)], [too_few, too_few]);
        assert!(of(Some((2.0, 2.0)), 8).starts_with(" (the same whichever of the 8 tuning seeds are drawn;"));
    }

    fn tuning_of(keys: &[&str], points: &[(f64, bool)], high: f64) -> Tuning {
        let point = |(place, &(value, is_usable)): (usize, &(f64, bool))| TunedPoint {
            point: crate::experiment::Point { index: place + 1, settings: String::new() },
            values: vec![Some(value); keys.len()],
            n_runs: 2,
            n_lost: 0,
            mean: Some(0.5),
            low: None,
            high: None,
            is_usable,
        };
        let range = |key: &&str| crate::experiment::UsableRange {
            key: (*key).to_owned(),
            low: 1.0,
            high,
            decades: Some(high.log10()),
            is_low_open: false,
            is_high_open: false,
        };
        let warning = EdgeWarning { key: "k".to_owned(), value: 4.0, edge: Edge::NextToLost };
        let norm = TunedNorm {
            norm: Norm::None,
            best: Some(1),
            points: points.iter().enumerate().map(point).collect(),
            usable: keys.iter().map(range).collect(),
            warnings: vec![warning],
            expected_best: Vec::new(),
        };
        Tuning {
            measure: crate::config::ComparedMeasure::FinalAccuracy,
            seeds: vec![1, 2],
            n_points: points.len(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            within: 0.02,
            norms: vec![norm],
            ratios: Vec::new(),
        }
    }

    fn remarks_of(keys: &[&str], points: &[(f64, bool)]) -> String {
        remarks(&tuning_of(keys, points, 4.0), &|_| "plain".to_owned()).join("\n")
    }

    #[test]
    fn a_single_usable_value_is_not_a_range() {
        let cells = |high: f64| {
            let rows =
                best_points(&tuning_of(&["k"], &[(1.0, true), (10.0, false)], high), &|_| "plain".to_owned());
            rows[1][rows[1].len() - 2..].join(" | ")
        };
        assert_eq!([1.0, 10.0].map(cells), ["only 1 | -", "1 to 10 | 1.0"]);
    }

    #[test]
    fn a_usable_range_says_what_holds_within_it() {
        let points = [(1.0, true), (2.0, false), (3.0, true), (4.0, true), (5.0, false)];
        let of_one = remarks_of(&["k"], &points);
        assert!(of_one.contains("of the 4 points in the usable range of plain, not usable: 1"), "{of_one}");
        assert!(of_one.contains("next to a value at which a run is lost"), "{of_one}");
        assert!(!of_one.contains("other keys"), "{of_one}");
        assert!(!remarks_of(&["k"], &points[2..]).contains("not usable:"));
        let of_two = remarks_of(&["k", "l"], &points);
        let expected = "the usable values of a key are those with some value of the other keys: they do not all go together";
        assert!(of_two.contains(expected) && !of_two.contains("not usable: 1"), "{of_two}");
        assert!(of_two.contains("next to a point at which a run is lost"), "{of_two}");
    }
}
