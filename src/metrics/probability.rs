//! Scores as logarithms of probabilities: where a probability rounds to 0 or 1, its logarithm still
//! tells which of two rows has the greater one, and how great the loss is.

/// The logarithm of the softmax of `scores`, in place:
/// `x_j - max - log(1 + sum over the others of exp(x - max))`.
pub fn log_softmax(scores: &mut [f64]) {
    let mut largest = 0;
    for (class, &score) in scores.iter().enumerate() {
        if score > scores[largest] {
            largest = class;
        }
    }
    let Some(&max) = scores.get(largest) else { return };
    let others = scores.iter().enumerate().filter(|&(class, _)| class != largest);
    let rest = others.map(|(_, score)| (score - max).exp()).sum::<f64>().ln_1p();
    scores.iter_mut().for_each(|score| *score = *score - max - rest);
}

/// The logarithms of `1 - p` and `p` for `p = 1 / (1 + exp(-score))`.
pub fn log_logistic(score: f64) -> [f64; 2] {
    let mut scores = [0.0, score];
    log_softmax(&mut scores);
    scores
}
