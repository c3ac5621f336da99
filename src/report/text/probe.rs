//! Networks before training as tables, with what follows from the numbers.

use crate::probe::{LayerOverview, NetworkOverview};
use crate::report::text::layout::{Align, aligned, indented, joined, wrapped};
use crate::report::text::number::{NO_NUMBER, four_digits, with_decimals};

/// A network that was measured before training.
pub struct ProbedNetwork {
    /// Its norm, and its settings if there are several networks of one norm.
    pub name: String,
    /// What was measured.
    pub overview: NetworkOverview,
    /// The training loss of the best constant prediction; none if it is not finite.
    pub guessing: Option<f64>,
    /// The learning rate before the schedule.
    pub learning_rate: f64,
    /// Whether it is that of plain gradient descent, which a curvature bounds.
    pub is_plain_descent: bool,
}

/// Wide enough for the table, narrow enough for a terminal.
const WIDEST: usize = 100;

/// A table for each network, and sentences about all of them.
pub fn probe_report(networks: &[ProbedNetwork]) -> String {
    let Some(first) = networks.first() else { return String::new() };
    let NetworkOverview { rows, batches, .. } = first.overview;
    let title = match batches {
        1 => format!("before training, on the first batch of {rows} rows, in training mode"),
        _ => format!(
            "before training, on the first batch of {rows} rows, in training mode (noise and dead: {batches} batches)"
        ),
    };
    let tables = networks.iter().map(network_table);
    let sentences: String =
        conclusions(networks).iter().map(|sentence| wrapped(WIDEST, "- ", "  ", sentence)).collect();
    joined([format!("{title}\n")].into_iter().chain(tables).chain([sentences]))
}

fn network_table(network: &ProbedNetwork) -> String {
    const COLUMNS: [(&str, Align); 10] = [
        ("layer", Align::Left),
        ("units", Align::Right),
        ("mean", Align::Right),
        ("std", Align::Right),
        ("cosine", Align::Right),
        ("rank", Align::Right),
        ("dead", Align::Right),
        ("|dW|^2", Align::Right),
        ("noise mean", Align::Right),
        ("std", Align::Right),
    ];
    let mut rows = vec![COLUMNS.map(|(name, _)| name.to_owned()).to_vec()];
    rows.extend(network.overview.layers.iter().map(layer_row));
    let table = aligned(&COLUMNS.map(|(_, align)| align), &rows);
    let facts: String = facts(network).iter().map(|fact| wrapped(WIDEST, "  ", "    ", fact)).collect();
    format!("{}\n{}{facts}", network.name, indented("  ", &table))
}

fn layer_row(layer: &LayerOverview) -> Vec<String> {
    let noise = |of: fn(&crate::probe::BatchNoise) -> f64| {
        layer.noise.as_ref().map_or(NO_NUMBER.to_owned(), |noise| format!("{:.3}", of(noise)))
    };
    vec![
        layer.layer.clone(),
        layer.width.to_string(),
        short(rounded(layer.pre_activation.mean, layer.pre_activation.std)),
        short(layer.pre_activation.std),
        with_decimals(layer.cosine, 3),
        format!("{:.1}", layer.rank),
        layer.dead.map_or(NO_NUMBER.to_owned(), |dead| dead.to_string()),
        short(layer.squared_gradient),
        noise(|noise| noise.mean),
        noise(|noise| noise.deviation),
    ]
}

/// A mean, or 0 if it is what a norm left of it by rounding.
pub(crate) fn rounded(mean: f64, std: f64) -> f64 {
    if mean.abs() < 1e-9 * std { 0.0 } else { mean }
}

/// Two decimals, or two digits of a number that is smaller or larger.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        0.0 | 0.01..1000.0 => with_decimals(value, 2),
        _ => format!("{value:.1e}"),
    }
}

