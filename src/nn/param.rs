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
}

impl<F: Real> Param<F> {
    /// A trained tensor with a zero gradient of the same shape.
    pub fn trained(name: String, kind: ParamKind, value: Array2<F>) -> Self {
        let grad = zeros(value.nrows(), value.ncols());
        Self { name, kind, value: aligned_copy(&value), grad }
    }

    /// A running statistic, `1 x width`, every entry `value`.
    pub fn running(name: String, width: usize, value: F) -> Self {
        let value = Array2::from_elem((1, width), value);
        Self { name, kind: ParamKind::Buffer, value, grad: Array2::zeros((0, 0)) }
    }

    /// Whether optimisers update it.
    pub fn is_trained(&self) -> bool {
        self.kind != ParamKind::Buffer
    }

    /// Sets the values of a `1 x n` tensor.
    pub(crate) fn set_row(&mut self, values: impl Iterator<Item = f64>) {
        self.value.iter_mut().zip(values).for_each(|(own, value)| *own = F::from_f64(value));
    }

    /// The values of a `1 x n` tensor.
    pub(crate) fn row(&self) -> &[F] {
        self.value.as_slice().expect("parameters are in row-major layout")
    }
}
