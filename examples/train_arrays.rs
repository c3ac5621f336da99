//! Trains a network on arrays and predicts with it: `cargo run --example train_arrays`.

use bntrain::{Adam, ArraySpec, Dataset, Error, Metric, Targets, TrainingSpec};
use bntrain::{affine, batch_norm, relu, softmax_loss, train};
use ndarray::{Array2, array};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Error> {
    // Two spirals, as points in the plane.
    let point = |row: usize| {
        let (arm, turn) = ((row % 2) as f64, row as f64 / 60.0);
        [turn * (turn + arm * std::f64::consts::PI).cos(), turn * (turn + arm * std::f64::consts::PI).sin()]
    };
    let x = Array2::from_shape_fn((400, 2), |(row, column)| point(row)[column]);
    let y: Vec<u32> = (0..400).map(|row| row % 2).collect();

    let spec = ArraySpec { valid: 0.25, ..ArraySpec::default() };
    let data = Dataset::from_arrays_with(x, Targets::classes(y), &spec)?;
    let network =
        [affine(32), batch_norm(), relu(), affine(32), batch_norm(), relu(), affine(2), softmax_loss()];
    let training = TrainingSpec { epochs: 40, batch_size: 32, ..TrainingSpec::default() };
    let result =
        train(&network, &Adam { learning_rate: 0.01, ..Adam::default() }.into(), &training, &data, &mut ())?;

    for (epoch, accuracy) in result.curve(Metric::ValidAccuracy).into_iter().step_by(10) {
        println!("epoch {epoch:2}: validation accuracy {accuracy:.2}");
    }
    let predictions = result.predict(&array![[1.0, 0.0], [-1.0, 0.0]])?;
    println!("probabilities:\n{:.3}", predictions.probabilities().expect("the targets are classes"));
    Ok(())
}
