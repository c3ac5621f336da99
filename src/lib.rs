//! Training of small fully-connected networks, and what batch normalization does to them.
//!
//! # Module map
//!
//! Upper modules use lower ones only:
//!
//! | module | what it holds |
//! |---|---|
//! | `cli` | arguments, progress, tables: the only place that prints |
//! | [`run_dir`] | the files that a command leaves |
//! | [`report`] | results turned into SVG, CSV and text: pure functions |
//! | [`experiment`] | the twin, the grid, many runs on many cores, statistics over seeds |
//! | [`predict`] | a trained model on new rows |
//! | [`model`] | the model file |
//! | [`train`] | the loop, its events, metrics, stop rules |
//! | [`eval`] | a trained network on rows whose truth is known, under each choice of statistics |
//! | [`gradcheck`] | gradients against central differences |
//! | [`config`] | TOML as written, checked into a plan |
//! | [`data`] | CSV, schema, split, scaling, batches |
//! | [`metrics`] | how good predictions are, with intervals: from truth and predictions alone |
//! | [`optim`] | optimisers, schedules, clipping |
//! | [`nn`] | the [`Layer`](nn::Layer) trait, the layers, the network |
//! | [`kernel`] | matrix products, loops over columns, the pool of threads |
//! | [`random`] | keyed random streams; the bound over `f32` and `f64` |
//!
//! # Units
//!
//! Losses are in nats per row, accuracies in `0..=1`, times in seconds, epochs and steps count
//! from 1 (epoch 0 is the state before training).

pub use bntrain_kernel as kernel;

#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod data;
pub mod eval;
pub mod experiment;
pub mod gradcheck;
pub mod metrics;
pub mod model;
pub mod nn;
pub mod optim;
mod output_file;
pub mod predict;
pub mod random;
pub mod report;
pub mod run_dir;
mod settings;
pub mod targets;
mod text;
pub mod train;
