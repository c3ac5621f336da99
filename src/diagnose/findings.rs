//! What diagnostics say, in sentences with number and threshold.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diagnose::quantity::{DiagnosticRow, Quantity};
use crate::probe::percentiles;

/// The diagnostics of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunDiagnostics {
    /// The norm, and the settings of the point of the grid: what seeds have in common.
    pub network: String,
    /// The seed of the run.
    pub seed: u64,
    /// In the order in which they were measured.
    pub rows: Vec<DiagnosticRow>,
}

/// Something about a network that is out of the ordinary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The norm, and the settings of the point of the grid.
    pub network: String,
    /// The layer where it is most so; none for the whole network.
    pub layer: Option<String>,
    /// The quantity, as in `diagnostics.csv`.
    pub quantity: String,
    /// Its last value, median over seeds; not there if it is infinite.
    pub value: Option<f64>,
    /// What it exceeds, or falls below.
    pub threshold: f64,
    /// The sentence.
    pub text: String,
}

/// When a quantity is worth a sentence.
struct Rule {
    quantity: Quantity,
    bound: Bound,
    text: fn(f64, f64) -> String,
}

#[derive(Clone, Copy)]
enum Bound {
    Above(f64),
    Below(f64),
}

impl Bound {
    fn value(self) -> f64 {
        match self {
            Self::Above(bound) | Self::Below(bound) => bound,
        }
    }

    /// How far a value is over the bound; at most 0 if it is not.
    fn excess(self, value: f64) -> f64 {
        match self {
            Self::Above(bound) => value - bound,
            Self::Below(bound) => bound - value,
        }
    }
}

const RULES: [Rule; 7] = [
    Rule {
        quantity: Quantity::DeadShare,
        bound: Bound::Above(0.1),
        text: |value, bound| {
            let (value, bound) = (100.0 * value, 100.0 * bound);
            format!("{value:.0} % of the units have the same output on all training rows (over {bound:.0} %)")
        },
    },
    Rule {
        quantity: Quantity::MeanCosine,
        bound: Bound::Above(0.99),
        text: |value, bound| {
            format!("rows are nearly the same, with a mean cosine of {value:.3} (over {bound})")
        },
    },
    Rule {
        quantity: Quantity::RunningMeanGap,
        bound: Bound::Above(0.1),
        text: |value, bound| {
            format!(
                "running means are {value:.2} deviations off those of the training rows (over {bound}): evaluation \
                 normalizes by other numbers"
            )
        },
    },
    Rule {
        quantity: Quantity::RunningStdGap,
        bound: Bound::Above(0.1),
        text: |value, bound| {
            format!(
                "running deviations differ from those of the training rows by a factor of {:.2} (over {:.2}): \
                 evaluation normalizes by other numbers",
                value.exp(),
                bound.exp()
            )
        },
    },
    Rule {
        quantity: Quantity::UpdateRatio,
        bound: Bound::Above(0.1),
        text: |value, bound| {
            format!(
                "the last step changed the weights by {:.0} % (over {:.0} %)",
                100.0 * value,
                100.0 * bound
            )
        },
    },
    Rule {
        quantity: Quantity::UpdateRatio,
        bound: Bound::Below(1e-5),
        text: |value, bound| {
            format!(
                "the weights hardly move: the last step changed them by {value:.1e} of their length (under {bound:e})"
            )
        },
    },
    Rule {
        quantity: Quantity::GammaP50,
        bound: Bound::Below(0.01),
        text: |value, bound| {
            format!("half of the gammas are at most {value:.3} (under {bound}): these units are off")
        },
    },
];

/// Other networks that a finding names; where settings are tuned, there is one for each point.
const MAX_OTHERS: usize = 4;
/// Gradients of the weights of hidden layers that differ by more than this.
const GRADIENT_SPREAD: f64 = 100.0;
/// Percentiles of what activations see that moved apart by more than this factor.
const GROWTH_OF_VALUES: f64 = 10.0;

/// What is out of the ordinary in the last measurements of `runs`, median over the seeds of each network.
///
/// The last measurement of a diverged run is of an earlier step than those of others, so that such runs are left out where
/// others of the network have not diverged, and findings about a network of which all have say so.
pub fn findings(runs: &[RunDiagnostics], has_diverged: impl Fn(&RunDiagnostics) -> bool) -> Vec<Finding> {
    let of = |network: &&'_ str| {
        let measured = runs.iter().filter(|run| run.network == **network && !run.rows.is_empty());
        let (diverged, others): (Vec<_>, Vec<_>) = measured.partition(|run| has_diverged(run));
        match others.is_empty() {
            true => Summary::of(&diverged, true),
            false => Summary::of(&others, false),
        }
    };
    let summaries: Vec<Summary<'_>> = measured_networks(runs).iter().filter_map(of).collect();
    let mut found = Vec::new();
    for summary in &summaries {
        found.extend(RULES.iter().filter_map(|rule| summary.apply(rule, &summaries)));
        found.extend(summary.gradient_spread());
        found.extend(summary.growth_of_values());
    }
    found.extend(summaries.iter().filter_map(Summary::smoothness));
    found
}

