//! A whole run: epochs of steps, evaluation between them, and an end.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use ndarray::Array2;

use crate::config::Plan;
use crate::data::{BatchSampler, PreparedData};
use crate::kernel;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::Network;
use crate::train::early_stopping::Patience;
use crate::train::step::{NonFinite, Stepper};
use crate::train::{EpochRecord, Evaluator, Event, Observer, Outcome, Score, StepRecord};

/// Multiplications in one product of a batch with all weights from which a second thread makes a
/// step faster: with 0.3 million it does not (64-64-64-10, batches of 32), with 6 it does
/// (784-100x3-10, batches of 60).
const WORTH_SHARING: usize = 1 << 20;

/// What a run leaves behind.
pub struct Trained<F> {
    /// The network with the kept weights and running statistics.
    pub network: Network<F>,
    /// The epoch that they are from.
    pub kept_epoch: u64,
    /// How the run ended.
    pub outcome: Outcome,
    /// Epoch 0 and every epoch that was finished.
    pub epochs: Vec<EpochRecord>,
    /// Every `log_every_steps`-th step.
    pub steps: Vec<StepRecord>,
    /// The test rows under the kept weights; none without any.
    pub test: Option<Score>,
}

/// Trains the network of `plan` on `data` with the threads of `pool` and tells `observer` about it.
///
/// With early stopping the weights of the best epoch are kept, otherwise those of the last epoch
/// that was finished; running statistics always go with the weights. `stop`, once set, ends the
/// run after the current step.
///
/// # Errors
///
/// The first one of the observer.
pub fn train<F: Real>(
    plan: &Plan,
    data: &PreparedData<F>,
    pool: &ThreadPool,
    stop: &AtomicBool,
    observer: &mut dyn Observer,
) -> std::io::Result<Trained<F>> {
    let training = &plan.training;
    let batches = BatchSampler::new(
        data.train.len(),
        training.batch_size,
        training.last_batch,
        training.sampling,
        training.seed,
    );
    let network =
        Network::build(&plan.layers, data.encoding.inputs.len(), data.encoding.outputs(), training.seed);
    let alone = ThreadPool::single();
    let is_shared = network.num_trainable().saturating_mul(batches.sizes().1) >= WORTH_SHARING;
    let mut run = Run {
        plan,
        data,
        pool,
        step_team: if is_shared { pool } else { &alone },
        stop,
        evaluator: Evaluator::new(&network, &data.train),
        patience: Patience::new(training.early_stopping.as_ref()),
        kept: (0, copy_tensors(&network)),
        stepper: Stepper::new(plan, network, &data.train, batches.sizes().1),
        batches,
        observer,
        step: 0,
        epochs: Vec::new(),
        steps: Vec::new(),
    };
    let outcome = run.epochs()?;
    run.observer.on(&Event::RunEnded(&outcome))?;
    let Run { stepper, kept: (kept_epoch, tensors), mut evaluator, epochs, steps, .. } = run;
    let mut network = stepper.network;
    for (param, tensor) in network.params_mut().zip(tensors) {
        param.value = tensor;
    }
    let test = data.test.as_ref().map(|rows| evaluator.score(pool, &network, rows));
    Ok(Trained { network, kept_epoch, outcome, epochs, steps, test })
}

/// A run in progress.
struct Run<'a, F> {
    plan: &'a Plan,
    data: &'a PreparedData<F>,
    /// For evaluation.
    pool: &'a ThreadPool,
    /// For training steps.
    step_team: &'a ThreadPool,
    stop: &'a AtomicBool,
    batches: BatchSampler,
    stepper: Stepper<'a, F>,
    evaluator: Evaluator<F>,
    patience: Patience<'a>,
    /// An epoch and a copy of all tensors after it.
    kept: (u64, Vec<Array2<F>>),
    observer: &'a mut dyn Observer,
    step: u64,
    epochs: Vec<EpochRecord>,
    steps: Vec<StepRecord>,
}

