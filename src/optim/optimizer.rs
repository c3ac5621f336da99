//! The update rules.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use ndarray::Array2;

use crate::kernel::real::Real;
use crate::kernel::{ThreadPool, update, zeros};
use crate::nn::{Network, Param, ParamKind};
use crate::optim::OptimizerSpec;

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
            let (rows, columns) = if prefix.is_empty() { (0, 0) } else { param.value.dim() };
            Param {
                name: format!("{prefix}/{}", param.name),
                kind: param.kind,
                value: zeros(rows, columns),
                grad: Array2::zeros((0, 0)),
                grad_is_finite: false,
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
    /// that the schedule gives; the work is shared out among `pool`.
    ///
    /// Coupled decay is not part of this: the trainer adds it to the gradients.
    pub fn step(&mut self, pool: &ThreadPool, network: &mut Network<F>, step: u64, learning_rate: f64) {
        let trained = network.params_mut().filter(|param| param.is_trained());
        for (param, [first, second]) in trained.zip(&mut self.state) {
            let is_weight = param.kind == ParamKind::Weight;
            let (w, g) = (param.value.view_mut(), param.grad.view());
            let state = [first, second].map(|tensor| {
                let value = &mut tensor.value;
                (!value.is_empty()).then(|| value.view_mut())
            });
            match &self.rule {
                OptimizerSpec::Sgd(sgd) if sgd.momentum == 0.0 => {
                    let rate = F::from_f64(learning_rate);
                    update(
                        pool,
                        w,
                        &g,
                        state,
                        #[inline(always)]
                        |w, g, _, _| descend(w, g, rate),
                    );
                }
                OptimizerSpec::Sgd(sgd) => {
                    let (rate, keep) = (F::from_f64(learning_rate), F::from_f64(sgd.momentum));
                    update(
                        pool,
                        w,
                        &g,
                        state,
                        #[inline(always)]
                        |w, g, v, _| {
                            momentum(w, g, v, rate, keep, sgd.nesterov);
                        },
                    );
                }
                OptimizerSpec::RmsProp(spec) => {
                    let rule = RmsPropStep::new(learning_rate, spec.decay, spec.eps);
                    update(
                        pool,
                        w,
                        &g,
                        state,
                        #[inline(always)]
                        |w, g, _, s| rmsprop(w, g, s, &rule),
                    );
                }
                OptimizerSpec::Adam(spec) => {
                    let rule = AdamStep::new(step, learning_rate, 0.0, spec.beta1, spec.beta2, spec.eps);
                    update(
                        pool,
                        w,
                        &g,
                        state,
                        #[inline(always)]
                        |w, g, m, v| adam(w, g, m, v, &rule),
                    );
                }
                OptimizerSpec::AdamW(spec) => {
                    let decay = if is_weight { spec.weight_decay } else { 0.0 };
                    let rule = AdamStep::new(step, learning_rate, decay, spec.beta1, spec.beta2, spec.eps);
                    update(
                        pool,
                        w,
                        &g,
                        state,
                        #[inline(always)]
                        |w, g, m, v| adam(w, g, m, v, &rule),
                    );
                }
            }
        }
    }
}

#[inline(always)]
fn descend<F: Real>(w: &mut [F], g: &[F], rate: F) {
    for (w, &g) in w.iter_mut().zip(g) {
        *w -= rate * g;
    }
}

#[inline(always)]
fn momentum<F: Real>(w: &mut [F], g: &[F], v: &mut [F], rate: F, momentum: F, nesterov: bool) {
    for ((w, &g), v) in w.iter_mut().zip(g).zip(v) {
        *v = momentum * *v + g;
        *w -= rate * if nesterov { g + momentum * *v } else { *v };
    }
}

/// What is constant over one step of RMSProp.
struct RmsPropStep<F> {
    rate: F,
    keep: F, // decay
    take: F, // 1 - decay, rounded once
    eps: F,
}

impl<F: Real> RmsPropStep<F> {
    fn new(learning_rate: f64, decay: f64, eps: f64) -> Self {
        Self {
            rate: F::from_f64(learning_rate),
            keep: F::from_f64(decay),
            take: F::from_f64(1.0 - decay),
            eps: F::from_f64(eps),
        }
    }
}

#[inline(always)]
fn rmsprop<F: Real>(w: &mut [F], g: &[F], s: &mut [F], step: &RmsPropStep<F>) {
    let &RmsPropStep { rate, keep, take, eps } = step;
    for ((w, &g), s) in w.iter_mut().zip(g).zip(s) {
        *s = keep * *s + take * g * g;
        *w -= rate * g / (s.sqrt() + eps);
    }
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

#[inline(always)]
fn adam<F: Real>(w: &mut [F], g: &[F], m: &mut [F], v: &mut [F], step: &AdamStep<F>) {
    let &AdamStep { keep, beta1, take1, beta2, take2, rate, root_correction, eps } = step;
    for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
        *m = beta1 * *m + take1 * g;
        *v = beta2 * *v + take2 * g * g;
        *w = keep * *w - rate * *m / (v.sqrt() * root_correction + eps);
    }
}
