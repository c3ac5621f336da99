//! The number types: `f32` and `f64`.

#![expect(unsafe_code, reason = "numbers are seen as bytes")]

use std::iter::Sum;

use ndarray::NdFloat;

use crate::exp::Exponential;
use crate::simd::vector::Vectors;

/// A floating-point type that networks are computed in: `f32` to train, `f64` to check.
pub trait Real: NdFloat + Vectors + Exponential + Sum + Default + 'static {
    /// The type's name in configs and files: `"f32"` or `"f64"`.
    const NAME: &'static str;

    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;

    /// The same value in double precision; exact.
    fn to_f64(self) -> f64;

    /// Appends the bits in little-endian order, for files and fingerprints.
    fn put_le_bytes(self, bytes: &mut Vec<u8>);

    /// Appends the shortest decimal number that parses to this one, such as `0.1` or `1e-7`.
    fn put_decimal(self, text: &mut Vec<u8>);

    /// The number with these bits in little-endian order.
    ///
    /// # Panics
    ///
    /// If the number of bytes is not the size of the type.
    fn from_le_bytes(bytes: &[u8]) -> Self;

    /// The numbers as they are in memory.
    fn bytes(numbers: &[Self]) -> &[u8] {
        // SAFETY: an `f32` or `f64` has no padding, a byte has any value and no alignment, and the length is that of
        // the slice.
        unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) }
    }

    /// The same, mutable.
    fn bytes_mut(numbers: &mut [Self]) -> &mut [u8] {
        // SAFETY: as above; and any bytes are a number.
        unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), size_of_val(numbers)) }
    }
}

impl Real for f32 {
    const NAME: &'static str = "f32";

    #[inline]
    fn from_f64(value: f64) -> Self {
        value as Self
    }

    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn put_le_bytes(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }

    fn put_decimal(self, text: &mut Vec<u8>) {
        text.extend_from_slice(zmij::Buffer::new().format(self).as_bytes());
    }

    fn from_le_bytes(bytes: &[u8]) -> Self {
        Self::from_le_bytes(bytes.try_into().expect("the bytes of one number"))
    }
}

impl Real for f64 {
    const NAME: &'static str = "f64";

    #[inline]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline]
    fn to_f64(self) -> f64 {
        self
    }

    fn put_le_bytes(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }

    fn put_decimal(self, text: &mut Vec<u8>) {
        text.extend_from_slice(zmij::Buffer::new().format(self).as_bytes());
    }

    fn from_le_bytes(bytes: &[u8]) -> Self {
        Self::from_le_bytes(bytes.try_into().expect("the bytes of one number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_seen_as_their_bytes() {
        let mut numbers = [1.5_f32, -2.0];
        let expected: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        assert_eq!(<f32 as Real>::bytes(&numbers), expected);
        <f32 as Real>::bytes_mut(&mut numbers)[4..].copy_from_slice(&0.25_f32.to_ne_bytes());
        assert_eq!(numbers, [1.5, 0.25]);
        assert_eq!(<f64 as Real>::bytes(&[3.0]), 3.0_f64.to_ne_bytes());
    }
}
