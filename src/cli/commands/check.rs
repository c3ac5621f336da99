//! `bntrain check`: the complete plan, without training.

use std::fmt::Write;

use clap::Args;
use serde_json::json;

use crate::cli::args::all_cores;
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::session::{ConfigArgs, Session};
use crate::config::Plan;
use crate::experiment::Job;
use crate::nn::Network;
use crate::report::{data_profile, leakage_json, leakage_section, other_uses};
use crate::train::BatchPlan;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

pub(crate) fn run(args: &CheckArgs, output: &Output) -> Result<(), CliError> {
    let session = Session::open(&args.config, all_cores(), output)?;
    if output.json {
        return output.result(&format!("{}\n", describe_json(&session)?));
    }
    output.result(&describe(&session)?)
}

fn describe_json(session: &Session) -> Result<serde_json::Value, CliError> {
    let (table, split) = (session.first_table(), session.first_split());
    let inputs = session.jobs.first().map(|job| session.encoding(job)).transpose()?;
    let leaks = table.suspected_leaks();
    let columns = match session.profile() {
        Err(error) if error.is_changed() => return Err(error.into()),
        profile => profile.ok().map(|profile| profile.columns),
    };
    Ok(json!({
        "rows": table.rows(),
        "train_rows": table.train_rows(split),
        "valid_rows": table.valid_rows(split),
        "test_rows": table.test_rows(split),
        "columns": columns,
        "suspected_leaks": leakage_json(leaks.as_deref()),
        "features": table.features(),
        "inputs": inputs.map(|encoding| encoding.inputs),
        "learnt": table.learnt(),
        "classes": table.classes(),
        "runs": session.jobs.len(),
        "config": session.plan.to_toml(),
    }))
}

fn describe(session: &Session) -> Result<String, CliError> {
    let (table, split) = (session.first_table(), session.first_split());
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
        "split: {} training rows, {} validation rows, {} test rows",
        table.train_rows(split),
        table.valid_rows(split),
        table.test_rows(split)
    ));
    line(String::new());
    line(columns(session)?.trim_end().to_owned());
    for job in session.networks() {
        line(String::new());
        line(network_table(session, job)?.trim_end().to_owned());
    }
    line(String::new());
    line(format!("runs: {}", runs(&session.plan)));
    line(String::new());
    line("the complete config:".to_owned());
    line(String::new());
    line(session.plan.to_toml());
    Ok(text)
}

/// How many runs there are, such as `96 to tune, then 10 to 80 to compare`.
fn runs(plan: &Plan) -> String {
    let Some(compare) = &plan.compare else { return "1".to_owned() };
    let each = compare.norms.len() * if compare.tune.is_some() { 1 } else { plan.points.len().max(1) };
    let most = each * compare.seeds.all.len();
    let compared = match &compare.seeds.until {
        Some(until) => format!("{} to {most}", each * until.min as usize),
        None => most.to_string(),
    };
    match &compare.tune {
        Some(tune) => {
            let tuning = compare.norms.len() * plan.points.len() * tune.seeds.len();
            format!("{tuning} to tune, then {compared} to compare")
        }
        None => compared,
    }
}

/// The columns of the training file, how they are used, and possible leakage.
fn columns(session: &Session) -> Result<String, CliError> {
    let mut text = match session.profile() {
        Ok(profile) => {
            let mut text = data_profile(&profile);
            if let Some(job) = session.jobs.first() {
                let uses = other_uses(&profile, &session.encoding(job)?);
                text.push_str(&if uses.is_empty() { uses } else { format!("\n{uses}") });
            }
            text
        }
        Err(error) if error.is_changed() => return Err(error.into()),
        // For example two columns of the same name, one of them ignored.
        Err(error) => format!("columns not shown: {error}\n"),
    };
    let leaks = session.first_table().suspected_leaks();
    text.push_str(&leakage_section(leaks.as_deref(), session.plan.task()));
    Ok(text)
}

/// The parameters of one network with their shapes, and its steps per epoch.
fn network_table(session: &Session, job: &Job) -> Result<String, CliError> {
    let table = session.data.table(&job.plan.data);
    let encoding = session.encoding(job)?;
    let widths = (encoding.inputs.len(), encoding.outputs());
    let network = Network::<f32>::build(&job.plan.layers, widths.0, widths.1, job.id.seed);
    let point = job.id.settings().map_or(String::new(), |settings| format!(", {settings}"));
    let mut text = format!(
        "network ({}{point}): {} trainable parameters\n",
        job.id.norm.name(),
        network.num_trainable()
    );
    for param in network.params() {
        let role = if param.is_trained() { "" } else { "  (not trainable)" };
        let (rows, columns) = param.value.dim();
        writeln!(text, "  {:<28} {:>6} x {:<6}{role}", param.name, rows, columns).unwrap_or_default();
    }
    let train_rows = table.train_rows(job.plan.training.split_key());
    if let Ok(batches) = BatchPlan::new(&job.plan.layers, &job.plan.training, train_rows, table.outputs()) {
        let (smallest, largest) = (batches.smallest_batch, batches.largest_batch);
        let rows = if smallest == largest { largest.to_string() } else { format!("{smallest} to {largest}") };
        let epochs = job.plan.training.epochs;
        writeln!(text, "  {epochs} epochs of {} steps of {rows} rows", batches.steps_per_epoch)
            .unwrap_or_default();
    }
    Ok(text)
}
