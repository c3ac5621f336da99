//! The top of a page: the answer, and what it rests on.

use maud::{Markup, html};
use serde_json::Value;

use crate::config::ComparedMeasure;
use crate::experiment::{MeasuredOn, Summary, TunedNorm};
use crate::report::answer::{answer, listed, lost_runs};
use crate::report::results::RunResults;
use crate::report::text::number::NO_NUMBER;
use crate::report::text::summary::other_measures::measure_name;
use crate::text::{Count, shortened};

/// Seeds that are listed one by one.
const MAX_SEEDS: usize = 12;

/// Such as `mlp_bn on digits.csv`.
pub(crate) fn title(run: &RunResults) -> String {
    let config = run.run["config"].as_str().map(|path| file_name(path).trim_end_matches(".toml").to_owned());
    let config = config.filter(|name| !name.is_empty()).unwrap_or_else(|| run.name.clone());
    match data_name(run) {
        Some(data) => format!("{} on {}", shortened(&config), shortened(&data)),
        None => shortened(&config),
    }
}

/// The name of the training file.
pub(crate) fn data_name(run: &RunResults) -> Option<String> {
    run.run["data"][0]["path"].as_str().map(|path| file_name(path).to_owned())
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Title, answer, facts, and the sections to jump to.
pub(crate) fn top(run: &RunResults) -> Markup {
    html! {
        header {
            h1 { (title(run)) }
            p.sub { (subtitle(run)) }
        }
        (answer_box(run))
        (facts(run))
    }
}

fn subtitle(run: &RunResults) -> String {
    let summary = &run.summary;
    let runs = Count(summary.runs.len(), "run");
    let points = summary.tuning.iter().flat_map(|tuning| &tuning.norms).flat_map(|norm| &norm.points);
    // Saturates, since anybody can write a summary.
    let to_tune = points.fold(0, |sum: usize, point| sum.saturating_add(point.n_runs));
    let n_runs = summary.runs.len().saturating_add(to_tune) as u64;
    let tuned = if to_tune == 0 { String::new() } else { format!(" after {to_tune} to tune") };
    let planned = run.run["runs_planned"].as_u64().filter(|&planned| planned != n_runs);
    let planned = planned.map(|planned| format!(" of {planned} planned")).unwrap_or_default();
    let of = run.fork["of"]
        .as_str()
        .map(|of| format!(", a fork of {}", shortened(file_name(of))))
        .unwrap_or_default();
    let interrupted = match run.run["outcome"].as_str() {
        Some("interrupted") => ", interrupted",
        Some("running") => ", still training",
        _ => "",
    };
    format!(
        "{}: {runs}{tuned}{planned}{interrupted}{of}, bntrain {}",
        shortened(&run.name),
        run.run["version"].as_str().unwrap_or(NO_NUMBER)
    )
}

/// The verdict and its sentences.
pub(crate) fn answer_box(run: &RunResults) -> Markup {
    let answer = answer(&run.summary, &run.labels);
    html! {
        div.answer.(answer.verdict.class()) {
            p.verdict { (answer.verdict.words()) }
            @for sentence in &answer.sentences { p { (sentence) } }
        }
    }
}

/// What a statistician asks.
fn facts(run: &RunResults) -> Markup {
    let summary = &run.summary;
    let names: Vec<String> = summary.norms.iter().map(|&norm| run.labels.norm(norm)).collect();
    let mut facts: Vec<(&str, String)> = Vec::new();
    match names.len() {
        1 => facts.push(("Trained", names[0].clone())),
        _ => facts
            .push(("Compared", format!("{}, from the same weights and on the same batches", listed(&names)))),
    }
    if 1 < names.len() {
        facts.push(("Judged by", judged_by(summary)));
    }
    facts.push(("Measured on", rows(run)));
    facts.push(("Seeds", seeds(summary)));
    facts.push(("Settings", settings(run)));
    let lost = lost_runs(summary, &run.labels).unwrap_or_else(|| "none".to_owned());
    facts.push((
        "Lost runs",
        format!(
            "{lost} (diverged, or ended worse than a constant prediction); in comparisons they count as worst"
        ),
    ));
    if let Some(of) = summary.comparisons.first().and_then(|comparison| comparison.measures.first()) {
        let test = match of.comparison.is_sequential {
            true => "p = 1/e, of the e-value, which holds however many seeds were added",
            false => "p of the exact sign-flip test",
        };
        facts.push((
            "Chance",
            format!(
                "{test}, adjusted for {} (Holm); clear means 0.05 or less",
                Count(of.comparison.family, "comparison")
            ),
        ));
    }
    if 1 < summary.runs.len() {
        facts.push(("Intervals", format!(
            "{} % for the mean over seeds on these data; another seed varies more, and other data may differ altogether",
            100.0 * summary.confidence
        )));
    }
    html! { dl { @for (name, text) in facts { dt { (name) } dd { (text) } } } }
}

/// The primary measure. A config that names the default one is the same as one that names none.
fn judged_by(summary: &Summary) -> String {
    let primary = measure_name(summary, summary.primary);
    match summary.primary {
        ComparedMeasure::FinalLoss => format!("{primary}, the default of compare.primary"),
        _ => format!("{primary}, which the config names before the run (compare.primary)"),
    }
}

fn rows(run: &RunResults) -> String {
    let count = |key: &str| run.run[key].as_u64().unwrap_or(0);
    let (train, valid, test) = (count("train_rows"), count("valid_rows"), count("test_rows"));
    let which = match run.summary.measured_on {
        MeasuredOn::ValidationRows => format!("{valid} validation rows"),
        MeasuredOn::TrainingRows => {
            "the training rows in evaluation mode, for want of validation rows".to_owned()
        }
    };
    let data = data_name(run).map(|data| format!(" of {}", shortened(&data))).unwrap_or_default();
    let test = if test == 0 { String::new() } else { format!(", {test} test rows") };
    format!("{which}{data}; {train} training rows{test} (of the first seed)")
}

fn seeds(summary: &Summary) -> String {
    let mut seeds: Vec<u64> = summary.runs.iter().map(|run| run.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let is_range = seeds.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    let names = match &seeds[..] {
        [first, .., last] if is_range => format!("{first} to {last}"),
        _ => {
            let shown: Vec<String> = seeds.iter().take(MAX_SEEDS).map(u64::to_string).collect();
            format!("{}{}", shown.join(", "), if MAX_SEEDS < seeds.len() { ", ..." } else { "" })
        }
    };
    format!("{} ({names}); a seed decides split, initial weights and batches", seeds.len())
}

fn settings(run: &RunResults) -> String {
    let text = |table: &str, key: &str| {
        run.config.get(table).and_then(|table| table.get(key)).map(|value| match value {
            toml::Value::String(text) => shortened(text),
            other => shortened(&other.to_string()),
        })
    };
    let optimizer = text("optimizer", "type").unwrap_or_default();
    let is_tuned = |key: &str| {
        run.summary.tuning.as_ref().is_some_and(|tuning| tuning.keys.iter().any(|tuned| tuned == key))
    };
    let rate = text("optimizer", "learning_rate").filter(|_| !is_tuned("optimizer.learning_rate"));
    let rate = rate.map(|rate| format!(", learning rate {rate}")).unwrap_or_default();
    let epochs = text("training", "epochs").unwrap_or_default();
    let batch = text("training", "batch_size").unwrap_or_default();
    let common = format!("{optimizer}{rate}, {epochs} epochs, batches of {batch}");
    let points =
        run.summary.groups.iter().filter(|group| Some(&group.norm) == run.summary.norms.first()).count();
    if let Some(tuning) = &run.summary.tuning {
        let of = |norm: &TunedNorm| {
            let settings = norm.best_point().map(|point| &point.point.settings);
            let settings =
                settings.map_or_else(|| "no point was usable".to_owned(), |settings| shortened(settings));
            format!("{}: {settings}", run.labels.norm(norm.norm))
        };
        let tuned: Vec<String> = tuning.norms.iter().map(of).collect();
        return format!(
            "tuned for each norm, the best of {} points ({}); otherwise {common}",
            tuning.n_points,
            tuned.join("; ")
        );
    }
    match run.summary.has_grid() {
        true => format!("{points} grid points, the same for every norm; otherwise {common}"),
        false if 1 < run.summary.norms.len() => {
            format!("the same for every norm, nothing was tuned: {common}")
        }
        false => common,
    }
}

/// A text of `run.json`.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
