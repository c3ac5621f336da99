//! What is in a data file.

use std::path::Path;

use serde_json::json;

use crate::cli::args::InspectArgs;
use crate::cli::csv_args::{profile, reading};
use crate::cli::{Failure, Output, leaks};
use crate::config::{TargetGuess, parse, template};
use crate::data::{DataSpec, Dataset, Profile};
use crate::nn::Task;
use crate::report::data_profile;

pub(crate) fn show(args: &InspectArgs, output: &Output) -> Result<(), Failure> {
    let spec = reading(&args.path, &args.reading);
    let profile = profile(&spec, &args.reading)?;
    let learnt = match (&args.label, &args.target) {
        (Some(label), _) => {
            Some(TargetGuess { column: label.clone(), task: Task::Classification, is_guess: false })
        }
        (None, Some(target)) => {
            Some(TargetGuess { column: target.clone(), task: Task::Regression, is_guess: false })
        }
        (None, None) => None,
    };
    let leaks = match learnt {
        None => None,
        Some(learnt) => Some((suspected(&profile, &learnt, &spec)?, learnt.task)),
    };
    if output.json {
        let leaks = leaks::to_json(leaks.as_ref().and_then(|(leaks, _)| leaks.as_deref()));
        return output.result(&format!("{}\n", json!({ "data": profile, "suspected_leaks": leaks })));
    }
    let mut text = data_profile(&profile);
    text.push_str(&match leaks {
        None => "\nwith --label or --target: columns that give away what is to be learnt\n".to_owned(),
        Some((leaks, task)) => leaks::section(leaks.as_deref(), task),
    });
    output.result(&text)
}

/// The features of a first config for the file that are suspected to say what is to be learnt.
fn suspected(
    profile: &Profile,
    learnt: &TargetGuess,
    reading: &DataSpec,
) -> Result<Option<Vec<(String, f64)>>, Failure> {
    let config = template(profile, learnt, reading, "data.csv", &[]);
    let plan = parse(&config, Path::new("inspect.toml"), &[])?;
    let all_rows = DataSpec { path: reading.path.clone(), valid: 0.0, ..plan.data };
    Ok(Dataset::load(&all_rows)?.suspected_leaks())
}
