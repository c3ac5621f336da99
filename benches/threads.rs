//! Whole training steps with as many threads as the program chooses, beside fixed numbers of them: on a quiet machine, and
//! with one core in use by something else.

use std::io;
use std::num::NonZeroUsize;
use std::process::{Child, Command, Stdio};

use bntrain::data::PreparedData;
use bntrain::kernel::ThreadPool;
use bntrain::nn::LayerSpec;
use bntrain::train::{StepTeam, TrainingSpec, Workers, train_prepared};
use serde_json::json;

use crate::Options;
use crate::report::Report;
use crate::steps::StopAfter;
use crate::timing::{Timing, least};
use crate::workload::{Workload, workloads};

/// An odd number.
const ROUNDS: usize = 5;

/// Times all workloads; what is compared takes turns, for `--seconds` each time.
///
/// # Errors
///
/// If the other process cannot be started or ended.
pub(crate) fn run(options: &Options, report: &Report) -> anyhow::Result<()> {
    let largest = options.threads.iter().copied().max().unwrap_or(NonZeroUsize::MIN);
    let chosen = ThreadPool::new(largest);
    let fixed: Vec<_> = options.threads.iter().map(|&threads| ThreadPool::new(threads)).collect();
    let columns: String = options.threads.iter().map(|threads| format!("  {threads:2} threads")).collect();
    report.heading(&format!(
        "\nchosen threads beside fixed numbers; mean times of steps, in microseconds\n\
         workload norm       machine     chosen{columns}  best/chosen"
    ));
    for workload in workloads().into_iter().filter(|workload| options.wants(&workload.name)) {
        let data = workload.data();
        let training = TrainingSpec { eval_rows: workload.batch_size, ..workload.training() };
        for batch_norm in [true, false] {
            let layers = workload.layers(batch_norm);
            let time = |pool: &ThreadPool, team: StepTeam| {
                let workers = Workers { team, ..Workers::from(pool) };
                mean(&workload, &layers, &training, &data, workers, options.seconds_or(1.0))
            };
            for is_busy in [false, true] {
                let mut rounds = Vec::new();
                for _ in 0..ROUNDS {
                    let other = is_busy.then(OtherProcess::start).transpose()?;
                    let mut times = vec![time(&chosen, StepTeam::Fastest)];
                    times.extend(fixed.iter().map(|pool| time(pool, StepTeam::All)));
                    rounds.push(times);
                    other.map_or(Ok(()), OtherProcess::end)?;
                }
                // Each time is a mean, since what disturbs a step is what is measured; their median over the rounds leaves out
                // what comes and goes.
                let column = |column: usize| rounds.iter().map(|times| 1e6 * times[column]).collect();
                let means: Vec<f64> =
                    (0..=fixed.len()).map(|index| Timing::of(column(index)).median).collect();
                let ratio = least(&means[1..]) / means[0];
                let norm = if batch_norm { "batch_norm" } else { "none" };
                let machine = if is_busy { "busy" } else { "quiet" };
                let columns: String = means[1..].iter().map(|mean| format!(" {mean:11.1}")).collect();
                report.result(
                    &format!(
                        "{:8} {norm:10} {machine:5} {:11.1}{columns}  {ratio:11.2}",
                        workload.name, means[0]
                    ),
                    &json!({
                        "bench": "threads", "workload": workload.name, "norm": norm, "machine": machine,
                        "threads": options.threads, "chosen_us": means[0], "fixed_us": means[1..],
                        "ratio": ratio, "rounds": rounds,
                    }),
                );
            }
        }
    }
    Ok(())
}

/// Mean seconds of a step.
fn mean(
    workload: &Workload,
    layers: &[LayerSpec],
    training: &TrainingSpec,
    data: &PreparedData<f32>,
    workers: Workers<'_>,
    seconds: f64,
) -> f64 {
    let optimizer = workload.optimizer();
    let trained = train_prepared(layers, &optimizer, training, data, workers, &mut StopAfter(seconds));
    let last = trained.epochs.last().expect("an epoch was finished");
    last.train_seconds / last.step as f64
}

/// What keeps a core busy: this program once more, in a separate process.
struct OtherProcess(Child);

impl OtherProcess {
    fn start() -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--spin").stdin(Stdio::piped()).spawn().map(Self)
    }

    fn end(mut self) -> io::Result<()> {
        self.0.kill()?;
        self.0.wait().map(drop)
    }
}

/// Keeps a core busy until stdin ends, as it does when the process that started this one has ended.
pub(crate) fn spin() -> io::Result<()> {
    std::thread::spawn(|| {
        loop {
            std::hint::black_box(0);
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}
