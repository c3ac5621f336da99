//! The threshold of a decision between two classes, chosen on rows whose class is known.

/// What a threshold is chosen for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ThresholdGoal {
    /// The lowest sum of costs: of a row that is wrongly predicted as positive, and of one that is wrongly not. Both are
    /// positive, in any unit.
    Cost {
        /// Of a false positive.
        false_positive: f64,
        /// Of a false negative.
        false_negative: f64,
    },
    /// The largest recall among the thresholds with at least this precision, from 0 to 1.
    Precision(f64),
    /// The largest precision among the thresholds with at least this recall, from 0 to 1.
    Recall(f64),
}

/// The rows at a threshold, by predicted and true class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionCounts {
    /// Positive rows that are predicted as positive.
    pub true_positives: usize,
    /// Others that are.
    pub false_positives: usize,
    /// Positive rows that are not.
    pub false_negatives: usize,
    /// Others that are not.
    pub true_negatives: usize,
}

impl DecisionCounts {
    /// Of rows whose probability of the positive class is greater than `threshold`.
    pub fn at(threshold: f64, positive: &[f64], negative: &[f64]) -> Self {
        let above = |probabilities: &[f64]| probabilities.iter().filter(|p| **p > threshold).count();
        let (true_positives, false_positives) = (above(positive), above(negative));
        Self {
            true_positives,
            false_positives,
            false_negatives: positive.len() - true_positives,
            true_negatives: negative.len() - false_positives,
        }
    }

    /// Share of the rows predicted as positive that are; none if there are no such rows.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Share of the positive rows that are predicted as such; none without positive rows.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// The mean cost of a row.
    pub fn cost(&self, false_positive: f64, false_negative: f64) -> f64 {
        let Self { true_positives, false_positives, false_negatives, true_negatives } = *self;
        let rows = true_positives + false_positives + false_negatives + true_negatives;
        (false_positive * false_positives as f64 + false_negative * false_negatives as f64) / rows as f64
    }
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Why there is no threshold.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NoThreshold {
    /// All rows are of one side.
    #[error("all rows are of one class; both are needed to choose a threshold")]
    OneClass,
    /// No threshold reaches the precision.
    #[error("no threshold has a precision of {wanted} on these rows; the largest is {best:.4}")]
    Precision {
        /// What was asked for.
        wanted: f64,
        /// What is possible.
        best: f64,
    },
    /// No threshold reaches the recall.
    #[error("no threshold has a recall of {wanted} on these rows")]
    Recall {
        /// What was asked for.
        wanted: f64,
    },
}

/// The best threshold for `goal`, from 0 to 1, on rows with these predicted probabilities of the positive class, from 0 to 1:
/// `positive` those of positive rows, `negative` those of the others, each in any order. A row is predicted as positive
/// where its probability is greater than the threshold.
///
/// Candidates are the middles between neighboring probabilities, so that rounding does not decide, and those between the
/// outermost ones and 0 and 1.
///
/// | goal | best | of equally good ones |
/// |---|---|---|
/// | cost | lowest `(cost_fp * fp + cost_fn * fn) / rows` | nearest to `cost_fp / (cost_fp + cost_fn)`, which is best for exact probabilities |
/// | precision, `tp / (tp + fp)` | largest recall with at least this precision | largest precision, then the largest threshold |
/// | recall, `tp / (tp + fn)` | largest precision with at least this recall | largest threshold |
///
/// Source: Elkan, "The foundations of cost-sensitive learning", 2001.
///
/// # Errors
///
/// If rows of a class are missing, or no threshold is good enough.
pub fn choose_threshold(goal: ThresholdGoal, positive: &[f64], negative: &[f64]) -> Result<f64, NoThreshold> {
    if positive.is_empty() || negative.is_empty() {
        return Err(NoThreshold::OneClass);
    }
    let (mut positive, mut negative) = (positive.to_vec(), negative.to_vec());
    positive.sort_unstable_by(|left, right| right.total_cmp(left));
    negative.sort_unstable_by(|left, right| right.total_cmp(left));
    let mut distinct: Vec<f64> = positive.iter().chain(&negative).copied().collect();
    distinct.sort_unstable_by(|left, right| right.total_cmp(left));
    distinct.dedup();
    let (mut best, mut best_precision): (Option<(Quality, f64)>, f64) = (None, 0.0);
    for place in 0..=distinct.len() {
        // Between the probability before and the next one.
        let above = if place == 0 { 1.0 } else { distinct[place - 1] };
        let below = distinct.get(place).copied().unwrap_or(0.0);
        let threshold = below + (above - below) / 2.0;
        let count = |probabilities: &[f64]| probabilities.partition_point(|p| *p > threshold);
        let (true_positives, false_positives) = (count(&positive), count(&negative));
        let counts = DecisionCounts {
            true_positives,
            false_positives,
            false_negatives: positive.len() - true_positives,
            true_negatives: negative.len() - false_positives,
        };
        best_precision = best_precision.max(counts.precision().unwrap_or(0.0));
        let Some(quality) = Quality::of(goal, &counts, threshold) else { continue };
        if best.is_none_or(|(other, _)| quality.is_better(other)) {
            best = Some((quality, threshold));
        }
    }
    match (best, goal) {
        (Some((_, threshold)), _) => Ok(threshold),
        (None, ThresholdGoal::Recall(wanted)) => Err(NoThreshold::Recall { wanted }),
        (None, ThresholdGoal::Precision(wanted)) => {
            Err(NoThreshold::Precision { wanted, best: best_precision })
        }
        (None, ThresholdGoal::Cost { .. }) => Err(NoThreshold::OneClass),
    }
}

/// How good a threshold is: the larger the first, of equals the second.
#[derive(Clone, Copy)]
struct Quality(f64, f64);

impl Quality {
    /// None if the threshold does not do.
    fn of(goal: ThresholdGoal, counts: &DecisionCounts, threshold: f64) -> Option<Self> {
        match goal {
            ThresholdGoal::Cost { false_positive, false_negative } => {
                let exact = false_positive / (false_positive + false_negative);
                Some(Self(-counts.cost(false_positive, false_negative), -(threshold - exact).abs()))
            }
            ThresholdGoal::Precision(wanted) => {
                let precision = counts.precision().filter(|precision| *precision >= wanted)?;
                Some(Self(counts.recall()?, precision))
            }
            ThresholdGoal::Recall(wanted) => {
                counts.recall().filter(|recall| *recall >= wanted)?;
                Some(Self(counts.precision()?, threshold))
            }
        }
    }

