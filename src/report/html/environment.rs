//! Where and how the runs were made, how to repeat them, and what should come out.

use maud::{Markup, html};
use serde_json::Value;
use time::UtcDateTime;

use crate::experiment::RunSummary;
use crate::report::html::page::{Links, section};
use crate::report::html::top::text_of;
use crate::report::results::RunResults;
use crate::report::table::Table;
use crate::report::text::number::duration;
use crate::text::{escaped, shortened, shortened_to};
use crate::train::Outcome;

/// Rows of the table of runs.
const MAX_RUNS: usize = 60;
/// Characters of a command.
const MAX_COMMAND: usize = 600;

pub(crate) fn environment(run: &RunResults, links: Links) -> Markup {
    let command = command(run);
    let mut facts: Vec<(&str, String)> = Vec::new();
    let mut add = |name, text: Option<String>| facts.extend(text.map(|text| (name, escaped(&text))));
    add("bntrain", text_of(&run.run["version"]));
    let processor = ["model", "architecture", "vectors"].map(|key| &run.run["processor"][key]);
    let processor: Vec<String> = processor.into_iter().filter_map(text_of).collect();
    add("Processor", (!processor.is_empty()).then(|| processor.join(", ")));
    add(
        "Threads",
        text_of(&run.run["threads"]).map(|threads| format!("{threads} (does not affect the results)")),
    );
    add("System", text_of(&run.run["system"]));
    let started = run.run["started_unix_seconds"].as_i64().and_then(date);
    let started = started.map(|date| format!(", started on {date}")).unwrap_or_default();
    add("Time", run.run["seconds"].as_f64().map(|seconds| duration(seconds) + &started));
    html! {
        (section("environment", "Environment, and how to repeat it", html! {
            dl { @for (name, text) in facts { dt { (name) } dd { (text) } } }
            @if let Some(command) = command { p { "The command was" } pre { (command) } }
            (again(run))
            p {
                "Data, splits and seeds are then the same if the hashes of the data above are; equal result hashes mean equal \
                 weights. All numbers: " (links.file("summary.json")) ", " (links.file("metrics.csv")) ", "
                (links.file("steps.csv")) ", " (links.file("run.json")) "."
            }
            details { summary { "Runs and result hashes" } (runs(run).html()) }
        }))
    }
}

/// The day and minute of a time in seconds since 1970, in UTC.
fn date(unix_seconds: i64) -> Option<String> {
    let time = UtcDateTime::from_unix_timestamp(unix_seconds).ok()?;
    Some(format!("{} at {:02}:{:02} UTC", time.date(), time.hour(), time.minute()))
}

/// How to get the same results. The config of a fork alone would train another network from its start.
fn again(run: &RunResults) -> Markup {
    const BITS: &str = "with the same bits on the same kind of processor";
    if run.fork.is_null() {
        return html! {
            p { "The same again, from the complete config in this directory, " (BITS) ":" }
            pre { "bntrain " (quoted(&format!("{}/config.toml", run.name))) }
        };
    }
    let of = shortened_to(run.fork["of"].as_str().unwrap_or_default(), MAX_COMMAND);
    html! {
        @match words(&fork_command(run)) {
            Some(fork) => {
                p { "This is a fork of " (of) ". The same again, " (BITS) "; its config alone trains another network:" }
                pre { (fork) }
            }
            None => p {
                "This is a fork of " (of) ", see " code { "fork.json" } "; its config alone trains another network."
            }
        }
    }
}

/// The command that makes the same fork; null where an older version made it. A fork that was resumed for more epochs
/// is one with more epochs.
fn fork_command(run: &RunResults) -> Value {
    let mut command = run.fork["command"].clone();
    let epochs = run.config.get("training").and_then(|training| training.get("epochs")?.as_integer());
    let other = epochs.filter(|epochs| run.fork["epochs"].as_i64() != Some(*epochs));
    if let (Some(words), Some(epochs)) = (command.as_array_mut(), other) {
        if let Some(place) = words.iter().position(|word| word == "--epochs") {
            words.drain(place..words.len().min(place + 2));
        }
        words.extend(["--epochs".into(), epochs.to_string().into()]);
    }
    command
}

fn command(run: &RunResults) -> Option<String> {
    words(&run.run["command"])
}

/// The words of a command, for a shell.
fn words(list: &Value) -> Option<String> {
    let words = list.as_array()?;
    let words: Vec<String> = words.iter().filter_map(|word| word.as_str()).map(quoted).collect();
    (!words.is_empty()).then(|| shortened_to(&words.join(" "), MAX_COMMAND))
}

/// A word of a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

fn runs(run: &RunResults) -> Table {
    let mut table = Table::new(["norm", "point", "seed", "end", "epochs", "weights of epoch", "result hash"]);
    table.rows = run.summary.runs.iter().map(|summary| row(run, summary)).collect();
    if !run.summary.has_grid() {
        table.head.remove(1);
        table.rows.iter_mut().for_each(|row| drop(row.remove(1)));
    }
    table.at_most(MAX_RUNS, "summary.json")
}

fn row(run: &RunResults, summary: &RunSummary) -> Vec<String> {
    let end = match &summary.outcome {
        Outcome::Diverged { epoch, .. } => format!("diverged in epoch {epoch}"),
        Outcome::Interrupted { .. } => "interrupted".to_owned(),
        _ if summary.is_lost => "worse than a constant".to_owned(),
        Outcome::StoppedEarly { .. } => "stopped early".to_owned(),
        Outcome::Finished => "finished".to_owned(),
    };
    vec![
        run.labels.norm(summary.norm),
        summary.point.as_ref().map(|point| shortened(&point.settings)).unwrap_or_default(),
        summary.seed.to_string(),
        end,
        summary.last_epoch.to_string(),
        summary.kept_epoch.to_string(),
        shortened_to(&summary.result_hash, 64),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_shown_in_utc() {
        assert_eq!(date(1_796_094_366).as_deref(), Some("2026-12-01 at 03:06 UTC"));
        assert_eq!(date(i64::MAX), None);
    }

    #[test]
    fn words_of_a_shell_are_quoted() {
        assert_eq!(quoted("configs/mlp_bn.toml"), "configs/mlp_bn.toml");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's; rm -rf $HOME"), r"'it'\''s; rm -rf $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
