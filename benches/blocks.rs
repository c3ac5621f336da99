//! Whole training steps with batches in blocks, beside those with batches that are not cut.

use bntrain::kernel::ThreadPool;
use bntrain::train::TrainingSpec;
use serde_json::json;

use crate::Options;
use crate::report::Report;
use crate::steps::time_training;
use crate::timing::{ROUNDS, Ratios, least};
use crate::workload::wide_workloads;

/// Into how many blocks a batch is cut.
const BLOCKS: usize = 8;

/// Times the workloads with wide layers, with `pool`; with and without blocks take turns.
pub(crate) fn run(options: &Options, pool: &ThreadPool, report: &Report) {
    report.heading(&format!(
        "\nbatches in {BLOCKS} blocks\nworkload norm          whole us  blocks us   ratio  over rounds"
    ));
    for workload in wide_workloads(options) {
        let data = workload.data();
        let seconds = options.seconds_or(1.0) / f64::from(ROUNDS);
        for batch_norm in [true, false] {
            let layers = workload.layers(batch_norm);
            let best = |blocks| {
                let training = TrainingSpec { blocks, ..workload.training() };
                time_training(&workload, &layers, &training, &data, pool, seconds).best
            };
            let rounds = (0..ROUNDS).map(|_| (best(1), best(BLOCKS)));
            let (whole, blocks): (Vec<f64>, Vec<f64>) = rounds.unzip();
            let ratios = Ratios::new(&blocks, &whole);
            let (whole_us, blocks_us) = (1e6 * least(&whole), 1e6 * least(&blocks));
            let norm = if batch_norm { "batch_norm" } else { "none" };
            report.result(
                &format!(
                    "{:8} {norm:10} {whole_us:12.1} {blocks_us:10.1} {:7.3}  {}",
                    workload.name,
                    ratios.of_best,
                    ratios.range()
                ),
                &json!({
                    "bench": "blocks", "workload": workload.name, "norm": norm, "threads": pool.threads(),
                    "blocks": BLOCKS, "whole_us": whole_us, "blocks_us": blocks_us,
                    "ratio_in_rounds": ratios.in_rounds,
                }),
            );
        }
    }
}
