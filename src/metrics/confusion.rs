//! The confusion matrix, and the metrics that follow from it.

use std::collections::BTreeMap;

use crate::metrics::interval::{IntervalScale, Sums, by_influence, mean_of_shares, share};
use crate::metrics::measure::{Interval, Measure, UndefinedReason};

/// The number of rows of each class that are predicted as each class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Confusion {
    n_classes: usize,
    /// By true class, then predicted class; sparse, since there may be many classes.
    cells: BTreeMap<(u32, u32), Sums>,
}

/// The metrics of one class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassMeasures {
    /// Rows of the class: its support.
    pub rows: u64,
    /// Rows that are predicted as it.
    pub predicted: u64,
    /// Share of the rows predicted as it that are of it.
    pub precision: Measure,
    /// Share of its rows that are predicted as it.
    pub recall: Measure,
    /// Harmonic mean of the two, `2 tp / (2 tp + fp + fn)`.
    pub f1: Measure,
}

impl ClassMeasures {
    /// The metrics by name.
    pub fn measures(&self) -> [(&'static str, Measure); 3] {
        [("precision", self.precision), ("recall", self.recall), ("f1", self.f1)]
    }
}

impl Confusion {
    /// Counts rows of `n_classes` classes. A row of weight 0 does not count.
    pub(crate) fn of(
        n_classes: usize,
        rows: impl Iterator<Item = (u32, u32, f64)>, // truth, prediction, weight
    ) -> Self {
        let mut cells: BTreeMap<(u32, u32), Sums> = BTreeMap::new();
        for (truth, prediction, weight) in rows {
            if weight > 0.0 {
                cells.entry((truth, prediction)).or_default().add(weight);
            }
        }
        Self { n_classes, cells }
    }

    /// The number of classes.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// The number of rows of class `truth` that are predicted as class `prediction`.
    pub fn rows(&self, truth: u32, prediction: u32) -> u64 {
        self.cells.get(&(truth, prediction)).map_or(0, |cell| cell.rows)
    }

    /// The entries that are not 0: true class, predicted class and number of rows.
    pub fn cells(&self) -> impl Iterator<Item = (u32, u32, u64)> {
        self.cells.iter().map(|(&(truth, prediction), cell)| (truth, prediction, cell.rows))
    }

    /// The errors as true class, predicted class and number of rows, the most frequent first.
    pub fn mistakes(&self) -> Vec<(u32, u32, u64)> {
        let mut mistakes: Vec<_> =
            self.cells().filter(|(truth, prediction, _)| truth != prediction).collect();
        mistakes.sort_by_key(|&(truth, prediction, rows)| (std::cmp::Reverse(rows), truth, prediction));
        mistakes
    }

    /// The accuracy.
    pub(crate) fn accuracy(&self) -> Measure {
        let right = self.cells.iter().filter(|((truth, prediction), _)| truth == prediction);
        share(total(right.map(|(_, cell)| cell)).weight, total(self.cells.values()))
    }

    /// The metrics of each class.
    pub(crate) fn classes(&self) -> Vec<ClassMeasures> {
        let Margins { rows, predicted, right, either } = self.margins();
        (0..self.n_classes)
            .map(|class| {
                let tp = right[class].weight;
                ClassMeasures {
                    rows: rows[class].rows,
                    predicted: predicted[class].rows,
                    precision: share(tp, predicted[class]),
                    recall: share(tp, rows[class]),
                    f1: f1_of_jaccard(share(tp, either[class])),
                }
            })
            .collect()
    }

    /// The mean recall of the classes that have rows.
    pub(crate) fn balanced_accuracy(&self, classes: &[ClassMeasures]) -> Measure {
        let recalls: Vec<Measure> = classes.iter().map(|class| class.recall).collect();
        mean_of_shares(&recalls)
    }

