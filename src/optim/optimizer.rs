//! The update rules.

use ndarray::Array2;

use super::OptimizerSpec;
use crate::kernel::wide;
use crate::nn::{Network, Param, Role};
use crate::real::Real;

/// An update rule with its state: one or two tensors for each trained tensor, in the same order.
pub struct Optimizer<F> {
    rule: OptimizerSpec,
    state: Vec<[Param<F>; 2]>,
}

impl<F: Real> Optimizer<F> {
    /// The rule of `spec` with its state at 0 for each trained tensor of `network`.
    pub fn new(spec: &OptimizerSpec, network: &Network<F>) -> Self {
        // The first moment and the second; what a rule does not use stays empty.
        let (first, second) = match spec {
            OptimizerSpec::Sgd(sgd) if sgd.momentum == 0.0 => ("", ""),
            OptimizerSpec::Sgd(_) => ("sgd_velocity", ""),
            OptimizerSpec::RmsProp(_) => ("", "rmsprop_square"),
            OptimizerSpec::Adam(_) | OptimizerSpec::AdamW(_) => ("adam_m", "adam_v"),
        };
        let tensor = |prefix: &str, param: &Param<F>| {
            let shape = if prefix.is_empty() { (0, 0) } else { param.value.dim() };
            Param {
                name: format!("{prefix}/{}", param.name),
                role: param.role,
                value: Array2::zeros(shape),
                grad: Array2::zeros((0, 0)),
            }
        };
        let trained = network.params().filter(|param| param.is_trained());
        Self {
            rule: spec.clone(),
            state: trained.map(|param| [tensor(first, param), tensor(second, param)]).collect(),
        }
    }

    /// The tensors of the state, in the order of the trained tensors: what the rule carries from one
    /// step to the next, besides the number of the step.
    pub fn state(&self) -> impl Iterator<Item = &Param<F>> {
        self.state.iter().flatten().filter(|tensor| !tensor.value.is_empty())
    }

    /// The same tensors, to be set.
    pub fn state_mut(&mut self) -> impl Iterator<Item = &mut Param<F>> {
        self.state.iter_mut().flatten().filter(|tensor| !tensor.value.is_empty())
    }

    /// Moves every trained tensor of `network` by its gradient, at `step` (from 1) with the rate
    /// that the schedule gives.
    ///
    /// Coupled decay is not part of this: the trainer adds it to the gradients.
    pub fn step(&mut self, network: &mut Network<F>, step: u64, learning_rate: f64) {
        let trained = network.params_mut().filter(|param| param.is_trained());
        for (param, [first, second]) in trained.zip(&mut self.state) {
            let is_weight = param.role == Role::Weight;
            let w = slice(&mut param.value);
            let g: &[F] = slice(&mut param.grad);
            let (m, v) = (slice(&mut first.value), slice(&mut second.value));
            match &self.rule {
                OptimizerSpec::Sgd(sgd) if sgd.momentum == 0.0 => descend(w, g, learning_rate),
                OptimizerSpec::Sgd(sgd) => momentum(w, g, m, learning_rate, sgd.momentum, sgd.nesterov),
                OptimizerSpec::RmsProp(rms) => rmsprop(w, g, v, learning_rate, rms.decay, rms.eps),
                OptimizerSpec::Adam(spec) => {
                    adam(
                        w,
                        g,
                        m,
                        v,
                        &AdamStep::new(step, learning_rate, 0.0, spec.beta1, spec.beta2, spec.eps),
                    );
                }
                OptimizerSpec::AdamW(spec) => {
                    let decay = if is_weight { spec.weight_decay } else { 0.0 };
                    adam(
                        w,
                        g,
                        m,
                        v,
                        &AdamStep::new(step, learning_rate, decay, spec.beta1, spec.beta2, spec.eps),
                    );
                }
            }
        }
    }
}

fn slice<F>(array: &mut Array2<F>) -> &mut [F] {
    array.as_slice_mut().expect("parameters are in row-major layout")
}

fn descend<F: Real>(w: &mut [F], g: &[F], learning_rate: f64) {
    let rate = F::from_f64(learning_rate);
    wide(
        #[inline(always)]
        || {
            for (w, &g) in w.iter_mut().zip(g) {
                *w -= rate * g;
            }
        },
    );
}

fn momentum<F: Real>(w: &mut [F], g: &[F], v: &mut [F], learning_rate: f64, momentum: f64, nesterov: bool) {
    let (rate, momentum) = (F::from_f64(learning_rate), F::from_f64(momentum));
    wide(
        #[inline(always)]
        || {
            for ((w, &g), v) in w.iter_mut().zip(g).zip(v) {
                *v = momentum * *v + g;
                *w -= rate * if nesterov { g + momentum * *v } else { *v };
            }
        },
    );
}

fn rmsprop<F: Real>(w: &mut [F], g: &[F], s: &mut [F], learning_rate: f64, decay: f64, eps: f64) {
    let (rate, eps) = (F::from_f64(learning_rate), F::from_f64(eps));
    let (keep, take) = (F::from_f64(decay), F::from_f64(1.0 - decay));
    wide(
        #[inline(always)]
        || {
            for ((w, &g), s) in w.iter_mut().zip(g).zip(s) {
                *s = keep * *s + take * g * g;
                *w -= rate * g / (s.sqrt() + eps);
            }
        },
    );
}

/// What is constant over one step of Adam.
struct AdamStep<F> {
    keep: F, // 1 - learning_rate * weight_decay
    beta1: F,
    take1: F, // 1 - beta1, rounded once
    beta2: F,
    take2: F,           // 1 - beta2, rounded once
    rate: F,            // learning_rate / (1 - beta1^t)
    root_correction: F, // 1 / sqrt(1 - beta2^t)
    eps: F,
}

impl<F: Real> AdamStep<F> {
    fn new(step: u64, learning_rate: f64, weight_decay: f64, beta1: f64, beta2: f64, eps: f64) -> Self {
        let t = step as f64;
        Self {
            keep: F::from_f64(1.0 - learning_rate * weight_decay),
            beta1: F::from_f64(beta1),
            take1: F::from_f64(1.0 - beta1),
            beta2: F::from_f64(beta2),
            take2: F::from_f64(1.0 - beta2),
            rate: F::from_f64(learning_rate / (1.0 - beta1.powf(t))),
            root_correction: F::from_f64(1.0 / (1.0 - beta2.powf(t)).sqrt()),
            eps: F::from_f64(eps),
        }
    }
}

fn adam<F: Real>(w: &mut [F], g: &[F], m: &mut [F], v: &mut [F], step: &AdamStep<F>) {
    let &AdamStep { keep, beta1, take1, beta2, take2, rate, root_correction, eps } = step;
    wide(
        #[inline(always)]
        || {
            for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
                *m = beta1 * *m + take1 * g;
                *v = beta2 * *v + take2 * g * g;
                *w = keep * *w - rate * *m / (v.sqrt() * root_correction + eps);
            }
        },
    );
}
