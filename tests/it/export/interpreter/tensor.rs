//! The values in a graph.

use ndarray::Array2;

use crate::export::proto::{DataType, TensorProto};

/// A value. All but indices are matrices; a list is a matrix of one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tensor {
    /// Numbers, rounded if they are in single precision.
    Numbers {
        values: Array2<f64>,
        is_single: bool,
    },
    Texts(Array2<String>),
    Truths(Array2<bool>),
    Indices(Vec<usize>),
}

impl Tensor {
    /// Numbers, rounded to single precision if they have it.
    pub(crate) fn rounded(mut values: Array2<f64>, is_single: bool) -> Self {
        if is_single {
            values.mapv_inplace(|value| f64::from(value as f32));
        }
        Self::Numbers { values, is_single }
    }

    /// The value of an initializer; none if bntrain does not write its type.
    pub(crate) fn read(tensor: &TensorProto) -> Option<Self> {
        let dims: Vec<usize> =
            tensor.dims.iter().map(|&dim| usize::try_from(dim).ok()).collect::<Option<_>>()?;
        let shape = match dims[..] {
            [columns] => (1, columns),
            [rows, columns] => (rows, columns),
            _ => return None,
        };
        let raw = tensor.raw_data.as_deref().unwrap_or_default();
        let numbers = |values: Vec<f64>, is_single| {
            let values = Array2::from_shape_vec(shape, values).ok()?;
            Some(Self::Numbers { values, is_single })
        };
        match DataType::try_from(tensor.data_type).ok()? {
            DataType::Float => {
                numbers(words(raw)?.iter().map(|&word| f64::from(f32::from_le_bytes(word))).collect(), true)
            }
            DataType::Double => {
                numbers(words(raw)?.iter().map(|&word| f64::from_le_bytes(word)).collect(), false)
            }
            DataType::Int64 => {
                // -1, in shapes, becomes the largest index.
                let index = |&word: &[u8; 8]| i64::from_le_bytes(word) as usize;
                Some(Self::Indices(words(raw)?.iter().map(index).collect()))
            }
            DataType::String => {
                let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).ok();
                let texts = tensor.string_data.iter().map(text).collect::<Option<_>>()?;
                Array2::from_shape_vec(shape, texts).ok().map(Self::Texts)
            }
            DataType::Undefined => None,
        }
    }
}

/// The bytes as words of `N` bytes; none if there is a remainder.
fn words<const N: usize>(bytes: &[u8]) -> Option<&[[u8; N]]> {
    match bytes.as_chunks() {
        (words, []) => Some(words),
        _ => None,
    }
}
