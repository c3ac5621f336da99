//! The area under the ROC curve: the probability that a row of a class gets a higher score for that class
//! than a row of another class.

use ndarray::{ArrayView1, ArrayView2};

use crate::metrics::interval::{IntervalScale, by_influence};
use crate::metrics::{Measure, UndefinedReason};

/// The area under the ROC curve; for more than two classes the mean over the classes that have
/// rows, each against all others.
///
/// Pairs with equal scores count half; a pair counts with the product of its weights. For two
/// classes the score is `log p_1 - log p_0`, which does not round to a tie where `p_1` does.
///
/// Influence of a row of weight `w`: `w (v - auc) / sum of w of its side`, where `v` is the share of
/// the other side that the row is ranked correctly against.
pub(crate) fn area_under_curve(
    truth: &[u32],
    log_probabilities: ArrayView2<'_, f64>,
    weights: &[f64],
) -> Measure {
    let n_classes = log_probabilities.ncols();
    let mut influences = vec![0.0; truth.len()];
    let mut ranked = Vec::with_capacity(truth.len());
    let mut areas = Vec::new();
    let one_side = if n_classes == 2 { 1..2 } else { 0..n_classes };
    for class in one_side {
        let score = |row: ArrayView1<'_, f64>| if n_classes == 2 { row[1] - row[0] } else { row[class] };
        ranked.clear();
        let rows = log_probabilities.rows().into_iter().zip(truth).zip(weights).enumerate();
        let counted = rows.filter(|(_, (_, weight))| **weight > 0.0);
        ranked.extend(counted.map(|(index, ((scores, &truth), &weight))| Ranked {
            score: score(scores),
            weight,
            is_class: truth as usize == class,
            index,
        }));
        areas.extend(one_against_others(&mut ranked, &mut influences));
    }
    if ranked.is_empty() {
        return Measure::undefined(UndefinedReason::NoRows);
    }
    if areas.is_empty() {
        return Measure::undefined(UndefinedReason::OneClass);
    }
    let n = areas.len() as f64;
    let squares: f64 = influences.iter().map(|influence| (influence / n).powi(2)).sum();
    by_influence(areas.iter().sum::<f64>() / n, squares, ranked.len() as u64, IntervalScale::Logit)
}

#[derive(Clone, Copy)]
struct Ranked {
    score: f64,
    weight: f64,
    is_class: bool,
    index: usize,
}

/// The area for one class, and its influences added to those that are there; none if a side has no
/// rows.
fn one_against_others(ranked: &mut [Ranked], influences: &mut [f64]) -> Option<f64> {
    let weight_of = |rows: &[Ranked], side| {
        rows.iter().filter(|row| row.is_class == side).map(|row| row.weight).sum::<f64>()
    };
    ranked.sort_unstable_by(|a, b| a.score.total_cmp(&b.score).then(a.index.cmp(&b.index)));
    // Summed as below, so that a perfect ranking gives exactly 1.
    let (mut class, mut others) = (0.0, 0.0);
    for ties in ranked.chunk_by(|a, b| a.score == b.score) {
        class += weight_of(ties, true);
        others += weight_of(ties, false);
    }
    if class <= 0.0 || others <= 0.0 {
        return None;
    }
    let (mut others_below, mut class_below) = (0.0, 0.0);
    // The share of the other side that each group of ties is ranked correctly against.
    let mut shares = Vec::new();
    let mut area = 0.0;
    for ties in ranked.chunk_by(|a, b| a.score == b.score) {
        let (class_here, others_here) = (weight_of(ties, true), weight_of(ties, false));
        let of_class = (others_below + 0.5 * others_here) / others;
        let of_others = (class - class_below - 0.5 * class_here) / class;
        area += class_here * of_class;
        shares.push((ties.len(), of_class, of_others));
        others_below += others_here;
        class_below += class_here;
    }
    let area = area / class;
    let mut rows = ranked.iter();
    for (n_ties, of_class, of_others) in shares {
        for row in rows.by_ref().take(n_ties) {
            let (share, side) = if row.is_class { (of_class, class) } else { (of_others, others) };
            influences[row.index] += row.weight * (share - area) / side;
        }
    }
    Some(area)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// Also where the weights of ties and of all rows are rounded in another way.
    #[test]
    fn the_area_of_a_perfect_ranking_is_exactly_1() {
        let logarithms = array![[-0.5, -1.5], [-1.5, -0.5], [-2.5, -0.5], [-2.5, -0.5]];
        let area = area_under_curve(&[0, 1, 1, 1], logarithms.view(), &[1.0, 0.1, 0.2, 0.3]);
        assert_eq!(area.value, Some(1.0));
    }
}
