//! The same norm after and before the activation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::experiment::run_id::{POSITION, settings_with};
use crate::experiment::summary::comparison::{ComparisonSettings, MeasureComparison};
use crate::experiment::summary::pairs::{Measured, Run, compare_measure, pairs};
use crate::experiment::summary::types::{Point, RunSummary, distinct};
use crate::nn::Norm;
use crate::train::Outcome;

/// Whether the networks with `norm` are the same at two points that differ in nothing but the position of norms: the norm
/// has none, or the results do not depend on it.
pub(crate) fn are_same_networks<'a>(
    runs: impl Iterator<Item = &'a RunSummary>,
    norm: Norm,
    one: &Option<Point>,
    other: &Option<Point>,
) -> bool {
    let Some((one, other)) = one.as_ref().zip(other.as_ref()) else { return false };
    let without_position = |point: &Point| settings_with(Norm::None.name(), &point.settings);
    let has_position = |point: &Point| point.settings.contains(POSITION);
    if !(has_position(one) && has_position(other)) || without_position(one) != without_position(other) {
        return false;
    }
    let mut at_one = BTreeMap::new();
    let mut at_other = BTreeMap::new();
    for run in runs.filter(|run| run.norm == norm && !matches!(run.outcome, Outcome::Interrupted { .. })) {
        for (point, results) in [(one, &mut at_one), (other, &mut at_other)] {
            if run.point.as_ref() == Some(point) {
                results.insert(run.seed, &run.result_hash);
            }
        }
    }
    let mut both = at_one.iter().filter_map(|(seed, result)| Some((result, at_other.get(seed)?))).peekable();
    let is_known = !norm.has_position() || both.peek().is_some();
    is_known && both.all(|(one, other)| *one == *other)
}

/// How a grid point says where the norms are.
const AFTER: &str = "model.position=after";
const BEFORE: &str = "model.position=before";

/// A norm after the activation compared with the same norm before it, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PositionComparison {
    /// At both places.
    pub norm: Norm,
    /// The point at which it is after the activation.
    pub after: Point,
    /// The point that is otherwise the same.
    pub before: Point,
    /// The primary measure, of `after` compared with `before`.
    #[serde(flatten)]
    pub measure: MeasureComparison,
}

/// For each norm and point, where there are both places. Networks that are the same at both, such as those without a
/// norm, are left out.
pub(crate) fn position_comparisons(
    runs: &[Run<'_>],
    norms: &[Norm],
    measured: Measured,
    settings: &ComparisonSettings,
) -> Vec<PositionComparison> {
    let points = distinct(runs.iter().filter_map(|(_, run)| run.point.as_ref()));
    let mut found = Vec::new();
    for &norm in norms {
        for &after in &points {
            let Some(at) = before(&after.settings) else { continue };
            let Some(&before) = points.iter().find(|point| point.settings == at) else { continue };
            let pairs = pairs(runs, (norm, &Some(after.clone())), (norm, &Some(before.clone())));
            let is_same = pairs.iter().all(|pair| pair.norm.1.result_hash == pair.other.1.result_hash);
            if !is_same {
                let measure = compare_measure(&pairs, settings.primary, measured.on, settings.is_sequential);
                found.push(PositionComparison {
                    norm,
                    after: after.clone(),
                    before: before.clone(),
                    measure,
                });
            }
        }
    }
    found
}

/// The settings of a point with the norms before the activation; none where they are not after it.
fn before(settings: &str) -> Option<String> {
    let place = |setting: &str| if setting == AFTER { BEFORE.to_owned() } else { setting.to_owned() };
    let all: Vec<String> = settings.split(';').map(place).collect();
    let before = all.join(";");
    (before != settings).then_some(before)
}

#[cfg(test)]
mod tests {
    use crate::experiment::synthetic::{at_point, run};
    use crate::experiment::{NormComparison, RunRecord, Summary};
    use crate::nn::Norm;

    use super::*;

    #[test]
    fn a_norm_is_compared_with_itself_at_its_other_position() {
        let mut runs = Vec::new();
        for (index, position) in [(1, "before"), (2, "after")] {
            for seed in 1..=8 {
                // After the activation, each seed has half of the loss.
                let loss = 0.1 * (10.0 + seed as f64) / index as f64;
                for (norm, loss) in [(Norm::BatchNorm, loss), (Norm::None, 1.0)] {
                    let settings = format!("model.position={position};training.epochs=1");
                    let mut run = at_point(run(norm, seed, &[2.0, loss]), index, &settings);
                    run.result_hash = format!("{norm:?} {loss}");
                    runs.push(run);
                }
            }
        }
        let summary = Summary::of(&runs);
        let [position] = &summary.positions[..] else { panic!("{:?}", summary.positions) };
        assert_eq!((position.norm, position.after.index, position.before.index), (Norm::BatchNorm, 2, 1));
        let found = &position.measure.comparison;
        assert!((found.mean.expect("a mean") - 0.5).abs() < 1e-12, "{found:?}");
        // With the pair of norms at each position: 3 comparisons, of which this is the surest.
        assert_eq!((found.family, found.p_value), (3, Some(2.0_f64.powi(-7))));
        assert_eq!(found.adjusted_p_value, Some(3.0 * 2.0_f64.powi(-7)));
        let of_norms = summary.comparisons.iter().map(|pair| pair.measures[0].comparison.family);
        assert_eq!(of_norms.collect::<Vec<_>>(), [3, 3]);
    }

    #[test]
    fn only_points_after_the_activation_have_one_before_it() {
        assert_eq!(before("a=1;model.position=after").as_deref(), Some("a=1;model.position=before"));
        assert_eq!(before("model.position=before"), None);
        assert_eq!(before("a=1"), None);
    }

    /// Two norms in the weights are the same at both positions: such a pair counts once in the family, so that its
    /// adjusted p value is not doubled and intervals are no wider for it.
    #[test]
    fn networks_that_have_no_position_are_in_the_family_once() {
        let mut runs = Vec::new();
        for (index, position) in [(1, "before"), (2, "after")] {
            for seed in 1..=8 {
                for (norm, loss) in [(Norm::WeightNorm, 0.5), (Norm::None, 1.0)] {
                    let loss = loss * (1.0 + 0.01 * (seed % 3) as f64 * loss);
                    let mut run = run(norm, seed, &[2.0, loss]);
                    run.result_hash = format!("{norm:?} {loss}");
                    runs.push(at_point(run, index, &format!("model.position={position};training.epochs=1")));
                }
            }
        }
        let pairs = |runs: &[RunRecord]| {
            let summary = Summary::of(runs);
            let of = |pair: &NormComparison| {
                let found = pair.measures[0].comparison;
                (
                    pair.point.as_ref().expect("a point").index,
                    found.n_pairs,
                    found.family,
                    found.adjusted_p_value,
                )
            };
            summary.comparisons.iter().map(of).collect::<Vec<_>>()
        };
        let least = 2.0_f64.powi(-7);
        assert_eq!(pairs(&runs), [(1, 8, 1, Some(least))]);
        // The position at which more runs have ended counts.
        runs[0].outcome = Outcome::Interrupted { step: 3 };
        assert_eq!(pairs(&runs), [(2, 8, 1, Some(least))]);
        // With other results they are other networks.
        runs.iter_mut().for_each(|run| run.result_hash.push_str(&run.id.point.as_ref().expect("a point").1));
        assert_eq!(pairs(&runs).len(), 2);
    }
}
