//! Whole training steps with each norm, beside batch norm's.

use bntrain::kernel::ThreadPool;
use bntrain::nn::{Norm, twin};
use serde_json::json;

use crate::Options;
use crate::report::Report;
use crate::steps::time_training;
use crate::workload::workloads;

/// The norms take turns, so that other work on the machine affects all of them.
pub(crate) const ROUNDS: u32 = 4;

/// The least width of the hidden layers: below, a step is mostly calls.
pub(crate) const MIN_WIDTH: usize = 256;

/// Times each norm in the workloads with wide layers, with `pool`.
pub(crate) fn run(options: &Options, pool: &ThreadPool, report: &Report) {
    report.heading("\nworkload norm                       best us  median us  of batch norm  over rounds");
    for workload in workloads() {
        let hidden = &workload.widths[1..workload.widths.len() - 1];
        if !options.wants(&workload.name) || hidden.iter().any(|&width| width < MIN_WIDTH) {
            continue;
        }
        let data = workload.data();
        let seconds = options.seconds_or(1.0) / f64::from(ROUNDS);
        let mut timings = vec![Vec::new(); Norm::ALL.len()];
        for _ in 0..ROUNDS {
            for (norm, timings) in Norm::ALL.into_iter().zip(&mut timings) {
                let layers = twin(&workload.layers(true), norm);
                timings.push(time_training(&workload, &layers, &workload.training(), &data, pool, seconds));
            }
        }
        let place = Norm::ALL.iter().position(|norm| *norm == Norm::BatchNorm).unwrap_or(0);
        let batch_norm: Vec<f64> = timings[place].iter().map(|timing| timing.best).collect();
        let least = |of: &[f64]| of.iter().copied().fold(f64::INFINITY, f64::min);
        for (norm, timings) in Norm::ALL.into_iter().zip(&timings) {
            let best: Vec<f64> = timings.iter().map(|timing| timing.best).collect();
            let medians: Vec<f64> = timings.iter().map(|timing| timing.median).collect();
            let ratios: Vec<f64> = best.iter().zip(&batch_norm).map(|(norm, of)| norm / of).collect();
            let (ratio, low) = (least(&best) / least(&batch_norm), least(&ratios));
            let high = ratios.iter().copied().fold(0.0, f64::max);
            let (best_us, median_us) = (1e6 * least(&best), 1e6 * least(&medians));
            report.result(
                &format!(
                    "{:8} {:22} {best_us:10.1} {median_us:10.1} {ratio:14.3}  {low:.3} to {high:.3}",
                    workload.name,
                    norm.name()
                ),
                &json!({
                    "bench": "norm", "workload": workload.name, "norm": norm.name(), "threads": pool.threads(),
                    "best_us": best_us, "median_us": median_us, "of_batch_norm": ratio,
                    "of_batch_norm_in_rounds": ratios,
                }),
            );
        }
    }
}
