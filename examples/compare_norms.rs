//! The same deep network with each norm, from the same weights: `cargo run --release --example compare_norms`.

use bntrain::{ArraySpec, Dataset, Error, Metric, Norm, Sgd, Targets, TrainingSpec};
use bntrain::{affine, batch_norm, softmax_loss, tanh, train, twin};
use ndarray::Array2;

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Error> {
    // Is a point inside the unit circle?
    let x = Array2::from_shape_fn((600, 2), |(row, column)| {
        1.5 * (row as f64 * (0.7 + 0.9 * column as f64)).sin()
    });
    let y: Vec<u32> = x.rows().into_iter().map(|row| u32::from(row.dot(&row) < 1.0)).collect();
    let spec = ArraySpec { valid: 0.25, ..ArraySpec::default() };
    let data = Dataset::from_arrays_with(x, Targets::classes(y), &spec)?;

    let hidden = || [affine(16), batch_norm(), tanh()];
    let network: Vec<_> = (0..6).flat_map(|_| hidden()).chain([affine(2), softmax_loss()]).collect();
    let sgd = Sgd { learning_rate: 0.05, momentum: 0.9, ..Sgd::default() };

    println!("validation loss after epochs 1 to 5, best of 20, by norm and seed");
    for norm in Norm::ALL {
        for seed in 1..=3 {
            let training = TrainingSpec { epochs: 20, batch_size: 32, seed, ..TrainingSpec::default() };
            // Twins differ in the norm only: weights, batches and split follow from the seed.
            let result = train(&twin(&network, norm), &sgd.clone().into(), &training, &data, &mut ())?;
            let losses: Vec<f64> = result.curve(Metric::ValidLoss).iter().map(|&(_, loss)| loss).collect();
            let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
            println!("{:10} seed {seed}: {:.3?}, best {best:.3}", norm.name(), &losses[1..6]);
        }
    }
    Ok(())
}
