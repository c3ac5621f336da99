//! `bntrain compare`: finished run directories side by side.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::commands::report::expect_finished;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::experiment::Summary;
use crate::report::{config_differences, side_by_side};

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Finished run directories
    #[arg(required = true, value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,
}

pub(crate) fn run(args: &CompareArgs, output: &Output) -> Result<(), CliError> {
    let mut runs = Vec::with_capacity(args.runs.len());
    let mut configs = Vec::with_capacity(args.runs.len());
    for path in &args.runs {
        expect_finished(path)?;
        let name = path.display().to_string();
        let summary = Summary::from_json(&read(&path.join("summary.json"))?).map_err(|error| {
            CliError::new(exit_code::DATA, format!("{}: {error}", path.join("summary.json").display()))
        })?;
        let config: toml::Table = toml::from_str(&read(&path.join("config.toml"))?).map_err(|error| {
            CliError::new(exit_code::USAGE, format!("{}: {error}", path.join("config.toml").display()))
        })?;
        runs.push((name, summary));
        configs.push(config);
    }
    let differences = config_differences(&configs);
    if output.json {
        let runs: Vec<_> = runs
            .iter()
            .map(|(name, summary)| serde_json::json!({ "run": name, "summary": summary }))
            .collect();
        return output.result(&format!(
            "{}\n",
            serde_json::json!({ "runs": runs, "config_differences": differences })
        ));
    }
    output.result(&side_by_side(&runs, &differences))
}

fn read(path: &Path) -> Result<String, CliError> {
    fs::read_to_string(path).map_err(|error| CliError::io("read", path, &error))
}
