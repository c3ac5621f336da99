//! Models for other tools.

mod answer;
mod fold;
mod inputs;
mod onnx;
mod stage;
