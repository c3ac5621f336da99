//! A stack of layers, the last of which is the loss.

pub(crate) mod any_network;
pub(crate) mod dataset_stats;
pub(crate) mod gradients;
pub(crate) mod non_finite;
pub(crate) mod passes;
pub(crate) mod workspace;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::network::passes::{Fused, Passes};
use crate::nn::network::workspace::{head, head_mut};
use crate::nn::{
    DatasetStats, Layer, NonFinite, NormalizeBy, Param, ParamKind, PassContext, StatsSource, Workspace,
};
use crate::targets::TargetsView;

/// Layers in order; each one's output is the next one's input, the last one's is a loss per row.
pub struct Network<F> {
    layers: Vec<Box<dyn Layer<F>>>,
    passes: Passes,
    inputs: usize,
    widths: Vec<usize>, // of each layer's output
}

impl<F: Real> Network<F> {
    /// Stacks `layers` on `inputs` features; see [`Network::build`] for layers with their defaults.
    pub fn new(inputs: usize, layers: Vec<Box<dyn Layer<F>>>) -> Self {
        let fused = vec![Fused::default(); layers.len()];
        Self::fused(inputs, layers, fused)
    }

    /// Stacks layers that apply ReLUs next to them as `fused` says.
    pub(crate) fn fused(inputs: usize, layers: Vec<Box<dyn Layer<F>>>, fused: Vec<Fused>) -> Self {
        let mut width = inputs;
        let widths = layers.iter().map(|layer| {
            width = layer.output_width(width);
            width
        });
        Self { widths: widths.collect(), passes: Passes::new(&fused), layers, inputs }
    }

    /// The number of input features.
    pub fn num_inputs(&self) -> usize {
        self.inputs
    }

    /// The number of outputs, which are the input of the loss layer.
    pub fn num_outputs(&self) -> usize {
        self.widths.len().checked_sub(2).map_or(self.inputs, |last| self.widths[last])
    }

    /// The most columns of the input or an output of a layer.
    pub(crate) fn widest(&self) -> usize {
        self.widths.iter().copied().fold(self.inputs, usize::max)
    }

    /// The number of trainable numbers.
    pub fn num_trainable(&self) -> usize {
        self.params().filter(|param| param.is_trained()).map(|param| param.value.len()).sum()
    }

    /// The layers, in order.
    pub fn layers(&self) -> &[Box<dyn Layer<F>>] {
        &self.layers
    }

    /// The `index`-th layer, from 0.
    pub(crate) fn layer_mut(&mut self, index: usize) -> &mut dyn Layer<F> {
        &mut *self.layers[index]
    }

    /// All tensors, trained and running, in the order of the layers.
    pub fn params(&self) -> impl Iterator<Item = &Param<F>> {
        self.layers.iter().flat_map(|layer| layer.params())
    }

    /// The same tensors, mutable.
    pub fn params_mut(&mut self) -> impl Iterator<Item = &mut Param<F>> {
        self.layers.iter_mut().flat_map(|layer| layer.params_mut())
    }

    /// Allocates all that training passes of up to `max_rows` rows need. A workspace that was made before
    /// can no longer be used.
    pub fn allocate(&mut self, max_rows: usize) -> Workspace<F> {
        for layer in &mut self.layers {
            layer.allocate(max_rows);
        }
        Workspace::new(&self.widths, max_rows)
    }

    /// Allocates all that evaluation passes of up to `max_rows` rows need.
    pub fn inference_workspace(&self, max_rows: usize) -> Workspace<F> {
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
        workspace.begin(n);
        for step in &self.passes.forward {
            let (acts, y) = workspace.write(step.y);
            let x = step.x.map_or(x, |index| head(&acts[index], n));
            self.layers[step.layer].forward(pass, x, y);
        }
        head(&workspace.acts[self.layers.len() - 1], n)
    }

