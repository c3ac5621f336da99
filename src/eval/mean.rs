//! The mean of the predictions of several networks for the same rows.

use ndarray::{Array2, Zip};

use crate::metrics::Predictions;

/// The mean of the probabilities, or of the values, that networks predict; of one network, its own predictions.
///
/// Of logarithms of probabilities `l_m` it is `max + log(sum over m of exp(l_m - max)) - log(M)`, so that tiny
/// probabilities keep their digits.
///
/// # Panics
///
/// Without predictions, or if they are not of the same rows and kind.
pub fn mean_predictions(mut all: Vec<Predictions>) -> Predictions {
    if all.len() == 1 {
        return all.remove(0);
    }
    let numbers: Vec<&Array2<f64>> = all.iter().map(numbers).collect();
    match &all[0] {
        Predictions::Classes(_) => Predictions::Classes(log_mean(&numbers)),
        Predictions::WeightedClasses { weights, .. } => {
            Predictions::WeightedClasses { logarithms: log_mean(&numbers), weights: weights.clone() }
        }
        Predictions::Values(_) => {
            let mut sum = numbers[0].clone();
            numbers[1..].iter().for_each(|values| sum += *values);
            Predictions::Values(sum / numbers.len() as f64)
        }
    }
}

fn numbers(predictions: &Predictions) -> &Array2<f64> {
    match predictions {
        Predictions::Classes(numbers)
        | Predictions::WeightedClasses { logarithms: numbers, .. }
        | Predictions::Values(numbers) => numbers,
    }
}

fn log_mean(logarithms: &[&Array2<f64>]) -> Array2<f64> {
    let mut largest = logarithms[0].clone();
    for other in &logarithms[1..] {
        Zip::from(&mut largest).and(*other).for_each(|most, &other| *most = most.max(other));
    }
    let mut sum = Array2::<f64>::zeros(largest.dim());
    for each in logarithms {
        // A probability of 0 in all of them.
        Zip::from(&mut sum).and(*each).and(&largest).for_each(|sum, &each, &most| {
            *sum += if each == f64::NEG_INFINITY { 0.0 } else { (each - most).exp() };
        });
    }
    let count = (logarithms.len() as f64).ln();
    Zip::from(&mut largest).and(&sum).for_each(|most, sum| *most += sum.ln() - count);
    largest
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn probabilities_and_values_are_averaged() {
        let logs = |p: Array2<f64>| Predictions::Classes(p.mapv(f64::ln));
        let mean = mean_predictions(vec![logs(array![[0.2, 0.8]]), logs(array![[0.6, 0.4]])]);
        let p = mean.log_probabilities().expect("classes").mapv(f64::exp);
        assert!((p[[0, 0]] - 0.4).abs() < 1e-15 && (p[[0, 1]] - 0.6).abs() < 1e-15, "{p}");
        let tiny = |log: f64| Predictions::Classes(array![[log, 0.0]]);
        let mean = mean_predictions(vec![tiny(-1000.0), tiny(-1000.0), tiny(-2000.0)]);
        let found = mean.log_probabilities().expect("classes")[[0, 0]];
        assert!((found - (-1000.0 + (2.0_f64 / 3.0).ln())).abs() < 1e-12, "{found}");
        let values = vec![Predictions::Values(array![[1.0]]), Predictions::Values(array![[4.0]])];
        assert_eq!(mean_predictions(values), Predictions::Values(array![[2.5]]));
    }
}
