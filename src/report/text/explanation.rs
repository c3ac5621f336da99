//! What a model uses, as text.

use crate::explain::{AssociatedColumns, ColumnImportance, ColumnWeights, Explanation, PartialDependence};
use crate::metrics::{Interval, Measure};
use crate::report::text::layout::{Align, WIDEST, aligned, joined, wrapped};
use crate::report::text::number::{NO_NUMBER, four_digits, signed, signed_with_interval};
use crate::targets::Task;
use crate::text::{Count, Quoted, shortened_to};

/// Lines of the table.
const MAX_COLUMNS: usize = 25;
/// Names in a sentence.
const MAX_NAMES: usize = 6;
/// Pairs of columns in a sentence.
const MAX_PAIRS: usize = 3;
/// Characters of a name in a table.
const MAX_NAME: usize = 24;
/// Values of a column in a line.
const MAX_POINTS: usize = 5;
/// Characters of a value.
const MAX_VALUE: usize = 10;

/// The importance of every column, what a linear model does with it, and the partial dependence. At most 80 columns
/// wide unless values are long.
pub fn explanation(explanation: &Explanation) -> String {
    joined([importance(explanation), sentences(explanation), dependence(explanation)])
}

/// What the importance is, in a sentence.
pub(crate) fn about_importance(explanation: &Explanation) -> String {
    let [loss, score] = explanation.metrics;
    let now = |index: usize| explanation.unchanged[index].map_or_else(|| NO_NUMBER.to_owned(), four_digits);
    format!(
        "Importance: how much worse the model gets when the cells of a column are shuffled; the mean of {} with 95 % \
         intervals over rows. On the rows as they are, {loss} is {} and {score} {}.",
        Count(explanation.repeats as usize, "shuffle"),
        now(0),
        now(1)
    )
}

fn importance(explanation: &Explanation) -> String {
    let [loss, score] = explanation.metrics;
    let mut head = vec!["column".to_owned(), format!("{loss} rise"), format!("{score} drop")];
    let mut columns = vec![Align::Left, Align::Left, Align::Right];
    if explanation.linear.is_some() {
        head.push("linear".to_owned());
        columns.push(Align::Right);
    }
    let mut rows = vec![head];
    for column in explanation.columns.iter().take(MAX_COLUMNS) {
        let mut row = vec![shortened_to(&column.column, MAX_NAME), rise(column.loss), drop_of(column.score)];
        row.extend(explanation.linear.as_ref().map(|linear| {
            let weights = linear.columns.iter().find(|weights| weights.column == column.column);
            weights.map_or_else(|| NO_NUMBER.to_owned(), effect)
        }));
        rows.push(row);
    }
    let about = wrapped(WIDEST, "", "", &about_importance(explanation));
    let mut text = format!("{about}\n{}", aligned(&columns, &rows));
    let left_out = explanation.columns.len().saturating_sub(MAX_COLUMNS);
    if left_out > 0 {
        text.push_str(&format!("and {left_out} less important columns; --json has all\n"));
    }
    text
}

/// The rise of a loss with its interval.
pub(crate) fn rise(measure: Measure) -> String {
    match (measure.value, measure.interval) {
        (None, _) => NO_NUMBER.to_owned(),
        (Some(value), Some(interval)) => signed_with_interval(value, interval),
        (Some(value), None) => signed(value),
    }
}

/// Accuracy and R2 are at most 1.
fn drop_of(measure: Measure) -> String {
    // The sum takes the sign from what is rounded to 0.
    let rounded = |value: f64| (value * 1e4).round() / 1e4 + 0.0;
    measure.value.map_or_else(|| NO_NUMBER.to_owned(), |value| format!("{:+.4}", rounded(value)))
}

/// What a column adds to the output of the linear model.
pub(crate) fn effect(weights: &ColumnWeights) -> String {
    match weights.direction {
        Some(direction) => signed(direction * weights.spread),
        None => four_digits(weights.spread),
    }
}

