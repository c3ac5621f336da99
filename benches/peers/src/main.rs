//! Trains the networks of `workloads.toml` in Burn or candle and says how long a step takes.
//!
//! ```text
//! RAYON_NUM_THREADS=2 cargo run --release -- burn
//! {"workload": "iris", "batch_norm": true, "seconds": 0.5}        a request on stdin
//! {"best_us":..,"median_us":..}                                   its answer on stdout
//! ```
//!
//! A step gathers its rows, goes forward, backward, and updates; rows are reshuffled each epoch.

mod burn_network;
mod candle_network;
mod workload;

use std::time::Instant;

use anyhow::{Context, Result, bail};
use burn_network::BurnTraining;
use candle_network::CandleTraining;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::Deserialize;
use serde_json::json;
use workload::{Samples, Workload, workloads};

/// A network in training.
trait Training {
    /// One step on the rows with these numbers.
    fn step(&mut self, rows: &[usize]) -> Result<()>;

    /// Returns once everything that was asked for has been computed.
    fn finish(&mut self) -> Result<()>;
}

#[derive(Deserialize)]
struct Request {
    workload: String,
    batch_norm: bool,
    seconds: f64,
}

fn main() -> Result<()> {
    let tool = std::env::args().nth(1).unwrap_or_default();
    let workloads = workloads()?;
    let mut current: Option<(Request, Box<dyn Training>)> = None;
    for line in std::io::stdin().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let workload = workloads
            .iter()
            .find(|workload| workload.name == request.workload)
            .with_context(|| format!("no workload `{}`", request.workload))?;
        // Requests for one network come together; it stays in training.
        let mut training = match current.take() {
            Some((last, training))
                if (&last.workload, last.batch_norm) == (&request.workload, request.batch_norm) =>
            {
                training
            }
            _ => {
                let mut training = start(&tool, workload, request.batch_norm)?;
                epoch(workload, &mut *training, 0)?; // warms up
                training
            }
        };
        let (best, median) = time(workload, &mut *training, request.seconds)?;
        println!("{}", json!({ "best_us": 1e6 * best, "median_us": 1e6 * median }));
        current = Some((request, training));
    }
    Ok(())
}

fn start(tool: &str, workload: &Workload, batch_norm: bool) -> Result<Box<dyn Training>> {
    let samples = Samples::random(workload);
    Ok(match tool {
        "burn" => Box::new(BurnTraining::new(workload, samples, batch_norm)),
        "candle" => Box::new(CandleTraining::new(workload, samples, batch_norm)?),
        _ => bail!("the first argument is burn or candle"),
    })
}

/// Best and median seconds per step, over the epochs of about `seconds`.
fn time(workload: &Workload, training: &mut dyn Training, seconds: f64) -> Result<(f64, f64)> {
    let begin = Instant::now();
    let mut times = Vec::new();
    while times.is_empty() || begin.elapsed().as_secs_f64() < seconds {
        let seed = times.len() as u64;
        times.push(epoch(workload, training, seed)?);
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok((times[0], times[times.len() / 2]))
}

/// Seconds per step of one epoch in the order of `seed`.
fn epoch(workload: &Workload, training: &mut dyn Training, seed: u64) -> Result<f64> {
    let begin = Instant::now();
    let mut order: Vec<usize> = (0..workload.rows).collect();
    order.shuffle(&mut StdRng::seed_from_u64(seed));
    for rows in order.chunks_exact(workload.batch_size) {
        training.step(rows)?;
    }
    training.finish()?;
    Ok(begin.elapsed().as_secs_f64() / (workload.rows / workload.batch_size) as f64)
}
