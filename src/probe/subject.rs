//! A network and a batch to measure it on.

use std::any::Any;

use ndarray::{Array2, ArrayView2};

use crate::data::Rows;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{LayerSpec, Network, PassContext, Workspace, blank_layers};
use crate::probe::{LayerBlock, blocks_of};
use crate::targets::{Targets, TargetsView};

/// The rows that a network is measured on.
#[derive(Clone, Debug)]
pub struct ProbeBatch<F> {
    /// Inputs, `(n, inputs)`.
    pub x: Array2<F>,
    /// The target of each row.
    pub targets: Targets<F>,
    /// The weight of each row in the mean loss; `None` if all are 1.
    pub weights: Option<Vec<F>>,
}

impl<F> ProbeBatch<F> {
    /// Rows of weight 1.
    ///
    /// # Panics
    ///
    /// If there are not as many targets as rows.
    pub fn new(x: Array2<F>, targets: impl Into<Targets<F>>) -> Self {
        let targets = targets.into();
        assert_eq!(x.nrows(), targets.len(), "a target for each row");
        Self { x, targets, weights: None }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.x.nrows()
    }
}

impl<F: Real> ProbeBatch<F> {
    /// The same rows in double precision.
    #[must_use]
    pub fn to_f64(&self) -> ProbeBatch<f64> {
        let targets = match &self.targets {
            Targets::Classes(classes) => Targets::Classes(classes.clone()),
            Targets::Values(values) => Targets::Values(values.mapv(Real::to_f64)),
        };
        let numbers = |weights: &Vec<F>| weights.iter().map(|&weight| Real::to_f64(weight)).collect();
        ProbeBatch { x: self.x.mapv(Real::to_f64), targets, weights: self.weights.as_ref().map(numbers) }
    }

    /// Some of `rows`, encoded as for training, with their weights in the loss.
    ///
    /// # Panics
    ///
    /// If one of `indices` is out of range.
    pub fn of_rows(rows: &Rows<F>, indices: &[usize]) -> Self {
        let mut batch = rows.batch(indices.len());
        rows.gather(&ThreadPool::single(), indices.iter().copied(), &mut batch);
        let targets = match batch.targets() {
            TargetsView::Classes(classes) => Targets::Classes(classes.to_vec()),
            TargetsView::Values(values) => Targets::Values(values.to_owned()),
        };
        Self { x: batch.x().to_owned(), targets, weights: batch.weights().map(<[F]>::to_vec) }
    }
}

/// A copy of a network, none of its layers fused, and a batch of rows.
///
/// Gradients are those of the mean over the rows of weight times loss, without any penalty.
pub struct Probe<F> {
    network: Network<F>,
    blocks: Vec<LayerBlock>,
    batch: ProbeBatch<F>,
    workspace: Workspace<F>,
    pool: ThreadPool,
    step: u64,
    progress: f64,
}

impl<F: Real> Probe<F> {
    /// Copies `network`, which was built from `layers`, in either precision.
    ///
    /// # Panics
    ///
    /// If the layers are not those of the network, or the batch does not fit it.
    pub fn new<G: Real>(layers: &[LayerSpec], network: &Network<G>, batch: ProbeBatch<F>) -> Self {
        assert_eq!(batch.x.ncols(), network.num_inputs(), "the batch has the inputs of the network");
        let mut probe = Self::blank(layers, network.num_outputs(), batch);
        probe.copy_tensors(network);
        probe
    }

    /// For networks of `layers` with this many classes or values, to be [copied](Self::copy_tensors) before a pass.
    pub(crate) fn blank(layers: &[LayerSpec], answers: usize, batch: ProbeBatch<F>) -> Self {
        let inputs = batch.x.ncols();
        let mut network = Network::new(inputs, blank_layers(layers, inputs, answers));
        let (workspace, blocks) = (network.allocate(batch.rows()), blocks_of(layers));
        Self { network, blocks, batch, workspace, pool: ThreadPool::single(), step: 1, progress: 0.0 }
    }

