//! `bntrain compare`: finished run directories side by side.

use std::fs;
use std::path::Path;

use crate::cli::args::CompareArgs;
use crate::cli::{Failure, Output, exit_code};
use crate::experiment::Summary;
use crate::report::Charset;
use crate::report::{config_differences, side_by_side};

pub(crate) fn run(args: &CompareArgs, output: &Output) -> Result<(), Failure> {
    let mut runs = Vec::with_capacity(args.runs.len());
    let mut configs = Vec::with_capacity(args.runs.len());
    for path in &args.runs {
        let name = path.display().to_string();
        let summary = Summary::from_json(&read(&path.join("summary.json"))?).map_err(|error| {
            Failure::new(exit_code::DATA, format!("{}: {error}", path.join("summary.json").display()))
        })?;
        let config: toml::Table = toml::from_str(&read(&path.join("config.toml"))?).map_err(|error| {
            Failure::new(exit_code::USAGE, format!("{}: {error}", path.join("config.toml").display()))
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
    output.result(&side_by_side(&runs, &differences, Charset::Unicode))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))
}
