//! `training.freeze`, `learning_rate_factors` and `decay_factors`: settings of single tensors, by their names.
//!
//! A pattern is the name of a tensor such as `affine_1.weight`, or that of a layer such as `affine_1` for all of its
//! tensors; `*` is for any characters.

use std::collections::BTreeMap;

use crate::kernel::real::Real;
use crate::nn::{LayerSpec, Network, Param, ParamKind, tensor_names};
use crate::train::TrainingSpec;

/// Something that is wrong with a setting of single tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TensorRuleProblem {
    /// The key in `[training]`.
    pub(crate) key: &'static str,
    /// The index of the pattern in a list, or the pattern where it is a key.
    pub(crate) entry: RuleEntry,
    pub(crate) message: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RuleEntry {
    Index(usize),
    Pattern(String),
}

/// Whether `pattern` is for the tensor `name`.
pub(crate) fn is_for(pattern: &str, name: &str) -> bool {
    let layer = name.split('.').next().unwrap_or_default();
    fits(pattern, name) || fits(pattern, layer)
}

/// Whether `text` is `pattern` with any characters for each `*`.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts = rest.split('*');
    let last = parts.next_back().unwrap_or_default();
    for part in parts {
        // The earliest place leaves the most for what follows.
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

/// What is wrong with the settings of single tensors for these networks: a pattern is for a tensor of at least one
/// of them, so that twins can share it.
pub(crate) fn problems(training: &TrainingSpec, networks: &[Vec<LayerSpec>]) -> Vec<TensorRuleProblem> {
    let TrainingSpec { freeze, learning_rate_factors, decay_factors, .. } = training;
    if freeze.is_empty() && learning_rate_factors.is_empty() && decay_factors.is_empty() {
        return Vec::new();
    }
    let networks: Vec<_> = networks.iter().map(|layers| tensor_names(layers)).collect();
    let names = |is_wanted: fn(ParamKind) -> bool| {
        let all = networks.iter().flatten().filter(|(_, kind)| is_wanted(*kind));
        let mut names = Vec::<&str>::new();
        for (name, _) in all {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    };
    let (all, trained) = (names(|_| true), names(|kind| kind != ParamKind::Buffer));
    let mut problems = Vec::new();
    for (index, pattern) in freeze.iter().enumerate() {
        if !all.iter().any(|name| is_for(pattern, name)) {
            let (entry, message) = (RuleEntry::Index(index), no_match(pattern, "tensor", &all));
            problems.push(TensorRuleProblem { key: "freeze", entry, message });
        }
    }
    for (key, factors) in [("learning_rate_factors", learning_rate_factors), ("decay_factors", decay_factors)]
    {
        for (index, pattern) in factors.keys().enumerate() {
            let mut problem = |message| {
                let entry = RuleEntry::Pattern(pattern.clone());
                problems.push(TensorRuleProblem { key, entry, message });
            };
            let Some(_) = trained.iter().find(|name| is_for(pattern, name)) else {
                problem(no_match(pattern, "tensor that an optimizer updates", &trained));
                continue;
            };
            let earlier: Vec<&String> = factors.keys().take(index).collect();
            let both =
                |name: &&&str| is_for(pattern, name) && earlier.iter().any(|other| is_for(other, name));
            if let Some(name) = trained.iter().find(both) {
                let other =
                    earlier.iter().find(|other| is_for(other, name)).map_or("", |other| other.as_str());
                problem(format!("{name} has a factor from \"{other}\", too; give each tensor one"));
            }
        }
    }
    if problems.is_empty() {
        problems.extend(networks.iter().find_map(|names| incomplete(freeze, names)));
    }
    problems
}

fn no_match(pattern: &str, what: &str, names: &[&str]) -> String {
    format!("no {what} is called \"{pattern}\"; they are {}", shortened_list(names))
}

/// All names, or the first ones of many.
fn shortened_list(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

/// A norm that would keep one of its running statistics, or a network without a tensor to train.
fn incomplete(freeze: &[String], names: &[(String, ParamKind)]) -> Option<TensorRuleProblem> {
    let problem = |message| {
        let entry = RuleEntry::Index(freeze.len().saturating_sub(1));
        Some(TensorRuleProblem { key: "freeze", entry, message })
    };
    let is_frozen = |name: &str| freeze.iter().any(|pattern| is_for(pattern, name));
    let layer = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let running: Vec<&String> =
        names.iter().filter(|(_, kind)| *kind == ParamKind::Buffer).map(|(name, _)| name).collect();
    for name in running.iter().filter(|name| is_frozen(name)) {
        let other = running.iter().find(|other| layer(other) == layer(name) && !is_frozen(other));
        if let Some(other) = other {
            let whole = format!("{}.running_*", layer(name));
            return problem(format!(
                "it freezes {name} but not {other}; a norm normalizes by both of the batch or by both running \
                 statistics: freeze \"{whole}\""
            ));
        }
    }
    let is_trained = |(name, kind): &(String, ParamKind)| *kind != ParamKind::Buffer && !is_frozen(name);
    if !freeze.is_empty() && !names.iter().any(is_trained) {
        return problem("every tensor of a network is frozen, so there is nothing to train".to_owned());
    }
    None
}

/// `training` without the patterns that are for no tensor of a network of `layers`: what it says about that network
/// alone, where its twins shared the patterns.
pub(crate) fn of_network(training: &TrainingSpec, layers: &[LayerSpec]) -> TrainingSpec {
    let mut training = training.clone();
    let TrainingSpec { freeze, learning_rate_factors, decay_factors, .. } = &mut training;
    let names = tensor_names(layers);
    freeze.retain(|pattern| names.iter().any(|(name, _)| is_for(pattern, name)));
    let is_for_trained =
        |pattern: &str| names.iter().any(|(name, kind)| *kind != ParamKind::Buffer && is_for(pattern, name));
    learning_rate_factors.retain(|pattern, _| is_for_trained(pattern));
    decay_factors.retain(|pattern, _| is_for_trained(pattern));
    training
}

/// Gives the tensors of `network` their factors.
pub(crate) fn apply<F: Real>(training: &TrainingSpec, network: &mut Network<F>) {
    let factor = |factors: &BTreeMap<String, f64>, name: &str| {
        factors.iter().find(|(pattern, _)| is_for(pattern, name)).map(|(_, factor)| *factor)
    };
    for param in network.params_mut() {
        let Param { name, rate_factor, decay_factor, .. } = param;
        if let Some(found) = factor(&training.learning_rate_factors, name) {
            *rate_factor = found;
        }
        if let Some(found) = factor(&training.decay_factors, name) {
            *decay_factor = found;
        }
        if training.freeze.iter().any(|pattern| is_for(pattern, name)) {
            *rate_factor = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::data::Rows;
    use crate::kernel::ThreadPool;
    use crate::nn::{GroupNormSpec, affine, batch_norm, output_affine, relu, softmax_loss, squared_loss};
    use crate::optim::{AdamW, OptimizerSpec, Sgd};
    use crate::targets::Targets;
    use crate::train::step::TrainStep;

    #[test]
    fn a_pattern_is_a_tensor_a_layer_or_has_stars() {
        let cases = [
            ("affine_1.weight", "affine_1.weight", true),
            ("affine_1", "affine_1.weight", true),
            ("affine_1", "affine_12.weight", false),
            ("affine_*", "affine_12.weight", true),
            ("*.weight", "affine_12.weight", true),
            ("*.weight", "affine_12.bias", false),
            ("*norm*.*m*a", "batch_norm_1.gamma", true),
            ("*norm*.*m*n", "batch_norm_1.gamma", false),
            ("*", "batch_norm_1.gamma", true),
            ("a*a", "a", false),
            ("*layer*r", "my_layer", false),
            ("weight", "affine_1.weight", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(is_for(pattern, name), expected, "{pattern} {name}");
        }
    }

    fn messages(freeze: &[&str], rates: &[(&str, f64)]) -> Vec<String> {
        let training = TrainingSpec {
            freeze: freeze.iter().map(|&pattern| pattern.to_owned()).collect(),
            learning_rate_factors: rates.iter().map(|&(name, rate)| (name.to_owned(), rate)).collect(),
            ..TrainingSpec::default()
        };
        let with = vec![affine(3), batch_norm(), relu(), output_affine(), softmax_loss()];
        let without = vec![affine(3), relu(), output_affine(), softmax_loss()];
        problems(&training, &[with, without]).into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn patterns_without_a_tensor_and_halves_of_statistics_are_refused() {
        // The bias of affine_1 is only in the twin without batch norm.
        assert!(messages(&["affine_1.bias", "batch_norm_1"], &[("affine_*", 0.5)]).is_empty());
        assert_eq!(
            messages(&["afine_1"], &[]),
            [
                "no tensor is called \"afine_1\"; they are affine_1.weight, batch_norm_1.gamma, batch_norm_1.beta, \
                 batch_norm_1.running_mean, batch_norm_1.running_var, affine_2.weight, affine_2.bias, affine_1.bias"
            ]
        );
        assert_eq!(
            messages(&["*.running_mean"], &[]),
            [
                "it freezes batch_norm_1.running_mean but not batch_norm_1.running_var; a norm normalizes by both of \
                 the batch or by both running statistics: freeze \"batch_norm_1.running_*\""
            ]
        );
        assert_eq!(
            messages(&["*"], &[]),
            ["every tensor of a network is frozen, so there is nothing to train"]
        );
        assert_eq!(
            messages(&[], &[("affine_1", 0.5), ("*.weight", 2.0)]),
            ["affine_1.weight has a factor from \"*.weight\", too; give each tensor one"]
        );
        assert_eq!(
            messages(&[], &[("*.running_var", 0.5)]),
            ["no tensor that an optimizer updates is called \"*.running_var\"; they are affine_1.weight, \
                 batch_norm_1.gamma, batch_norm_1.beta, affine_2.weight, affine_2.bias, affine_1.bias"]
        );
    }

    #[test]
    fn a_network_keeps_the_patterns_of_its_tensors() {
        let with = vec![affine(3), batch_norm(), relu(), output_affine(), softmax_loss()];
        let without = vec![affine(3), relu(), output_affine(), softmax_loss()];
        let patterns = ["*.gamma", "*.running_*", "affine_1.bias", "affine_2"].map(str::to_owned);
        let factors =
            BTreeMap::from(["*.gamma", "affine_1.bias", "affine_2"].map(|name| (name.to_owned(), 0.5)));
        let training = TrainingSpec {
            freeze: patterns.to_vec(),
            learning_rate_factors: factors.clone(),
            decay_factors: factors,
            ..TrainingSpec::default()
        };
        let cases: [(_, &[&str], _); 2] = [
            (with, &["*.gamma", "*.running_*", "affine_2"], ["*.gamma", "affine_2"]),
            (without, &["affine_1.bias", "affine_2"], ["affine_1.bias", "affine_2"]),
        ];
        for (layers, freeze, factors) in cases {
            let own = of_network(&training, &layers);
            assert_eq!(own.freeze, freeze);
            assert!(own.learning_rate_factors.keys().eq(factors));
            assert!(own.decay_factors.keys().eq(factors));
            assert!(problems(&own, &[layers]).is_empty());
        }
    }

    #[test]
    fn of_many_names_the_first_twelve_are_listed() {
        let names: Vec<String> = (1..=14).map(|number| format!("t{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let twelve = "t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12";
        assert_eq!(shortened_list(&names[..12]), twelve);
        assert_eq!(shortened_list(&names[..13]), format!("{twelve} and 1 more"));
        assert_eq!(shortened_list(&names), format!("{twelve} and 2 more"));
    }

    /// Whatever the number of its groups, which the width of the layer before has to be a multiple of.
    #[test]
    fn a_group_norm_has_its_tensors() {
        let norm = GroupNormSpec { groups: Some(3), ..GroupNormSpec::default() };
        let layers = vec![affine(6), norm.into(), output_affine(), squared_loss()];
        let training =
            TrainingSpec { freeze: vec!["group_norm_1.gamma".to_owned()], ..TrainingSpec::default() };
        assert!(problems(&training, &[layers]).is_empty());
    }

    /// `y = w2 (w1 x + b1) + b2` at `x = 1` with target 5: `w1 = 2`, `w2 = 3` and both biases 1 give `y = 10`, so
    /// that the gradients of `w1`, `b1`, `w2` and `b2` are 30, 30, 30 and 10.
    fn stepped(optimizer: OptimizerSpec, clip_norm: Option<f64>) -> [f64; 4] {
        let training = TrainingSpec {
            freeze: vec!["affine_1.weight".to_owned()],
            learning_rate_factors: BTreeMap::from([("affine_2".to_owned(), 0.5)]),
            decay_factors: BTreeMap::from([("*.bias".to_owned(), 2.0)]),
            ..TrainingSpec::default()
        };
        let rows = Rows::new(&array![[1.0]], Targets::Values(array![[5.0]]));
        let mut network = Network::<f64>::build(&[affine(1), output_affine(), squared_loss()], 1, 1, 0);
        for (param, value) in network.params_mut().zip([2.0, 1.0, 3.0, 1.0]) {
            param.value.fill(value);
        }
        apply(&training, &mut network);
        let mut step = TrainStep::new(network, &optimizer, clip_norm, &rows, 1);
        step.step(&ThreadPool::single(), &rows, &[0], 1, 0.0, 0.1).expect("finite");
        let values: Vec<f64> = step.network.params().map(|param| param.value[[0, 0]]).collect();
        values.try_into().expect("four tensors")
    }

    #[track_caller]
    fn assert_close(found: [f64; 4], expected: [f64; 4]) {
        assert_eq!(found[0].to_bits(), 2.0_f64.to_bits(), "frozen");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn each_tensor_moves_by_its_own_rate_and_decay() {
        // With decay the gradients are 30 + 0.5 * 2 * 1, 30 + 0.5 * 3 and 10 + 0.5 * 2 * 1.
        let sgd = OptimizerSpec::from(Sgd { l2: 0.5, ..Sgd::default() });
        assert_close(stepped(sgd.clone(), None), [2.0, 1.0 - 3.1, 3.0 - 0.05 * 31.5, 1.0 - 0.05 * 11.0]);
        // Without that of the frozen tensor.
        let norm = (31.0_f64.powi(2) + 31.5_f64.powi(2) + 11.0_f64.powi(2)).sqrt();
        assert_close(stepped(sgd, Some(norm / 10.0)), [2.0, 1.0 - 0.31, 3.0 - 0.005 * 31.5, 1.0 - 0.055]);
        // The first step of Adam is by the sign of the gradient.
        let adamw = AdamW { weight_decay: 0.5, eps: 1e-12, ..AdamW::default() };
        assert_close(stepped(adamw.into(), None), [2.0, 0.9 - 0.1, 2.925 - 0.05, 0.95 - 0.05]);
    }
}