    /// Copies all tensors of `network`, which has the same layers.
    ///
    /// # Panics
    ///
    /// If it has other layers.
    pub fn copy_tensors<G: Real>(&mut self, network: &Network<G>) {
        let mut tensors = network.params();
        for own in self.network.params_mut() {
            let other = tensors.next().filter(|other| other.name == own.name);
            let other = other.unwrap_or_else(|| panic!("the network has a tensor {}", own.name));
            assert_eq!(own.value.dim(), other.value.dim(), "{} has the same shape", own.name);
            let values: &dyn Any = &other.value;
            match values.downcast_ref::<Array2<F>>() {
                Some(same) => own.value.assign(same),
                None => own
                    .value
                    .zip_mut_with(&other.value, |own, &other| *own = F::from_f64(Real::to_f64(other))),
            }
        }
        assert!(tensors.next().is_none(), "the network has no other tensors");
    }

    /// Measures as at `step`, from 1, after the share `progress` of the training: the masks of dropout and the
    /// schedule of batch renormalization follow them. It is the first step unless said otherwise.
    pub fn set_step(&mut self, step: u64, progress: f64) {
        (self.step, self.progress) = (step, progress);
    }

    /// Measures on another batch of at most as many rows as the first one.
    ///
    /// # Panics
    ///
    /// If it has more rows or other columns.
    pub fn set_batch(&mut self, batch: ProbeBatch<F>) -> ProbeBatch<F> {
        assert!(batch.rows() <= self.workspace.max_rows(), "the batch has no more rows than the first one");
        assert_eq!(batch.x.ncols(), self.batch.x.ncols(), "the batch has the inputs of the network");
        std::mem::replace(&mut self.batch, batch)
    }

    /// The copy of the network. Its gradients are those of the last [`pass`](Self::pass).
    pub fn network(&self) -> &Network<F> {
        &self.network
    }

    /// The copy, to be changed.
    pub fn network_mut(&mut self) -> &mut Network<F> {
        &mut self.network
    }

    /// The affine layers, each with what follows it.
    pub fn blocks(&self) -> &[LayerBlock] {
        &self.blocks
    }

    /// The batch.
    pub fn batch(&self) -> &ProbeBatch<F> {
        &self.batch
    }

    /// Forward and backward in training mode; returns the mean loss, in nats for classes and in the unit of the
    /// targets for values.
    pub fn pass(&mut self) -> f64 {
        let loss = self.forward();
        let Self { network, batch, workspace, pool, .. } = self;
        let pass = PassContext {
            step: self.step,
            progress: self.progress,
            weights: batch.weights.as_deref(),
            ..PassContext::new(pool, batch.targets.view())
        };
        network.backward(&pass, batch.x.view(), workspace, None);
        loss
    }

    /// Forward in training mode; returns the mean loss.
    pub fn forward(&mut self) -> f64 {
        let Self { network, batch, workspace, pool, .. } = self;
        let pass = PassContext {
            step: self.step,
            progress: self.progress,
            weights: batch.weights.as_deref(),
            ..PassContext::new(pool, batch.targets.view())
        };
        let losses = network.forward(&pass, batch.x.view(), workspace);
        let weight = |row: usize| batch.weights.as_ref().map_or(1.0, |weights| Real::to_f64(weights[row]));
        let weighted = losses.iter().enumerate().map(|(row, &loss)| weight(row) * Real::to_f64(loss));
        weighted.sum::<f64>() / batch.rows() as f64
    }

    /// The input of the layer at `layer` in the last pass, `(n, inputs)`.
    pub fn input(&self, layer: usize) -> ArrayView2<'_, F> {
        layer.checked_sub(1).map_or(self.batch.x.view(), |before| self.output(before))
    }

    /// The output of the layer at `layer` in the last pass, `(n, width)`.
    ///
    /// # Panics
    ///
    /// Before the first pass, or without such a layer.
    pub fn output(&self, layer: usize) -> ArrayView2<'_, F> {
        self.workspace.activation(layer).expect("a pass wrote the output of each layer")
    }

    /// The gradient of the mean loss with respect to that output, after a [`pass`](Self::pass).
    ///
    /// # Panics
    ///
    /// Before the first pass, or without such a layer.
    pub fn output_gradient(&self, layer: usize) -> ArrayView2<'_, F> {
        self.workspace.activation_gradient(layer).expect("a pass wrote the gradient of each output")
    }
}
