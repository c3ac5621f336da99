//! Initial values of tensors from a safetensors file, by name: `training.init_from`.
//!
//! The file may be of another network. Its names and shapes are those of [`Param`](crate::nn::Param): a model file
//! fits, and so does what PyTorch wrote under these names. Vectors may be `n` or `1 x n`.

use std::path::{Path, PathBuf};

use ndarray::Array2;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype as FileDtype, TensorView};
use sha2::{Digest, Sha256};

use crate::kernel::real::Real;
use crate::model::checksum::{ChecksumError, verify};
use crate::model::error::{ModelError, ModelFault};
use crate::model::read::read;
use crate::nn::{InitialWeights, LayerSpec, Network, draw};
use crate::train::TrainingSpec;

/// The tensors of a file.
pub struct InitialTensors {
    path: PathBuf,
    bytes: Vec<u8>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// A network with its initial tensors, and which of them came from the file.
pub struct InitialNetwork<F> {
    /// The network.
    pub network: Network<F>,
    /// Names of the tensors of the network that have the values of the file.
    pub set: Vec<String>,
    /// Names of those that the file does not have.
    pub left: Vec<String>,
    /// Names of the tensors of the file that the network does not have.
    pub unused: Vec<String>,
}

impl InitialTensors {
    /// Reads the file. The checksum of a model file is verified.
    ///
    /// # Errors
    ///
    /// If it cannot be read, is damaged, or is not a safetensors file.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let loaded = read(path).and_then(|bytes| {
            if let Err(ChecksumError::Mismatch) = verify(&bytes) {
                return Err(ModelFault::Checksum);
            }
            SafeTensors::deserialize(&bytes).map_err(ModelFault::Container)?;
            let sha256 = format!("{:x}", Sha256::digest(&bytes));
            Ok(Self { path: path.to_owned(), bytes, sha256 })
        });
        loaded.map_err(|fault| ModelError::new(path, fault))
    }

    /// The network that `training` begins with, with the tensors that the file has. Gains of normalized weights that it
    /// does not have are the lengths of the weights from the file, as they would be of weights that are drawn.
    ///
    /// # Errors
    ///
    /// If a tensor has another shape in the file, is not of floating-point numbers or not finite; or the file has no
    /// tensor of the network.
    pub fn network<F: Real>(
        &self,
        layers: &[LayerSpec],
        widths: (usize, usize),
        training: &TrainingSpec,
    ) -> Result<InitialNetwork<F>, ModelError> {
        self.fill(layers, widths, training).map_err(|fault| ModelError::new(&self.path, fault))
    }

    fn fill<F: Real>(
        &self,
        layers: &[LayerSpec],
        (inputs, outputs): (usize, usize),
        training: &TrainingSpec,
    ) -> Result<InitialNetwork<F>, ModelFault> {
        let file = SafeTensors::deserialize(&self.bytes).map_err(ModelFault::Container)?;
        let (drawn, seed) = (draw(training.seed_of_weights()), training.seed_of_order());
        let mut network =
            Network::build_with(layers, inputs, outputs, seed, |wanted: &InitialWeights<'_>| {
                let found = tensor(&file, wanted.name, (wanted.inputs, wanted.units))?;
                found.map_or_else(|| Ok(drawn(wanted).unwrap_or_else(|never| match never {})), Ok)
            })?;
        let (mut set, mut left) = (Vec::new(), Vec::new());
        for param in network.params_mut() {
            match tensor(&file, &param.name, param.value.dim())? {
                Some(value) => {
                    param.value.assign(&value);
                    set.push(param.name.clone());
                }
                None => left.push(param.name.clone()),
            }
        }
        if set.is_empty() {
            return Err(ModelFault::NoneOfTheTensors { found: names(&file), wanted: left });
        }
        let unused = names(&file).into_iter().filter(|name| !set.contains(name)).collect();
        Ok(InitialNetwork { network, set, left, unused })
    }
}

fn names(file: &SafeTensors<'_>) -> Vec<String> {
    let mut names: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
    names.sort();
    names
}

/// The tensor `name` of the file in the precision of the network; none if the file does not have it.
fn tensor<F: Real>(
    file: &SafeTensors<'_>,
    name: &str,
    expected: (usize, usize),
) -> Result<Option<Array2<F>>, ModelFault> {
    let Ok(view) = file.tensor(name) else { return Ok(None) };
    let (rows, columns) = expected;
    let fits = view.shape() == [rows, columns] || (rows == 1 && view.shape() == [columns]);
    if !fits {
        let found = view.shape().to_vec();
        return Err(ModelFault::InitialShape { name: name.to_owned(), found, expected });
    }
    let numbers = numbers(name, &view)?;
    let array = Array2::from_shape_fn(expected, |(row, column)| F::from_f64(numbers[row * columns + column]));
    match array.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), value)) => {
            let value = Real::to_f64(*value);
            Err(ModelFault::NotFinite { name: name.to_owned(), row, column, value })
        }
        None => Ok(Some(array)),
    }
}

