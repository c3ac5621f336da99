//! The curves of a fork next to those of the unchanged runs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use crate::cli::commands::train::fork::place::ForkPlace;
use crate::cli::commands::train::fork::{read, shown};
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::report::{PlotSize, TerminalPlot};

/// The most epochs that a table shows.
const MAX_ROWS: usize = 12;

/// The loss by epoch of each run of a network, by its norm and point.
type Curves = BTreeMap<String, Vec<BTreeMap<u64, f64>>>;

/// An epoch, and the mean loss of the unchanged runs and of the forks after it.
type Point = (u64, Option<f64>, Option<f64>);

/// The mean losses of a network from the fork on.
struct Pair {
    network: String,
    seeds: usize,
    points: Vec<Point>,
}

/// Shows the losses of the runs in `before` and of their forks in `now`, from the fork on.
pub(crate) fn show(
    before: &Path,
    now: &Path,
    place: ForkPlace,
    changes: &[String],
    recomputed: bool,
    output: &Output,
) -> Result<(), CliError> {
    let (metric, unchanged) = curves(&before.join("metrics.csv"))?;
    let (_, forked) = curves(&now.join("metrics.csv"))?;
    let pairs = pairs(&unchanged, &forked, place);
    if output.json {
        let curves: Vec<_> = pairs
            .iter()
            .map(|pair| json!({ "network": pair.network, "seeds": pair.seeds, "epochs": pair.points }))
            .collect();
        let line = json!({
            "event": "forked", "of": before.to_string_lossy(), "directory": now.to_string_lossy(),
            "place": place.json(), "changes": changes, "metric": metric, "curves": curves,
        });
        return output.result(&format!("{line}\n"));
    }
    let mut what = changes.to_vec();
    what.extend(recomputed.then(|| "running statistics recomputed from all training rows".to_owned()));
    let what = if what.is_empty() { "nothing changed".to_owned() } else { what.join("; ") };
    let mut text = format!("fork of {} after {place}: {what}\n", shown(before));
    let name = metric.replace("train_eval_loss", "training loss").replace("valid_loss", "validation loss");
    for pair in &pairs {
        let _ = write!(text, "\n{}", table(pair, &name));
    }
    let plotted: Vec<(String, Vec<(u64, f64)>)> = pairs
        .iter()
        .flat_map(|Pair { network, points, .. }| {
            let of = |value: fn(&Point) -> Option<f64>| {
                points.iter().filter_map(|point| Some((point.0, value(point)?))).collect()
            };
            [
                (format!("{network}, unchanged"), of(|point| point.1)),
                (format!("{network}, fork"), of(|point| point.2)),
            ]
        })
        .collect();
    let size = PlotSize { width: output.width(), ..PlotSize::default() };
    let plot = TerminalPlot::of_curves(&format!("{name} from the fork on"), &plotted, size);
    output.result(&format!("{text}\n{plot}"))
}

/// The loss in a `metrics.csv`, of the validation rows if there are any, and its curves.
fn curves(path: &Path) -> Result<(&'static str, Curves), CliError> {
    let text = read(path)?;
    let bad = |what: &str| CliError::new(exit_code::DATA, format!("{}: {what}", shown(path)));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| bad(&error.to_string()))?.clone();
    let column = |name: &str| {
        let found = header.iter().position(|column| column == name);
        found.ok_or_else(|| bad(&format!("no column {name}")))
    };
    let (norm, point, seed, epoch) = (column("norm")?, column("point")?, column("seed")?, column("epoch")?);
    let losses = [column("valid_loss")?, column("train_eval_loss")?];
    let rows: Vec<csv::StringRecord> =
        reader.records().collect::<Result<_, _>>().map_err(|error| bad(&error.to_string()))?;
    let has_valid = rows.iter().any(|row| !row[losses[0]].is_empty());
    let (metric, loss) = if has_valid { ("valid_loss", losses[0]) } else { ("train_eval_loss", losses[1]) };
    let mut found: BTreeMap<String, BTreeMap<String, BTreeMap<u64, f64>>> = BTreeMap::new();
    for row in &rows {
        let network = format!("{} {}", &row[norm], &row[point]).trim_end().to_owned();
        let epoch = row[epoch].parse().map_err(|_| bad("an epoch is not a number"))?;
        let Ok(loss) = row[loss].parse() else { continue };
        found.entry(network).or_default().entry(row[seed].to_owned()).or_default().insert(epoch, loss);
    }
    let curves = found.into_iter().map(|(network, seeds)| (network, seeds.into_values().collect()));
    Ok((metric, curves.collect()))
}

fn pairs(unchanged: &Curves, forked: &Curves, place: ForkPlace) -> Vec<Pair> {
    let pair = |(network, fork): (&String, &Vec<BTreeMap<u64, f64>>)| {
        let before = unchanged.get(network).map_or(&[][..], Vec::as_slice);
        let first = match place {
            ForkPlace::Epoch(epoch) => epoch,
            // The last epoch whose rows both have.
            ForkPlace::Step(_) => last_shared(before, fork),
        };
        let mut epochs: Vec<u64> = before.iter().chain(fork).flat_map(BTreeMap::keys).copied().collect();
        epochs.retain(|&epoch| epoch >= first);
        epochs.sort_unstable();
        epochs.dedup();
        let points = epochs.iter().map(|&epoch| (epoch, mean(before, epoch), mean(fork, epoch))).collect();
        Pair { network: network.clone(), seeds: fork.len(), points }
    };
    forked.iter().map(pair).collect()
}

fn last_shared(before: &[BTreeMap<u64, f64>], fork: &[BTreeMap<u64, f64>]) -> u64 {
    let epochs = fork.iter().flat_map(BTreeMap::keys).copied();
    let same = |epoch: &u64| mean(before, *epoch) == mean(fork, *epoch);
    epochs.filter(same).max().unwrap_or(0)
}

/// The mean over the runs that have this epoch.
fn mean(runs: &[BTreeMap<u64, f64>], epoch: u64) -> Option<f64> {
    let values: Vec<f64> = runs.iter().filter_map(|run| run.get(&epoch).copied()).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn table(Pair { network, seeds, points }: &Pair, metric: &str) -> String {
    let over = if *seeds == 1 { String::new() } else { format!(", mean over {seeds} seeds") };
    let mut text = format!(
        "{network}: {metric}{over}\n{:>7}  {:>10}  {:>10}  {:>10}\n",
        "epoch", "unchanged", "fork", "difference"
    );
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
    let stride = points.len().div_ceil(MAX_ROWS).max(1);
    for (index, &(epoch, unchanged, fork)) in points.iter().enumerate() {
        if index.is_multiple_of(stride) || index + 1 == points.len() {
            let difference = unchanged.zip(fork).map(|(unchanged, fork)| fork - unchanged);
            let difference = difference.map_or_else(|| "-".to_owned(), |value| format!("{value:+.4}"));
            let _ = writeln!(
                text,
                "{epoch:>7}  {:>10}  {:>10}  {difference:>10}",
                number(unchanged),
                number(fork)
            );
        }
    }
    text
}
