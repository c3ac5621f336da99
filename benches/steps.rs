//! Whole training steps of the workloads, beside what they take at least.

use std::ops::ControlFlow;

use bntrain::data::PreparedData;
use bntrain::kernel::ThreadPool;
use bntrain::nn::LayerSpec;
use bntrain::train::{Event, Observer, TrainingSpec, train_prepared};
use serde_json::{Value, json};

use crate::Options;
use crate::report::Report;
use crate::roofline::Roofline;
use crate::timing::Timing;
use crate::workload::{Workload, workloads};

/// Times all workloads with `pool`.
pub(crate) fn run(options: &Options, pool: &ThreadPool, report: &Report) {
    let roofline = Roofline::measure(pool);
    report.heading(&format!(
        "\ntraining steps; matrix products reach {:.0} GFLOP/s\n\
         workload norm           best us  median us  GFLOP/s   bound us  share",
        roofline.peak / 1e9
    ));
    for workload in workloads() {
        if !options.wants(&workload.name) {
            continue;
        }
        let (data, bound) = (workload.data(), roofline.bound(&workload));
        for batch_norm in [true, false] {
            let timing = time(&workload, &data, batch_norm, pool, options.seconds_or(1.0));
            let record = record(&workload, batch_norm, pool, timing, bound);
            let norm = if batch_norm { "batch_norm" } else { "none" };
            let gflops = workload.product_operations() / timing.best / 1e9;
            report.result(
                &format!(
                    "{:8} {norm:10} {:12.1} {:10.1} {gflops:8.1} {:10.1} {:5.0} %",
                    workload.name,
                    1e6 * timing.best,
                    1e6 * timing.median,
                    1e6 * bound,
                    1e2 * bound / timing.best,
                ),
                &record,
            );
        }
    }
}

/// Seconds per step of `workload`, from the epochs of a training that lasts for `seconds`; its
/// first epoch is for warming up. Shuffling counts, evaluation does not.
pub(crate) fn time(
    workload: &Workload,
    data: &PreparedData<f32>,
    batch_norm: bool,
    pool: &ThreadPool,
    seconds: f64,
) -> Timing {
    time_training(workload, &workload.layers(batch_norm), &workload.training(), data, pool, seconds)
}

/// The same of a network with other `layers`, or of another `training`.
pub(crate) fn time_training(
    workload: &Workload,
    layers: &[LayerSpec],
    training: &TrainingSpec,
    data: &PreparedData<f32>,
    pool: &ThreadPool,
    seconds: f64,
) -> Timing {
    let optimizer = workload.optimizer();
    let trained = train_prepared(layers, &optimizer, training, data, pool, &mut StopAfter(seconds));
    let steps = workload.steps_per_epoch() as f64;
    let epochs = trained.epochs.windows(2).skip(1);
    Timing::of(epochs.map(|pair| (pair[1].train_seconds - pair[0].train_seconds) / steps).collect())
}

/// A result as the other tools of a session print it too.
pub(crate) fn record(
    workload: &Workload,
    batch_norm: bool,
    pool: &ThreadPool,
    timing: Timing,
    bound: f64,
) -> Value {
    json!({
        "bench": "step",
        "tool": "bntrain",
        "workload": workload.name,
        "batch_norm": batch_norm,
        "threads": pool.threads(),
        "best_us": 1e6 * timing.best,
        "median_us": 1e6 * timing.median,
        "gflops": workload.product_operations() / timing.best / 1e9,
        "bound_us": 1e6 * bound,
    })
}

/// Ends a training after some seconds inside its steps, and two epochs at least.
pub(crate) struct StopAfter(pub(crate) f64);

impl Observer for StopAfter {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::EpochEnded(epoch) if epoch.epoch >= 2 && epoch.train_seconds > self.0 => {
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}
