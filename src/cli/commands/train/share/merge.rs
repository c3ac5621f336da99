//! `bntrain merge DIR... -o OUT`: finished shares of a comparison as one run directory.
//!
//! The files of the runs are copied; tables, summary and report are then written as at the end of a training, from the
//! same records, so that they are those of a training in one process.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Args;
use serde_json::{Value, json};

use crate::cli::commands::train::CONFIG;
use crate::cli::commands::train::continuation::{config_text, own_source, set_source};
use crate::cli::commands::train::results::{self, StudyRuns};
use crate::cli::commands::train::share::parts::{self, Part, UnfinishedPart, key};
use crate::cli::commands::train::share::refuse_undivided;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::config::{self, Plan};
use crate::experiment::{Job, RunRecord, Share, Summary, all_jobs, dealt_out};
use crate::run_dir::{RunDirectory, START_JSON, is_in};
use crate::text::{Count, DisplayPath};

/// Runs that are missing and are named.
const MAX_NAMED: usize = 20;

#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// The run directories of the shares, in any order
    #[arg(required = true, value_name = "DIR")]
    pub(crate) directories: Vec<PathBuf>,
    /// The directory for all runs
    #[arg(short, long, value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// Replace the run directory at --out
    #[arg(long)]
    pub(crate) force: bool,
}

pub(crate) fn run(args: &MergeArgs, output: &Output) -> Result<(), CliError> {
    let (parts, unfinished) = parts::read(&args.directories)?;
    let Some(first) = parts.first() else { return Err(missing_runs(&[], &unfinished)) };
    parts::refuse_others(&parts)?;
    let mut plan = config::load(&first.config_path(), &[])?;
    if let Some(source) = own_source(&first.path)? {
        set_source(&mut plan, source);
    }
    refuse_undivided(&plan, "bntrain merge")?;
    let jobs = all_jobs(&plan);
    let places = parts::places(&parts)?;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for (index, job) in jobs.iter().enumerate() {
        match places.get(&key(&job.id)) {
            Some(&(part, place)) => found.push((&parts[part], &parts[part].records[place])),
            None => missing.push(index),
        }
    }
    if !missing.is_empty() {
        let lines = with_shares(&missing, &jobs, &parts, &unfinished);
        return Err(missing_runs(&lines, &unfinished));
    }
    let processors = parts::processors(&parts);
    if processors.len() > 1 {
        output.note(&format!(
            "note: the shares are from different processors ({}): the last bits may differ from those of one process",
            processors.into_iter().collect::<Vec<_>>().join("; ")
        ));
    }
    write(args, &plan, &jobs, (&parts, &found), output)
}

/// Writes the directory, and shows what came out.
fn write(
    args: &MergeArgs,
    plan: &Plan,
    jobs: &[Job],
    (parts, found): (&[Part], &[(&Part, &RunRecord)]),
    output: &Output,
) -> Result<(), CliError> {
    if let Some(source) = args.directories.iter().find(|source| is_in(&args.out, source)) {
        let message = format!(
            "--out {} is in {}; name a directory outside of all shares",
            DisplayPath(&args.out),
            DisplayPath(source)
        );
        return Err(CliError::new(exit_code::REFUSED, message));
    }
    let sources: Vec<&Path> = args.directories.iter().map(PathBuf::as_path).collect();
    let directory = RunDirectory::create(&args.out, args.force, &sources)?;
    directory.write(CONFIG, config_text(plan).as_bytes())?;
    // Every share measured the networks of all of them.
    let start = parts[0].path.join(START_JSON);
    match fs::read(&start) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        lines => {
            directory.write(START_JSON, &lines.map_err(|error| CliError::io("read", &start, &error))?)?
        }
    }
    for (part, record) in found {
        directory.copy_run(&record.id, &part.path)?;
    }
    let records: Vec<RunRecord> = found.iter().map(|(_, record)| (*record).clone()).collect();
    let mut summary = Summary::of_study(plan, &records);
    let study = StudyRuns { plan, jobs, records: &records };
    let place =
        results::write(directory, &study, &run_json(plan, parts, records.len()), &mut summary, output)?;
    results::show(&place, &records, &summary, output)
}

/// What is in all of the parts, the times of all together, and which parts there were.
fn run_json(plan: &Plan, parts: &[Part], runs: usize) -> Value {
    let mut json = parts[0].results.run.clone();
    let of = |part: &Part, key: &str| part.results.run[key].clone();
    let started = parts.iter().filter_map(|part| of(part, "started_unix_seconds").as_u64()).min();
    let threads = of(&parts[0], "threads");
    let is_same = parts.iter().all(|part| of(part, "threads") == threads);
    json["command"] =
        json!(std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>());
    json["config"] = json!(plan.source.to_string_lossy());
    json["threads"] = if is_same { threads } else { Value::Null };
    if parts.iter().any(|part| part.results.run["processor"]["model"] != json["processor"]["model"]) {
        json["processor"]["model"] = Value::Null;
    }
    json["started_unix_seconds"] = json!(started);
    json["seconds"] = json!(parts.iter().filter_map(|part| of(part, "seconds").as_f64()).sum::<f64>());
    json["runs"] = json!(runs);
    json["runs_planned"] = json!(runs);
    let merged = parts.iter().map(|part| {
        json!({
            "directory": part.path.to_string_lossy(),
            "share": part.share.map(|share| share.to_string()),
            "runs": part.records.len(),
            "seconds": of(part, "seconds"),
        })
    });
    json["merged"] = merged.collect();
    json
}

/// A line for each of `jobs` that is `missing`, with the share that it belongs to where all parts are shares of the same
/// number.
fn with_shares(
    missing: &[usize],
    jobs: &[Job],
    parts: &[Part],
    unfinished: &[UnfinishedPart],
) -> Vec<String> {
    let all = parts.iter().map(|part| part.share).chain(unfinished.iter().map(|part| part.share));
    let counts: Option<Vec<u64>> = all.map(|share| share.map(Share::count)).collect();
    let count = counts.and_then(|counts| counts.iter().all(|count| *count == counts[0]).then(|| counts[0]));
    let shares = count.map(|count| dealt_out(jobs, count));
    let line = |&index: &usize| match shares.as_ref().map(|shares| shares[index]) {
        None => jobs[index].id.to_string(),
        Some(share) => {
            let there = unfinished.iter().find(|part| part.share == Some(share));
            let state = if there.is_some() { "not finished" } else { "not given" };
            format!("{} (share {share}, {state})", jobs[index].id)
        }
    };
    missing.iter().map(line).collect()
}

fn missing_runs(missing: &[String], unfinished: &[UnfinishedPart]) -> CliError {
    let mut lines = Vec::new();
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "is" } else { "are" };
        lines.push(format!("{} {verb} missing:", Count(missing.len(), "run")));
        lines.extend(missing.iter().take(MAX_NAMED).cloned());
        if missing.len() > MAX_NAMED {
            lines.push(format!("and {} more", missing.len() - MAX_NAMED));
        }
    }
    for part in unfinished {
        let path = DisplayPath(&part.path);
        lines.push(format!("{path} has not finished; go on with `bntrain resume {path}`"));
    }
    CliError::new(exit_code::REFUSED, lines.join("\n  "))
}
