//! A model file as text.

use crate::config::inline;
use crate::data::{Encoding, FeatureEncoding, Role, Scaling, TargetEncoding, ValueEncoding};
use crate::model::{EpochMetrics, History, LayerFacts, ModelFacts, TensorFacts};
use crate::report::text::layout::{Align, WIDEST, aligned};
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::text::{Quoted, escaped, shortened};
use crate::train::Metric;
use crate::train::Outcome;

/// About the number of epochs that are listed.
const MAX_EPOCHS: usize = 12;
/// Columns of the file that are listed before the list is cut.
const MAX_COLUMNS: usize = 40;

/// File, layers, tensors, training history and columns of a model.
pub fn model_facts(facts: &ModelFacts<'_>) -> String {
    let sections = [
        file(facts),
        layers(&facts.layers),
        settings(facts),
        tensors(&facts.tensors),
        history(facts.history),
        columns(facts.encoding),
        targets(&facts.encoding.targets),
    ];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

fn table<const N: usize>(columns: [(&str, Align); N], rows: impl Iterator<Item = [String; N]>) -> String {
    let head = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows.map(Vec::from)).collect();
    aligned(&columns.map(|(_, align)| align), &rows)
}

fn file(facts: &ModelFacts<'_>) -> String {
    let ModelFacts { format, version, sha256, data_sha256, result_hash, dtype, parameters, .. } = facts;
    let parameters = match facts.networks {
        1 => format!("{parameters} trainable, {dtype}"),
        networks => format!("{networks} networks of {parameters} trainable, {dtype}; the first one is shown"),
    };
    let lines = [
        ("model", format!("format {format}, written by bntrain {}", shortened(version))),
        ("parameters", parameters),
        ("sha256", (*sha256).to_owned()),
        ("training data", escaped(data_sha256)),
        ("result hash", result_hash.clone()),
    ];
    let rows: Vec<Vec<String>> = lines.map(|(name, text)| vec![name.to_owned(), text]).into();
    aligned(&[Align::Left; 2], &rows)
}

fn layers(layers: &[LayerFacts<'_>]) -> String {
    let columns = [
        ("layer", Align::Right),
        ("type", Align::Left),
        ("inputs", Align::Right),
        ("outputs", Align::Right),
        ("parameters", Align::Right),
    ];
    let row = |(index, layer): (usize, &LayerFacts<'_>)| {
        let count = |count: usize| count.to_string();
        let kind = layer.settings.kind().to_owned();
        [count(index + 1), kind, count(layer.inputs), count(layer.outputs), count(layer.parameters)]
    };
    table(columns, layers.iter().enumerate().map(row))
}

/// The settings of the layers; layers with equal settings share a line.
fn settings(facts: &ModelFacts<'_>) -> String {
    let mut found: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, layer) in facts.layers.iter().enumerate() {
        let Ok(toml::Value::Table(mut table)) = toml::Value::try_from(layer.settings) else { continue };
        table.remove("type");
        table.remove("units");
        let settings: Vec<String> =
            table.iter().map(|(key, value)| format!("{key} = {}", inline(value))).collect();
        let text = format!("{}: {}", layer.settings.kind(), settings.join(", "));
        match found.iter_mut().find(|(other, _)| *other == text) {
            _ if settings.is_empty() => {}
            Some((_, layers)) => layers.push(index + 1),
            None => found.push((text, vec![index + 1])),
        }
    }
    let mut text = String::new();
    for (settings, layers) in found {
        let layers: Vec<String> = layers.iter().map(usize::to_string).collect();
        let noun = if layers.len() == 1 { "layer" } else { "layers" };
        text.push_str(&wrapped(&format!("{noun} {}, {settings}", layers.join(", "))));
    }
    text
}

/// Wraps a line to the width of a terminal, with an indent after the first line.
fn wrapped(text: &str) -> String {
    let (mut lines, mut length) = (String::new(), 0);
    for word in text.split(' ') {
        let width = word.chars().count();
        if length > 0 && length + 1 + width > WIDEST {
            lines.push_str("\n ");
            length = 1;
        }
        if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += width;
    }
    lines + "\n"
}

fn tensors(tensors: &[TensorFacts<'_>]) -> String {
    let columns = [
        ("tensor", Align::Left),
        ("shape", Align::Right),
        ("mean", Align::Right),
        ("std", Align::Right),
        ("min", Align::Right),
        ("max", Align::Right),
    ];
    let row = |tensor: &TensorFacts<'_>| {
        let shape = format!("{} x {}", tensor.shape.0, tensor.shape.1);
        let [mean, deviation, min, max] =
            [tensor.mean, tensor.deviation, tensor.min, tensor.max].map(four_digits);
        [tensor.name.to_owned(), shape, mean, deviation, min, max]
    };
    table(columns, tensors.iter().map(row))
}

fn history(history: &History) -> String {
    let ending = match &history.outcome {
        Outcome::Finished => "finished".to_owned(),
        Outcome::StoppedEarly { epoch } => format!("stopped early after epoch {epoch}"),
        Outcome::Diverged { epoch, step, .. } => format!("diverged in epoch {epoch} at step {step}"),
        Outcome::Interrupted { step } => format!("interrupted after step {step}"),
    };
    let mut text = format!("training {ending}; weights of epoch {} (*)\n", history.kept_epoch);
    let measured: Vec<Metric> = Metric::ALL
        .into_iter()
        .filter(|metric| history.epochs.iter().any(|epoch| epoch.measured.contains_key(metric)))
        .collect();
    let names = measured.iter().map(|metric| metric_name(*metric));
    let mut rows: Vec<Vec<String>> = vec![["epoch".to_owned()].into_iter().chain(names).collect()];
    for epoch in shown_epochs(history) {
        let mark = if epoch.epoch == history.kept_epoch { "*" } else { " " };
        let number = |metric: &Metric| {
            epoch.measured.get(metric).map_or_else(|| NO_NUMBER.to_owned(), |&value| four_digits(value))
        };
        let name = format!("{}{mark}", epoch.epoch);
        rows.push(std::iter::once(name).chain(measured.iter().map(number)).collect());
    }
    text.push_str(&aligned(&vec![Align::Right; measured.len() + 1], &rows));
    for (measure, value) in &history.test {
        text.push_str(&format!("test {}: {}\n", shortened(measure), four_digits(*value)));
    }
    text
}

