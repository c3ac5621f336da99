//! Forks next to the unchanged runs that they are from, paired by seed.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use crate::experiment::statistics::Estimate;
use crate::metrics::Interval;
use crate::report::results::RunKey;
use crate::report::table::Table;
use crate::report::text::layout::{Align, WIDEST, aligned, wrapped};
use crate::report::text::number::{NO_NUMBER, four_digits, ratio_and_interval};
use crate::text::Count;
use crate::train::{EpochRecord, Metric};

/// The most epochs of a table in a text.
const MAX_ROWS: usize = 12;

/// After which epoch or step forks begin; the other is none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForkStart {
    pub(crate) epoch: Option<u64>,
    pub(crate) step: Option<u64>,
}

/// What a fork changed in the loss of a network.
pub(crate) struct ForkEffect {
    /// The name of its norm.
    pub(crate) norm: String,
    /// The settings of its point; empty without a grid.
    pub(crate) point: String,
    /// What the losses are of.
    pub(crate) metric: Metric,
    /// Runs that were at the place of the fork, each with its fork.
    pub(crate) n_pairs: usize,
    /// From the fork on.
    pub(crate) epochs: Vec<ForkedEpoch>,
}

/// After an epoch, over the pairs of which both runs have it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ForkedEpoch {
    pub(crate) epoch: u64,
    pub(crate) n_pairs: usize,
    /// The mean loss of the unchanged runs.
    pub(crate) unchanged: f64,
    /// That of the forks.
    pub(crate) fork: f64,
    /// The loss of a fork over that of its run, the geometric mean.
    pub(crate) ratio: f64,
    /// 95 %, of the mean over seeds; none with one pair, and where all ratios are the same.
    pub(crate) interval: Option<Interval>,
}

/// The epochs of a fork, and those of its run.
type EpochPair<'a> = (&'a [EpochRecord], &'a [EpochRecord]);

