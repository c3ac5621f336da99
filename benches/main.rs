//! How fast the kernels, the layers and whole training steps are, and how fast they could be; what blocks and checkpoints
//! cost.
//!
//! ```text
//! cargo bench                                       everything, with 1 thread and with all
//! cargo bench -- steps --threads 1,2 --only mnist   some of it
//! cargo bench -- steps --threads 1,2 --busy 1       with one core in use by something else
//! cargo bench -- threads                            chosen numbers of threads, quiet and busy
//! ```
//!
//! Every result is the best and the median of many samples; compare the best, since whatever else
//! the machine does only ever adds time.

mod blocks;
mod checkpoints;
mod kernels;
mod layers;
mod norms;
mod report;
mod roofline;
mod serve;
mod steps;
mod threads;
mod timing;
mod workload;

use std::num::NonZeroUsize;

use bntrain::kernel::{ThreadPool, available_threads, simd_level};
use clap::{Parser, ValueEnum};

use self::report::Report;

/// What is timed, and how.
#[derive(Parser)]
#[command(about = "Times the kernels, the layers and whole training steps")]
pub(crate) struct Options {
    /// What to time; everything by default.
    #[arg(value_enum)]
    what: Vec<What>,
    /// Thread counts, one after the other; 1 and all processors by default.
    #[arg(long, value_delimiter = ',')]
    threads: Vec<NonZeroUsize>,
    /// Seconds for each result; 0.1 for kernels and layers, 1 for steps by default.
    #[arg(long)]
    seconds: Option<f64>,
    /// Keep this many cores busy with something else meanwhile.
    #[arg(long, default_value_t = 0)]
    busy: usize,
    /// Only results whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Print each result as a line of JSON.
    #[arg(long)]
    json: bool,
    /// Only keep a core busy.
    #[arg(long, hide = true)]
    spin: bool,
    /// Given by `cargo bench` to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Matrix products in GFLOP/s, loops over columns in GB/s.
    Kernels,
    /// Batch norm forward and its three ways backward.
    Layers,
    /// Whole training steps beside their bound.
    Steps,
    /// Whole training steps with each norm, beside batch norm's.
    Norms,
    /// Whole training steps with batches in blocks, beside those with batches that are not cut.
    Blocks,
    /// Whole training steps with as many threads as the program chooses, beside fixed numbers: on a quiet machine, and
    /// with one core in use by something else.
    Threads,
    /// Checkpoints, beside the time between two of them.
    Checkpoints,
    /// Answer requests on stdin, for a session with other tools.
    Serve,
}

impl Options {
    fn seconds_or(&self, default: f64) -> f64 {
        self.seconds.unwrap_or(default)
    }

    fn wants(&self, name: &str) -> bool {
        name.contains(&self.only)
    }
}

fn main() -> anyhow::Result<()> {
    let mut options = Options::parse();
    if options.spin {
        return Ok(threads::spin()?);
    }
    if options.what.is_empty() {
        options.what = vec![
            What::Kernels,
            What::Layers,
            What::Steps,
            What::Norms,
            What::Blocks,
            What::Threads,
            What::Checkpoints,
        ];
    }
    if options.threads.is_empty() {
        options.threads = vec![NonZeroUsize::MIN, available_threads()];
        options.threads.dedup();
    }
    for _ in 0..options.busy {
        // Until the program ends.
        std::thread::spawn(|| {
            loop {
                std::hint::black_box(0);
            }
        });
    }
    let report = Report::new(options.json);
    report.heading(&format!("vectors: {:?}", simd_level()));
    if options.what.contains(&What::Threads) {
        threads::run(&options, &report)?;
        options.what.retain(|&what| what != What::Threads);
    }
    if options.what.is_empty() {
        return Ok(());
    }
    for &threads in &options.threads {
        let pool = ThreadPool::new(threads);
        report.heading(&format!("\nthreads: {threads}"));
        for what in &options.what {
            match what {
                What::Kernels => kernels::run(&options, &pool, &report),
                What::Layers => layers::run(&options, &pool, &report),
                What::Steps => steps::run(&options, &pool, &report),
                What::Norms => norms::run(&options, &pool, &report),
                What::Blocks => blocks::run(&options, &pool, &report),
                What::Checkpoints => checkpoints::run(&options, &pool, &report)?,
                What::Serve => serve::run(&pool, &report)?,
                What::Threads => {} // of all numbers at once, above
            }
        }
    }
    Ok(())
}
