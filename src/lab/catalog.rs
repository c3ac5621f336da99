//! All claims. Their files are part of the program.

use crate::lab::{Claim, LabError};

macro_rules! claims {
    ($($name:literal,)+) => {
        const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../configs/lab/", $name, ".toml"))),)+];
    };
}

claims! {
    "gradients",
    "normalized",
    "norm-growth",
    "exponential-rate",
    "equilibrium",
    "gradient-growth",
    "rank",
    "deep-net",
    "initial-scales",
    "batch-size",
    "batch-size-layer-norm",
    "sigmoid",
    "rates",
    "scaling",
    "centering",
    "rates-layer-norm",
    "gamma-and-beta",
    "bad-start",
    "statistics-lag",
    "smoothness",
    "gradient-predictiveness",
    "covariate-shift",
    "linear-net",
    "alignment",
}

/// In the order in which they are shown.
///
/// # Errors
///
/// If a file is not that of a claim.
pub(crate) fn catalog() -> Result<Vec<Claim>, LabError> {
    FILES.iter().map(|(name, text)| Claim::parse(name, text)).collect()
}
