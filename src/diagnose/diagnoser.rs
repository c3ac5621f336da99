//! Follows a run and measures it.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, s};
use rand::seq::index::sample;

use crate::data::PreparedData;
use crate::diagnose::evaluated::SeenRows;
use crate::diagnose::full::FullProbe;
use crate::diagnose::quantity::{DiagnosticRow, Quantity};
use crate::diagnose::spec::{DiagnoseLevel, DiagnoseSpec};
use crate::diagnose::weights::{
    copy_weights, effective_rate, equilibrium, is_scale_invariant, update_ratio, weight,
};
use crate::kernel::real::Real;
use crate::kernel::sum_of_squares;
use crate::nn::{LayerSpec, Network};
use crate::optim::OptimizerSpec;
use crate::probe::{Probe, ProbeBatch, percentiles};
use crate::random::stream;
use crate::train::{Event, NetworkAt, TrainingSpec};

/// Batches for the noise of the gradient, if there are as many rows.
const NOISE_BATCHES: usize = 8;

/// Numbers of a layer for percentiles, which take longer than all else.
const MAX_VALUES: usize = 1024;

/// Measures one run.
pub struct Diagnoser<F> {
    spec: DiagnoseSpec,
    optimizer: OptimizerSpec,
    training: TrainingSpec,
    names: Vec<Arc<str>>,
    /// Whether the weights of each block are scale invariant.
    is_invariant: Vec<bool>,
    probe: Probe<F>,
    full: Option<FullProbe>,
    train_rows: usize,
    steps_per_epoch: u64,
    step: u64,
    /// The weights before the step that is measured next, if it is.
    before: Vec<Array2<F>>,
    has_before: bool,
    /// The training rows of the evaluation in progress.
    seen: Option<SeenRows<F>>,
    rows: Vec<DiagnosticRow>,
}

impl<F: Real> Diagnoser<F> {
    /// For a run of these layers and settings on `data`, measured on a batch of training rows that the seed draws.
    /// None if the level is `off`.
    pub fn new(
        spec: &DiagnoseSpec,
        layers: &[LayerSpec],
        optimizer: &OptimizerSpec,
        training: &TrainingSpec,
        data: &PreparedData<F>,
    ) -> Option<Self> {
        if spec.is_off() {
            return None;
        }
        let (all, rows) = (data.train.len(), training.batch_size.min(data.train.len()));
        let batches =
            if spec.level == DiagnoseLevel::Full { (all / rows).clamp(1, NOISE_BATCHES) } else { 1 };
        let drawn = sample(&mut stream(training.seed, "probe", &[]), all, rows * batches).into_vec();
        let batches: Vec<ProbeBatch<F>> =
            drawn.chunks(rows).map(|rows| ProbeBatch::of_rows(&data.train, rows)).collect();
        let answers = data.encoding.outputs();
        let probe = Probe::blank(layers, answers, batches[0].clone());
        let name = |affine: usize| {
            let tensor = &probe.network().layers()[affine].params()[0].name;
            Arc::from(tensor.split('.').next().unwrap_or_default())
        };
        let full = (spec.level == DiagnoseLevel::Full)
            .then(|| FullProbe::new(layers, answers, batches.iter().map(ProbeBatch::to_f64).collect()));
        Some(Self {
            spec: spec.clone(),
            optimizer: optimizer.clone(),
            training: training.clone(),
            names: probe.blocks().iter().map(|block| name(block.affine)).collect(),
            is_invariant: probe.blocks().iter().map(|block| is_scale_invariant(layers, block)).collect(),
            probe,
            full,
            train_rows: all,
            steps_per_epoch: 1,
            step: 0,
            before: Vec::new(),
            has_before: false,
            seen: None,
            rows: Vec::new(),
        })
    }

    /// What `event` gives to measure; most give nothing.
    pub fn on(&mut self, event: &Event<'_>) -> &[DiagnosticRow] {
        self.rows.clear();
        match event {
            Event::RunStarted { steps_per_epoch, .. } => self.steps_per_epoch = *steps_per_epoch,
            Event::Network(at) => self.on_network(at),
            Event::Evaluated(rows) => {
                if let Some(workspace) = rows.workspace::<F>() {
                    let (network, blocks) = (self.probe.network(), self.probe.blocks());
                    let seen =
                        self.seen.get_or_insert_with(|| SeenRows::new(network, blocks, self.train_rows));
                    seen.add(workspace);
                }
            }
            Event::EpochEnded(_) => self.on_epoch(),
            _ => {}
        }
        &self.rows
    }

