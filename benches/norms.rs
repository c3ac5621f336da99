//! Whole training steps with each norm, beside batch norm's.

use bntrain::kernel::ThreadPool;
use bntrain::nn::{Norm, twin};
use serde_json::json;

use crate::Options;
use crate::report::Report;
use crate::steps::time_training;
use crate::timing::{ROUNDS, Ratios, least};
use crate::workload::wide_workloads;

/// Times each norm in the workloads with wide layers, with `pool`.
pub(crate) fn run(options: &Options, pool: &ThreadPool, report: &Report) {
    report.heading("\nworkload norm                       best us  median us  of batch norm  over rounds");
    for workload in wide_workloads(options) {
        let data = workload.data();
        let seconds = options.seconds_or(1.0) / f64::from(ROUNDS);
        let mut timings = vec![Vec::new(); Norm::ALL.len()];
        for _ in 0..ROUNDS {
            for (norm, timings) in Norm::ALL.into_iter().zip(&mut timings) {
                let layers = twin(&workload.layers(true), norm);
                timings.push(time_training(&workload, &layers, &workload.training(), &data, pool, seconds));
            }
        }
        let best = |place: usize| -> Vec<f64> { timings[place].iter().map(|timing| timing.best).collect() };
        let of = best(Norm::ALL.iter().position(|norm| *norm == Norm::BatchNorm).unwrap_or(0));
        for (place, norm) in Norm::ALL.into_iter().enumerate() {
            let ratios = Ratios::new(&best(place), &of);
            let medians: Vec<f64> = timings[place].iter().map(|timing| timing.median).collect();
            let (best_us, median_us) = (1e6 * least(&best(place)), 1e6 * least(&medians));
            report.result(
                &format!(
                    "{:8} {:22} {best_us:10.1} {median_us:10.1} {:14.3}  {}",
                    workload.name,
                    norm.name(),
                    ratios.of_best,
                    ratios.range()
                ),
                &json!({
                    "bench": "norm", "workload": workload.name, "norm": norm.name(), "threads": pool.threads(),
                    "best_us": best_us, "median_us": median_us, "of_batch_norm": ratios.of_best,
                    "of_batch_norm_in_rounds": ratios.in_rounds,
                }),
            );
        }
    }
}