/// The networks that were measured, in the order of `runs`.
pub(crate) fn measured_networks(runs: &[RunDiagnostics]) -> Vec<&str> {
    let mut networks: Vec<&str> = Vec::new();
    for run in runs.iter().filter(|run| !run.rows.is_empty()) {
        if !networks.contains(&&*run.network) {
            networks.push(&run.network);
        }
    }
    networks
}

/// First and last values of a network, median over its runs.
struct Summary<'a> {
    network: &'a str,
    /// Of how many seeds all runs have diverged; none where a run has not.
    n_diverged: Option<usize>,
    /// In the order of the layers.
    values: Vec<SummaryValue>,
}

struct SummaryValue {
    layer: Option<Arc<str>>,
    quantity: Quantity,
    first: f64,
    last: f64,
}

impl<'a> Summary<'a> {
    /// Of the runs of one network; none without any.
    fn of(runs: &[&'a RunDiagnostics], have_diverged: bool) -> Option<Self> {
        let network = &runs.first()?.network;
        // A network that is at no position may have several runs of a seed.
        let seeds: HashSet<u64> = runs.iter().map(|run| run.seed).collect();
        let mut keys: Vec<(Option<Arc<str>>, Quantity)> = Vec::new();
        for row in runs.iter().flat_map(|run| first_rows(&run.rows)) {
            if !keys.iter().any(|(layer, quantity)| *quantity == row.quantity && *layer == row.layer) {
                keys.push((row.layer.clone(), row.quantity));
            }
        }
        let value = |(layer, quantity): (Option<Arc<str>>, Quantity)| {
            let is_it = |row: &&DiagnosticRow| row.quantity == quantity && row.layer == layer;
            let median = |of: &dyn Fn(&RunDiagnostics) -> Option<f64>| {
                let values: Vec<f64> = runs.iter().filter_map(|run| of(run)).collect();
                percentiles(values, &[0.5])[0]
            };
            let first = median(&|run| Some(run.rows.iter().find(is_it)?.value));
            let last = median(&|run| Some(run.rows.iter().rev().find(is_it)?.value));
            SummaryValue { layer, quantity, first, last }
        };
        let n_diverged = have_diverged.then_some(seeds.len());
        Some(Self { network, n_diverged, values: keys.into_iter().map(value).collect() })
    }

    fn of_quantity(&self, quantity: Quantity) -> impl Iterator<Item = &SummaryValue> {
        self.values.iter().filter(move |value| value.quantity == quantity)
    }

    fn last(&self, quantity: Quantity) -> Option<f64> {
        self.of_quantity(quantity).next().map(|value| value.last)
    }

    /// The layer that is farthest over the bound, next to the same layer of the other networks.
    fn apply(&self, rule: &Rule, all: &[Summary<'_>]) -> Option<Finding> {
        let over: Vec<&SummaryValue> =
            self.of_quantity(rule.quantity).filter(|value| rule.bound.excess(value.last) > 0.0).collect();
        let excess = |value: &&&SummaryValue| rule.bound.excess(value.last);
        let worst = over.iter().max_by(|a, b| excess(a).total_cmp(&excess(b)))?;
        let others = all.iter().filter(|other| other.network != self.network).filter_map(|other| {
            let same = other.of_quantity(rule.quantity).find(|value| value.layer == worst.layer)?;
            let diverged = if other.n_diverged.is_some() { " (diverged)" } else { "" };
            Some(format!("{} with {}{diverged}", two_decimals(same.last), other.network))
        });
        let others: Vec<String> = others.collect();
        let mut text = (rule.text)(worst.last, rule.bound.value());
        if over.len() > 1 {
            let plural = if over.len() == 2 { "" } else { "s" };
            text.push_str(&format!("; likewise in {} other layer{plural}", over.len() - 1));
        }
        if !others.is_empty() {
            let shown = others[..others.len().min(MAX_OTHERS)].join(", ");
            text.push_str(&format!("; there it is {shown}"));
        }
        if MAX_OTHERS < others.len() {
            text.push_str(&format!(" and so on, see diagnostics.csv ({} more)", others.len() - MAX_OTHERS));
        }
        Some(self.finding(worst.layer.as_deref(), rule.quantity, worst.last, rule.bound.value(), &text))
    }

    fn gradient_spread(&self) -> Option<Finding> {
        let gradients: Vec<&SummaryValue> = self.of_quantity(Quantity::WeightGradient).collect();
        let smallest = gradients.iter().min_by(|a, b| a.last.total_cmp(&b.last))?;
        let largest = gradients.iter().max_by(|a, b| a.last.total_cmp(&b.last))?;
        let ratio = largest.last / smallest.last;
        let name = |value: &SummaryValue| value.layer.as_deref().unwrap_or_default().to_owned();
        let text = format!(
            "its weights have a gradient {ratio:.0} times as long as those of {} (over {GRADIENT_SPREAD})",
            name(smallest)
        );
        (ratio > GRADIENT_SPREAD).then(|| {
            self.finding(largest.layer.as_deref(), Quantity::WeightGradient, ratio, GRADIENT_SPREAD, &text)
        })
    }

    /// The layer whose pre-activations spread most, against the start of the training.
    fn growth_of_values(&self) -> Option<Finding> {
        let lows: Vec<&SummaryValue> = self.of_quantity(Quantity::PreActivationP15).collect();
        let highs = self.of_quantity(Quantity::PreActivationP85);
        let spreads =
            highs.zip(lows).map(|(high, low)| (high, (high.last - low.last) / (high.first - low.first)));
        let spreads = spreads.filter(|(_, ratio)| ratio.is_finite());
        let (layer, ratio) = spreads.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let text = format!(
            "what the activation sees spreads {ratio:.0} times as far as before training (over {GROWTH_OF_VALUES})"
        );
        (ratio > GROWTH_OF_VALUES).then(|| {
            self.finding(layer.layer.as_deref(), Quantity::PreActivationP85, ratio, GROWTH_OF_VALUES, &text)
        })
    }

    /// A smoothness without the loss would say that a network on a plateau is best.
    fn smoothness(&self) -> Option<Finding> {
        let (smoothness, loss) = (self.last(Quantity::EffectiveSmoothness)?, self.last(Quantity::Loss)?);
        let sharpness = self.last(Quantity::Sharpness)?;
        let changes = if smoothness.is_finite() {
            let smoothness = two_digits(smoothness);
            format!(
                "the gradient changes by up to {smoothness} times the length of the step (effective smoothness)"
            )
        } else if smoothness == f64::INFINITY {
            "the gradient is not finite along the step, so that there is no effective smoothness".to_owned()
        } else {
            // The largest of no numbers is below every number.
            "there is no gradient, or no step along it, and so no effective smoothness".to_owned()
        };
        let text = format!("at its last loss of {loss:.4}, {changes}, and the sharpness is {sharpness:.3}");
        Some(self.finding(None, Quantity::EffectiveSmoothness, smoothness, 0.0, &text))
    }

    fn finding(
        &self,
        layer: Option<&str>,
        quantity: Quantity,
        value: f64,
        threshold: f64,
        text: &str,
    ) -> Finding {
        let place = layer.map_or(String::new(), |layer| format!(", {layer}"));
        let diverged = self.n_diverged.map_or(String::new(), |n| {
            format!(" (diverged in {n} of {n} seeds, and was last measured before that)")
        });
        Finding {
            network: self.network.to_owned(),
            layer: layer.map(str::to_owned),
            quantity: quantity.name().to_owned(),
            value: value.is_finite().then_some(value),
            threshold,
            text: format!("{}{place}{diverged}: {text}", self.network),
        }
    }
}

/// With two decimals, or two significant digits if those would be none.
fn two_decimals(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.005 { format!("{value:.1e}") } else { format!("{value:.2}") }
}

/// With two significant digits, and all digits before the point.
fn two_digits(value: f64) -> String {
    let rounded: f64 = format!("{value:.1e}").parse().unwrap_or(value);
    let exponent = if rounded.is_finite() && rounded != 0.0 { rounded.abs().log10().floor() } else { 0.0 };
    let decimals = (1.0 - exponent).clamp(0.0, 9.0) as usize;
    format!("{value:.decimals$}")
}

/// The rows of the first two measurements, which have every quantity.
fn first_rows(rows: &[DiagnosticRow]) -> impl Iterator<Item = &DiagnosticRow> {
    let first = rows.first().map_or(0, |row| row.step);
    let second = rows.iter().map(|row| row.step).find(|step| *step != first).unwrap_or(first);
    rows.iter().take_while(move |row| row.step <= second.max(first))
}
