//! The networks in candle.

use anyhow::Result;
use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{
    AdamW, BatchNorm, BatchNormConfig, Linear, Module, ModuleT, Optimizer, ParamsAdamW, VarBuilder, VarMap,
    batch_norm, linear_b, loss,
};

use crate::Training;
use crate::workload::{ADAM_RATE, Rule, SGD_MOMENTUM, SGD_RATE, Samples, Workload};

pub struct CandleTraining {
    layers: Vec<(Linear, Option<BatchNorm>)>,
    update: Update,
    x: Tensor,
    labels: Tensor,
    loss: Option<Tensor>, // of the last step
}

enum Update {
    Sgd(Momentum),
    Adam(AdamW),
}

impl CandleTraining {
    pub fn new(workload: &Workload, samples: Samples, norm: bool) -> Result<Self> {
        let variables = VarMap::new();
        let builder = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
        let layers = workload
            .layers()
            .enumerate()
            .map(|(index, (inputs, outputs, last))| {
                let builder = builder.pp(index);
                let linear = linear_b(inputs, outputs, last || !norm, builder.pp("linear"))?;
                let norm = (norm && !last)
                    .then(|| batch_norm(outputs, BatchNormConfig::default(), builder.pp("norm")))
                    .transpose()?;
                Ok((linear, norm))
            })
            .collect::<Result<_>>()?;
        let trained = variables.all_vars();
        let update = match workload.optimizer {
            Rule::Sgd => Update::Sgd(Momentum::new(trained)?),
            // Without decay it is Adam.
            Rule::Adam => Update::Adam(AdamW::new(
                trained,
                ParamsAdamW { lr: ADAM_RATE, weight_decay: 0.0, ..ParamsAdamW::default() },
            )?),
        };
        Ok(Self {
            layers,
            update,
            x: Tensor::from_vec(samples.x, (workload.rows, workload.widths[0]), &Device::Cpu)?,
            labels: Tensor::from_vec(samples.labels, workload.rows, &Device::Cpu)?,
            loss: None,
        })
    }
}

impl Training for CandleTraining {
    fn step(&mut self, rows: &[usize]) -> Result<()> {
        let rows: Vec<u32> = rows.iter().map(|&row| row as u32).collect();
        let rows = Tensor::new(rows, &Device::Cpu)?;
        let mut y = self.x.index_select(&rows, 0)?;
        let last = self.layers.len() - 1;
        for (index, (linear, norm)) in self.layers.iter().enumerate() {
            y = linear.forward(&y)?;
            if let Some(norm) = norm {
                y = norm.forward_t(&y, true)?;
            }
            if index < last {
                y = y.relu()?;
            }
        }
        let loss = loss::cross_entropy(&y, &self.labels.index_select(&rows, 0)?)?;
        let gradients = loss.backward()?;
        match &mut self.update {
            Update::Sgd(sgd) => sgd.step(&gradients)?,
            Update::Adam(adam) => adam.step(&gradients)?,
        }
        self.loss = Some(loss);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        if let Some(loss) = self.loss.take() {
            loss.to_scalar::<f32>()?;
        }
        Ok(())
    }
}

/// `v = momentum v + g; w = w - rate v`, in candle's operations: its own SGD has no momentum.
struct Momentum {
    /// Each with its velocity.
    variables: Vec<(Var, Tensor)>,
}

impl Momentum {
    fn new(variables: Vec<Var>) -> Result<Self> {
        let with_velocity = |variable: Var| {
            let velocity = variable.zeros_like()?.detach();
            Ok((variable, velocity))
        };
        Ok(Self { variables: variables.into_iter().map(with_velocity).collect::<Result<_>>()? })
    }

    fn step(&mut self, gradients: &GradStore) -> Result<()> {
        for (variable, velocity) in &mut self.variables {
            if let Some(gradient) = gradients.get(variable) {
                *velocity = ((&*velocity * SGD_MOMENTUM)? + gradient)?.detach();
                variable.set(&(variable.as_detached_tensor() - (&*velocity * SGD_RATE)?)?)?;
            }
        }
        Ok(())
    }
}
