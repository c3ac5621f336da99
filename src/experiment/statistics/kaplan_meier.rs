//! Times to an event that not every run lives to see.
//!
//! At each time `t_i` with `d_i` events among the `n_i` runs that are still watched, the share without
//! the event falls by the factor `1 - d_i / n_i`: the estimate `S` of Kaplan and Meier. Its interval is
//! that of `ln(-ln S)` with Greenwood's variance, `S^exp(-+ z q / ln S)` with
//! `q^2 = sum d_i / (n_i (n_i - d_i))`, which stays within 0 and 1. The *restricted mean* up to a time
//! `tau` is the area under `S`: the mean time, where what takes longer than `tau` counts as `tau`.
//!
//! Kaplan and Meier, "Nonparametric estimation from incomplete observations", 1958; Kalbfleisch and
//! Prentice, "The statistical analysis of failure time data", 2002, sections 1.4 and 3.1.

use serde::{Deserialize, Serialize};

use crate::metrics::Interval;

/// The quantile of the standard normal distribution for intervals at 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// What is known of the time to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObservedTime {
    /// It happened then.
    Event(u64),
    /// Not until then; after that it was not watched.
    Censored(u64),
    /// It never happens, as for a run that diverged.
    Never,
}

/// The share of runs that have not got there, after a step at which some did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurvivalStep {
    /// The time.
    pub step: u64,
    /// Runs that were watched and had not got there before.
    pub at_risk: usize,
    /// Those of them that got there now.
    pub events: usize,
    /// The estimate from here to the next step.
    pub share: f64,
    /// Of the share; none where it is 0, and 1 has none either.
    pub interval: Option<Interval>,
}

/// The estimate of Kaplan and Meier.
#[derive(Clone, Debug, PartialEq)]
pub struct KaplanMeier {
    /// In the order of time; empty without an event.
    pub steps: Vec<SurvivalStep>,
}

impl KaplanMeier {
    /// From the times of independent runs.
    pub fn of(times: &[ObservedTime]) -> Self {
        let mut event_times: Vec<u64> = times
            .iter()
            .filter_map(|time| match time {
                ObservedTime::Event(step) => Some(*step),
                ObservedTime::Censored(_) | ObservedTime::Never => None,
            })
            .collect();
        event_times.sort_unstable();
        event_times.dedup();
        let (mut share, mut variance) = (1.0, 0.0);
        let step = |step: u64| {
            let is_at_risk = |time: &&ObservedTime| match **time {
                ObservedTime::Event(end) | ObservedTime::Censored(end) => step <= end,
                ObservedTime::Never => true,
            };
            let at_risk = times.iter().filter(is_at_risk).count();
            let events = times.iter().filter(|time| **time == ObservedTime::Event(step)).count();
            let (n, d) = (at_risk as f64, events as f64);
            share *= 1.0 - d / n;
            variance += d / (n * (n - d));
            SurvivalStep { step, at_risk, events, share, interval: interval(share, variance) }
        };
        Self { steps: event_times.into_iter().map(step).collect() }
    }

    /// The area under the curve from 0 to `tau`.
    pub fn restricted_mean(&self, tau: u64) -> f64 {
        self.area(0, tau)
    }

    /// The standard error of the restricted mean: the square root of `sum A_i^2 d_i / (n_i (n_i - d_i))`, where
    /// `A_i` is the area from `t_i` to `tau`.
    pub fn standard_error(&self, tau: u64) -> f64 {
        let term = |step: &SurvivalStep| {
            let (n, d) = (step.at_risk as f64, step.events as f64);
            // Where the curve falls to 0, no area is left.
            if n == d { 0.0 } else { self.area(step.step, tau).powi(2) * d / (n * (n - d)) }
        };
        // From 0, since the sum of no numbers is -0.
        self.steps.iter().filter(|step| step.step < tau).map(term).fold(0.0, |sum, term| sum + term).sqrt()
    }

    fn area(&self, from: u64, tau: u64) -> f64 {
        let (mut area, mut at, mut share) = (0.0, from, 1.0);
        for step in &self.steps {
            if step.step > from {
                let to = step.step.min(tau);
                area += share * to.saturating_sub(at) as f64;
                at = at.max(to);
            }
            share = step.share;
        }
        area + share * tau.saturating_sub(at) as f64
    }
}

fn interval(share: f64, variance: f64) -> Option<Interval> {
    if share <= 0.0 || 1.0 <= share {
        return None;
    }
    let distance = Z * variance.sqrt() / share.ln();
    // `distance` is negative.
    Some(Interval { low: share.powf((-distance).exp()), high: share.powf(distance.exp()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> KaplanMeier {
        let events = [180, 120, 210, 145, 150].map(ObservedTime::Event);
        KaplanMeier::of(&[&events[..], &[ObservedTime::Censored(300); 3]].concat())
    }

    #[test]
    fn the_curve_falls_at_each_event() {
        let curve = example();
        let shares: Vec<f64> = curve.steps.iter().map(|step| step.share).collect();
        assert_eq!(shares, [0.875, 0.75, 0.625, 0.5, 0.375]);
        let steps: Vec<(u64, usize)> = curve.steps.iter().map(|step| (step.step, step.at_risk)).collect();
        assert_eq!(steps, [(120, 8), (145, 7), (150, 6), (180, 5), (210, 4)]);
        for (index, low, high) in [(0, 0.387_000_01, 0.981_392_97), (4, 0.087_006_23, 0.674_363_33)] {
            let interval = curve.steps[index].interval.unwrap();
            assert!((interval.low - low).abs() < 1e-8 && (interval.high - high).abs() < 1e-8, "{interval:?}");
        }
    }

    #[test]
    fn the_restricted_mean_is_the_area() {
        let curve = example();
        assert!((curve.restricted_mean(300) - 213.125).abs() < 1e-12);
        assert!((curve.standard_error(300) - 25.325_035).abs() < 1e-6, "{}", curve.standard_error(300));
        assert_eq!(curve.restricted_mean(100), 100.0);
        // Two of four at once: an area of 2 is left, and 2^2 * 2 / (4 * 2) is 1.
        let both = KaplanMeier::of(&[[ObservedTime::Event(5); 2], [ObservedTime::Censored(9); 2]].concat());
        assert_eq!((both.restricted_mean(9), both.standard_error(9)), (7.0, 1.0));
        assert_eq!(KaplanMeier::of(&[]).restricted_mean(50), 50.0);
    }

    #[test]
    fn a_run_that_never_gets_there_is_watched_for_ever() {
        let times = [ObservedTime::Event(10), ObservedTime::Never, ObservedTime::Censored(5)];
        let curve = KaplanMeier::of(&times);
        assert_eq!((curve.steps[0].at_risk, curve.steps[0].share), (2, 0.5));
        // Events at the time of the censoring come first.
        let both = KaplanMeier::of(&[ObservedTime::Event(5), ObservedTime::Censored(5)]);
        assert_eq!((both.steps[0].at_risk, both.steps[0].share), (2, 0.5));
        let all = KaplanMeier::of(&[ObservedTime::Event(5), ObservedTime::Event(5)]);
        assert_eq!((all.steps[0].share, all.steps[0].interval), (0.0, None));
        assert_eq!((all.restricted_mean(9), all.standard_error(9)), (5.0, 0.0));
        assert_eq!(all.standard_error(1).to_bits(), 0, "without a sign");
    }
}
