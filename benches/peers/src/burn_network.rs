//! The networks in Burn, on its Flex backend.

use anyhow::{Context, Result};
use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData, activation::relu};

use crate::Training;
use crate::workload::{ADAM_RATE, Rule, SGD_MOMENTUM, SGD_RATE, Samples, Workload};

pub struct BurnTraining {
    network: Option<Network>, // an update takes it and gives it back
    update: ModuleOptimizer,
    rate: f64,
    x: Tensor<2>,
    labels: Tensor<1, Int>,
    loss: Option<Tensor<1>>, // of the last step
    device: Device,
}

#[derive(Module, Debug)]
struct Network {
    linears: Vec<Linear>,
    /// One for each hidden layer, or none at all.
    norms: Vec<BatchNorm>,
}

impl Network {
    fn new(workload: &Workload, norm: bool, device: &Device) -> Self {
        let linear = |(inputs, outputs, last)| {
            LinearConfig::new(inputs, outputs).with_bias(last || !norm).init(device)
        };
        let hidden = workload.layers().filter(|(.., last)| norm && !last);
        Self {
            linears: workload.layers().map(linear).collect(),
            norms: hidden.map(|(_, outputs, _)| BatchNormConfig::new(outputs).init(device)).collect(),
        }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let mut y = x;
        let last = self.linears.len() - 1;
        for (index, linear) in self.linears.iter().enumerate() {
            y = linear.forward(y);
            if let Some(norm) = self.norms.get(index) {
                y = norm.forward(y);
            }
            if index < last {
                y = relu(y);
            }
        }
        y
    }
}

impl BurnTraining {
    pub fn new(workload: &Workload, samples: Samples, norm: bool) -> Self {
        let device = Device::flex().autodiff();
        let momentum = MomentumConfig::new().with_momentum(SGD_MOMENTUM).with_dampening(0.0);
        let (update, rate) = match workload.optimizer {
            Rule::Sgd => (SgdConfig::new().with_momentum(Some(momentum)).init(), SGD_RATE),
            Rule::Adam => (AdamConfig::new().with_epsilon(1e-8).init(), ADAM_RATE),
        };
        let labels: Vec<i32> = samples.labels.iter().map(|&label| label as i32).collect();
        Self {
            network: Some(Network::new(workload, norm, &device)),
            update,
            rate,
            x: Tensor::from_data(TensorData::new(samples.x, [workload.rows, workload.widths[0]]), &device),
            labels: Tensor::from_data(TensorData::new(labels, [workload.rows]), &device),
            loss: None,
            device,
        }
    }
}

impl Training for BurnTraining {
    fn step(&mut self, rows: &[usize]) -> Result<()> {
        let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
        let count = rows.len();
        let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &self.device);
        let network = self.network.take().context("an update gives the network back")?;
        let scores = network.forward(self.x.clone().select(0, rows.clone()));
        let loss = CrossEntropyLossConfig::new()
            .init(&self.device)
            .forward(scores, self.labels.clone().select(0, rows));
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        self.network = Some(self.update.step(self.rate, network, gradients));
        self.loss = Some(loss);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        if let Some(loss) = self.loss.take() {
            loss.into_scalar::<f32>();
        }
        Ok(())
    }
}