/// The name of a metric, as in `metrics.csv`.
pub(crate) fn metric_name(metric: Metric) -> String {
    let name = serde_json::to_value(metric).ok();
    name.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// The first epoch, the last one, that of the weights, and some between them.
fn shown_epochs(history: &History) -> impl Iterator<Item = &EpochMetrics> {
    let last = history.epochs.len().saturating_sub(1);
    let stride = history.epochs.len().div_ceil(MAX_EPOCHS).max(1);
    history.epochs.iter().enumerate().filter_map(move |(index, epoch)| {
        let is_shown = index.is_multiple_of(stride) || index == last || epoch.epoch == history.kept_epoch;
        is_shown.then_some(epoch)
    })
}

fn columns(encoding: &Encoding) -> String {
    let columns = [("column", Align::Left), ("use", Align::Left)];
    let mut rows: Vec<[String; 2]> = Vec::new();
    for column in encoding.columns.iter().take(MAX_COLUMNS) {
        let what = match (&column.feature, column.role) {
            (Some(feature), _) => describe(feature),
            (None, Role::Label) => "the label".to_owned(),
            (None, Role::Id) => "id, copied to predictions".to_owned(),
            (None, _) => "not used".to_owned(),
        };
        rows.push([shortened(&column.name), what]);
    }
    let mut text = table(columns, rows.into_iter());
    let more = encoding.columns.len().saturating_sub(MAX_COLUMNS);
    if more > 0 {
        text.push_str(&format!("and {more} more; --json has all\n"));
    }
    text
}

/// How a feature is encoded.
fn describe(feature: &FeatureEncoding) -> String {
    let mut words = match &feature.values {
        ValueEncoding::Numeric { scaling, fill, clip, inputs, .. } => {
            let fill = fill.map(four_digits);
            let (offset, divisor) = (four_digits(scaling.offset), four_digits(scaling.divisor));
            let bounded = clip.map(|clip| format!(", bounded by {}", clip.limit)).unwrap_or_default();
            let scaled = inputs.scaled.then(|| format!(", (x - {offset}) / {divisor}{bounded}"));
            let quantile = inputs.quantiles.as_ref().map(|_| ", normal quantile".to_owned());
            let intervals = inputs.intervals.as_ref();
            let intervals = intervals.map(|intervals| format!(", {} intervals", intervals.edges.len() - 1));
            let inputs: String = scaled.into_iter().chain(quantile).chain(intervals).collect();
            format!("numeric{inputs}{}", filled(fill))
        }
        ValueEncoding::Date { format, parts, fill, range, .. } => {
            let parts: Vec<&str> = parts.iter().map(|part| part.name()).collect();
            let (low, high) = (format.write(range.low), format.write(range.high));
            let filled = filled(fill.map(|fill| format.write(fill)));
            format!("date, {} of {}, {low} to {high}{filled}", parts.join(", "), shortened(format.as_str()))
        }
        ValueEncoding::Boolean { fill } => format!("boolean{}", filled(fill.map(four_digits))),
        ValueEncoding::Categorical { categories, rare, fill } => {
            let other = if rare.is_empty() { String::new() } else { format!(" and {} rare", rare.len()) };
            format!("{} categories{other}{}", categories.len(), filled(fill.as_deref().map(shortened)))
        }
    };
    if feature.indicator {
        words.push_str(", with a missing-value indicator");
    }
    words
}

fn filled(fill: Option<String>) -> String {
    fill.map_or_else(String::new, |fill| format!(", missing = {fill}"))
}

fn targets(targets: &TargetEncoding) -> String {
    match targets {
        TargetEncoding::Classes { names, counts, weights, threshold, .. } => {
            let rows = names.iter().zip(counts).enumerate().take(MAX_COLUMNS);
            let mut text = match weights {
                None => table(
                    [("class", Align::Left), ("training rows", Align::Right)],
                    rows.map(|(_, (name, count))| [shortened(name), count.to_string()]),
                ),
                Some(weights) => table(
                    [("class", Align::Left), ("training rows", Align::Right), ("weight", Align::Right)],
                    rows.map(|(class, (name, count))| {
                        [shortened(name), count.to_string(), four_digits(weights[class])]
                    }),
                ),
            };
            let more = names.len().saturating_sub(MAX_COLUMNS);
            if more > 0 {
                text.push_str(&format!("and {more} more; --json has all\n"));
            }
            if let (Some(threshold), [_, class]) = (threshold, &names[..]) {
                text.push_str(&format!(
                    "{} is predicted where its probability is greater than {threshold:.4}\n",
                    Quoted(class)
                ));
            }
            text
        }
        TargetEncoding::Values(values) => {
            let rows = values.iter().map(|value| {
                let Scaling { offset, divisor } = value.scaling;
                [shortened(&value.column), four_digits(offset), four_digits(divisor)]
            });
            let columns = [("target", Align::Left), ("mean", Align::Right), ("std", Align::Right)];
            table(columns, rows)
        }
    }
}
