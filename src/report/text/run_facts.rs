//! A run directory as text.

use serde_json::Value;

use crate::model::ModelFacts;
use crate::report::text::layout::{Align, WIDEST, aligned, aligned_within};
use crate::report::text::model_facts::metric_name;
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::text::{escaped, shortened};
use crate::train::Metric;

/// The content of `run.json`, and a line for each model with the metrics of the epoch of its weights.
/// `models` have paths relative to the directory.
pub fn run_facts(run_json: &Value, models: &[(String, ModelFacts<'_>)]) -> String {
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut line = |name: &str, text: String| lines.push(vec![name.to_owned(), text]);
    let text_of = |key: &str| match &run_json[key] {
        Value::String(text) => Some(shortened(text)),
        Value::Null => None,
        other => Some(shortened(&other.to_string())),
    };
    for (name, key) in
        [("outcome", "outcome"), ("runs", "runs"), ("version", "version"), ("config", "config")]
    {
        if let Some(text) = text_of(key) {
            line(name, text);
        }
    }
    for source in run_json["data"].as_array().into_iter().flatten() {
        let field = |key: &str| source[key].as_str().unwrap_or(NO_NUMBER).to_owned();
        line("data", shortened(&field("path")));
        let files = source["files"].as_array().map(|files| format!(" in {} files", files.len()));
        let files = files.unwrap_or_default();
        line("", format!("{} rows{files}, sha256 {}", source["rows"], escaped(&field("sha256"))));
    }
    if let Some(seconds) = run_json["seconds"].as_f64() {
        line("seconds", four_digits(seconds));
    }
    format!("{}\n{}", aligned(&[Align::Left; 2], &lines), table(models))
}

fn table(models: &[(String, ModelFacts<'_>)]) -> String {
    if models.is_empty() {
        return "no models\n".to_owned();
    }
    // The history of an ensemble is that of its first network.
    let is_single = |facts: &ModelFacts<'_>| facts.networks == 1;
    let kept = |facts: &ModelFacts<'_>, metric: Metric| {
        let history = is_single(facts).then_some(facts.history)?;
        history.kept().and_then(|epoch| epoch.measured.get(&metric).copied())
    };
    let is_shown = |metric: &Metric| models.iter().any(|(_, facts)| kept(facts, *metric).is_some());
    let measured: Vec<Metric> = Metric::ALL.into_iter().filter(is_shown).collect();
    let mut heads = ["model", "parameters", "epoch"].map(str::to_owned).to_vec();
    heads.extend(measured.iter().map(|&metric| metric_name(metric)));
    let rows = models.iter().map(|(path, facts)| {
        let number = |&metric: &Metric| kept(facts, metric).map_or_else(|| NO_NUMBER.to_owned(), four_digits);
        let epoch =
            if is_single(facts) { facts.history.kept_epoch.to_string() } else { NO_NUMBER.to_owned() };
        let mut row = vec![shortened(path), (facts.networks * facts.parameters).to_string(), epoch];
        row.extend(measured.iter().map(number));
        row
    });
    let rows: Vec<Vec<String>> = std::iter::once(heads).chain(rows).collect();
    let columns: Vec<Align> =
        std::iter::once(Align::Left).chain(std::iter::repeat_n(Align::Right, rows[0].len() - 1)).collect();
    aligned_within(WIDEST, 1, &columns, &rows)
}
