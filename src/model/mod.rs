//! Trained networks as bytes.

mod file;

pub use file::{Description, result_hash, to_safetensors};
