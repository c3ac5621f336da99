//! Truncated and damaged files.

use crate::model::tests::*;

#[test]
fn every_truncation_is_refused() {
    let file = file();
    for length in 0..file.len() {
        refusal(&file[..length]);
    }
}

#[test]
fn every_single_bit_flip_is_refused() {
    let mut file = file();
    assert!(Model::from_bytes(&file).is_ok());
    for bit in 0..8 * file.len() {
        file[bit / 8] ^= 1 << (bit % 8);
        refusal(&file);
        file[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(Model::from_bytes(&file).is_ok());
}

#[test]
fn extra_bytes_at_the_end_are_refused() {
    let mut file = file();
    file.push(0);
    assert_eq!(refusal(&file), "damaged: checksum mismatch");
}

#[test]
fn a_wrong_header_length_is_refused() {
    let mut file = file();
    let bytes = file.len();
    for declared in [u64::MAX, 100_000_001, bytes as u64 - 7] {
        file[..8].copy_from_slice(&declared.to_le_bytes());
        let expected = format!(
            "damaged or not a model file: it declares a header of {declared} bytes but has {bytes} in all"
        );
        assert_eq!(refusal(&file), expected);
    }
    assert_eq!(refusal(b"1234567"), "too short for a model file (7 bytes)");
}

#[test]
fn files_of_other_programs_are_refused() {
    let foreign = "not a model file of bntrain, or damaged in its first bytes";
    let tensor = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1], &[0; 4]);
    let other = safetensors::serialize([("weight", tensor.expect("a tensor"))], None).expect("a file");
    assert_eq!(refusal(&other), foreign);
    assert_eq!(refusal(&[&[0; 8][..], &[b'x'; 200]].concat()), foreign);
}
