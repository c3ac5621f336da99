//! The contents of a data file.

use serde_json::json;

use crate::cli::commands::inspect::InspectArgs;
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::config::{TargetGuess, parse_stored, template};
use crate::data::{DataSpec, Dataset, Profile};
use crate::nn::Task;
use crate::report::{data_profile, leakage_json, leakage_section};

pub(crate) fn show(args: &InspectArgs, output: &Output) -> Result<(), CliError> {
    let mut spec = args.csv.data_spec(&args.paths.iter().cloned().collect());
    for (keys, reason) in args.csv.find_table(&mut spec) {
        output.note(&format!("note: read with {keys}, as `bntrain init` writes it into a config: {reason}"));
    }
    let (profile, format) = args.csv.profile_with_format(&mut spec)?;
    if let Some(keys) = format {
        output
            .note(&format!("note: numbers are read with {keys}, as `bntrain init` writes it into a config"));
    }
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
        let leaks = leakage_json(leaks.as_ref().and_then(|(leaks, _)| leaks.as_deref()));
        return output.result(&format!("{}\n", json!({ "data": profile, "suspected_leaks": leaks })));
    }
    let mut text = data_profile(&profile);
    text.push_str(&match leaks {
        None => "\nleakage: give --label or --target to look for columns that give it away\n".to_owned(),
        Some((leaks, task)) => leakage_section(leaks.as_deref(), task),
    });
    output.result(&text)
}

/// The features of a first config for the file that seem to give away the label or target.
fn suspected(
    profile: &Profile,
    learnt: &TargetGuess,
    reading: &DataSpec,
) -> Result<Option<Vec<(String, f64)>>, CliError> {
    let config = template(profile, learnt, reading, &"data.csv".into(), &[]);
    let plan = parse_stored(&config)?;
    let all_rows = DataSpec { path: reading.path.clone(), valid: 0.0, ..plan.data };
    Ok(Dataset::load(&all_rows)?.suspected_leaks())
}
