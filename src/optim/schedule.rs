//! Learning-rate schedules: pure functions of the step.

use serde::{Deserialize, Serialize};

/// `[training.schedule]`: a linear warm-up, then a decay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// The decay after the warm-up.
    #[serde(rename = "type")]
    pub decay: Decay,
    /// Steps over which the rate rises linearly from `1 / warmup_steps` of itself; 0 for no warm-up.
    pub warmup_steps: u64,
    /// For `step` and `exponential`: multiplies the rate; `0 < factor <= 1`.
    pub factor: f64,
    /// For `step`: epochs between two decays; at least 1.
    pub every_epochs: u64,
    /// For `cosine`: the final rate as a share of the initial one; `0..=1`.
    pub floor: f64,
}

/// The shape of a schedule; `t` counts steps after the warm-up from 0, an epoch has `e` steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decay {
    /// 1.
    Constant,
    /// `factor ^ floor(t / (e * every_epochs))`.
    Step,
    /// `factor ^ floor(t / e)`: once per epoch, the course's `lr_decay`.
    Exponential,
    /// `floor + (1 - floor) * (1 + cos(pi * t / total)) / 2` (Loshchilov and Hutter 2017, one
    /// cycle), `total` being the steps after the warm-up.
    Cosine,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { decay: Decay::Constant, warmup_steps: 0, factor: 0.1, every_epochs: 10, floor: 0.0 }
    }
}

impl Schedule {
    /// The factor on the learning rate at `step`, from 1, of a run of `total_steps`.
    pub fn factor(&self, step: u64, steps_per_epoch: u64, total_steps: u64) -> f64 {
        if step <= self.warmup_steps {
            return step as f64 / self.warmup_steps as f64;
        }
        let done = step - 1 - self.warmup_steps;
        let falls = |every: u64| self.factor.powf((done / every.max(1)) as f64);
        match self.decay {
            Decay::Constant => 1.0,
            Decay::Step => falls(steps_per_epoch * self.every_epochs),
            Decay::Exponential => falls(steps_per_epoch),
            Decay::Cosine => {
                let total = total_steps.saturating_sub(self.warmup_steps).max(1);
                let share = (done as f64 / total as f64).min(1.0);
                self.floor + (1.0 - self.floor) * 0.5 * (1.0 + (std::f64::consts::PI * share).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(schedule: &Schedule, steps: &[u64]) -> Vec<f64> {
        steps.iter().map(|&step| schedule.factor(step, 10, 100)).collect()
    }

    #[test]
    fn each_decay_follows_its_formula() {
        let step = Schedule { decay: Decay::Step, every_epochs: 2, ..Schedule::default() };
        assert_eq!(factors(&step, &[1, 20, 21, 40, 41]), [1.0, 1.0, 0.1, 0.1, 0.1_f64.powf(2.0)]);
        let exponential = Schedule { decay: Decay::Exponential, factor: 0.5, ..Schedule::default() };
        assert_eq!(factors(&exponential, &[1, 10, 11, 21]), [1.0, 1.0, 0.5, 0.25]);
        let cosine = Schedule { decay: Decay::Cosine, floor: 0.2, ..Schedule::default() };
        let [first, middle, last] = factors(&cosine, &[1, 51, 101])[..] else { panic!("three") };
        assert_eq!(first, 1.0);
        assert!((middle - 0.6).abs() < 1e-12 && (last - 0.2).abs() < 1e-12, "{middle} {last}");
    }

    #[test]
    fn warm_up_is_linear_and_delays_the_decay() {
        let schedule =
            Schedule { decay: Decay::Exponential, factor: 0.5, warmup_steps: 4, ..Schedule::default() };
        assert_eq!(factors(&schedule, &[1, 2, 4, 5, 14, 15]), [0.25, 0.5, 1.0, 1.0, 1.0, 0.5]);
    }
}
