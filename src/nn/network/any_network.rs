//! A network in either precision.

use crate::nn::Network;

/// A network in the precision that it was trained in.
#[expect(missing_docs, reason = "the names are Rust's own")]
pub enum AnyNetwork {
    F32(Network<f32>),
    F64(Network<f64>),
}

/// `with_network!(any, network => expression)` evaluates `expression` with the [`Network`] in an
/// [`AnyNetwork`], whatever its precision.
macro_rules! with_network {
    ($any:expr, $network:ident => $body:expr) => {
        match $any {
            $crate::nn::AnyNetwork::F32($network) => $body,
            $crate::nn::AnyNetwork::F64($network) => $body,
        }
    };
}
pub(crate) use with_network;

impl From<Network<f32>> for AnyNetwork {
    fn from(network: Network<f32>) -> Self {
        Self::F32(network)
    }
}

impl From<Network<f64>> for AnyNetwork {
    fn from(network: Network<f64>) -> Self {
        Self::F64(network)
    }
}