fn numbers(name: &str, view: &TensorView<'_>) -> Result<Vec<f64>, ModelFault> {
    let bytes = view.data();
    match view.dtype() {
        FileDtype::F32 => {
            Ok(bytes.chunks_exact(4).map(|bytes| Real::to_f64(<f32 as Real>::from_le_bytes(bytes))).collect())
        }
        FileDtype::F64 => Ok(bytes.chunks_exact(8).map(<f64 as Real>::from_le_bytes).collect()),
        other => Err(ModelFault::InitialPrecision { name: name.to_owned(), found: format!("{other:?}") }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::nn::{Norm, affine, batch_norm, output_affine, relu, softmax_loss, twin};

    /// A file of these tensors of two rows and three columns, or of three numbers.
    fn file(tensors: &[(&str, Vec<usize>, [f32; 6])]) -> InitialTensors {
        let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
            .iter()
            .map(|(name, shape, values)| {
                let numbers = values.iter().take(shape.iter().product());
                (name.to_string(), shape.clone(), numbers.flat_map(|value| value.to_le_bytes()).collect())
            })
            .collect();
        let views = bytes.iter().map(|(name, shape, bytes)| {
            (name, TensorView::new(FileDtype::F32, shape.clone(), bytes).expect("a tensor"))
        });
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("start.safetensors");
        fs::write(&path, safetensors::serialize(views, None).expect("a file")).expect("written");
        InitialTensors {
            path: PathBuf::from("start.safetensors"),
            ..InitialTensors::load(&path).expect("read")
        }
    }

    fn layers(norm: Norm) -> Vec<LayerSpec> {
        twin(&[affine(3), batch_norm(), relu(), output_affine(), softmax_loss()], norm)
    }

    const WEIGHTS: [f32; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

    fn seeded(seed: u64) -> TrainingSpec {
        TrainingSpec { seed, ..TrainingSpec::default() }
    }

    #[test]
    fn tensors_are_matched_by_name_in_every_twin() {
        let file = file(&[
            ("affine_1.weight", vec![2, 3], WEIGHTS),
            ("batch_norm_1.gamma", vec![3], [7.0; 6]),
            ("other", vec![1], [0.0; 6]),
        ]);
        let InitialNetwork { network, set, left, unused } =
            file.network::<f64>(&layers(Norm::BatchNorm), (2, 2), &seeded(5)).expect("a network");
        assert_eq!(set, ["affine_1.weight", "batch_norm_1.gamma"]);
        assert_eq!(unused, ["other"]);
        assert_eq!(left[..2], ["batch_norm_1.beta", "batch_norm_1.running_mean"]);
        let value = |name: &str| network.params().find(|param| param.name == name).expect(name).value.clone();
        assert_eq!(value("affine_1.weight"), ndarray::array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(value("batch_norm_1.gamma"), ndarray::array![[7.0, 7.0, 7.0]]);
        // What the file does not have is as without it.
        let drawn = Network::<f64>::build(&layers(Norm::BatchNorm), 2, 2, 5);
        let of = |network: &Network<f64>| {
            network.params().find(|param| param.name == "affine_2.weight").map(|param| param.value.clone())
        };
        assert_eq!(of(&network), of(&drawn));

        let twin = file.network::<f32>(&layers(Norm::None), (2, 2), &seeded(5)).expect("a network");
        assert_eq!(twin.set, ["affine_1.weight"]);
        // The gain is the length of the weights from the file.
        let twin = file.network::<f64>(&layers(Norm::WeightNorm), (2, 2), &seeded(5)).expect("a network");
        let gain = twin.network.params().find(|param| param.name == "affine_1.gain").expect("a gain");
        assert_eq!(gain.value[[0, 0]], 17.0_f64.sqrt());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let message = |file: InitialTensors| {
            file.network::<f32>(&layers(Norm::None), (2, 2), &seeded(5)).err().map(|error| error.to_string())
        };
        assert_eq!(
            message(file(&[("affine_1.weight", vec![3, 2], WEIGHTS)])).as_deref(),
            Some(
                "start.safetensors: tensor \"affine_1.weight\" has shape 3 x 2, but that of the network is 2 x 3; \
                 affine weights are inputs x units"
            )
        );
        assert_eq!(
            message(file(&[("a", vec![1], WEIGHTS)])).as_deref(),
            Some(
                "start.safetensors: has no tensor of the network; it has a, the network affine_1.weight, \
                 affine_1.bias, affine_2.weight, affine_2.bias"
            )
        );
        assert_eq!(
            message(file(&[("affine_1.bias", vec![3], [f32::NAN; 6])])).as_deref(),
            Some("start.safetensors: tensor \"affine_1.bias\" has NaN at [0, 0]; all numbers must be finite")
        );
    }
}