impl<F: Real> Run<'_, F> {
    fn epochs(&mut self) -> std::io::Result<Outcome> {
        let training = &self.plan.training;
        let steps_per_epoch = self.batches.per_epoch() as u64;
        self.observer.on(&Event::RunStarted { epochs: training.epochs, steps_per_epoch })?;
        if let ControlFlow::Break(outcome) = self.end_epoch(0, None, None, 0.0)? {
            return Ok(outcome);
        }
        for epoch in 1..=training.epochs {
            let begin = Instant::now();
            let mut loss_sum = 0.0;
            let mut rows = 0;
            let mut rate = 0.0;
            for batch in self.batches.epoch(epoch) {
                if self.stop.load(Ordering::Relaxed) {
                    return Ok(Outcome::Interrupted { step: self.step });
                }
                self.step += 1;
                let total = steps_per_epoch * training.epochs;
                rate = self.plan.optimizer.learning_rate()
                    * training.schedule.factor(self.step, steps_per_epoch, total);
                let loss = match self.stepper.step(self.step_team, &self.data.train, batch, self.step, rate) {
                    Ok(loss) => loss,
                    Err(NonFinite(tensor)) => {
                        return Ok(Outcome::Diverged { epoch, step: self.step, tensor });
                    }
                };
                loss_sum += loss * batch.len() as f64;
                rows += batch.len();
                let record = StepRecord { step: self.step, loss, learning_rate: rate };
                if self.step.is_multiple_of(training.log_every_steps) {
                    self.steps.push(record);
                }
                self.observer.on(&Event::StepEnded(record))?;
            }
            let seconds = begin.elapsed().as_secs_f64();
            let ended = self.end_epoch(epoch, Some(rate), Some(loss_sum / rows as f64), seconds)?;
            if let ControlFlow::Break(outcome) = ended {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Finished)
    }

    /// Evaluates, reports, and decides whether the weights are kept and whether the run goes on.
    fn end_epoch(
        &mut self,
        epoch: u64,
        learning_rate: Option<f64>,
        train_loss: Option<f64>,
        train_seconds: f64,
    ) -> std::io::Result<ControlFlow<Outcome>> {
        let network = &self.stepper.network;
        let begin = Instant::now();
        let train = self.evaluator.score(self.pool, network, &self.data.train);
        let valid = self.data.valid.as_ref().map(|rows| self.evaluator.score(self.pool, network, rows));
        let before = self.epochs.last();
        let record = EpochRecord {
            epoch,
            step: self.step,
            learning_rate,
            train_loss,
            train,
            valid,
            train_seconds: before.map_or(0.0, |before| before.train_seconds) + train_seconds,
            eval_seconds: before.map_or(0.0, |before| before.eval_seconds) + begin.elapsed().as_secs_f64(),
        };
        let spoilt = spoilt(network, &record);
        let verdict = self.patience.judge(&record);
        self.observer.on(&Event::EpochEnded(&record))?;
        self.epochs.push(record);
        if let Some(tensor) = spoilt {
            return Ok(ControlFlow::Break(Outcome::Diverged { epoch, step: self.step, tensor }));
        }
        if verdict.keep {
            self.kept = (epoch, copy_tensors(network));
        }
        Ok(if verdict.stop {
            ControlFlow::Break(Outcome::StoppedEarly { epoch })
        } else {
            ControlFlow::Continue(())
        })
    }
}

/// What is not finite after an epoch: a tensor, moved out of range by the last update, or a loss in
/// evaluation mode.
fn spoilt<F: Real>(network: &Network<F>, record: &EpochRecord) -> Option<String> {
    let bad = network.params().find(|param| !kernel::all_finite(param.value.as_slice().unwrap_or_default()));
    if let Some(param) = bad {
        return Some(param.name.clone());
    }
    let valid = record.valid.map_or(0.0, |valid| valid.loss);
    (!(record.train.loss.is_finite() && valid.is_finite())).then(|| "loss in evaluation mode".to_owned())
}