/// What to make of it.
pub(crate) fn notes(explanation: &Explanation) -> Vec<String> {
    let mut notes = no_importance(explanation);
    if !explanation.associated.is_empty() {
        let pair = |pair: &AssociatedColumns| {
            format!("{} and {} ({:.2})", Quoted(&pair.columns[0]), Quoted(&pair.columns[1]), pair.association)
        };
        let pairs: Vec<String> = explanation.associated.iter().take(MAX_PAIRS).map(pair).collect();
        let more = match explanation.associated.len() - pairs.len() {
            0 => String::new(),
            more => format!(" and {}", Count(more, "more pair")),
        };
        notes.push(format!(
            "Strongly associated columns share their importance, since the model has the other one while one is \
             shuffled: {}{more}.",
            pairs.join(", ")
        ));
    }
    if let Some(linear) = &explanation.linear {
        let what = match (&linear.outputs[..], explanation.metrics[0]) {
            ([class], "log_loss") => format!("log odds of {}", Quoted(class)),
            (_, "log_loss") => "log odds of each class".to_owned(),
            ([target], _) => format!("prediction of {}", Quoted(target)),
            _ => "predictions, in standard deviations of each target".to_owned(),
        };
        notes.push(format!(
            "linear: in the linear model that was trained next to the network, the standard deviation of what the \
             column adds to the {what}; a sign says which way, where the column is a single input."
        ));
    }
    notes
}

/// The columns without which the model is as good, by what says so.
fn no_importance(explanation: &Explanation) -> Vec<String> {
    let mut notes = Vec::new();
    let columns = |of: &dyn Fn(Measure) -> bool| -> Vec<&ColumnImportance> {
        explanation.columns.iter().filter(|column| of(column.loss)).collect()
    };
    let names = |columns: &[&ColumnImportance]| {
        let names = columns.iter().take(MAX_NAMES).map(|column| Quoted(&column.column).to_string());
        let more = if columns.len() > MAX_NAMES { ", ..." } else { "" };
        names.collect::<Vec<_>>().join(", ") + more
    };
    if explanation.rows == 1 {
        notes.push("A single row cannot be shuffled: explain the model on more rows.".to_owned());
        return notes;
    }
    let around_zero =
        columns(&|loss| loss.interval.is_some_and(|Interval { low, high }| low <= 0.0 && 0.0 <= high));
    if !around_zero.is_empty() {
        let hold = if around_zero.len() == 1 { "its interval holds" } else { "their intervals hold" };
        notes.push(format!("On these rows the model is no better with {}: {hold} 0.", names(&around_zero)));
    }
    let without_effect = columns(&|loss| loss.value == Some(0.0) && loss.interval.is_none());
    if !without_effect.is_empty() {
        notes.push(format!("Shuffling {} changes no prediction on these rows.", names(&without_effect)));
    }
    notes
}

fn sentences(explanation: &Explanation) -> String {
    notes(explanation).iter().map(|note| wrapped(WIDEST, "", "", note)).collect()
}

/// What partial dependence is, in a sentence.
pub(crate) const ABOUT_DEPENDENCE: &str =
    "Partial dependence: the mean prediction over all rows if each had this value in the column.";

fn dependence(explanation: &Explanation) -> String {
    if explanation.dependence.is_empty() {
        return String::new();
    }
    let mut rows = Vec::new();
    for dependence in &explanation.dependence {
        let Some(output) = varying(dependence).first().copied() else { continue };
        let shown = spread_out(dependence.points.len());
        let mut values = vec![shortened_to(&dependence.column, MAX_NAME)];
        let mut means = vec![format!("  {}", output_name(dependence, output))];
        for point in shown.iter().map(|&index| &dependence.points[index]) {
            values.push(match point.number {
                Some(number) => short_number(number),
                None => shortened_to(&point.label, MAX_VALUE),
            });
            means.push(match dependence.task {
                Task::Classification => format!("{:.4}", point.means[output]),
                Task::Regression => four_digits(point.means[output]),
            });
        }
        for row in [&mut values, &mut means] {
            row.resize(1 + MAX_POINTS, String::new());
        }
        rows.extend([values, means]);
    }
    let columns = [&[Align::Left][..], &[Align::Right; MAX_POINTS]].concat();
    format!("{}{}", wrapped(WIDEST, "", "", ABOUT_DEPENDENCE), aligned(&columns, &rows))
}

