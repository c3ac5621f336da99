//! A training step allocates nothing. A separate binary, because it counts for all threads.

#![expect(unsafe_code, reason = "a counting allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use bntrain::data::Dataset;
use bntrain::kernel::ThreadPool;
use bntrain::kernel::real::Real;
use bntrain::nn::{AffineSpec, Backward, BatchNormSpec, LayerSpec, WeightForm};
use bntrain::nn::{
    affine, batch_renorm, dropout, ghost_batch_norm, layer_norm, mean_only, relu, sigmoid, softmax_loss,
};
use bntrain::optim::{Adam, OptimizerSpec, Sgd};
use bntrain::targets::Targets;
use bntrain::train::{Event, Observer, TrainingSpec, train_prepared};
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
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::StepEnded(_) => {
                let now = ALLOCATIONS.load(Ordering::Relaxed);
                if let Some(before) = self.before {
                    self.counts.push(now - before);
                }
                self.before = Some(ALLOCATIONS.load(Ordering::Relaxed));
            }
            Event::Network(_) | Event::Resumable(_) => {}
            _ => {
                self.before = None;
                self.counts.reserve(100);
            }
        }
        ControlFlow::Continue(())
    }
}

/// Every layer that keeps something between its passes.
fn layers() -> Vec<LayerSpec> {
    let norm = |backward| LayerSpec::BatchNorm(BatchNormSpec { backward, ..BatchNormSpec::default() });
    let hidden = [
        vec![norm(Backward::Fused)],
        vec![norm(Backward::ClosedForm)],
        vec![norm(Backward::Graph)],
        vec![mean_only(), relu()],
        vec![layer_norm(), relu()],
        vec![ghost_batch_norm(), batch_renorm()],
        vec![AffineSpec { units: Some(70), weights: WeightForm::WeightNorm, ..AffineSpec::default() }.into()],
        vec![dropout(0.5), sigmoid()],
    ];
    let hidden = hidden.into_iter().flat_map(|block| std::iter::once(affine(70)).chain(block));
    hidden.chain([affine(3), softmax_loss()]).collect()
}

fn allocations<F: Real>(optimizer: &OptimizerSpec, members: usize, blocks: usize) -> Vec<u64> {
    let (rows, features) = (430, 33);
    let entry = |(i, j)| F::from_f64(((i * 7 + j * 5) % 13) as f64 / 6.0 - 1.0);
    let x = Array2::from_shape_fn((rows, features), entry);
    let y: Vec<u32> = (0..3).cycle().take(rows).collect();
    let data = Dataset::from_arrays(x, Targets::classes(y)).expect("a dataset");
    let data = data.prepare(0, None).expect("it can be prepared").data;
    let training = TrainingSpec {
        epochs: 3,
        batch_size: 100,
        blocks,
        clip_norm: Some(1.0),
        log_every_steps: 1000,
        ..TrainingSpec::default()
    };
    let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
    let mut per_step = PerStep::default();
    train_prepared::<F>(&layers(), optimizer, &training, &data, &pool, &mut per_step);
    per_step.counts
}

#[test]
fn a_step_after_the_first_allocates_nothing() {
    for (members, blocks) in [(1, 1), (2, 1), (1, 6), (2, 3)] {
        let adam = allocations::<f32>(&Adam { l2: 1e-3, ..Adam::default() }.into(), members, blocks);
        let sgd = Sgd { momentum: 0.9, nesterov: true, ..Sgd::default() }.into();
        let sgd = allocations::<f64>(&sgd, members, blocks);
        // Four steps an epoch make three differences.
        assert_eq!(adam, [0; 9], "f32, {members} members, {blocks} blocks");
        assert_eq!(sgd, [0; 9], "f64, {members} members, {blocks} blocks");
    }
}
