//! Learning-rate schedules: pure functions of the step.

use crate::settings::settings;

settings! {
    /// The factor on the learning rate over the steps of a run: a linear warm-up, then a decay.
    ///
    /// Below, `t` counts steps after the warm-up from 0, and an epoch has `e` steps.
    pub enum Schedule, type defaults to "constant" {
        Constant(ConstantRate) = "constant";
        Step(StepDecay) = "step";
        Exponential(ExponentialDecay) = "exponential";
        Cosine(CosineDecay) = "cosine";
    }
}

settings! {
    /// The learning rate stays the same.
    pub struct ConstantRate {
        /// Steps over which the learning rate rises linearly, before the schedule.
        warmup_steps: u64 = 0, range(0..=1_000_000_000);
    }
}

settings! {
    /// The learning rate falls every few epochs.
    ///
    /// `factor ^ floor(t / (e * every_epochs))`.
    pub struct StepDecay {
        /// Steps over which the learning rate rises linearly, before the schedule.
        warmup_steps: u64 = 0, range(0..=1_000_000_000);
        /// Factor on the learning rate at each fall.
        factor: f64 = 0.1, range(> 0.0..=1.0);
        /// Epochs between two falls.
        every_epochs: u64 = 10, range(1..=1_000_000_000);
    }
}

settings! {
    /// The learning rate falls after every epoch, or after every step. A factor above 1 lets it grow.
    ///
    /// `factor ^ floor(t / e)`, the `lr_decay` of CS231n; each step, `factor ^ t` (Li and Arora 2020).
    pub struct ExponentialDecay {
        /// Steps over which the learning rate rises linearly, before the schedule.
        warmup_steps: u64 = 0, range(0..=1_000_000_000);
        /// Factor on the learning rate after each epoch or step.
        factor: f64 = 0.1, range(> 0.0);
        /// Whether the rate changes after each epoch or each step.
        each: DecayPeriod = DecayPeriod::Epoch;
    }
}

settings! {
    /// The time between two changes of the learning rate.
    pub enum DecayPeriod {
        /// An epoch.
        Epoch = "epoch";
        /// A step.
        Step = "step";
    }
}

settings! {
    /// The learning rate falls along half a cosine until the last step.
    ///
    /// `floor + (1 - floor) * (1 + cos(pi * t / total)) / 2`, where `total` is the number of steps after the
    /// warm-up. Source: Loshchilov and Hutter 2017, one cycle.
    pub struct CosineDecay {
        /// Steps over which the learning rate rises linearly, before the schedule.
        warmup_steps: u64 = 0, range(0..=1_000_000_000);
        /// Fraction of the learning rate that is left at the end.
        floor: f64 = 0.0, range(0.0..=1.0);
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Constant(ConstantRate::default())
    }
}

impl Schedule {
    /// The factor on the learning rate at `step`, from 1, of a run of `total_steps`.
    pub fn factor(&self, step: u64, steps_per_epoch: u64, total_steps: u64) -> f64 {
        let warmup = self.warmup_steps();
        if step <= warmup {
            return step as f64 / warmup as f64;
        }
        let t = step - 1 - warmup;
        let falls = |factor: f64, every: u64| factor.powf((t / every.max(1)) as f64);
        match self {
            Self::Constant(_) => 1.0,
            Self::Step(decay) => falls(decay.factor, steps_per_epoch * decay.every_epochs),
            Self::Exponential(decay) => match decay.each {
                DecayPeriod::Epoch => falls(decay.factor, steps_per_epoch),
                DecayPeriod::Step => falls(decay.factor, 1),
            },
            Self::Cosine(CosineDecay { floor, .. }) => {
                let total = total_steps.saturating_sub(warmup).max(1);
                let share = (t as f64 / total as f64).min(1.0);
                floor + (1.0 - floor) * 0.5 * (1.0 + (std::f64::consts::PI * share).cos())
            }
        }
    }

    /// Whether the factor depends on the number of steps of the whole run.
    pub fn depends_on_total(&self) -> bool {
        matches!(self, Self::Cosine(_))
    }

    fn warmup_steps(&self) -> u64 {
        match self {
            Self::Constant(schedule) => schedule.warmup_steps,
            Self::Step(schedule) => schedule.warmup_steps,
            Self::Exponential(schedule) => schedule.warmup_steps,
            Self::Cosine(schedule) => schedule.warmup_steps,
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
        let step: Schedule = StepDecay { every_epochs: 2, ..StepDecay::default() }.into();
        assert_eq!(factors(&step, &[1, 20, 21, 40, 41]), [1.0, 1.0, 0.1, 0.1, 0.1_f64.powf(2.0)]);
        let exponential: Schedule = ExponentialDecay { factor: 0.5, ..ExponentialDecay::default() }.into();
        assert_eq!(factors(&exponential, &[1, 10, 11, 21]), [1.0, 1.0, 0.5, 0.25]);
        let cosine: Schedule = CosineDecay { floor: 0.2, ..CosineDecay::default() }.into();
        let growing =
            ExponentialDecay { factor: 2.0, each: DecayPeriod::Step, ..ExponentialDecay::default() };
        assert_eq!(factors(&growing.into(), &[1, 2, 4, 11]), [1.0, 2.0, 8.0, 1024.0]);
        let [first, middle, last] = factors(&cosine, &[1, 51, 101])[..] else { panic!("three") };
        assert_eq!(first, 1.0);
        assert!((middle - 0.6).abs() < 1e-12 && (last - 0.2).abs() < 1e-12, "{middle} {last}");
    }

    #[test]
    fn warm_up_is_linear_and_delays_the_decay() {
        let schedule: Schedule =
            ExponentialDecay { factor: 0.5, warmup_steps: 4, ..ExponentialDecay::default() }.into();
        assert_eq!(factors(&schedule, &[1, 2, 4, 5, 14, 15]), [0.25, 0.5, 1.0, 1.0, 1.0, 0.5]);
    }
}