    /// The gradients of the mean loss over the rows of `x`, or of the batch that they are blocks of, each times its weight if the pass has
    /// weights, after a [`forward`](Self::forward) of the same `pass` and `x`: into every parameter, and
    /// into `dx` if it is given.
    pub fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        workspace: &mut Workspace<F>,
        mut dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let n = x.nrows();
        let Workspace { acts, d_acts, .. } = workspace;
        let last = self.layers.len() - 1;
        let mut d_losses = head_mut(&mut d_acts[last], n);
        d_losses.fill(F::one() / F::from_f64(pass.batch_rows(n) as f64));
        if let Some(weights) = pass.weights {
            d_losses.iter_mut().zip(weights).for_each(|(d_loss, &weight)| *d_loss *= weight);
        }
        for step in &self.passes.backward {
            let (d_before, dy) = d_acts.split_at_mut(step.layer);
            let x = step.x.map_or(x, |index| head(&acts[index], n));
            let (y, dy) = (head(&acts[step.y], n), head(&dy[0], n));
            let dx = match step.dx {
                Some(index) => Some(head_mut(&mut d_before[index], n)),
                None => dx.take(),
            };
            self.layers[step.layer].backward(pass, x, y, dy, dx);
        }
    }

    /// The outputs of each row in evaluation mode, `(n, outputs)`: logits of classes, or scaled values.
    pub fn outputs<'w>(
        &self,
        pool: &ThreadPool,
        x: ArrayView2<'_, F>,
        workspace: &'w mut Workspace<F>,
    ) -> ArrayView2<'w, F> {
        self.outputs_by(NormalizeBy::RunningStats, pool, x, workspace)
    }

    /// Like [`outputs`](Self::outputs), but batch norm uses the statistics of `x`, as in training: the
    /// output of a row depends on the other rows. Dropout is off. May allocate.
    pub fn outputs_with_batch_stats<'w>(
        &self,
        pool: &ThreadPool,
        x: ArrayView2<'_, F>,
        workspace: &'w mut Workspace<F>,
    ) -> ArrayView2<'w, F> {
        self.outputs_by(NormalizeBy::Batch, pool, x, workspace)
    }

    fn outputs_by<'w>(
        &self,
        normalize_by: NormalizeBy,
        pool: &ThreadPool,
        x: ArrayView2<'_, F>,
        workspace: &'w mut Workspace<F>,
    ) -> ArrayView2<'w, F> {
        self.infer_layers(self.layers.len() - 1, pool, x, workspace, normalize_by);
        head(&workspace.acts[self.layers.len() - 2], x.nrows())
    }

    /// The outputs, `(n, outputs)`, and the loss of each row, `(n, 1)`, in evaluation mode.
    ///
    /// Takes `&self`: evaluation cannot change a weight or a running statistic.
    pub fn infer<'w, 't>(
        &self,
        pool: &'t ThreadPool,
        x: ArrayView2<'_, F>,
        targets: TargetsView<'t, F>,
        workspace: &'w mut Workspace<F>,
    ) -> (ArrayView2<'w, F>, ArrayView2<'w, F>) {
        let n = x.nrows();
        let last = self.layers.len() - 1;
        self.infer_layers(last, pool, x, workspace, NormalizeBy::RunningStats);
        let (acts, losses) = workspace.write(last);
        self.layers[last].infer(&PassContext::new(pool, targets), head(&acts[last - 1], n), losses);
        (head(&workspace.acts[last - 1], n), head(&workspace.acts[last], n))
    }

    /// The first `count` layers in evaluation mode.
    pub(crate) fn infer_layers(
        &self,
        count: usize,
        pool: &ThreadPool,
        x: ArrayView2<'_, F>,
        workspace: &mut Workspace<F>,
        normalize_by: NormalizeBy,
    ) {
        let n = x.nrows();
        let pass = PassContext { normalize_by, ..PassContext::new(pool, TargetsView::none()) };
        workspace.begin(n);
        for (index, layer) in self.layers[..count].iter().enumerate() {
            let (acts, y) = workspace.write(index);
            let x = acts.last().map_or(x, |x| head(x, n));
            layer.infer(&pass, x, y);
        }
    }

    /// Moves running statistics towards those of the last training batch, the `step`-th, from 1.
    pub fn update_running_stats(&mut self, step: u64) {
        for layer in &mut self.layers {
            layer.update_running_stats(StatsSource::LastBatch { step });
        }
    }

    /// Whether any layer has running statistics.
    pub fn has_running_stats(&self) -> bool {
        self.params().any(|param| param.kind == ParamKind::Buffer)
    }

    /// Replaces the running statistics of each layer by the mean and variance of its input over a whole
    /// data set: layer by layer in order, so that the input of a layer is computed with the new statistics
    /// of the layers before it. Weights, gamma and beta stay.
    ///
    /// `each_chunk` shows all rows of the data set, at most `max_rows` at a time, in the same order each
    /// time it is called: once for each layer with running statistics. Without rows nothing changes.
    pub fn recompute_running_stats(
        &mut self,
        pool: &ThreadPool,
        max_rows: usize,
        each_chunk: impl Fn(&mut dyn FnMut(ArrayView2<'_, F>)),
    ) {
        let mut workspace = self.inference_workspace(max_rows);
        for index in 0..self.layers.len() {
            let has_any = self.layers[index].params().iter().any(|param| param.kind == ParamKind::Buffer);
            if !has_any {
                continue;
            }
            let before = index.checked_sub(1);
            let mut stats = DatasetStats::new(before.map_or(self.inputs, |before| self.widths[before]));
            each_chunk(&mut |x| {
                self.infer_layers(index, pool, x, &mut workspace, NormalizeBy::RunningStats);
                let input = before.map_or(x, |before| head(&workspace.acts[before], x.nrows()));
                stats.add(pool, &input);
            });
            if stats.rows() > 0 {
                self.layers[index].update_running_stats(StatsSource::DataSet(&stats));
            }
        }
    }

    /// The first statistic or gradient of the last training step that is NaN or infinite.
    pub fn non_finite(&self, pool: &ThreadPool) -> Option<NonFinite> {
        self.layers.iter().find_map(|layer| layer.non_finite(pool))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{affine, batch_norm, output_affine, relu, softmax_loss};

    #[test]
    fn sizes_are_those_of_the_layers() {
        let layers = [affine(5), batch_norm(), relu(), output_affine(), softmax_loss()];
        let sizes = |inputs| {
            let network = Network::<f32>::build(&layers, inputs, 3, 0);
            (network.num_inputs(), network.num_outputs(), network.widest(), network.num_trainable())
        };
        // The running statistics are not trained, and batch norm cancels the first bias.
        assert_eq!(sizes(4), (4, 3, 5, 4 * 5 + 5 + 5 + 5 * 3 + 3));
        assert_eq!(sizes(9), (9, 3, 9, 9 * 5 + 5 + 5 + 5 * 3 + 3));
    }
}
