//! What checkpoints cost: the time of one, as a share of the time between two at the default.

use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::Context;
use bntrain::experiment::RunId;
use bntrain::kernel::ThreadPool;
use bntrain::model::{Checkpoint, CheckpointOrigin};
use bntrain::nn::{Norm, Task};
use bntrain::run_dir::{RunDirectory, RunFiles};
use bntrain::train::{CheckpointRule, Event, Observer, SavePart, SavePoint, train_prepared};
use serde_json::json;

use crate::Options;
use crate::report::Report;
use crate::timing::Timing;
use crate::workload::workloads;

/// Checkpoints of each workload at least: the first is for warming up.
const FEWEST: usize = 6;

/// Writes checkpoints of all workloads with `pool`, on the disk of the build.
pub(crate) fn run(options: &Options, pool: &ThreadPool, report: &Report) -> anyhow::Result<()> {
    let CheckpointRule::Seconds(between) = CheckpointRule::default() else {
        anyhow::bail!("checkpoints are not made by time");
    };
    report.heading(&format!(
        "\ncheckpoints; one every {between} s costs\n\
         workload       MB    best ms  median ms   share"
    ));
    for workload in workloads() {
        if !options.wants(&workload.name) {
            continue;
        }
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let directory = RunDirectory::create(&folder.path().join("run"), false, &[])?;
        let id = RunId { norm: Norm::BatchNorm, point: None, seed: 0 };
        let files = directory.run_files(&id, Task::Classification)?;
        let mut saver = Saver::new(files, options.seconds_or(1.0));
        let (layers, optimizer, training) =
            (workload.layers(true), workload.optimizer(), workload.training());
        train_prepared(&layers, &optimizer, &training, &workload.data(), pool, &mut saver);
        let Saver { seconds, bytes, failure, .. } = saver;
        failure.map_or(Ok(()), Err)?;
        let timing = Timing::of(seconds.into_iter().skip(1).collect());
        report.result(
            &format!(
                "{:8} {:8.2} {:10.2} {:10.2} {:5.2} %",
                workload.name,
                bytes as f64 / 1e6,
                1e3 * timing.best,
                1e3 * timing.median,
                1e2 * timing.median / between as f64,
            ),
            &json!({
                "bench": "checkpoint",
                "tool": "bntrain",
                "workload": workload.name,
                "threads": pool.threads(),
                "bytes": bytes,
                "best_ms": 1e3 * timing.best,
                "median_ms": 1e3 * timing.median,
                "share": timing.median / between as f64,
            }),
        );
    }
    Ok(())
}

/// Saves a run after every step of its first epochs, and ends it.
struct Saver {
    files: RunFiles,
    limit: f64,
    begin: Instant,
    seconds: Vec<f64>,
    bytes: usize,
    failure: Option<anyhow::Error>,
}

impl Saver {
    fn new(files: RunFiles, limit: f64) -> Self {
        Self { files, limit, begin: Instant::now(), seconds: Vec::new(), bytes: 0, failure: None }
    }

    /// As the program does it.
    fn save(&mut self, point: &SavePoint<'_>) -> anyhow::Result<()> {
        let begin = Instant::now();
        let origin = CheckpointOrigin::here(String::new(), String::new(), Vec::new());
        let bytes = Checkpoint { origin, state: point.state() }.to_bytes().context("a checkpoint")?;
        self.files.write_checkpoint(&bytes)?;
        self.seconds.push(begin.elapsed().as_secs_f64());
        self.bytes = bytes.len();
        Ok(())
    }
}

impl Observer for Saver {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        let Event::Resumable(point) = event else { return ControlFlow::Continue(()) };
        if point.ended != SavePart::Step {
            return ControlFlow::Continue(());
        }
        if let Err(error) = self.save(point) {
            self.failure = Some(error);
        }
        let is_enough = self.seconds.len() >= FEWEST && self.begin.elapsed().as_secs_f64() >= self.limit;
        if self.failure.is_some() || is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
