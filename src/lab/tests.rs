//! The claims themselves, and that a broken norm does not pass them.

use std::num::NonZeroUsize;

use crate::gradcheck::Mistake;
use crate::lab::{BundledData, Claim, ClaimFinding, ClaimVerdict, NetworkBuilder, catalog, try_claim};
use crate::nn::{Network, build_layers};

fn claims() -> Vec<Claim> {
    catalog().expect("every file is a claim")
}

fn tried(name: &str, build: NetworkBuilder<'_>) -> ClaimFinding {
    let bundled = BundledData::write().expect("a temporary folder");
    let claims = claims();
    let claim = claims.iter().find(|claim| claim.name == name).expect(name);
    try_claim(claim, bundled.path(), None, NonZeroUsize::MIN, build).expect(name)
}

#[test]
fn every_claim_is_a_config_with_bounds() {
    let bundled = BundledData::write().expect("a temporary folder");
    for claim in claims() {
        let plan = claim.plan(bundled.path(), None).unwrap_or_else(|error| panic!("{}: {error}", claim.name));
        assert!(plan.at_least.is_some() || plan.at_most.is_some(), "{}", claim.name);
        assert!(plan.plan.compare.is_some_and(|compare| compare.seeds.all.len() >= 3), "{}", claim.name);
    }
}

#[test]
fn a_right_norm_passes_the_exact_claims() {
    let right: NetworkBuilder<'_> =
        &|specs, inputs, answers, seed| Network::new(inputs, build_layers(specs, inputs, answers, seed));
    for name in ["gradients", "normalized", "norm-growth"] {
        let finding = tried(name, right);
        assert_eq!(finding.verdict, ClaimVerdict::Holds, "{name}: {:?}", finding.measured);
        assert!(finding.is_as_expected());
    }
}

/// Those whose gradient is not orthogonal to the weights before the norm.
const NOT_ORTHOGONAL: [Mistake; 5] = [
    Mistake::ConstantStatistics,
    Mistake::NoMeanTerm,
    Mistake::NoVarianceTerm,
    Mistake::UnbiasedBackward,
    Mistake::SumsForMeans,
];

#[test]
fn each_mistake_fails_a_claim() {
    for mistake in Mistake::ALL {
        let wrong: NetworkBuilder<'_> = &|specs, inputs, answers, seed| {
            mistake.network(specs, inputs, answers, seed).expect("a network with batch norm")
        };
        let finding = tried("gradients", wrong);
        assert_eq!(finding.verdict, ClaimVerdict::DoesNotHold, "{mistake}: {:?}", finding.measured);
        assert!(!finding.is_as_expected());
        if NOT_ORTHOGONAL.contains(&mistake) {
            let finding = tried("norm-growth", wrong);
            assert_eq!(finding.verdict, ClaimVerdict::DoesNotHold, "{mistake}: {:?}", finding.measured);
        }
        if mistake == Mistake::UnbiasedForward {
            let finding = tried("normalized", wrong);
            assert_eq!(finding.verdict, ClaimVerdict::DoesNotHold, "{mistake}: {:?}", finding.measured);
        }
    }
}
