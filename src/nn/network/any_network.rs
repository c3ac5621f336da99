//! A network in either precision.

use std::any::Any;

use crate::kernel::real::Real;
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

impl AnyNetwork {
    /// The network, if its precision is `F`.
    pub fn get<F: Real>(&self) -> Option<&Network<F>> {
        let any: &dyn Any = with_network!(self, network => network);
        any.downcast_ref()
    }

    /// The same, mutable.
    pub fn get_mut<F: Real>(&mut self) -> Option<&mut Network<F>> {
        let any: &mut dyn Any = with_network!(self, network => network);
        any.downcast_mut()
    }
}
