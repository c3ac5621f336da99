//! A training step asks for no memory. A binary of its own, because it counts for all threads.

#![expect(unsafe_code, reason = "a counting allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bntrain::config::{Plan, parse};
use bntrain::data::{Encoding, PreparedData, Rows};
use bntrain::kernel::ThreadPool;
use bntrain::kernel::real::Real;
use bntrain::targets::Targets;
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

/// Every layer that keeps something between its passes, with the given precision and optimiser.
fn plan(dtype: &str, optimizer: &str) -> Plan {
    let layer = |kind: &str| format!("[[layers]]\ntype = \"{kind}\"\n");
    let affine = "[[layers]]\ntype = \"affine\"\nunits = 70\n";
    let hidden = [
        layer("batch_norm") + "backward = \"fused\"\n",
        layer("batch_norm") + "backward = \"closed_form\"\n",
        layer("batch_norm") + "backward = \"graph\"\n",
        layer("mean_only") + &layer("relu"),
        layer("dropout") + &layer("sigmoid"),
    ];
    let layers: String = hidden.iter().map(|hidden| format!("{affine}{hidden}")).collect();
    let text = format!(
        "[data]\npath = \"none.csv\"\nlabel = \"c\"\n\
         [optimizer]\n{optimizer}\n\
         [training]\nepochs = 3\nbatch_size = 100\nclip_norm = 1.0\nlog_every_steps = 1000\ndtype = \"{dtype}\"\n\
         {layers}{}{}",
        layer("affine"),
        layer("softmax_loss"),
    );
    parse(&text, Path::new("plan.toml"), &[]).expect("a valid config")
}

fn allocations<F: Real>(optimizer: &str, members: usize) -> Vec<u64> {
    let (rows, features) = (430, 33);
    let entry = |(i, j)| F::from_f64(((i * 7 + j * 5) % 13) as f64 / 6.0 - 1.0);
    let data = PreparedData {
        train: Rows::new(
            &Array2::from_shape_fn((rows, features), entry),
            Targets::Classes((0..3).cycle().take(rows).collect()),
        ),
        valid: None,
        test: None,
        encoding: Encoding::plain(
            (0..features).map(|feature| feature.to_string()).collect(),
            vec![String::new(); 3],
        ),
    };
    let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
    let mut per_step = PerStep::default();
    let plan = plan(F::NAME, optimizer);
    train(&plan, &data, &pool, &AtomicBool::new(false), &mut per_step).expect("the observer never fails");
    per_step.counts
}

#[test]
fn a_step_after_the_first_allocates_nothing() {
    for members in [1, 2] {
        let adam = allocations::<f32>("type = \"adam\"\nl2 = 1e-3", members);
        let sgd = allocations::<f64>("type = \"sgd\"\nmomentum = 0.9\nnesterov = true", members);
        // Four steps an epoch make three differences.
        assert_eq!(adam, [0; 9], "f32, {members} members");
        assert_eq!(sgd, [0; 9], "f64, {members} members");
    }
}
