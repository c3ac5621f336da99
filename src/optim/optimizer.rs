//! An update rule with its state.

use ndarray::Array2;

use crate::kernel::real::Real;
use crate::kernel::{ThreadPool, update, zeros};
use crate::nn::{Network, Param};
use crate::optim::OptimizerSpec;
use crate::optim::rule::{Rule, StepContext};
use crate::optim::spec::with_rule;

/// An update rule with its state: up to two tensors for each trained tensor, in the same order.
pub struct Optimizer<F> {
    spec: OptimizerSpec,
    state: Vec<[Param<F>; 2]>,
}

impl<F: Real> Optimizer<F> {
    /// The rule of `spec` with its state at 0 for each trained tensor of `network`.
    pub fn new(spec: &OptimizerSpec, network: &Network<F>) -> Self {
        let tensor = |name: Option<&&str>, param: &Param<F>| {
            // What a rule does not use stays empty.
            let (rows, columns) = if name.is_some() { param.value.dim() } else { (0, 0) };
            Param {
                name: format!("{}/{}", name.unwrap_or(&""), param.name),
                kind: param.kind,
                value: zeros(rows, columns),
                grad: Array2::zeros((0, 0)),
                rate_factor: param.rate_factor,
                decay_factor: param.decay_factor,
            }
        };
        let names = spec.state();
        let trained = network.params().filter(|param| param.is_trained());
        let state = trained.map(|param| [tensor(names.first(), param), tensor(names.get(1), param)]);
        Self { spec: spec.clone(), state: state.collect() }
    }

    /// The tensors of the state, in the order of the trained tensors. Together with the number of the step
    /// they are all that one step leaves to the next.
    pub fn state(&self) -> impl Iterator<Item = &Param<F>> {
        self.state.iter().flatten().filter(|tensor| !tensor.value.is_empty())
    }

    /// The same tensors, to be set.
    pub fn state_mut(&mut self) -> impl Iterator<Item = &mut Param<F>> {
        self.state.iter_mut().flatten().filter(|tensor| !tensor.value.is_empty())
    }

    /// Updates every trained tensor of `network` by its gradient, at `step` (from 1) with the rate
    /// that the schedule gives. The threads of `pool` share the work; results do not depend on them.
    ///
    /// Coupled decay is not part of this: the training step adds it to the gradients.
    pub fn step(&mut self, pool: &ThreadPool, network: &mut Network<F>, step: u64, learning_rate: f64) {
        with_rule!(&self.spec, rule => step_by(rule, &mut self.state, pool, network, step, learning_rate));
    }
}

/// One step of `rule` for each trained tensor, at its own rate.
fn step_by<F: Real>(
    rule: &(impl Rule + Sync),
    state: &mut [[Param<F>; 2]],
    pool: &ThreadPool,
    network: &mut Network<F>,
    number: u64,
    learning_rate: f64,
) {
    let trained = network.params_mut().filter(|param| param.is_trained());
    for (param, state) in trained.zip(state) {
        let learning_rate = learning_rate * param.rate_factor;
        let step = StepContext { number, learning_rate, decay_factor: param.decay_factor };
        let state = state.each_mut().map(|tensor| {
            let value = &mut tensor.value;
            (!value.is_empty()).then(|| value.view_mut())
        });
        update(
            pool,
            param.value.view_mut(),
            &param.grad.view(),
            state,
            #[inline(always)]
            |w, g, first, second| rule.update(&step, w, g, [first, second]),
        );
    }
}
