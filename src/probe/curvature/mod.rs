//! The curvature of the loss: products with the Hessian, and the ends of its spectrum.

pub(crate) mod hessian;
pub(crate) mod lanczos;
pub(crate) mod tridiagonal;
