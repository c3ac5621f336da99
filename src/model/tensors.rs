//! The tensors of a network as bytes, and back.

use std::collections::BTreeSet;

use ndarray::Array2;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use sha2::{Digest, Sha256};

use crate::kernel::real::Real;
use crate::model::error::ModelFault;
use crate::nn::{InitialWeights, LayerSpec, Network};

/// SHA-256 of all tensors of `network`, names and bits, in hexadecimal: two networks have the same
/// one exactly if all their weights and running statistics are equal.
pub fn result_hash<F: Real>(network: &Network<F>) -> String {
    let mut hash = Sha256::new();
    for (name, _, bytes) in tensors(network) {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    format!("{:x}", hash.finalize())
}

/// What the names of the tensors of a member of an ensemble begin with, by its index; nothing for the first.
pub(crate) fn member_prefix(index: usize) -> String {
    if index == 0 { String::new() } else { format!("member_{}.", index + 1) }
}

/// Name, shape and little-endian bytes of each tensor.
pub(crate) fn tensors<F: Real>(network: &Network<F>) -> impl Iterator<Item = (&str, [usize; 2], Vec<u8>)> {
    network.params().map(|param| {
        let mut bytes = Vec::with_capacity(param.value.len() * size_of::<F>());
        param.value.iter().for_each(|value| value.put_le_bytes(&mut bytes));
        (param.name.as_str(), [param.value.nrows(), param.value.ncols()], bytes)
    })
}

/// The safetensors type of `F`.
pub(crate) fn dtype<F: Real>() -> Dtype {
    if F::NAME == "f64" { Dtype::F64 } else { Dtype::F32 }
}

/// The network of `layers` with the tensors of a file whose names begin with `prefix`, of the right shapes and
/// precision and with finite numbers. Their names are removed from `unused`.
///
/// A tensor is allocated only after its shape was found in the file, so nothing larger than the file
/// is.
pub(crate) fn restore<F: Real>(
    layers: &[LayerSpec],
    (inputs, outputs): (usize, usize),
    seed: u64,
    file: &SafeTensors<'_>,
    prefix: &str,
    unused: &mut BTreeSet<&str>,
) -> Result<Network<F>, ModelFault> {
    let in_file = |name: &str| format!("{prefix}{name}");
    let weights =
        |wanted: &InitialWeights<'_>| tensor(file, &in_file(wanted.name), (wanted.inputs, wanted.units));
    let mut network = Network::<F>::build_with(layers, inputs, outputs, seed, weights)?;
    for param in network.params_mut() {
        let name = in_file(&param.name);
        unused.remove(name.as_str());
        // Weights are loaded while the network is built; the other tensors are rows.
        if !name.ends_with(".weight") {
            param.value = tensor(file, &name, param.value.dim())?;
        }
        if name.ends_with(".running_var") {
            check_variances(&name, &param.value)?;
        }
    }
    Ok(network)
}

fn tensor<F: Real>(
    file: &SafeTensors<'_>,
    name: &str,
    expected: (usize, usize),
) -> Result<Array2<F>, ModelFault> {
    let view = file.tensor(name).map_err(|_| ModelFault::MissingTensor(name.to_owned()))?;
    check_type::<F>(name, &view, expected)?;
    let values = view.data().chunks_exact(size_of::<F>()).map(F::from_le_bytes).collect();
    let array = Array2::from_shape_vec(expected, values).expect("safetensors checked the length");
    let bad = array.indexed_iter().find(|(_, value)| !value.is_finite());
    match bad {
        Some(((row, column), value)) => {
            Err(ModelFault::NotFinite { name: name.to_owned(), row, column, value: Real::to_f64(*value) })
        }
        None => Ok(array),
    }
}

fn check_type<F: Real>(
    name: &str,
    view: &TensorView<'_>,
    expected: (usize, usize),
) -> Result<(), ModelFault> {
    let name = name.to_owned();
    if view.dtype() != dtype::<F>() {
        return Err(ModelFault::Precision { name, found: format!("{:?}", view.dtype()), expected: F::NAME });
    }
    if view.shape() != [expected.0, expected.1] {
        return Err(ModelFault::Shape { name, found: view.shape().to_vec(), expected });
    }
    Ok(())
}

fn check_variances<F: Real>(name: &str, variances: &Array2<F>) -> Result<(), ModelFault> {
    match variances.iter().position(|&value| value < F::zero()) {
        Some(column) => {
            let value = Real::to_f64(variances[[0, column]]);
            Err(ModelFault::NegativeVariance { name: name.to_owned(), column, value })
        }
        None => Ok(()),
    }
}
