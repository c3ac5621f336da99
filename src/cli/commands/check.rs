//! `bntrain check`: the plan, in full, without training.

use std::fmt::Write;

use serde_json::json;

use crate::cli::args::CheckArgs;
use crate::cli::session::{Planned, all_cores, read_plan};
use crate::cli::{Failure, Output, leaks};
use crate::experiment::Job;
use crate::nn::Network;
use crate::report::data_profile;
use crate::report::other_uses;
use crate::train::BatchPlan;

pub(crate) fn run(args: &CheckArgs, output: &Output) -> Result<(), Failure> {
    let planned = read_plan(&args.config, all_cores(), output)?;
    if output.json {
        return output.result(&format!("{}\n", describe_json(&planned)?));
    }
    output.result(&describe(&planned)?)
}

fn describe_json(planned: &Planned) -> Result<serde_json::Value, Failure> {
    let (table, seed) = (planned.first_table(), planned.first_seed());
    let inputs = planned.jobs.first().map(|job| planned.encoding(job)).transpose()?;
    let leaks = table.suspected_leaks();
    Ok(json!({
        "rows": table.rows(),
        "train_rows": table.train_rows(seed),
        "valid_rows": table.valid_rows(seed),
        "test_rows": table.test_rows(seed),
        "columns": planned.profile().ok().map(|profile| profile.columns),
        "suspected_leaks": leaks::to_json(leaks.as_deref()),
        "features": table.features(),
        "inputs": inputs.map(|encoding| encoding.inputs),
        "learnt": table.learnt(),
        "classes": table.classes(),
        "runs": planned.jobs.len(),
        "config": planned.plan.to_toml(),
    }))
}

fn describe(planned: &Planned) -> Result<String, Failure> {
    let (table, seed) = (planned.first_table(), planned.first_seed());
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{line}").unwrap_or_default();
    let learnt: Vec<String> =
        table.learnt().iter().map(|name| format!("\"{}\"", name.escape_debug())).collect();
    let learnt = match table.classes().len() {
        0 => format!("values of {}", learnt.join(", ")),
        classes => format!("{classes} classes of {}", learnt.join(", ")),
    };
    line(format!("data: {} rows, {} features, {learnt}", table.rows(), table.features().len()));
    line(format!(
        "split: {} rows for training, {} for validation, {} for the test",
        table.train_rows(seed),
        table.valid_rows(seed),
        table.test_rows(seed)
    ));
    line(String::new());
    line(columns(planned)?.trim_end().to_owned());
    let first_seed = planned.jobs.first().map(|job| job.id.seed);
    for job in planned.jobs.iter().filter(|job| Some(job.id.seed) == first_seed) {
        line(String::new());
        line(network_table(planned, job)?.trim_end().to_owned());
    }
    line(String::new());
    line(format!("runs: {}", planned.jobs.len()));
    line(String::new());
    line("the config in full:".to_owned());
    line(String::new());
    line(planned.plan.to_toml());
    Ok(text)
}

/// What is in the training file, what becomes of it, and what gives away what is to be learnt.
fn columns(planned: &Planned) -> Result<String, Failure> {
    let mut text = match planned.profile() {
        Ok(profile) => {
            let mut text = data_profile(&profile);
            if let Some(job) = planned.jobs.first() {
                let uses = other_uses(&profile, &planned.encoding(job)?);
                text.push_str(&if uses.is_empty() { uses } else { format!("\n{uses}") });
            }
            text
        }
        // Such as a name that two columns have, one of them ignored.
        Err(error) => format!("its columns are not shown: {error}\n"),
    };
    let leaks = planned.first_table().suspected_leaks();
    text.push_str(&leaks::section(leaks.as_deref(), planned.plan.task()));
    Ok(text)
}

/// Layers, shapes and parameters of one network.
fn network_table(planned: &Planned, job: &Job) -> Result<String, Failure> {
    let table = planned.data.table(&job.plan.data);
    let encoding = planned.encoding(job)?;
    let widths = (encoding.inputs.len(), encoding.outputs());
    let network = Network::<f32>::build(&job.plan.layers, widths.0, widths.1, job.id.seed);
    let point = job.id.point.as_ref().map_or(String::new(), |(_, settings)| format!(", {settings}"));
    let mut text =
        format!("network ({}{point}): {} trained parameters\n", job.id.norm.name(), network.num_trainable());
    for param in network.params() {
        let role = if param.is_trained() { "" } else { "  (not trained)" };
        let (rows, columns) = param.value.dim();
        writeln!(text, "  {:<28} {:>6} x {:<6}{role}", param.name, rows, columns).unwrap_or_default();
    }
    let train_rows = table.train_rows(job.plan.training.seed);
    if let Ok(batches) = BatchPlan::new(&job.plan.layers, &job.plan.training, train_rows, table.outputs()) {
        let (smallest, largest) = (batches.smallest_batch, batches.largest_batch);
        let rows = if smallest == largest { largest.to_string() } else { format!("{smallest} to {largest}") };
        let epochs = job.plan.training.epochs;
        writeln!(text, "  {epochs} epochs of {} steps of {rows} rows", batches.steps_per_epoch)
            .unwrap_or_default();
    }
    Ok(text)
}
