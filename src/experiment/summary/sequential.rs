//! When seeds are added until it is clear: what the evidence says after some of them.
//!
//! Each pair of norms, at each point of a grid, is *clear* at an e-value of 20 times the number of comparisons, those of
//! norms at two positions included, which keeps false alarms of the whole study at 5 %. It has *no difference that matters* where the confidence sequence of
//! the same level is within the smallest difference that matters, on both sides. A study ends when every pair is
//! either, or at the largest number of seeds.

use serde::{Deserialize, Serialize};

use crate::config::UntilClear;
use crate::experiment::run_id::RunRecord;
use crate::experiment::statistics::{
    CLEAR_EVIDENCE, PairedForm, confidence_sequence, e_value, signed_differences,
};
use crate::experiment::summary::collect::{measured, run};
use crate::experiment::summary::comparison::ComparisonSettings;
use crate::experiment::summary::pairs::{NormPairs, Run, form_of, norm_pairs, reading};
use crate::experiment::summary::positions::position_comparisons;
use crate::experiment::summary::types::{Point, RunSummary, distinct};
use crate::nn::Norm;

/// How the adding of seeds ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stopping {
    /// The rule.
    pub rule: UntilClear,
    /// Seeds that were used.
    pub n_seeds: usize,
    /// One for each pair of norms and each point.
    pub pairs: Vec<PairEnding>,
}

/// What is known of two norms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairEnding {
    /// The one that is listed first.
    pub norm: Norm,
    /// The other.
    pub other: Norm,
    /// The point of the grid; none without a grid.
    pub point: Option<Point>,
    /// What the evidence says.
    pub ending: Ending,
}

/// What the evidence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The norms differ.
    Clear,
    /// Any difference is smaller than one that matters.
    NoDifferenceThatMatters,
    /// Neither is known.
    Undecided,
}

/// Whether every pair of norms in `records` is decided.
pub(crate) fn is_settled(records: &[RunRecord], settings: &ComparisonSettings) -> bool {
    endings(records, settings).iter().all(|pair| pair.ending != Ending::Undecided)
}

/// What is known of each pair of norms in `records`.
pub(crate) fn endings(records: &[RunRecord], settings: &ComparisonSettings) -> Vec<PairEnding> {
    let measured = measured(records);
    let summaries: Vec<RunSummary> = records.iter().map(|record| run(record, measured)).collect();
    let runs: Vec<Run<'_>> = records.iter().zip(&summaries).collect();
    let norms = distinct(records.iter().map(|record| record.id.norm));
    let form = form_of(settings.primary);
    let found = norm_pairs(&runs, &norms);
    // Positions are of the same family, although they are not waited for.
    let family = found.len() + position_comparisons(&runs, &norms, measured, settings).len();
    let ending = |NormPairs { norm, other, point, pairs }: NormPairs<'_>| {
        let readings = pairs.into_iter().map(|pair| {
            let reading = |run| reading(run, settings.primary, measured.on);
            (reading(pair.norm), reading(pair.other))
        });
        let (differences, has_lost) = signed_differences(form, readings);
        let ending = ending(&differences, has_lost, form, family, settings.smallest);
        PairEnding { norm, other, point: point.clone(), ending }
    };
    found.into_iter().map(ending).collect()
}

/// `has_lost` says that some of the differences stand for lost runs, about which no bound holds.
fn ending(
    differences: &[f64],
    has_lost: bool,
    form: PairedForm,
    family: usize,
    smallest: Option<f64>,
) -> Ending {
    let bound = CLEAR_EVIDENCE * family as f64;
    if bound <= e_value(differences) {
        return Ending::Clear;
    }
    let smallest =
        smallest.map(|smallest| if form == PairedForm::Ratio { smallest.ln_1p() } else { smallest });
    let is_small = |smallest: f64| {
        let sequence = confidence_sequence(differences, bound);
        sequence.is_some_and(|sequence| -smallest < sequence.low && sequence.high < smallest)
    };
    match smallest.is_some_and(is_small) && !has_lost {
        true => Ending::NoDifferenceThatMatters,
        false => Ending::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Summary;
    use crate::experiment::synthetic::{at_point, run};

    #[test]
    fn evidence_has_to_be_that_of_a_whole_family() {
        // Its e-value is 36, and 20 are clear.
        let of = |family| ending(&[1.0; 5], false, PairedForm::ShareDifference, family, None);
        assert_eq!([1, 2].map(of), [Ending::Clear, Ending::Undecided]);
    }

    /// What ends a study as clear is called clear by the adjusted p value, too, in which positions count.
    #[test]
    fn positions_are_of_the_family() {
        let mut runs = Vec::new();
        for (index, position) in [(1, "before"), (2, "after")] {
            for seed in 1..=9 {
                let loss = 0.5 + 0.1 * (seed % 3) as f64 + 0.01 * ((seed + index as u64) % 4) as f64;
                for (norm, loss) in [(Norm::BatchNorm, loss), (Norm::LayerNorm, 1.0)] {
                    let mut run = run(norm, seed, &[2.0, loss]);
                    run.result_hash = format!("{norm:?} {position}");
                    runs.push(at_point(run, index, &format!("model.position={position}")));
                }
            }
        }
        let settings = ComparisonSettings { is_sequential: true, ..ComparisonSettings::default() };
        let mut n_clear = Vec::new();
        for n_seeds in 2..=9 {
            let runs: Vec<RunRecord> = runs.iter().filter(|run| run.id.seed <= n_seeds).cloned().collect();
            let summary = Summary::with(&runs, &settings);
            assert_eq!(summary.comparisons[0].measures[0].comparison.family, 4);
            let endings = endings(&runs, &settings);
            for (ending, pair) in endings.iter().zip(&summary.comparisons) {
                let is_clear = ending.ending == Ending::Clear;
                assert!(!is_clear || pair.measures[0].comparison.is_clear(), "{n_seeds} seeds");
            }
            n_clear.push(endings.iter().filter(|pair| pair.ending == Ending::Clear).count());
        }
        assert_eq!((n_clear.first(), n_clear.last()), (Some(&0), Some(&2)), "{n_clear:?}");
    }

    #[test]
    fn what_matters_is_a_share_of_a_loss() {
        // The mean is within 3.2 of 0, and a loss that is larger by 9 times itself is so by the logarithm of 10.
        let differences: Vec<f64> = (0..20).map(|index| if index % 2 == 0 { 4.0 } else { -4.0 }).collect();
        let of = |form, smallest, has_lost| ending(&differences, has_lost, form, 1, Some(smallest));
        assert_eq!(of(PairedForm::Ratio, 9.0, false), Ending::Undecided);
        assert_eq!(of(PairedForm::Ratio, 30.0, false), Ending::NoDifferenceThatMatters);
        assert_eq!(of(PairedForm::Ratio, 30.0, true), Ending::Undecided);
        assert_eq!(of(PairedForm::ShareDifference, 9.0, false), Ending::NoDifferenceThatMatters);
        assert_eq!(of(PairedForm::ShareDifference, 3.0, false), Ending::Undecided);
    }
}
