//! The result of a check.

/// The result of a check, one entry for each trained tensor and one for the input.
#[derive(Clone, Debug, PartialEq)]
pub struct GradcheckReport {
    /// In the order of the layers; the input comes last.
    pub tensors: Vec<TensorCheck>,
    /// The largest error that passes.
    pub tolerance: f64,
    /// Derivatives below this were compared as if they were as large as this.
    pub floor: f64,
}

/// The result for one tensor.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct TensorCheck {
    /// Such as `affine_1.weight`, or `input`.
    pub name: String,
    /// Rows and columns.
    pub shape: (usize, usize),
    /// Entries compared.
    pub checked: usize,
    /// Entries left out because the input of a ReLU changed its sign.
    pub kinks: usize,
    /// As defined in the [module](crate::gradcheck); infinite if a derivative is not finite, 0 if no entry
    /// was compared.
    pub largest_error: f64,
    /// Row and column of the largest error, from 0.
    pub place: (usize, usize),
    /// The derivative that the backward pass gave there.
    pub analytic: f64,
    /// The central difference there.
    pub numeric: f64,
    /// The largest absolute value of all derivatives compared, analytic and numeric.
    pub largest_derivative: f64,
}

impl TensorCheck {
    /// Whether every entry compared is within `tolerance`.
    pub fn passed(&self, tolerance: f64) -> bool {
        self.largest_error <= tolerance
    }
}

impl GradcheckReport {
    /// Derivatives up to this cannot be distinguished from 0 by differences: any of them passes.
    pub fn resolution(&self) -> f64 {
        self.tolerance * self.floor
    }

    /// The first tensor with a wrong gradient on the way back from the loss: the mistake is in its own layer
    /// or in the one after it.
    pub fn first_wrong(&self) -> Option<&TensorCheck> {
        let (input, params) = self.tensors.split_last()?;
        params.iter().rev().chain([input]).find(|tensor| !tensor.passed(self.tolerance))
    }

    /// Whether at least one entry was compared and every error is within the tolerance.
    pub fn passed(&self) -> bool {
        self.tensors.iter().any(|tensor| tensor.checked > 0)
            && self.tensors.iter().all(|tensor| tensor.passed(self.tolerance))
    }
}
