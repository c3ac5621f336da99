//! The claims themselves, and that a broken norm does not pass them.

use std::num::NonZeroUsize;

use crate::config::Plan;
use crate::gradcheck::Mistake;
use crate::kernel::ThreadPool;
use crate::lab::along_training::follow;
use crate::lab::{
    BundledData, Claim, ClaimFinding, ClaimTrial, ClaimVerdict, NetworkBuilder, catalog, try_claim,
};
use crate::model::result_hash;
use crate::nn::{Network, Norm, build_layers};
use crate::train::train_network;

fn claims() -> Vec<Claim> {
    catalog().expect("every file is a claim")
}

/// All claims and their data, which take longer to read than some claims to try.
struct Claims {
    bundled: BundledData,
    claims: Vec<Claim>,
}

impl Claims {
    fn read() -> Self {
        Self { bundled: BundledData::write().expect("a temporary folder"), claims: claims() }
    }

    fn tried(&self, name: &str, build: NetworkBuilder<'_>) -> ClaimFinding {
        let claim = self.claims.iter().find(|claim| claim.name == name).expect(name);
        try_claim(claim, &self.bundled.claims(), None, NonZeroUsize::MIN, build).expect(name)
    }
}

#[test]
fn every_claim_is_a_config_with_bounds() {
    let bundled = BundledData::write().expect("a temporary folder");
    for claim in claims() {
        let plan =
            claim.plan(&bundled.claims(), None).unwrap_or_else(|error| panic!("{}: {error}", claim.name));
        assert!(plan.at_least.is_some() || plan.at_most.is_some(), "{}", claim.name);
        assert!(plan.plan.compare.is_some_and(|compare| compare.seeds.all.len() >= 3), "{}", claim.name);
    }
}

#[test]
fn a_right_norm_passes_the_exact_claims() {
    let right: NetworkBuilder<'_> =
        &|specs, inputs, answers, seed| Network::new(inputs, build_layers(specs, inputs, answers, seed));
    let claims = Claims::read();
    for name in ["gradients", "normalized", "norm-growth"] {
        let finding = claims.tried(name, right);
        assert_eq!(finding.verdict, ClaimVerdict::Holds, "{name}: {:?}", finding.measured);
        assert!(finding.is_as_expected());
    }
}

/// Of the same bits as a run, also where a batch is cut into blocks; more blocks than rows are refused.
#[test]
fn a_training_is_followed_as_its_plan_says() {
    let bundled = BundledData::write().expect("a temporary folder");
    let claims = claims();
    let claim = claims.iter().find(|claim| claim.name == "statistics-lag").expect("a claim");
    let mut plan = claim.plan(&bundled.claims(), None).expect("a plan").plan;
    let build: NetworkBuilder<'_> =
        &|specs, inputs, answers, seed| Network::new(inputs, build_layers(specs, inputs, answers, seed));
    plan.training.epochs = 1;
    let mut results = Vec::new();
    for blocks in [1, 5] {
        plan.training.blocks = blocks;
        let trial = ClaimTrial::open(plan.clone(), NonZeroUsize::MIN, build).expect("it has rows");
        let plan = trial.plan_of(Norm::BatchNorm, trial.seeds()[0]);
        let data = trial.prepared(&plan).expect("it can be prepared");
        let network = || trial.network(&plan, &data);
        let Plan { optimizer, training, .. } = &plan;
        let trained =
            train_network(network(), optimizer, training, &data.data, &ThreadPool::single(), &mut ());
        let followed = result_hash(&follow(&plan, &data, network(), &mut |_| {}));
        assert_eq!(followed, result_hash(&trained.network), "{blocks} blocks");
        results.push(followed);
    }
    assert_ne!(results[0], results[1], "sums of blocks are rounded in another way");
    plan.training.blocks = 4096;
    let refused = ClaimTrial::open(plan, NonZeroUsize::MIN, build).err().expect("too many blocks");
    assert!(refused.to_string().starts_with("training.blocks = 4096, but a batch has only "), "{refused}");
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
    let claims = Claims::read();
    for mistake in Mistake::ALL {
        let wrong: NetworkBuilder<'_> = &|specs, inputs, answers, seed| {
            mistake.network(specs, inputs, answers, seed).expect("a network with batch norm")
        };
        let finding = claims.tried("gradients", wrong);
        assert_eq!(finding.verdict, ClaimVerdict::DoesNotHold, "{mistake}: {:?}", finding.measured);
        assert!(!finding.is_as_expected());
        if NOT_ORTHOGONAL.contains(&mistake) {
            let finding = claims.tried("norm-growth", wrong);
            assert_eq!(finding.verdict, ClaimVerdict::DoesNotHold, "{mistake}: {:?}", finding.measured);
        }
        if mistake == Mistake::UnbiasedForward {
            let finding = claims.tried("normalized", wrong);
            assert_eq!(finding.verdict, ClaimVerdict::DoesNotHold, "{mistake}: {:?}", finding.measured);
        }
    }
}
