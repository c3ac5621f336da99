//! A training step asks for no memory. A binary of its own, because it counts for all threads.

#![expect(unsafe_code, reason = "a counting allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bntrain::config::{Plan, TrainingPlan};
use bntrain::data::{Data, DataSpec, Rows};
use bntrain::kernel::Team;
use bntrain::nn::{
    AffineSpec, Backward, BatchNormSpec, DropoutSpec, LayerSpec, MeanOnlySpec, ReluSpec, SigmoidSpec,
    SoftmaxLossSpec,
};
use bntrain::optim::{AdamSpec, OptimizerSpec, SgdSpec};
use bntrain::real::Real;
use bntrain::train::{Event, Observer, train};
use ndarray::Array2;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Counts allocations from the end of one step to the end of the next in the same epoch.
#[derive(Default)]
struct PerStep {
    before: Option<u64>,
    counts: Vec<u64>,
}

impl Observer for PerStep {
    fn on(&mut self, event: &Event<'_>) -> std::io::Result<()> {
        match event {
            Event::StepEnded(_) => {
                let now = ALLOCATIONS.load(Ordering::Relaxed);
                if let Some(before) = self.before {
                    self.counts.push(now - before);
                }
                self.before = Some(ALLOCATIONS.load(Ordering::Relaxed));
            }
            _ => {
                self.before = None;
                self.counts.reserve(100);
            }
        }
        Ok(())
    }
}

fn layers(hidden: &[LayerSpec]) -> Vec<LayerSpec> {
    let affine = |units| LayerSpec::Affine(AffineSpec { units, ..AffineSpec::default() });
    let mut layers = Vec::new();
    for layer in hidden {
        layers.extend([affine(Some(70)), layer.clone(), LayerSpec::Relu(ReluSpec {})]);
    }
    layers.extend([affine(None), LayerSpec::SoftmaxLoss(SoftmaxLossSpec {})]);
    layers
}

fn allocations<F: Real>(layers: Vec<LayerSpec>, optimizer: OptimizerSpec, members: usize) -> Vec<u64> {
    let (rows, features) = (430, 33);
    let x = Array2::from_shape_fn((rows, features), |(i, j)| F::from_f64(((i * 7 + j * 5) % 13) as f64 / 6.0 - 1.0));
    let data = Data {
        train: Rows { x, labels: (0..rows).map(|row| row as u32 % 3).collect() },
        valid: None,
        test: None,
        features: vec![String::new(); features],
        classes: vec![String::new(); 3],
        scaling: Vec::new(),
    };
    let training = TrainingPlan {
        epochs: 3,
        batch_size: 100,
        clip_norm: Some(1.0),
        log_every_steps: u64::MAX,
        ..TrainingPlan::default()
    };
    let data_spec = DataSpec::default();
    let plan =
        Plan { name: String::new(), source: "".into(), data: data_spec, optimizer, training, compare: None, layers };
    let team = Team::new(NonZeroUsize::new(members).expect("at least one"));
    let mut per_step = PerStep::default();
    train(&plan, &data, &team, &AtomicBool::new(false), &mut per_step).expect("the observer never fails");
    per_step.counts
}

#[test]
fn a_step_after_the_first_allocates_nothing() {
    let norm = |backward| LayerSpec::BatchNorm(BatchNormSpec { backward, ..BatchNormSpec::default() });
    let hidden = [
        norm(Backward::Fused),
        norm(Backward::ClosedForm),
        norm(Backward::Graph),
        LayerSpec::MeanOnly(MeanOnlySpec::default()),
        LayerSpec::Dropout(DropoutSpec::default()),
        LayerSpec::Sigmoid(SigmoidSpec {}),
    ];
    let adam = OptimizerSpec::Adam(AdamSpec { l2: 1e-3, ..AdamSpec::default() });
    let sgd = OptimizerSpec::Sgd(SgdSpec { momentum: 0.9, nesterov: true, ..SgdSpec::default() });
    for members in [1, 2] {
        let single = allocations::<f32>(layers(&hidden), adam.clone(), members);
        let double = allocations::<f64>(layers(&hidden), sgd.clone(), members);
        // Four steps an epoch make three differences.
        assert_eq!(single, [0; 9], "f32, {members} members");
        assert_eq!(double, [0; 9], "f64, {members} members");
    }
}
