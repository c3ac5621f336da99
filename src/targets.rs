//! What the scores of a pass are compared with.

use ndarray::ArrayView2;

use crate::kernel::real::Real;

/// The truth for each row of a pass, for the loss layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Targets<'a, F> {
    /// The class of each row, `n` numbers from 0.
    Classes(&'a [u32]),
    /// The values of each row, `(n, outputs)`, as scaled for training.
    Values(ArrayView2<'a, F>),
}

impl<'a, F: Real> Targets<'a, F> {
    /// For passes of which only the scores are wanted.
    pub fn none() -> Self {
        Self::Classes(&[])
    }

    /// The values of each row.
    ///
    /// # Panics
    ///
    /// If the targets are classes, likewise.
    pub fn values(self) -> ArrayView2<'a, F> {
        match self {
            Self::Values(values) => values,
            Self::Classes(_) => panic!("a loss for values was given classes"),
        }
    }

    /// The class of each row.
    ///
    /// # Panics
    ///
    /// If the targets are values: a plan with a loss for classes on such data is refused before
    /// anything is trained.
    pub fn classes(self) -> &'a [u32] {
        match self {
            Self::Classes(classes) => classes,
            Self::Values(_) => panic!("a loss for classes was given values"),
        }
    }
}