/// The outputs, those that vary most first: of several targets, in units of their standard deviations.
pub(crate) fn varying(dependence: &PartialDependence) -> Vec<usize> {
    let range = |output: usize| {
        let means = dependence.points.iter().map(|point| point.means[output]);
        let (low, high) = means
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), mean| (low.min(mean), high.max(mean)));
        (high - low) / dependence.units[output]
    };
    let mut outputs: Vec<usize> = (0..dependence.outputs.len()).collect();
    outputs.sort_by(|&left, &right| range(right).total_cmp(&range(left)));
    outputs
}

/// Such as `P(yes)`, or the name of a target.
pub(crate) fn output_name(dependence: &PartialDependence, output: usize) -> String {
    let name = shortened_to(&dependence.outputs[output], MAX_NAME);
    match dependence.task {
        Task::Classification => format!("P({name})"),
        Task::Regression => name,
    }
}

/// Some of `count` indices, evenly spaced, the first and the last one among them.
fn spread_out(count: usize) -> Vec<usize> {
    if count <= MAX_POINTS {
        return (0..count).collect();
    }
    (0..MAX_POINTS).map(|step| step * (count - 1) / (MAX_POINTS - 1)).collect()
}

/// As it is if that is short.
pub(crate) fn short_number(number: f64) -> String {
    let exact = number.to_string();
    if exact.len() <= 7 { exact } else { four_digits(number) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::DependencePoint;
    use crate::metrics::UndefinedReason;

    fn column(name: &str, loss: Measure) -> ColumnImportance {
        ColumnImportance { column: name.to_owned(), feature: 0, loss, score: loss, repeats: Vec::new() }
    }

    /// A target in thousands would hide one in thousandths.
    #[test]
    fn targets_are_compared_in_units_of_their_spread() {
        let point = |number: f64, means: [f64; 2]| DependencePoint {
            label: number.to_string(),
            number: Some(number),
            rows: 1,
            means: means.to_vec(),
        };
        let dependence = PartialDependence {
            column: "x".to_owned(),
            outputs: vec!["large".to_owned(), "small".to_owned()],
            units: vec![5000.0, 0.001],
            task: Task::Regression,
            points: vec![point(0.0, [1000.0, 0.001]), point(1.0, [1010.0, 0.003])],
            left_out: 0,
        };
        assert_eq!(varying(&dependence), [1, 0]);
    }

    fn explained(rows: usize, columns: Vec<ColumnImportance>) -> Explanation {
        Explanation {
            rows,
            rows_in_file: rows,
            seed: 0,
            repeats: 1,
            metrics: ["log_loss", "accuracy"],
            unchanged: [None, None],
            columns,
            dependence: Vec::new(),
            associated: Vec::new(),
            linear: None,
        }
    }

    #[test]
    fn an_interval_is_named_only_where_there_is_one() {
        let interval = |low, high| Measure::new(0.1, Ok(Interval { low, high }));
        let without = |reason| Measure::new(0.0, Err(reason));
        let found = explained(
            9,
            vec![
                column("used", interval(0.05, 0.15)),
                column("noise", interval(-0.1, 0.3)),
                column("unused", without(UndefinedReason::NoSpread)),
                column("far", Measure::undefined(UndefinedReason::NotFinite)),
            ],
        );
        assert_eq!(
            notes(&found),
            [
                "On these rows the model is no better with \"noise\": its interval holds 0.",
                "Shuffling \"unused\" changes no prediction on these rows."
            ]
        );
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let unused = names.map(|name| column(name, without(UndefinedReason::NoSpread)));
        let expected =
            "Shuffling \"a\", \"b\", \"c\", \"d\", \"e\", \"f\", ... changes no prediction on these rows.";
        assert_eq!(notes(&explained(9, unused.into())), [expected]);
        let one = explained(1, vec![column("a", without(UndefinedReason::OneRow))]);
        assert_eq!(notes(&one), ["A single row cannot be shuffled: explain the model on more rows."]);
    }
}
