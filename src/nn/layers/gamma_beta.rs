//! The tensors of a norm.

use ndarray::Array2;

use crate::kernel::real::Real;
use crate::nn::{Param, ParamKind};

/// Gamma and beta where they are trained, and then the running statistics, if the norm has any.
pub(crate) struct GammaBeta<F> {
    params: Vec<Param<F>>,
    scale: bool,
    shift: bool,
    ones: Vec<F>,  // width: gamma where it is not trained
    zeros: Vec<F>, // width: beta where it is not trained
}

impl<F: Real> GammaBeta<F> {
    /// The tensors of the norm `name` over `width` features: gamma 1, trained if `scale`, beta 0, trained if
    /// `shift`.
    pub(crate) fn new(name: &str, width: usize, scale: bool, shift: bool) -> Self {
        let (ones, zeros) = (vec![F::one(); width], vec![F::zero(); width]);
        let mut params = Vec::with_capacity(4);
        let mut trained = |tensor: &str, value: F| {
            let row = Array2::from_elem((1, width), value);
            params.push(Param::trained(format!("{name}.{tensor}"), ParamKind::NoDecay, row));
        };
        if scale {
            trained("gamma", F::one());
        }
        if shift {
            trained("beta", F::zero());
        }
        Self { params, scale, shift, ones, zeros }
    }

    /// Adds the running statistic `tensor`, every entry `value`.
    pub(crate) fn add_running(&mut self, name: &str, tensor: &str, value: F) {
        self.params.push(Param::running(format!("{name}.{tensor}"), self.ones.len(), value));
    }

    /// The running statistics.
    pub(crate) fn running(&self) -> &[Param<F>] {
        &self.params[self.trained()..]
    }

    /// The same, mutable.
    pub(crate) fn running_mut(&mut self) -> &mut [Param<F>] {
        let trained = self.trained();
        &mut self.params[trained..]
    }

    /// Whether the running statistics are frozen; they are together.
    pub(crate) fn has_frozen_stats(&self) -> bool {
        self.running().iter().any(Param::is_frozen)
    }

    /// How many tensors are trained; they come first.
    fn trained(&self) -> usize {
        usize::from(self.scale) + usize::from(self.shift)
    }

    /// The scale of each column, `width`.
    pub(crate) fn gamma(&self) -> &[F] {
        if self.scale { self.params[0].row() } else { &self.ones }
    }

    /// The shift of each column, `width`.
    pub(crate) fn beta(&self) -> &[F] {
        if self.shift { self.params[usize::from(self.scale)].row() } else { &self.zeros }
    }

    /// Keeps the gradients of gamma and beta where those are trained.
    pub(crate) fn set_gradients(&mut self, dgamma: &[f64], dbeta: &[f64]) {
        let sums = [self.scale.then_some(dgamma), self.shift.then_some(dbeta)];
        for (param, sums) in self.params.iter_mut().zip(sums.into_iter().flatten()) {
            param.grad.iter_mut().zip(sums).for_each(|(grad, &sum)| *grad = F::from_f64(sum));
        }
    }

    pub(crate) fn params(&self) -> &[Param<F>] {
        &self.params
    }

    pub(crate) fn params_mut(&mut self) -> &mut [Param<F>] {
        &mut self.params
    }
}
