//! A stack of layers, the last of which is the loss.

use std::convert::Infallible;

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::kernel;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::layers::activation::Elementwise;
use crate::nn::layers::affine::Bias;
use crate::nn::layers::leaky_relu::LeakyRelu;
use crate::nn::layers::relu::Relu;
use crate::nn::layers::sigmoid::Sigmoid;
use crate::nn::layers::tanh::Tanh;
use crate::nn::losses::huber::HuberError;
use crate::nn::losses::regression::ValueLoss;
use crate::nn::losses::squared::SquaredError;
use crate::nn::workspace::{head, head_mut};
use crate::nn::{
    Affine, BatchNorm, Dropout, Init, Layer, LayerSpec, LogisticLoss, MeanOnly, Param, PassContext,
    Population, SoftmaxLoss, Workspace,
};
use crate::random::stream;
use crate::targets::TargetsView;

/// Layers in order; each one's output is the next one's input, the last one's is a loss per row.
pub struct Network<F> {
    layers: Vec<Box<dyn Layer<F>>>,
    inputs: usize,
    widths: Vec<usize>, // of each layer's output
}

/// The weights of an affine layer that a network is made with, `(inputs, units)`.
#[derive(Clone, Copy, Debug)]
pub struct WantedWeights<'a> {
    /// Of the tensor.
    pub name: &'a str,
    /// Of the layer among the affine ones, from 1.
    pub ordinal: usize,
    /// What comes in.
    pub inputs: usize,
    /// What goes out.
    pub units: usize,
    /// How they start where they are drawn.
    pub init: Init,
}

/// What rows are normalised by in evaluation.
#[derive(Clone, Copy)]
enum Statistics {
    Running,
    Batch,
}

impl<F: Real> Network<F> {
    /// Stacks `layers` on `inputs` features.
    pub fn new(inputs: usize, layers: Vec<Box<dyn Layer<F>>>) -> Self {
        let mut width = inputs;
        let widths = layers
            .iter()
            .map(|layer| {
                width = layer.outputs(width);
                width
            })
            .collect();
        Self { layers, inputs, widths }
    }

