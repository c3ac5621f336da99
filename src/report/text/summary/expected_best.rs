//! How good the best of some points of the grid is.

use crate::experiment::Summary;
use crate::report::text::layout::{Align, aligned};
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::report::text::summary::other_measures::measure_name;

/// A table by the number of points tried: 1, 2, 4 and so on, and all; empty without a grid.
pub(crate) fn expected_best(summary: &Summary) -> String {
    let most = summary.expected_best.iter().map(|norm| norm.by_trials.len()).max().unwrap_or(0);
    if most < 2 {
        return String::new();
    }
    let mut trials: Vec<usize> = (0..).map(|power| 1 << power).take_while(|trials| *trials < most).collect();
    trials.push(most);
    let head = std::iter::once("norm".to_owned()).chain(trials.iter().map(usize::to_string));
    let mut rows: Vec<Vec<String>> = vec![head.collect()];
    for norm in &summary.expected_best {
        let cell = |trials: &usize| {
            let best = norm.by_trials.get(trials - 1).copied().flatten();
            best.map_or_else(|| NO_NUMBER.to_owned(), four_digits)
        };
        rows.push(std::iter::once(norm.norm.name().to_owned()).chain(trials.iter().map(cell)).collect());
    }
    let primary = measure_name(summary, summary.primary);
    let columns = vec![Align::Left; rows[0].len()];
    format!("{primary} to expect of the best of N random points, by N\n{}", aligned(&columns, &rows))
}