    fn on_network(&mut self, at: &NetworkAt<'_>) {
        self.step = at.step;
        let is_due = |step: u64| self.spec.every.is_due(step, self.steps_per_epoch);
        let (is_now, is_next) = (is_due(at.step) && !at.is_resumed, is_due(at.step + 1));
        // The evaluation of an epoch follows its last step.
        let is_epoch = at.step.is_multiple_of(self.steps_per_epoch);
        if !(is_now || is_next || is_epoch) {
            return;
        }
        let Some(network) = at.network::<F>() else { return };
        if is_now || is_epoch {
            self.probe.copy_tensors(network);
        }
        if is_now {
            self.measure(network);
        }
        self.has_before = is_next;
        if is_next {
            copy_weights(network, self.probe.blocks(), &mut self.before);
        }
    }

    /// The learning rate of the last step, or of the first.
    fn rate(&self) -> f64 {
        let total = self.steps_per_epoch * self.training.epochs;
        let factor = self.training.schedule.factor(self.step.max(1), self.steps_per_epoch, total);
        self.optimizer.learning_rate() * factor
    }

    fn measure(&mut self, network: &Network<F>) {
        let (rate, epoch, step) = (self.rate(), self.step.div_ceil(self.steps_per_epoch), self.step);
        let progress = step as f64 / (self.steps_per_epoch * self.training.epochs) as f64;
        let place = (step + 1, progress.min(1.0));
        self.probe.set_step(place.0, place.1);
        self.probe.pass();
        let Self { probe, names, rows, is_invariant, optimizer, full, .. } = self;
        let before = self.has_before.then_some(&self.before);
        let mut add = |block: Option<usize>, quantity: Quantity, value: f64| {
            let layer = block.map(|block| Arc::clone(&names[block]));
            rows.push(DiagnosticRow { epoch, step, layer, quantity, value });
        };
        for (index, block) in probe.blocks().iter().enumerate() {
            let mut of_layer = |quantity, value| add(Some(index), quantity, value);
            let seen = probe.output(block.pre_activation());
            // Evenly spread rows, as many as it takes.
            let seen = seen.slice(s![..;seen.len().div_ceil(MAX_VALUES), ..]);
            let [p15, p50, p85] =
                [Quantity::PreActivationP15, Quantity::PreActivationP50, Quantity::PreActivationP85];
            let found = percentiles(seen.iter().copied(), &[0.15, 0.5, 0.85]);
            [p15, p50, p85].into_iter().zip(found).for_each(|(quantity, value)| of_layer(quantity, value));
            let gradient = &probe.network().layers()[block.affine].params()[0].grad;
            of_layer(Quantity::WeightGradient, length(gradient.view()));
            of_layer(Quantity::ActivationGradient, length(probe.output_gradient(block.output())));
            let weights = weight(network, block);
            if let Some(before) = before {
                of_layer(Quantity::UpdateRatio, update_ratio(&before[index], weights));
            }
            if is_invariant[index] {
                of_layer(Quantity::EffectiveRate, effective_rate(weights, rate));
                if let Some(ratio) = equilibrium(optimizer, rate) {
                    of_layer(Quantity::UpdateEquilibrium, ratio);
                }
            }
            let tensors = block.norm.map_or(&[][..], |norm| network.layers()[norm].params());
            if let Some(gamma) = tensors.iter().find(|tensor| tensor.name.ends_with(".gamma")) {
                let found = percentiles(gamma.value.iter().copied(), &[0.1, 0.5, 0.9]);
                let quantities = [Quantity::GammaP10, Quantity::GammaP50, Quantity::GammaP90];
                quantities.into_iter().zip(found).for_each(|(quantity, value)| of_layer(quantity, value));
            }
        }
        if let Some(full) = full {
            full.measure(network, place, rate, &mut add);
        }
    }

    /// What the evaluation of the training rows showed.
    fn on_epoch(&mut self) {
        let Some(seen) = self.seen.take() else { return };
        let (epoch, step) = (self.step.div_ceil(self.steps_per_epoch), self.step);
        let mut add = |index: usize, quantity: Quantity, value: f64| {
            let layer = Some(Arc::clone(&self.names[index]));
            self.rows.push(DiagnosticRow { epoch, step, layer, quantity, value });
        };
        let hidden = self.names.len().saturating_sub(1);
        for (index, share) in seen.dead_shares().enumerate().take(hidden) {
            add(index, Quantity::DeadShare, share);
        }
        // Before the first batch there is nothing to follow.
        for (index, gap) in seen.gaps(self.probe.network()).into_iter().enumerate().filter(|_| step > 0) {
            let Some(gap) = gap else { continue };
            if let Some(mean) = gap.mean {
                add(index, Quantity::RunningMeanGap, mean);
            }
            add(index, Quantity::RunningStdGap, gap.std);
        }
    }
}

/// The Euclidean length of all numbers together.
fn length<F: Real>(values: ArrayView2<'_, F>) -> f64 {
    sum_of_squares(values.as_slice().expect("gradients are in row-major layout")).sqrt()
}