    /// The network that `specs` describe, with `inputs` features and `answers` classes or values, as
    /// the loss at the end has it; the last affine layer is as wide as the loss wants. Its weights are
    /// drawn from the streams of `seed`.
    ///
    /// The weights of the `k`-th affine layer come from the stream (seed, "init", k): what stands
    /// between the affine layers does not move them.
    pub fn build(specs: &[LayerSpec], inputs: usize, answers: usize, seed: u64) -> Self {
        let drawn = |wanted: &WantedWeights<'_>| {
            let mut random = stream(seed, "init", &[wanted.ordinal as u64]);
            Ok::<_, Infallible>(wanted.init.weights(wanted.inputs, wanted.units, &mut random))
        };
        let Ok(network) = Self::assemble(specs, inputs, answers, seed, drawn);
        network
    }

    /// Like [`build`](Self::build), with weights from elsewhere; `seed` keys the masks of dropout.
    ///
    /// # Errors
    ///
    /// The first one of `weights`; what comes behind it is not made.
    pub fn assemble<E>(
        specs: &[LayerSpec],
        inputs: usize,
        answers: usize,
        seed: u64,
        mut weights: impl FnMut(&WantedWeights<'_>) -> Result<Array2<F>, E>,
    ) -> Result<Self, E> {
        let outputs = specs.last().and_then(LayerSpec::loss).map_or(answers, |loss| loss.scores(answers));
        let mut layers: Vec<Box<dyn Layer<F>>> = Vec::with_capacity(specs.len());
        let mut width = inputs;
        for (index, spec) in specs.iter().enumerate() {
            // Counted within the kind, so that a name is the same in every twin.
            let ordinal = 1 + specs[..index].iter().filter(|other| other.kind() == spec.kind()).count();
            let name = format!("{}_{ordinal}", spec.kind());
            let layer: Box<dyn Layer<F>> = match spec {
                LayerSpec::Affine(affine) => {
                    let units = affine.units.unwrap_or(outputs);
                    let init = affine.init.unwrap_or_else(|| default_init(&specs[index + 1..]));
                    let bias = match affine.bias {
                        Bias::On => true,
                        Bias::Off => false,
                        Bias::Auto => !specs.get(index + 1).is_some_and(LayerSpec::is_norm),
                    };
                    let wanted = WantedWeights {
                        name: &format!("{name}.weight"),
                        ordinal,
                        inputs: width,
                        units,
                        init,
                    };
                    Box::new(Affine::new(&name, weights(&wanted)?, bias))
                }
                LayerSpec::BatchNorm(norm) => Box::new(BatchNorm::new(&name, norm.clone(), width)),
                LayerSpec::MeanOnly(norm) => Box::new(MeanOnly::new(&name, norm.clone(), width)),
                LayerSpec::Relu(_) => Box::new(Elementwise(Relu)),
                LayerSpec::Sigmoid(_) => Box::new(Elementwise(Sigmoid)),
                LayerSpec::Tanh(_) => Box::new(Elementwise(Tanh)),
                LayerSpec::LeakyRelu(leaky) => {
                    Box::new(Elementwise(LeakyRelu { slope: F::from_f64(leaky.slope) }))
                }
                LayerSpec::Dropout(dropout) => Box::new(Dropout::new(dropout, seed, ordinal, width)),
                LayerSpec::SoftmaxLoss(_) => Box::new(SoftmaxLoss::new(width)),
                LayerSpec::LogisticLoss(_) => Box::new(LogisticLoss),
                LayerSpec::SquaredLoss(_) => Box::new(ValueLoss(SquaredError)),
                LayerSpec::HuberLoss(huber) => {
                    Box::new(ValueLoss(HuberError { delta: F::from_f64(huber.delta) }))
                }
            };
            width = layer.outputs(width);
            layers.push(layer);
        }
        Ok(Self::new(inputs, layers))
    }

    /// The number of input features.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The width of the scores, the loss layer's input.
    pub fn outputs(&self) -> usize {
        self.widths.len().checked_sub(2).map_or(self.inputs, |scores| self.widths[scores])
    }

    /// The layers, in order.
    pub fn layers(&self) -> &[Box<dyn Layer<F>>] {
        &self.layers
    }

    /// Takes the stack apart.
    pub fn into_layers(self) -> Vec<Box<dyn Layer<F>>> {
        self.layers
    }

    /// Room for training passes of up to `max_rows` rows, in the layers and beside them.
    pub fn reserve(&mut self, max_rows: usize) -> Workspace<F> {
        for layer in &mut self.layers {
            layer.reserve(max_rows);
        }
        Workspace::new(&self.widths, max_rows)
    }

    /// Room for evaluation passes of up to `max_rows` rows.
    pub fn reserve_inference(&self, max_rows: usize) -> Workspace<F> {
        Workspace::for_inference(&self.widths, max_rows)
    }

    /// The training pass: the loss of each row of `x`, in nats.
    ///
    /// # Shapes
    ///
    /// `x`: `(n, inputs)`; result: `(n, 1)`.
    pub fn forward<'w>(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        workspace: &'w mut Workspace<F>,
    ) -> ArrayView2<'w, F> {
        let n = x.nrows();
        let mut layers = self.layers.iter_mut().enumerate().peekable();
        while let Some((index, layer)) = layers.next() {
            let (before, y) = workspace.acts.split_at_mut(index);
            let x = before.last().map_or(x, |x| head(x, n));
            let next_rectifies = layers.peek().is_some_and(|(_, next)| next.is_rectifier());
            if next_rectifies && layer.forward_rectified(pass, x, head_mut(&mut y[1], n)) {
                layers.next();
            } else {
                layer.forward(pass, x, head_mut(&mut y[0], n));
            }
        }
        head(&workspace.acts[self.layers.len() - 1], n)
    }

    /// The gradients of the mean loss over the rows of `x`, each times its weight where the pass has
    /// weights, after a [`forward`](Self::forward) of the same `pass` and `x`: into every parameter,
    /// and into `dx` where it is wanted.
    pub fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        workspace: &mut Workspace<F>,
        mut dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let n = x.nrows();
        let Workspace { acts, d_acts } = workspace;
        let last = self.layers.len() - 1;
        let mut d_losses = head_mut(&mut d_acts[last], n);
        d_losses.fill(F::one() / F::from_f64(n as f64));
        if let Some(weights) = pass.weights {
            d_losses.iter_mut().zip(weights).for_each(|(d_loss, &weight)| *d_loss *= weight);
        }
        let mut layers = self.layers.iter_mut().enumerate().rev().peekable();
        while let Some((index, layer)) = layers.next() {
            let (before, dy) = d_acts.split_at_mut(index);
            let (y, dy) = (head(&acts[index], n), head(&dy[0], n));
            let x = if index == 0 { x } else { head(&acts[index - 1], n) };
            if let [.., dx, _] = before
                && layers.peek().is_some_and(|(_, previous)| previous.is_rectifier())
                && layer.backward_rectified(pass, x, dy, head_mut(dx, n))
            {
                layers.next();
                continue;
            }
            let dx = match before.last_mut() {
                Some(dx) => Some(head_mut(dx, n)),
                None => dx.take(),
            };
            layer.backward(pass, x, y, dy, dx);
        }
    }

    /// The scores of each row in evaluation mode, `(n, outputs)`: the loss layer's input.
    pub fn scores<'w>(
        &self,
        pool: &ThreadPool,
        x: ArrayView2<'_, F>,
        workspace: &'w mut Workspace<F>,
    ) -> ArrayView2<'w, F> {
        self.infer_layers(self.layers.len() - 1, pool, x, workspace, Statistics::Running);
        workspace.activation(self.layers.len() - 2, x.nrows())
    }

    /// Like [`scores`](Self::scores), but the rows of `x` are normalised by their own statistics, as
    /// a batch of training is: what a row gets depends on its neighbours. Dropout drops nothing. For
    /// comparisons; allocates.
    pub fn scores_as_batch<'w>(
        &self,
        pool: &ThreadPool,
        x: ArrayView2<'_, F>,
        workspace: &'w mut Workspace<F>,
    ) -> ArrayView2<'w, F> {
        self.infer_layers(self.layers.len() - 1, pool, x, workspace, Statistics::Batch);
        workspace.activation(self.layers.len() - 2, x.nrows())
    }

    /// What the `layer`-th layer (from 0) gets to see of `x` in evaluation mode.
    pub(crate) fn input_of<'a>(
        &self,
        layer: usize,
        pool: &ThreadPool,
        x: ArrayView2<'a, F>,
        workspace: &'a mut Workspace<F>,
    ) -> ArrayView2<'a, F> {
        self.infer_layers(layer, pool, x, workspace, Statistics::Running);
        if layer == 0 { x } else { workspace.activation(layer - 1, x.nrows()) }
    }

    /// The first `count` layers in evaluation mode.
    fn infer_layers(
        &self,
        count: usize,
        pool: &ThreadPool,
        x: ArrayView2<'_, F>,
        workspace: &mut Workspace<F>,
        statistics: Statistics,
    ) {
        let n = x.nrows();
        let pass = PassContext { pool, step: 0, targets: TargetsView::none(), weights: None };
        for (index, layer) in self.layers[..count].iter().enumerate() {
            let (before, y) = workspace.acts.split_at_mut(index);
            let x = before.last().map_or(x, |x| head(x, n));
            let y = head_mut(&mut y[0], n);
            match statistics {
                Statistics::Running => layer.infer(&pass, x, y),
                Statistics::Batch => layer.infer_as_batch(&pass, x, y),
            }
        }
    }

    /// The width of the `layer`-th layer's input.
    pub(crate) fn width_before(&self, layer: usize) -> usize {
        if layer == 0 { self.inputs } else { self.widths[layer - 1] }
    }

    /// See [`Layer::set_running_statistics`].
    pub(crate) fn set_running_statistics(&mut self, layer: usize, population: &Population) {
        self.layers[layer].set_running_statistics(population);
    }

    /// The scores, `(n, outputs)`, and the loss of each row, `(n, 1)`, in evaluation mode.
    ///
    /// Layers are borrowed shared: evaluation cannot touch a weight or a running statistic.
    pub fn infer<'w, 't>(
        &self,
        pool: &'t ThreadPool,
        x: ArrayView2<'_, F>,
        targets: TargetsView<'t, F>,
        workspace: &'w mut Workspace<F>,
    ) -> (ArrayView2<'w, F>, ArrayView2<'w, F>) {
        let n = x.nrows();
        self.scores(pool, x, workspace);
        let last = self.layers.len() - 1;
        let (before, y) = workspace.acts.split_at_mut(last);
        let scores = head(&before[last - 1], n);
        let mut losses = head_mut(&mut y[0], n);
        let pass = PassContext { pool, step: 0, targets, weights: None };
        self.layers[last].infer(&pass, scores, losses.view_mut());
        (scores, head(&y[0], n))
    }

    /// Lets running statistics follow the last training pass.
    pub fn commit(&mut self) {
        for layer in &mut self.layers {
            layer.commit();
        }
    }

    /// The first tensor of the last training step that holds a number that is not finite: a
    /// statistic of the batch or a gradient.
    pub fn non_finite(&self, pool: &ThreadPool) -> Option<String> {
        self.layers.iter().find_map(|layer| layer.non_finite_statistic()).or_else(|| {
            let bad = |param: &&Param<F>| {
                let grad = param.grad.as_slice().unwrap_or_default();
                !param.grad_is_finite && !kernel::all_finite_among(pool, grad)
            };
            self.params().find(bad).map(|param| format!("gradient of {}", param.name))
        })
    }

    /// All tensors, trained and running, in the order of the layers.
    pub fn params(&self) -> impl Iterator<Item = &Param<F>> {
        self.layers.iter().flat_map(|layer| layer.params())
    }

    /// The same tensors, to be moved.
    pub fn params_mut(&mut self) -> impl Iterator<Item = &mut Param<F>> {
        self.layers.iter_mut().flat_map(|layer| layer.params_mut())
    }

    /// The number of trained numbers.
    pub fn trained_parameters(&self) -> usize {
        self.params().filter(|param| param.is_trained()).map(|param| param.value.len()).sum()
    }
}

/// `he_normal` where the next activation is a rectifier, `xavier` otherwise.
pub(crate) fn default_init(following: &[LayerSpec]) -> Init {
    let next = following.iter().find(|spec| !spec.is_norm() && !matches!(spec, LayerSpec::Dropout(_)));
    match next {
        Some(LayerSpec::Relu(_) | LayerSpec::LeakyRelu(_)) => Init::HeNormal,
        _ => Init::Xavier,
    }
}
