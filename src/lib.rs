//! Training of small fully-connected networks, and what batch normalization does to them.
//!
//! # Module map
//!
//! Upper modules use lower ones only:
//!
//! | module | what it holds |
//! |---|---|
//! | `cli` | arguments, progress, tables: the only place that prints |
//! | [`report`] | results turned into SVG and text: pure functions |
//! | [`compare`] | the twin, the grid, many runs on many cores, statistics over seeds |
//! | [`config`] | TOML as written, checked into a plan |
//! | [`train`] | the loop, its events, metrics, stop rules |
//! | [`observe`] | observers of a run |
//! | [`model`] | the model file |
//! | [`data`] | CSV, schema, split, scaling, batches |
//! | [`optim`] | optimisers, schedules, clipping |
//! | [`nn`] | the [`Layer`](nn::Layer) trait, the layers, the network |
//! | [`kernel`] | matrix products and elementwise loops |
//! | [`random`], [`real`] | keyed random streams; the bound over `f32` and `f64` |
//!
//! # Units
//!
//! Losses are in nats per row, accuracies in `0..=1`, times in seconds, epochs and steps count
//! from 1 (epoch 0 is the state before training).

pub mod compare;
pub mod config;
pub mod data;
pub mod kernel;
pub mod nn;
pub mod optim;

pub mod random;
pub mod real;
pub mod report;
pub mod train;
