//! Training of small fully-connected networks, and what batch normalization does to them.
//!
//! # Train
//!
//! A [`Dataset`] comes from arrays or from a CSV file, a network is a list of layers, and [`train`] does
//! the rest: it splits the rows, fits the scaling on the training rows, and trains on all cores. The same
//! call always gives the same bits.
//!
//! ```
//! use bntrain::{Adam, ArraySpec, Dataset, Error, Metric, Targets, TrainingSpec};
//! use bntrain::{affine, batch_norm, relu, softmax_loss, train};
//! use ndarray::Array2;
//!
//! # fn main() -> Result<(), Error> {
//! let x = Array2::from_shape_fn((300, 2), |(i, j)| (i as f64 * (0.3 + 0.5 * j as f64)).sin());
//! let y: Vec<u32> = x.rows().into_iter().map(|row| u32::from(row[0] * row[1] > 0.0)).collect();
//!
//! let spec = ArraySpec { valid: 0.2, ..ArraySpec::default() };
//! let data = Dataset::from_arrays_with(x.clone(), Targets::classes(y), &spec)?;
//! let network = [affine(32), batch_norm(), relu(), affine(2), softmax_loss()];
//! let training = TrainingSpec { epochs: 10, batch_size: 32, ..TrainingSpec::default() };
//! let result = train(&network, &Adam::default().into(), &training, &data, &mut ())?;
//!
//! for (epoch, loss) in result.curve(Metric::ValidLoss) {
//!     println!("epoch {epoch}: {loss:.4}");
//! }
//! let classes = result.predict(&x)?.classes();
//! # Ok(())
//! # }
//! ```
//!
//! For regression the targets are [`Targets::values`], of shape `(rows, targets)`, and the last two layers
//! `affine(1), squared_loss()`. [`TrainingSpec`]'s defaults are 20 epochs of batches of 64 rows, and
//! [`Adam`]'s a learning rate of 0.001: with a few hundred rows, raise one of them.
//!
//! From a CSV file it is `Dataset::from_csv("iris.csv", &DataSpec::label("species"))?`, with every cell
//! checked and errors that name line, column and value: [`Dataset::from_csv`].
//!
//! # Observe
//!
//! An [`Observer`] receives every step and epoch, and ends the run by [`ControlFlow::Break`](std::ops::ControlFlow):
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use bntrain::{Event, Observer};
//!
//! /// Ends the run once the validation accuracy is good enough.
//! struct GoodEnough(f64);
//!
//! impl Observer for GoodEnough {
//!     fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
//!         match event {
//!             Event::EpochEnded(epoch) if epoch.valid.and_then(|valid| valid.accuracy()) >= Some(self.0) => {
//!                 ControlFlow::Break(())
//!             }
//!             _ => ControlFlow::Continue(()),
//!         }
//!     }
//! }
//! ```
//!
//! # Look inside
//!
//! [`Network::gradients`] has the gradients of a batch by the names of the tensors. [`Layer`] is the trait
//! to implement for a layer of one's own, which [`check_layer`] compares with central differences;
//! [`check_network`] does the same with a whole network, and [`build_layers`] puts it between other layers.
//!
//! # Units
//!
//! Losses are in nats per row (of values: in scaled units), accuracies in `0..=1`, times in seconds.
//! Epochs and steps count from 1; epoch 0 is the state before training.
//!
//! # Where things are
//!
//! The crate root has what most programs use. [`layers`] and [`losses`] have the settings of each layer and loss,
//! with their formulas; [`spec`] the types of other settings; [`layer`] what else a layer of one's own meets;
//! [`error`] the parts of [`Error`].
//!
//! # The modules inside
//!
//! Each uses only those below it: `cli`, `run_dir`, `report`, `tensorboard`, `experiment` and `explain`, `predict`, `model`,
//! `config`,
//! `diagnose`, `eval`, `gradcheck` and `probe`, `train`, `optim`, `nn` and `data`, `kernel`, `metrics`, `targets`, `random` and
//! `text`. Everything from `train` down knows nothing of config files.
//!
//! # Features
//!
//! All but one are on by default. Without any, what is left is the trainer: data from arrays and CSV files, networks,
//! optimisers, [`train`], the gradient check and the metrics.
//!
//! - `cli`: the program `bntrain`, with all of the following
//! - `model`: config files, saved models, prediction of files, experiments
//! - `report`: tables and charts
//! - `export`: models as ONNX, JSON and safetensors for other tools
//! - `out-of-core`: data files larger than memory
//! - `gzip`, `zstd`: compressed data files
//! - `mpi`, the only one that is off: several processes train one network; needs an MPI library
//! - `unicode`: data files in UTF-16; other encodings and labels that look the same are named

