//! The one kind of tensor that layers and optimisers own.

use ndarray::Array2;

use crate::kernel::real::Real;
use crate::kernel::{aligned_copy, zeros};

/// Whether a tensor is trained, and whether it is decayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Trained and decayed: the weights of affine layers.
    Weight,
    /// Trained, never decayed: bias, gamma, beta.
    NoDecay,
    /// Never trained: running statistics.
    Buffer,
}

/// A named tensor of a layer or of an optimiser. Vectors are stored as `1 x n`.
#[derive(Clone, Debug, PartialEq)]
pub struct Param<F> {
    /// Layer and tensor, such as `affine_1.weight`; layers count from 1 within their kind, so the
    /// name is the same in every twin.
    pub name: String,
    /// Whether it is trained and decayed.
    pub kind: ParamKind,
    /// The values.
    pub value: Array2<F>,
    /// The gradient of the loss, overwritten by each backward pass; empty for [`ParamKind::Buffer`].
    pub grad: Array2<F>,
    /// Factor on the learning rate, 1 by default. With 0 the tensor is frozen: it stays bit for bit.
    pub rate_factor: f64,
    /// Factor on weight decay: by default 1 for [`ParamKind::Weight`], 0 for all others.
    pub decay_factor: f64,
}

impl<F: Real> Param<F> {
    /// A trained tensor with a zero gradient of the same shape.
    pub fn trained(name: String, kind: ParamKind, value: Array2<F>) -> Self {
        let grad = zeros(value.nrows(), value.ncols());
        let decay_factor = if kind == ParamKind::Weight { 1.0 } else { 0.0 };
        Self { name, kind, value: aligned_copy(&value), grad, rate_factor: 1.0, decay_factor }
    }

    /// A running statistic, `1 x width`, every entry `value`.
    pub fn running(name: String, width: usize, value: F) -> Self {
        let value = Array2::from_elem((1, width), value);
        let grad = Array2::zeros((0, 0));
        Self { name, kind: ParamKind::Buffer, value, grad, rate_factor: 1.0, decay_factor: 0.0 }
    }

    /// Whether optimizers update it.
    pub fn is_trained(&self) -> bool {
        self.kind != ParamKind::Buffer && !self.is_frozen()
    }

    /// Whether nothing changes it in training: no optimizer, no decay, and if it is a running statistic, no
    /// batch.
    pub fn is_frozen(&self) -> bool {
        self.rate_factor == 0.0
    }

    /// Sets the values of a `1 x n` tensor.
    pub(crate) fn set_row(&mut self, values: impl Iterator<Item = f64>) {
        self.value.iter_mut().zip(values).for_each(|(own, value)| *own = F::from_f64(value));
    }

    /// The values of a `1 x n` tensor.
    pub(crate) fn row(&self) -> &[F] {
        self.value.as_slice().expect("parameters are in row-major layout")
    }

    /// The values of a `1 x n` tensor, to be changed.
    pub(crate) fn row_mut(&mut self) -> &mut [F] {
        self.value.as_slice_mut().expect("parameters are in row-major layout")
    }
}