/// For each network with a run that was at `start`, from its epoch on; without one, from the last epoch that is the same
/// in both.
///
/// The losses are of the validation rows, or of the training rows where there are no others.
pub(crate) fn fork_effects(
    unchanged: &HashMap<RunKey, Vec<EpochRecord>>,
    forks: &HashMap<RunKey, Vec<EpochRecord>>,
    start: ForkStart,
) -> Vec<ForkEffect> {
    let mut networks: BTreeMap<(&str, &str), Vec<(u64, EpochPair<'_>)>> = BTreeMap::new();
    // Others ended before.
    let is_there = |fork: &[EpochRecord]| {
        let last = fork.last();
        last.is_some_and(|last| start.epoch <= Some(last.epoch) && start.step <= Some(last.step))
    };
    for (key, fork) in forks.iter().filter(|(_, fork)| is_there(fork)) {
        let (norm, point, seed) = key;
        if let Some(before) = unchanged.get(key) {
            networks.entry((norm, point)).or_default().push((*seed, (fork, before)));
        }
    }
    let has_valid = forks.values().flatten().any(|epoch| epoch.valid.is_some());
    let metric = if has_valid { Metric::ValidLoss } else { Metric::TrainEvalLoss };
    let effect = |((norm, point), mut pairs): ((&str, &str), Vec<(u64, EpochPair<'_>)>)| {
        // Sums of floats depend on the order.
        pairs.sort_by_key(|(seed, _)| *seed);
        let pairs: Vec<EpochPair<'_>> = pairs.into_iter().map(|(_, pair)| pair).collect();
        ForkEffect {
            norm: norm.to_owned(),
            point: point.to_owned(),
            metric,
            n_pairs: pairs.len(),
            epochs: epochs(&pairs, start.epoch, metric),
        }
    };
    networks.into_iter().map(effect).collect()
}

fn epochs(pairs: &[EpochPair<'_>], first: Option<u64>, metric: Metric) -> Vec<ForkedEpoch> {
    let at = |epochs: &[EpochRecord], epoch: u64| {
        let index = epochs.binary_search_by_key(&epoch, |record| record.epoch).ok()?;
        epochs[index].metric(metric)
    };
    let both = |epoch: u64| -> Vec<(f64, f64)> {
        pairs.iter().filter_map(|(fork, before)| at(fork, epoch).zip(at(before, epoch))).collect()
    };
    let last = pairs.iter().filter_map(|(fork, _)| fork.last()).map(|record| record.epoch).max().unwrap_or(0);
    let is_same = |epoch: &u64| both(*epoch).iter().all(|(fork, before)| fork == before);
    let first = first.unwrap_or_else(|| (0..=last).take_while(is_same).last().unwrap_or(0));
    let epoch = |epoch: u64| {
        let both = both(epoch);
        let mean = |of: fn(&(f64, f64)) -> f64| both.iter().map(of).sum::<f64>() / both.len() as f64;
        let logs = Estimate::of(both.iter().map(|(fork, before)| Some(fork.ln() - before.ln())));
        let exp = |Interval { low, high }| Interval { low: f64::exp(low), high: f64::exp(high) };
        Some(ForkedEpoch {
            epoch,
            n_pairs: both.len(),
            unchanged: mean(|(_, before)| *before),
            fork: mean(|(fork, _)| *fork),
            ratio: logs.mean?.exp(),
            interval: logs.interval.map(exp),
        })
    };
    (first..=last).filter_map(epoch).collect()
}

impl ForkEffect {
    /// Such as `batch_norm optimizer.learning_rate=0.1`, with `norm` for the norm.
    pub(crate) fn network(&self, norm: &str) -> String {
        format!("{norm} {}", self.point).trim_end().to_owned()
    }

    /// Such as `validation loss`.
    pub(crate) fn loss_name(&self) -> &'static str {
        match self.metric {
            Metric::ValidLoss => "validation loss",
            _ => "training loss",
        }
    }

    /// Whether the forks have the losses of their runs.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.epochs.iter().all(|epoch| epoch.ratio == 1.0 && epoch.interval.is_none())
    }

    /// What came of the change at the last epoch; none without an epoch.
    pub(crate) fn sentence(&self, network: &str) -> Option<String> {
        let last = self.epochs.last()?;
        let loss = self.loss_name();
        let seeds = Count(last.n_pairs, "seed");
        if self.is_unchanged() {
            return Some(format!(
                "{network}: the {loss} is that of the unchanged runs at every epoch ({seeds})."
            ));
        }
        let (ratio, interval) = ratio_and_interval(last.ratio, last.interval);
        let interval = match interval.as_str() {
            NO_NUMBER if 1 < last.n_pairs => format!("the same in {seeds}: no interval"),
            NO_NUMBER => "one seed has no interval".to_owned(),
            some => format!("95\u{a0}% interval {}, {seeds}", some.trim_matches(['(', ')'])),
        };
        let (unchanged, fork) = (four_digits(last.unchanged), four_digits(last.fork));
        Some(format!(
            "{network}: after epoch {} the {loss} is {ratio} times that of the unchanged runs ({interval}): {fork} \
             instead of {unchanged} in the mean.",
            last.epoch
        ))
    }

    /// By epoch: both mean losses, and the ratio with its interval; and the number of pairs, if it is not always the same.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new(["epoch", "unchanged", "fork", "fork over unchanged"]);
        let has_seeds = self.epochs.iter().any(|epoch| epoch.n_pairs != self.n_pairs);
        table.head.extend(has_seeds.then(|| "seeds".to_owned()));
        let row = |of: &ForkedEpoch| {
            let ratio = match ratio_and_interval(of.ratio, of.interval) {
                (ratio, interval) if interval == NO_NUMBER => format!("{ratio} times"),
                (ratio, interval) => format!("{ratio} times {interval}"),
            };
            let mut row = vec![of.epoch.to_string(), four_digits(of.unchanged), four_digits(of.fork), ratio];
            row.extend(has_seeds.then(|| of.n_pairs.to_string()));
            row
        };
        table.rows = self.epochs.iter().map(row).collect();
        table
    }
}

/// A sentence for each network, then a table for each that is changed.
pub(crate) fn fork_section(effects: &[ForkEffect]) -> String {
    let mut text = String::new();
    for effect in effects {
        let sentence = effect.sentence(&effect.network(&effect.norm));
        text += &sentence.map_or_else(String::new, |sentence| wrapped(WIDEST, "", "  ", &sentence));
    }
    for effect in effects.iter().filter(|effect| !effect.is_unchanged()) {
        let table = effect.table().thinned(MAX_ROWS, "metrics.csv");
        let columns = vec![Align::Right; table.head.len()];
        let rows: Vec<Vec<String>> = std::iter::once(table.head).chain(table.rows).collect();
        let (network, loss) = (effect.network(&effect.norm), effect.loss_name());
        let _ = write!(text, "\n{network}: mean {loss}\n{}", aligned(&columns, &rows));
    }
    text
}
