//! `bntrain report`: finished run directories as a page, and its charts as files.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::out_file::{OutFile, OutFolder, Replacing, WithoutFile};
use crate::cli::output::Output;
use crate::model::Model;
use crate::nn::Norm;
use crate::output_file;
use crate::report::{DIAGNOSTICS_SVG, ResultTexts, RunResults, figures, report_page};
use crate::run_dir::{DirectoryState, FORK_JSON, START_JSON, UNCHANGED, model_path, state_of};
use crate::text::{DisplayPath, Quoted, shortened};

/// The page in a run directory.
const REPORT: &str = "report.html";
/// Files that a page names if they are there.
const FURTHER_FILES: [&str; 2] = ["diagnostics.csv", DIAGNOSTICS_SVG];

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Finished run directories
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// The file for the page [default: report.html in the run directory, which is written anew]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write every chart as an SVG file to this directory instead
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// What to call a norm, in place of [report.labels] of the config; repeatable
    #[arg(long = "label", value_name = "NORM=TEXT", value_parser = label)]
    labels: Vec<(String, String)>,
    /// Replace existing files
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &ReportArgs, output: &Output) -> Result<(), CliError> {
    let mut runs = Vec::with_capacity(args.runs.len());
    for path in &args.runs {
        let mut results = results_of(path, &name_of(path), None)?;
        if !args.labels.is_empty() {
            results.labels = results.labels.with(args.labels.iter().cloned());
        }
        runs.push(results);
    }
    if let (Some(_), [_, _, ..]) = (&args.figures, &args.runs[..]) {
        return Err(CliError::new(
            exit_code::USAGE,
            "--figures takes one RUN: the charts of each have the same names".to_owned(),
        ));
    }
    let mut written = Vec::new();
    let models = first_models(args, &runs);
    let replacing = Replacing { force: args.force, models: &models, ..Replacing::default() };
    if let Some(folder) = &args.figures {
        let folder = OutFolder { named: folder, option: "--figures" };
        written.extend(folder.write(&figures(&runs[0]), replacing)?);
    }
    written.extend(write_page(args, &runs, replacing)?);
    if output.json {
        let files: Vec<_> = written.iter().map(|path| path.to_string_lossy()).collect();
        return output.result(&format!("{}\n", json!({ "written": files })));
    }
    let lines = written.iter().map(|path| format!("{}\n", DisplayPath(path)));
    output.result(&lines.collect::<String>())
}

/// The page, at `-o` or in the run directory; none if only charts are asked for.
fn write_page(
    args: &ReportArgs,
    runs: &[RunResults],
    replacing: Replacing<'_>,
) -> Result<Option<PathBuf>, CliError> {
    match (&args.out, &args.runs[..]) {
        (Some(out), _) => {
            let file = OutFile::new(out, WithoutFile::Fails)?;
            file.refuse_replacing(replacing)?;
            file.write(report_page(runs, false).as_bytes())?;
            Ok(Some(out.clone()))
        }
        (None, _) if args.figures.is_some() => Ok(None),
        (None, [run]) => {
            let path = run.join(REPORT);
            output_file::write(&path, report_page(runs, true).as_bytes())
                .map_err(|error| CliError::io("write", &path, &error))?;
            Ok(Some(path))
        }
        (None, several) => {
            let message = format!(
                "{} runs have no directory in common; name the file for the page with -o",
                several.len()
            );
            Err(CliError::new(exit_code::USAGE, message))
        }
    }
}

/// A model of each run, which knows the data files.
fn first_models(args: &ReportArgs, runs: &[RunResults]) -> Vec<Model> {
    let path = |(path, run): (&PathBuf, &RunResults)| Some(path.join(model_path(&run.records.first()?.id)));
    args.runs.iter().zip(runs).filter_map(path).filter_map(|path| Model::load(&path).ok()).collect()
}

/// Reads the results at `path`; `run_json` is what `run.json` is going to hold, if it has not been written.
pub(crate) fn results_of(path: &Path, name: &str, run_json: Option<&str>) -> Result<RunResults, CliError> {
    let run = match run_json {
        Some(text) => text.to_owned(),
        None => {
            expect_finished(path)?;
            read(&path.join("run.json"))?
        }
    };
    let (confusion, diagnostics) = (path.join("confusion.csv"), path.join("diagnostics.csv"));
    let [start, fork, unchanged] = [START_JSON, FORK_JSON, UNCHANGED].map(|name| path.join(name));
    let texts = ResultTexts {
        config: read(&path.join("config.toml"))?,
        run,
        summary: read(&path.join("summary.json"))?,
        metrics: read(&path.join("metrics.csv"))?,
        confusion: if confusion.is_file() { Some(read(&confusion)?) } else { None },
        diagnostics: if diagnostics.is_file() { Some(read(&diagnostics)?) } else { None },
        start: if start.is_file() { Some(read(&start)?) } else { None },
        fork: if fork.is_file() { Some(read(&fork)?) } else { None },
        unchanged: if unchanged.is_file() { Some(read(&unchanged)?) } else { None },
        encoding: None,
        further_files: FURTHER_FILES
            .map(str::to_owned)
            .into_iter()
            .filter(|file| path.join(file).is_file())
            .collect(),
    };
    let mut results = RunResults::parse(name.to_owned(), texts).map_err(|error| {
        CliError::new(exit_code::DATA, format!("{}: {error}", shortened(&path.to_string_lossy())))
    })?;
    // Without it, the page has no table of the columns.
    let first = results.records.first().map(|record| path.join(model_path(&record.id)));
    results.texts.encoding =
        first.and_then(|first| Model::load(&first).ok()).map(|model| model.description.encoding);
    Ok(results)
}

/// Refuses what is not a run directory with results, and says what to do about one without.
pub(crate) fn expect_finished(path: &Path) -> Result<(), CliError> {
    path.metadata().map_err(|error| CliError::io("read", path, &error))?;
    if path.join("run.json").is_file() {
        return Ok(());
    }
    let hint = match state_of(path)? {
        DirectoryState::Unfinished => {
            format!("; `bntrain resume {}` finishes it", shortened(&path.to_string_lossy()))
        }
        _ => String::new(),
    };
    Err(not_finished(path, &hint))
}

/// The error about a path that is not a run directory with results; `hint` ends it.
pub(crate) fn not_finished(path: &Path, hint: &str) -> CliError {
    let shown = shortened(&path.to_string_lossy());
    CliError::new(exit_code::DATA, format!("{shown} is not a finished run directory (no run.json){hint}"))
}

fn read(path: &Path) -> Result<String, CliError> {
    fs::read_to_string(path).map_err(|error| CliError::io("read", path, &error))
}

/// The name of a run directory, also of `.`.
fn name_of(path: &Path) -> String {
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    whole
        .file_name()
        .map_or_else(|| path.to_string_lossy().into_owned(), |name| name.to_string_lossy().into_owned())
}

/// `NORM=TEXT`.
fn label(text: &str) -> Result<(String, String), String> {
    let (norm, label) = text.split_once('=').ok_or("expected NORM=TEXT, such as batch_norm=BN")?;
    match Norm::ALL.iter().any(|known| known.name() == norm) {
        true => Ok((norm.to_owned(), label.to_owned())),
        false => {
            let names: Vec<&str> = Norm::ALL.iter().map(|norm| norm.name()).collect();
            Err(format!("{} is not a norm; the norms are {}", Quoted(norm), names.join(", ")))
        }
    }
}
