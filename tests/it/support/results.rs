//! Everything that a training writes and that must not change with how it was run.

use std::fs;

use crate::support::json::remove_times;
use crate::support::work::Work;

/// All results of a run directory but the times.
pub(crate) fn results(work: &Work, directory: &str) -> Vec<(String, String)> {
    let mut summary = work.json(format!("{directory}/summary.json"));
    remove_times(&mut summary);
    let table = |name: &str| work.read(format!("{directory}/{name}"));
    let without_times = |text: &str| -> String {
        text.lines().map(|line| line.rsplitn(3, ',').last().expect("a column").to_owned() + "\n").collect()
    };
    let mut found = vec![
        ("summary.json".to_owned(), format!("{summary:#}")),
        ("metrics.csv".to_owned(), without_times(&table("metrics.csv"))),
        ("steps.csv".to_owned(), table("steps.csv")),
        ("curves.svg".to_owned(), table("curves.svg")),
        ("confusion.csv".to_owned(), table("confusion.csv")),
        ("config.toml".to_owned(), table("config.toml")),
    ];
    if work.path(format!("{directory}/diagnostics.csv")).exists() {
        found.push(("diagnostics.csv".to_owned(), table("diagnostics.csv")));
    }
    for model in models(work, directory) {
        let bytes = fs::read(work.path(directory).join(&model)).expect("a model");
        found.push((model, format!("{bytes:?}")));
    }
    found
}

fn models(work: &Work, directory: &str) -> Vec<String> {
    let summary = work.json(format!("{directory}/summary.json"));
    let runs = summary["runs"].as_array().expect("runs").iter();
    runs.map(|run| {
        let norm = run["norm"].as_str().expect("a norm");
        let point = run["point"]["index"].as_u64().map(|index| format!("point-{index}/")).unwrap_or_default();
        format!("{norm}/{point}seed-{}/model.safetensors", run["seed"])
    })
    .collect()
}

/// The report of a run directory without the command and the time that it took.
pub(crate) fn report(work: &Work, directory: &str) -> String {
    let page = work.read(format!("{directory}/report.html"));
    let (start, rest) = page.split_once("<dt>Time</dt>").expect("the time");
    let (_, rest) = rest.split_once("<p>The same again").expect("how to repeat it");
    format!("{start}{rest}")
}
