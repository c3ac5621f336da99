//! Fitted on the training rows: imputation, scaling, one-hot, weights.

pub(crate) mod check;
pub(crate) mod class_weights;
pub(crate) mod clip;
pub(crate) mod encode;
pub(crate) mod encoding;
pub(crate) mod fit;
pub(crate) mod numbers;
pub(crate) mod reading_format;
pub(crate) mod scaler;
pub(crate) mod targets;
pub(crate) mod usual;
pub(crate) mod weights;
