//! Answers one request per line until stdin ends, so that a session can switch between tools
//! within a second.
//!
//! ```text
//! {"workload": "iris", "batch_norm": true, "seconds": 0.5}     a request
//! {"bench": "step", "tool": "bntrain", "best_us": 5.1, ...}     its answer
//! ```

use std::io;

use anyhow::Context;
use bntrain::data::PreparedData;
use bntrain::kernel::ThreadPool;
use serde::Deserialize;

use crate::report::Report;
use crate::roofline::Roofline;
use crate::steps::{record, time};
use crate::workload::{Workload, workloads};

#[derive(Deserialize)]
struct Request {
    workload: String,
    batch_norm: bool,
    seconds: f64,
}

/// Serves with `pool`.
pub(crate) fn run(pool: &ThreadPool, report: &Report) -> anyhow::Result<()> {
    let workloads = workloads();
    let mut current: Option<(&Workload, PreparedData<f32>, f64)> = None;
    for line in io::stdin().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let workload = workloads
            .iter()
            .find(|workload| workload.name == request.workload)
            .with_context(|| format!("no workload `{}`", request.workload))?;
        // Requests for one workload come together; only its data are kept. The peak is measured now: at
        // the start, all other tools are starting, too.
        if current.as_ref().is_none_or(|(last, ..)| last.name != workload.name) {
            current = Some((workload, workload.data(), Roofline::measure(pool).bound(workload)));
        }
        if let Some((workload, data, bound)) = &current {
            let timing = time(workload, data, request.batch_norm, pool, request.seconds);
            let record = record(workload, request.batch_norm, pool, timing, *bound);
            report.result(&record.to_string(), &record);
        }
    }
    Ok(())
}