    /// The mean F1 of the classes that have rows or are predicted.
    ///
    /// Influence of a row of weight `w` on `f = 2 tp / (t + p)`, where `t` and `p` are the weights
    /// of the class and of the rows predicted as it: `w (2 [tp] - f ([t] + [p])) / (t + p)`.
    pub(crate) fn macro_f1(&self) -> Measure {
        let Margins { rows, predicted, right, .. } = self.margins();
        let both = |class: usize| rows[class].weight + predicted[class].weight;
        let concerned: Vec<usize> = (0..self.n_classes).filter(|&class| both(class) > 0.0).collect();
        if concerned.is_empty() {
            return Measure::undefined(UndefinedReason::NoRows);
        }
        let n = concerned.len() as f64;
        let f1 = |class: usize| 2.0 * right[class].weight / both(class);
        let value = concerned.iter().map(|&class| f1(class)).sum::<f64>() / n;
        let squares = self.cells.iter().map(|(&(truth, prediction), cell)| {
            let (truth, prediction) = (truth as usize, prediction as usize);
            let influence = if truth == prediction {
                (2.0 - 2.0 * f1(truth)) / both(truth)
            } else {
                -f1(truth) / both(truth) - f1(prediction) / both(prediction)
            };
            cell.squares * (influence / n).powi(2)
        });
        by_influence(value, squares.sum(), total(self.cells.values()).rows, IntervalScale::Logit)
    }

    fn margins(&self) -> Margins {
        let none = || vec![Sums::default(); self.n_classes];
        let mut margins = Margins { rows: none(), predicted: none(), right: none(), either: none() };
        for (&(truth, prediction), &cell) in &self.cells {
            margins.rows[truth as usize] += cell;
            margins.predicted[prediction as usize] += cell;
            margins.either[truth as usize] += cell;
            if truth == prediction {
                margins.right[truth as usize] += cell;
            } else {
                margins.either[prediction as usize] += cell;
            }
        }
        margins
    }
}

/// Sums of each class.
struct Margins {
    rows: Vec<Sums>,
    predicted: Vec<Sums>,
    right: Vec<Sums>,
    /// Of the class or predicted as it.
    either: Vec<Sums>,
}

fn total<'a>(cells: impl Iterator<Item = &'a Sums>) -> Sums {
    cells.fold(Sums::default(), |mut total, &cell| {
        total += cell;
        total
    })
}

/// `2 tp / (2 tp + fp + fn)` from the share `tp / (tp + fp + fn)`; both rise together.
fn f1_of_jaccard(jaccard: Measure) -> Measure {
    let f1 = |j: f64| 2.0 * j / (1.0 + j);
    Measure {
        value: jaccard.value.map(f1),
        interval: jaccard.interval.map(|Interval { low, high }| Interval { low: f1(low), high: f1(high) }),
        ..jaccard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_in_the_order_of_their_number() {
        let rows = [(0, 0), (0, 1), (2, 1), (2, 1), (1, 1), (2, 0)].map(|(truth, found)| (truth, found, 1.0));
        let confusion = Confusion::of(4, rows.into_iter());
        assert_eq!(confusion.n_classes(), 4);
        assert_eq!(confusion.mistakes(), [(2, 1, 2), (0, 1, 1), (2, 0, 1)]);
        // Of the three rows of class 2, none is right; two classes are predicted in their place.
        let class = confusion.classes()[2];
        assert_eq!((class.rows, class.predicted, class.recall.value), (3, 0, Some(0.0)));
        assert_eq!((class.precision.value, class.f1.value), (None, Some(0.0)));
    }

    /// The sum of no numbers is -0, which files would have.
    #[test]
    fn an_accuracy_of_0_has_no_sign() {
        let confusion = Confusion::of(2, [(0, 1, 1.0), (1, 0, 1.0)].into_iter());
        let accuracy = confusion.accuracy();
        assert_eq!(accuracy.value.map(f64::to_bits), Some(0));
        assert_eq!(accuracy.interval.map(|interval| interval.low.to_bits()), Some(0));
    }
}
