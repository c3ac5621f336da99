//! Watches a run, and ends it early: `cargo run --example own_observer`.

use std::ops::ControlFlow;

use bntrain::{Dataset, Error, Event, Observer, Sgd, Targets, TrainingSpec};
use bntrain::{affine, relu, squared_loss, train};
use ndarray::Array2;

/// Prints the loss of every epoch, and ends the run when it is small enough.
struct UntilLoss(f64);

impl Observer for UntilLoss {
    #[expect(clippy::print_stdout, reason = "an example shows its result")]
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::EpochEnded(epoch) => {
                println!("epoch {}: loss {:.4}", epoch.epoch, epoch.train.loss);
                if epoch.train.loss < self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
            Event::RunEnded(outcome) => {
                println!("{outcome:?}");
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

fn main() -> Result<(), Error> {
    let x = Array2::from_shape_fn((200, 1), |(row, _)| row as f64 / 100.0 - 1.0);
    let y = x.mapv(|x| (3.0 * x).sin());
    let data = Dataset::from_arrays(x, Targets::values(y))?;
    let network = [affine(32), relu(), affine(1), squared_loss()];
    let optimizer = Sgd { learning_rate: 0.05, momentum: 0.9, ..Sgd::default() };
    let training = TrainingSpec { epochs: 200, batch_size: 20, ..TrainingSpec::default() };
    train(&network, &optimizer.into(), &training, &data, &mut UntilLoss(0.02))?;
    Ok(())
}
