//! `bntrain probe`: what the norms do to a config's network before it is trained.

use clap::Args;
use serde_json::json;

use crate::cli::args::all_cores;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::session::{ConfigArgs, Session};
use crate::config::unknown_word;
use crate::data::BatchSampler;
use crate::experiment::{Job, constant_loss};
use crate::kernel::ThreadPool;
use crate::nn::{LayerSpec, Norm};
use crate::probe::{NetworkOverview, Probe, ProbeBatch, overview, overview_without_curvature};
use crate::report::{ProbedNetwork, probe_report};
use crate::text::{Quoted, shortened};

#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The norms, such as batch_norm,none, or all [default: compare.norms]
    #[arg(long, value_name = "NORMS")]
    norms: Option<String>,
}

/// Batches for the noise of batch statistics, if the training data have as many.
const MAX_BATCHES: usize = 16;

pub(crate) fn run(args: &ProbeArgs, output: &Output) -> Result<(), CliError> {
    let config = match &args.norms {
        Some(norms) => &args.config.with(format!("compare.norms={}", setting_of(norms)?)),
        None => &args.config,
    };
    let session = Session::open(config, all_cores(), output)?;
    let networks: Vec<ProbedNetwork> =
        session.networks().map(|job| probe_job(job, &session, overview)).collect::<Result<_, _>>()?;
    if output.json {
        let lines: String = networks.iter().map(|network| format!("{}\n", to_json(network))).collect();
        return output.result(&lines);
    }
    output.result(&probe_report(&networks))
}

/// A word for several norms, or a list, as a config has them.
fn setting_of(norms: &str) -> Result<String, CliError> {
    const WORDS: [&str; 2] = ["all", "anatomy"];
    if WORDS.contains(&norms.trim()) {
        return Ok(format!("\"{}\"", norms.trim()));
    }
    let wrong = |message: String| {
        let message = format!("--norms {}: {message}", shortened(norms));
        CliError::new(exit_code::USAGE, message)
    };
    let mut listed: Vec<String> = Vec::new();
    for name in norms.split(',').map(str::trim) {
        let known = Norm::ALL.map(Norm::name);
        if !known.contains(&name) {
            let hint = match unknown_word(name, known.into_iter().chain(WORDS)) {
                hint if hint.is_empty() => {
                    format!("; use some of {}, separated by commas, or all, or anatomy", known.join(", "))
                }
                hint => hint,
            };
            return Err(wrong(format!("{} is not a norm{hint}", Quoted(name))));
        }
        let quoted = format!("\"{name}\"");
        if listed.contains(&quoted) {
            return Err(wrong(format!("{name} is listed twice")));
        }
        listed.push(quoted);
    }
    Ok(format!("[{}]", listed.join(", ")))
}

/// What is measured of a network, as [`overview`].
type Measured = fn(&[LayerSpec], &mut Probe<f64>, &[ProbeBatch<f64>]) -> NetworkOverview;

/// The networks of a comparison before they are trained, for its report: of each norm the first one, without the
/// curvature. A line of JSON for each.
pub(crate) fn start_of_comparison(session: &Session) -> Result<String, CliError> {
    let is_first = |job: &&Job| job.id.point.as_ref().is_none_or(|(number, _)| *number == 1);
    let lines = session.networks().filter(is_first).map(|job| {
        let network = probe_job(job, session, overview_without_curvature)?;
        Ok(format!("{}\n", to_json(&network)))
    });
    lines.collect()
}

/// Measures the network of `job` on the first batches of its training.
fn probe_job(job: &Job, session: &Session, measured: Measured) -> Result<ProbedNetwork, CliError> {
    let prepared = session.data.prepared::<f64>(&job.plan)?;
    let (data, training) = (&prepared.data, &job.plan.training);
    let mut sampler = BatchSampler::new(
        data.train.len(),
        training.batch_size,
        training.last_batch,
        training.sampling,
        training.seed,
    );
    let batches = sampler.epoch(1).take(MAX_BATCHES);
    let mut batches: Vec<ProbeBatch<f64>> =
        batches.map(|rows| ProbeBatch::of_rows(&data.train, rows)).collect();
    // The last one may be larger or smaller.
    let rows = batches[0].rows();
    batches.retain(|batch| batch.rows() == rows);
    let layers = &job.plan.layers;
    let network = session.data.initial_network::<f64>(&job.plan, data, &ThreadPool::single())?;
    let mut probe = Probe::new(layers, &network, batches[0].clone());
    let point = job.id.settings().map_or(String::new(), |settings| format!(" ({settings})"));
    Ok(ProbedNetwork {
        name: format!("{}{point}", job.id.norm.name()),
        overview: measured(layers, &mut probe, &batches),
        guessing: layers.last().and_then(|loss| constant_loss(loss, data, &ThreadPool::single())),
        learning_rate: job.plan.optimizer.learning_rate(),
        is_plain_descent: job.plan.optimizer.momentum() == Some(0.0),
    })
}

fn to_json(network: &ProbedNetwork) -> serde_json::Value {
    let mut line = json!({ "network": network.name, "guessing_loss": network.guessing });
    if let (Some(line), Ok(serde_json::Value::Object(overview))) =
        (line.as_object_mut(), serde_json::to_value(&network.overview))
    {
        line.extend(overview);
    }
    line
}