fn copy_tensors<F: Real>(network: &Network<F>) -> Vec<Array2<F>> {
    network.params().map(|param| param.value.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::data::Dataset;

    /// What a config makes of the file `t.csv`.
    fn run<F: Real>(content: &str, text: &str) -> Trained<F> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("t.csv"), content).expect("it can be written");
        let plan = config::parse(text, &folder.path().join("config.toml"), &[]).expect("a plan");
        let table = Dataset::load(&plan.data).expect("the table loads");
        let data = table.prepare::<F>(1, plan.training.class_weights.as_ref()).expect("the values fit").data;
        let mut nobody: Vec<Box<dyn Observer>> = Vec::new();
        train(&plan, &data, &ThreadPool::single(), &AtomicBool::new(false), &mut nobody)
            .expect("nobody objects")
    }

    /// A run over five rows of the network with these layers before the scores.
    fn trained(rate: f64, training: &str, layers: &str) -> Trained<f64> {
        let text = format!(
            "data = {{ path = \"t.csv\", label = \"kind\" }}\noptimizer = {{ type = \"sgd\", learning_rate = {rate:e} }}\n\
             training = {{ dtype = \"f64\", {training} }}\n\
             layers = [{{ type = \"affine\", units = 3 }}, {layers}, {{ type = \"affine\" }}, {{ type = \"softmax_loss\" }}]\n"
        );
        run("x,kind\n1,a\n2,b\n4,b\n5,a\n7,b\n", &text)
    }

    #[test]
    fn the_last_score_is_that_of_the_test_rows() {
        let content =
            "x,part,kind\n1,train,a\n2,train,b\n4,train,b\n5,valid,a\n7,valid,b\n5,test,a\n7,test,b\n";
        let text = r#"
            data = { path = "t.csv", label = "kind", columns = { part = "split" } }
            optimizer = { type = "sgd" }
            training = { dtype = "f64", epochs = 2 }
            layers = [{ type = "affine" }, { type = "softmax_loss" }]
        "#;
        let Trained { epochs, test, .. } = run::<f64>(content, text);
        // The same rows as for validation.
        assert_eq!(test, epochs[2].valid);
        assert_ne!(test, Some(epochs[2].train));
    }

    #[test]
    fn a_loss_on_validation_rows_that_is_no_number_ends_the_run() {
        let content = "x,part,y\n1,train,5\n2,train,6\n4,train,9\n3e38,valid,6\n";
        let text = r#"
            data = { path = "t.csv", target = "y", scale = "none", columns = { part = "split" } }
            optimizer = { type = "sgd" }
            training = { dtype = "f32", epochs = 2 }
            layers = [{ type = "affine" }, { type = "squared_loss" }]
        "#;
        let tensor = "loss in evaluation mode".to_owned();
        assert_eq!(run::<f32>(content, text).outcome, Outcome::Diverged { epoch: 0, step: 0, tensor });
    }

    /// Before the first update, over a batch of all rows, training and evaluation see the same.
    #[test]
    fn the_loss_in_training_is_weighted_like_that_in_evaluation() {
        let epochs =
            trained(0.1, "epochs = 1, batch_size = 5, class_weights = { a = 5 }", "{ type = \"tanh\" }")
                .epochs;
        let found = epochs[1].train_loss.expect("an epoch of training");
        let expected = epochs[0].train.loss;
        // The rows come in another order, so their sums are rounded in another way.
        assert!((found - expected).abs() < 1e-14, "{found} {expected}");
    }

    /// With a rate that moves nothing, whatever the sizes of the batches.
    #[test]
    fn the_loss_of_an_epoch_is_the_mean_over_its_rows() {
        let training = "epochs = 1, batch_size = 2, last_batch = \"keep\"";
        let epochs = trained(1e-30, training, "{ type = \"tanh\" }").epochs;
        let found = epochs[1].train_loss.expect("an epoch of training");
        let expected = epochs[0].train.loss;
        // Sums over the batches and over all rows are rounded in another way.
        assert!((found - expected).abs() < 1e-14, "{found} {expected}");
    }

    #[test]
    fn the_weights_and_statistics_that_are_kept_are_those_of_the_same_epoch() {
        // Nothing gains so much, so that the first epoch stays the best.
        let rule = "early_stopping = { metric = \"train_loss\", patience = 3, min_delta = 100.0 }";
        let norm = "{ type = \"batch_norm\" }";
        let stopped = trained(0.1, &format!("epochs = 9, batch_size = 5, {rule}"), norm);
        assert_eq!((stopped.kept_epoch, stopped.outcome), (1, Outcome::StoppedEarly { epoch: 4 }));
        assert_eq!(
            copy_tensors(&stopped.network),
            copy_tensors(&trained(0.1, "epochs = 1, batch_size = 5", norm).network)
        );
        // Running statistics follow every step, so none is what it was at first.
        let mut running = stopped.network.params().filter(|param| !param.is_trained());
        assert!(running.all(|param| param.value.iter().all(|&value| value != 0.0 && value != 1.0)));
        assert_ne!(
            copy_tensors(&stopped.network),
            copy_tensors(&trained(0.1, "epochs = 4, batch_size = 5", norm).network)
        );
    }
}