    fn is_better(self, other: Self) -> bool {
        (self.0, self.1) > (other.0, other.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Upwards: - .1, - .2, + .3, - .4, + .6, - .7, + .8, + .9.
    const POSITIVE: [f64; 4] = [0.3, 0.6, 0.8, 0.9];
    const NEGATIVE: [f64; 4] = [0.1, 0.2, 0.4, 0.7];

    #[track_caller]
    fn assert_chosen(goal: ThresholdGoal, expected: f64) {
        let found = choose_threshold(goal, &POSITIVE, &NEGATIVE).expect("a threshold");
        assert!((found - expected).abs() < 1e-12, "{goal:?}: {found}");
    }

    #[test]
    fn thresholds_are_those_found_by_hand() {
        let cost = |false_positive, false_negative| ThresholdGoal::Cost { false_positive, false_negative };
        // Below .3: two false positives of cost 1 each, no false negative; below .6: 1 + 5.
        assert_chosen(cost(1.0, 5.0), 0.25);
        // Above .7: two false negatives, no false positive.
        assert_chosen(cost(5.0, 1.0), 0.75);
        // Two errors below .3 (2 fp), .6 (1 fp, 1 fn) and .8 (2 fn): the one nearest to 1/2.
        assert_chosen(cost(1.0, 1.0), 0.5);
        assert_chosen(ThresholdGoal::Precision(1.0), 0.75);
        // 3 of 4 above .4; 4 of 6 above .2 is less.
        assert_chosen(ThresholdGoal::Precision(0.75), 0.5);
        assert_chosen(ThresholdGoal::Precision(0.6), 0.25);
        assert_chosen(ThresholdGoal::Recall(1.0), 0.25);
        // 3 of 4 positive rows, at a precision of 3/4.
        assert_chosen(ThresholdGoal::Recall(0.7), 0.5);
        assert_chosen(ThresholdGoal::Recall(0.5), 0.75);
        // One error of two above .875 and below .125, which are as far from 1/2: the higher one.
        let found = choose_threshold(cost(1.0, 1.0), &[0.25], &[0.75]);
        assert_eq!(found, Ok(0.875));
        let counts = DecisionCounts::at(0.5, &POSITIVE, &NEGATIVE);
        assert_eq!((counts.true_positives, counts.false_positives), (3, 1));
        assert_eq!((counts.precision(), counts.recall()), (Some(0.75), Some(0.75)));
        assert_eq!(counts.cost(1.0, 5.0), 0.75);
    }

    #[test]
    fn what_cannot_be_reached_is_said() {
        let chosen = |goal, positive: &[f64]| choose_threshold(goal, positive, &NEGATIVE);
        let precision = chosen(ThresholdGoal::Precision(0.5), &[0.1]);
        assert_eq!(precision, Err(NoThreshold::Precision { wanted: 0.5, best: 0.2 }));
        assert_eq!(chosen(ThresholdGoal::Recall(0.5), &[]), Err(NoThreshold::OneClass));
        // A probability of 0 is greater than no threshold.
        assert_eq!(chosen(ThresholdGoal::Recall(1.0), &[0.0, 0.9]), Err(NoThreshold::Recall { wanted: 1.0 }));
        // Nothing is predicted where each error costs more than it can gain.
        let goal = ThresholdGoal::Cost { false_positive: 9.0, false_negative: 1.0 };
        assert_eq!(
            DecisionCounts::at(chosen(goal, &[0.1]).expect("one"), &[0.1], &NEGATIVE).false_positives,
            0
        );
    }
}
