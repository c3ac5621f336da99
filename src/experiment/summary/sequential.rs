//! When seeds are added until it is clear: what the evidence says after some of them.
//!
//! Each pair of norms, at each point of a grid, is *clear* at an e-value of 20 times the number of such pairs, which
//! keeps false alarms of the whole study at 5 %. It has *no difference that matters* where the confidence sequence of
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
    let family = found.len();
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

    #[test]
    fn evidence_has_to_be_that_of_a_whole_family() {
        // Its e-value is 36, and 20 are clear.
        let of = |family| ending(&[1.0; 5], false, PairedForm::ShareDifference, family, None);
        assert_eq!([1, 2].map(of), [Ending::Clear, Ending::Undecided]);
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