#![cfg_attr(
    not(feature = "cli"),
    allow(
        dead_code,
        unused_imports,
        unused_macros,
        reason = "some of what the trainer offers is used by the program alone"
    )
)]

// Not part of the library's interface, which is what is re-exported below. The modules are public for the
// binary, the benchmarks, which bound single kernels and choose the number of threads, and the tests of
// layers, metrics and files in `tests/it`.
#[doc(hidden)]
pub use bntrain_kernel as kernel;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "model")]
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod data;
#[doc(hidden)]
pub mod diagnose;
#[doc(hidden)]
pub mod eval;
#[cfg(feature = "model")]
#[doc(hidden)]
pub mod experiment;
#[cfg(feature = "model")]
#[doc(hidden)]
pub mod explain;
#[cfg(all(feature = "export", feature = "gzip", feature = "zstd", any(test, fuzzing)))]
#[doc(hidden)]
pub mod fuzzing;
#[doc(hidden)]
pub mod gradcheck;
#[cfg(feature = "cli")]
mod lab;
#[doc(hidden)]
pub mod metrics;
#[cfg(feature = "model")]
#[doc(hidden)]
pub mod model;
#[doc(hidden)]
pub mod nn;
#[doc(hidden)]
pub mod optim;
#[cfg(feature = "cli")]
mod output_file;
#[cfg(feature = "model")]
#[doc(hidden)]
pub mod predict;
#[doc(hidden)]
pub mod probe;
#[doc(hidden)]
pub mod random;
#[cfg(feature = "report")]
#[doc(hidden)]
pub mod report;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod run_dir;
mod settings;
#[doc(hidden)]
pub mod targets;
#[cfg(feature = "cli")]
mod tensorboard;
mod text;
#[doc(hidden)]
pub mod train;

#[doc(inline)]
pub use crate::data::{ArraySpec, ColumnSpec, DataError, DataSpec, Dataset};
#[doc(inline)]
pub use crate::gradcheck::{
    GradcheckReport, GradcheckSettings, Mistake, TensorCheck, check_layer, check_network,
};
#[doc(inline)]
pub use crate::kernel::ThreadPool;
#[doc(inline)]
pub use crate::kernel::real::Real;
#[doc(inline)]
pub use crate::metrics::Predictions;
#[doc(inline)]
pub use crate::nn::spec::constructors::*;
#[doc(inline)]
pub use crate::nn::{
    AnyNetwork, Gradients, Layer, LayerSpec, Network, Norm, Param, PassContext, build_layers, layers, losses,
    norm_of, twin,
};
#[doc(inline)]
pub use crate::optim::Schedule;
#[doc(inline)]
pub use crate::optim::spec::*;
#[doc(inline)]
pub use crate::targets::{Targets, TargetsView};
#[doc(inline)]
pub use crate::train::{
    Dtype, EarlyStopping, EpochRecord, Error, Event, Metric, Observer, Outcome, Quality, Score, StepRecord,
    TrainResult, TrainingSpec, train,
};

/// The types in the fields of the specifications, for settings other than the defaults.
///
/// Those of layers and losses are in [`layers`] and [`losses`].
///
/// ```
/// use bntrain::TrainingSpec;
/// use bntrain::spec::CosineDecay;
///
/// let schedule = CosineDecay::default().into();
/// let training = TrainingSpec { schedule, ..TrainingSpec::default() };
/// ```
pub mod spec {
    #[doc(inline)]
    pub use crate::data::{
        Bytes, ClassWeights, ClipMethod, ColumnRef, ColumnRefs, ColumnType, Constant, DataPaths, LastBatch,
        Mark, MissingPolicy, Sampling, ScalingMethod, SplitBy,
    };
    #[doc(inline)]
    pub use crate::nn::{Init, RunningStart, RunningUpdate, RunningVariance};
    #[doc(inline)]
    pub use crate::optim::{ConstantRate, CosineDecay, DecayPeriod, ExponentialDecay, StepDecay};
    #[doc(inline)]
    pub use crate::targets::Task;
    #[doc(inline)]
    pub use crate::train::CheckpointRule;
}

/// The types that a [`Layer`] meets: in what it is asked, and in its parameters.
pub mod layer {
    #[doc(inline)]
    pub use crate::nn::{
        Alone, BatchBlocks, DatasetStats, Gather, NonFinite, NormalizeBy, ParamKind, StatsSource,
    };
}

/// What is wrong in each of the [`Error`]s.
pub mod error {
    #[doc(inline)]
    pub use crate::data::{ArrayError, ErrorCategory};
    #[doc(inline)]
    pub use crate::nn::GroupsError;
    #[doc(inline)]
    pub use crate::train::{BatchPlanError, NetworkError, PredictionError};
}

/// The programs of `docs/library.md`, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
mod library_guide {}
