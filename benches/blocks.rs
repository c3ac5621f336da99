//! Whole training steps with batches in blocks, beside those with batches that are not cut.

use bntrain::kernel::ThreadPool;
use bntrain::train::TrainingSpec;
use serde_json::json;

use crate::Options;
use crate::norms::{MIN_WIDTH, ROUNDS};
use crate::report::Report;
use crate::steps::time_training;
use crate::workload::workloads;

/// Into how many blocks a batch is cut.
const BLOCKS: usize = 8;

/// Times the workloads with wide layers, with `pool`; with and without blocks take turns.
pub(crate) fn run(options: &Options, pool: &ThreadPool, report: &Report) {
    report.heading(&format!(
        "\nbatches in {BLOCKS} blocks\nworkload norm          whole us  blocks us   ratio  over rounds"
    ));
    for workload in workloads() {
        let hidden = &workload.widths[1..workload.widths.len() - 1];
        if !options.wants(&workload.name) || hidden.iter().any(|&width| width < MIN_WIDTH) {
            continue;
        }
        let data = workload.data();
        let seconds = options.seconds_or(1.0) / f64::from(ROUNDS);
        for batch_norm in [true, false] {
            let layers = workload.layers(batch_norm);
            let best = |blocks| {
                let training = TrainingSpec { blocks, ..workload.training() };
                time_training(&workload, &layers, &training, &data, pool, seconds).best
            };
            let rounds: Vec<[f64; 2]> = (0..ROUNDS).map(|_| [1, BLOCKS].map(best)).collect();
            let ratios: Vec<f64> = rounds.iter().map(|[whole, blocks]| blocks / whole).collect();
            let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let high = ratios.iter().copied().fold(0.0, f64::max);
            let least = |index: usize| rounds.iter().map(|best| best[index]).fold(f64::INFINITY, f64::min);
            let (whole, blocks) = (least(0), least(1));
            let norm = if batch_norm { "batch_norm" } else { "none" };
            report.result(
                &format!(
                    "{:8} {norm:10} {:12.1} {:10.1} {:7.3}  {low:.3} to {high:.3}",
                    workload.name,
                    1e6 * whole,
                    1e6 * blocks,
                    blocks / whole
                ),
                &json!({
                    "bench": "blocks", "workload": workload.name, "norm": norm, "threads": pool.threads(),
                    "blocks": BLOCKS, "whole_us": 1e6 * whole, "blocks_us": 1e6 * blocks, "ratio_in_rounds": ratios,
                }),
            );
        }
    }
}
