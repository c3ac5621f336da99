//! Trained networks as bytes.

pub mod export;
mod file;

pub use file::{Description, result_hash, to_safetensors};
