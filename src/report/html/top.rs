//! The top of a page: the answer, and what it rests on.

use maud::{Markup, html};
use serde_json::Value;

use crate::config::{ComparedMeasure, inline};
use crate::experiment::{MeasuredOn, Summary, TunedNorm};
use crate::report::answer::{answer, listed, lost_runs, mean_name};
use crate::report::html::fork;
use crate::report::html::page::Links;
use crate::report::results::RunResults;
use crate::report::text::number::NO_NUMBER;
use crate::report::text::summary::other_measures::measure_name;
use crate::report::text::summary::stopping::how_it_ended;
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
pub(crate) fn top(run: &RunResults, links: Links) -> Markup {
    html! {
        header {
            h1 { (title(run)) }
            p.sub { (subtitle(run)) }
        }
        (fork::fork(run, links))
        @if !run.fork.is_null() { h2 { "The forks by themselves, as after any training" } }
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
        _ => facts.push(("Compared", format!("{}, {}", listed(&names), same_start(run)))),
    }
    if 1 < names.len() {
        facts.push(("Judged by", judged_by(summary)));
    }
    facts.push(("Measured on", rows(run)));
    facts.push(("Seeds", seeds(run)));
    facts.extend(how_it_ended(summary, &|norm| run.labels.norm(norm)).map(|text| ("Ended", text)));
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
        let adjusted = match of.comparison.family {
            1 => String::new(),
            family => format!(", adjusted for {} (Holm)", Count(family, "comparison")),
        };
        facts.push(("Chance", format!("{test}{adjusted}; clear means 0.05 or less")));
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
    let ranked = match summary.has_grid() || 2 < summary.norms.len() {
        true => {
            format!("; ranked by the {} over seeds, which pairs compare, too", mean_name(summary.primary))
        }
        false => String::new(),
    };
    match summary.primary {
        ComparedMeasure::FinalLoss => format!("{primary}, the default of compare.primary{ranked}"),
        _ => format!("{primary}, which the config names before the run (compare.primary){ranked}"),
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
    let (first, second) = match test {
        0 => (format!("{which}{data}"), String::new()),
        _ if run.summary.primary.is_of_test() => {
            (format!("{test} test rows{data}, by which the norms are judged"), format!("{which}, "))
        }
        _ => (format!("{which}{data}"), format!("{test} test rows, ")),
    };
    format!("{first}; {second}{train} training rows (of the first seed)")
}

/// What the networks of a seed have in common.
fn same_start(run: &RunResults) -> &'static str {
    match (
        differs_in(run, &["model", "layers", "training.init_from"]) || is_fitted(run),
        differs_in(run, &["training.batch_size"]),
    ) {
        (false, false) => "from the same weights and on the same batches",
        (false, true) => "from the same weights",
        (true, false) => "on the same batches",
        (true, true) => "with the same seeds",
    }
}

/// Whether norms are tuned, each for itself, in a key of these.
pub(crate) fn differs_in(run: &RunResults, keys: &[&str]) -> bool {
    let tuned = run.summary.tuning.iter().flat_map(|tuning| &tuning.keys);
    let mut tuned = tuned.filter(|tuned| keys.iter().any(|key| is_under(tuned, key)));
    tuned.next().is_some()
}

/// Whether initial weights are fitted to the first batch, so that each network has its own.
pub(crate) fn is_fitted(run: &RunResults) -> bool {
    let is_lsuv = |table: &toml::Value| table.get("init").and_then(toml::Value::as_str) == Some("lsuv");
    let layers = run.config.get("layers").and_then(toml::Value::as_array);
    layers.into_iter().flatten().chain(run.config.get("model")).any(is_lsuv)
}

/// Whether `key` is `of` or below it.
fn is_under(key: &str, of: &str) -> bool {
    key.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn seeds(run: &RunResults) -> String {
    let mut seeds: Vec<u64> = run.summary.runs.iter().map(|run| run.seed).collect();
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
    let tuned = run.config.get("compare").and_then(|compare| compare.get("tune")?.get("seeds"));
    let tuned = tuned.filter(|_| run.summary.tuning.is_some());
    let tuned = tuned.map(|seeds| match seeds.as_integer() {
        Some(count) => format!("; tuned with {count} other seeds"),
        None => format!("; tuned with the seeds {}", shortened(&inline(seeds))),
    });
    let tuned = tuned.unwrap_or_default();
    format!("{} ({names}); a seed decides {}{tuned}", seeds.len(), decided(run))
}

/// What the seeds vary, by `compare.vary`.
fn decided(run: &RunResults) -> String {
    const PARTS: [(&str, &str); 3] =
        [("split", "split"), ("weights", "initial weights"), ("order", "batches")];
    let vary = run.config.get("compare").and_then(|compare| compare.get("vary")?.as_array());
    let Some(vary) = vary else { return "split, initial weights and batches".to_owned() };
    let is_varied = |part: &&(&str, &str)| vary.iter().any(|varied| varied.as_str() == Some(part.0));
    let (varied, same): (Vec<&(&str, &str)>, Vec<_>) = PARTS.iter().partition(is_varied);
    let names =
        |parts: Vec<&(&str, &str)>| listed(&parts.iter().map(|part| part.1.to_owned()).collect::<Vec<_>>());
    let are = if same.len() == 1 && same[0].0 == "split" { "is" } else { "are" };
    match same.is_empty() {
        true => names(varied),
        false => format!("{}; {} {are} the same with every seed", names(varied), names(same)),
    }
}

fn settings(run: &RunResults) -> String {
    let text = |table: &str, key: &str| {
        run.config.get(table).and_then(|table| table.get(key)).map(|value| match value {
            toml::Value::String(text) => shortened(text),
            other => shortened(&other.to_string()),
        })
    };
    let grid = run.config.get("compare").and_then(|compare| compare.get("grid")?.as_table());
    let grid: Vec<&String> = grid.into_iter().flatten().map(|(key, _)| key).collect();
    let tuned = run.summary.tuning.iter().flat_map(|tuning| &tuning.keys);
    let varied: Vec<&String> = grid.into_iter().chain(tuned).collect();
    let is_fixed = |key: &str| !varied.iter().any(|varied| is_under(key, varied) || is_under(varied, key));
    let of = |key: &str, words: &dyn Fn(String) -> String| {
        let (table, name) = key.split_once('.')?;
        text(table, name).filter(|_| is_fixed(key)).map(words)
    };
    let common = [
        of("optimizer.type", &|kind| kind),
        of("optimizer.learning_rate", &|rate| format!("learning rate {rate}")),
        of("training.epochs", &|epochs| format!("{epochs} epochs")),
        of("training.batch_size", &|size| format!("batches of {size}")),
    ];
    let common = common.into_iter().flatten().collect::<Vec<_>>().join(", ");
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