fn facts(network: &ProbedNetwork) -> Vec<String> {
    let overview = &network.overview;
    let guessing =
        network.guessing.map_or(String::new(), |loss| format!("; guessing has {}", four_digits(loss)));
    let mut facts = vec![format!("first loss {}{guessing}", four_digits(overview.loss))];
    if let Some(growth) = overview.growth {
        let theory = overview.growth_in_theory;
        let theory =
            theory.map_or(String::new(), |theory| format!(" (theory for wide networks: {theory:.3})"));
        let depth = match overview.deepest_trainable {
            Some(depth) if depth < 1000.0 => format!("; deepest trainable network: about {depth:.0} layers"),
            _ => String::new(),
        };
        facts.push(format!("squared gradients times {growth:.3} per layer towards the input{theory}{depth}"));
    }
    let Some(sharpness) = &overview.sharpness else { return facts };
    let curvature = format!("{} ±{}", four_digits(sharpness.value), short(sharpness.residual));
    facts.push(match overview.largest_stable_rate {
        Some(rate) => {
            format!(
                "largest stable rate at this point {} (2 over the curvature {curvature})",
                four_digits(rate)
            )
        }
        None => format!("no largest stable rate: the curvature is {curvature}"),
    });
    facts
}

/// What to take from the numbers.
fn conclusions(networks: &[ProbedNetwork]) -> Vec<String> {
    [rates(networks), depths(networks), cosines(networks), noise(networks)].into_iter().flatten().collect()
}

/// Values with the names of the networks, `0.3 (batch_norm), 0.05 (none)`.
fn by_name(networks: &[ProbedNetwork], value: impl Fn(&NetworkOverview) -> Option<String>) -> Option<String> {
    let values = networks
        .iter()
        .filter_map(|network| Some(format!("{} ({})", value(&network.overview)?, network.name)));
    let values: Vec<String> = values.collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn rates(networks: &[ProbedNetwork]) -> Option<String> {
    let stable = by_name(networks, |overview| overview.largest_stable_rate.map(|rate| format!("{rate:.3}")))?;
    let rate = networks.first()?.learning_rate;
    let of_config =
        match networks.iter().all(|network| network.is_plain_descent && network.learning_rate == rate) {
            true => format!(" The config's rate is {rate}."),
            false => " They are those of plain gradient descent, not of the config's optimizer.".to_owned(),
        };
    Some(format!(
        "Rates: the first steps are stable up to rates of about {stable}.{of_config} Behind a norm, larger rates often \
         train all the same: the first steps lengthen the weights, which lowers the curvature."
    ))
}

fn depths(networks: &[ProbedNetwork]) -> Option<String> {
    let layers = networks.first()?.overview.layers.len();
    let too_deep = |network: &&ProbedNetwork| {
        network.overview.deepest_trainable.is_some_and(|deepest| deepest < layers as f64)
    };
    let names: Vec<&str> = networks.iter().filter(too_deep).map(|network| &*network.name).collect();
    networks.iter().find(|network| network.overview.growth.is_some())?;
    Some(match names.is_empty() {
        true => format!("Depth: gradients grow slowly enough for {layers} layers in every network."),
        false => format!("Depth: {layers} layers are more than the gradients of {} allow.", names.join(", ")),
    })
}

fn cosines(networks: &[ProbedNetwork]) -> Option<String> {
    let last_hidden = |overview: &NetworkOverview| {
        let layer = overview.layers.iter().rev().nth(1)?;
        layer.cosine.is_finite().then(|| with_decimals(layer.cosine, 2))
    };
    let cosines = by_name(networks, last_hidden)?;
    Some(format!(
        "Rows: the mean cosine between two rows after the last hidden layer is {cosines}; near 1, the output layer can \
         hardly tell rows apart."
    ))
}

fn noise(networks: &[ProbedNetwork]) -> Option<String> {
    let overview = &networks.first()?.overview;
    let rows = overview.rows as f64;
    let noise = overview.layers.iter().rev().skip(1).filter_map(|layer| layer.noise);
    let noise: Vec<f64> = noise.map(|noise| noise.mean).collect();
    let (low, high) =
        noise.iter().fold((f64::MAX, 0.0_f64), |(low, high), noise| (low.min(*noise), high.max(*noise)));
    (!noise.is_empty()).then(|| {
        format!(
            "Noise: from batch to batch of {} rows, the mean of a unit moves by {} of its standard deviation \
             (independent rows: {:.0} %).",
            overview.rows,
            percentages(low, high),
            100.0 / rows.sqrt()
        )
    })
}

/// Such as `3 to 15 %`, or `16 %` if both look the same.
fn percentages(low: f64, high: f64) -> String {
    let [low, high] = [low, high].map(|share| format!("{:.0}", 100.0 * share));
    if low == high { format!("{low} %") } else { format!("{low} to {high} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ends_of_a_range_are_one_number() {
        assert_eq!(percentages(0.03, 0.151), "3 to 15 %");
        assert_eq!(percentages(0.158, 0.162), "16 %");
    }
}
