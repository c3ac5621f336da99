//! `bntrain gradcheck --mistake`: wrong backward passes of batch norm in the user's own network.

use serde_json::Value;

use crate::support::work::Work;

#[test]
fn a_network_with_a_mistake_is_refused_with_the_tensor() {
    let work = Work::new();
    let ended = work.run(&["gradcheck", "-c", "single.toml", "--mistake", "no-mean-term"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("mistake no-mean-term (dx lacks - dbeta / n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("\naffine_1.weight["), "the worst entry, with both derivatives");
    let first = "going backwards from the loss, affine_2.weight is the first wrong gradient\n";
    assert!(ended.stdout.ends_with(first), "the layer before the last batch norm: {}", ended.stdout);
    assert!(ended.stderr.contains("a gradient differs from central differences"), "{}", ended.stderr);
}

#[test]
fn every_mistake_is_refused() {
    let work = Work::new();
    // Few units, as each entry of the weights is checked.
    let args = ["gradcheck", "-c", "config.toml", "--mistakes", "--set", "model.hidden=[6, 5]"];
    let ended = work.ok(&args);
    assert!(ended.stdout.contains("\n13 of 13 mistakes are refused\n"), "{}", ended.stdout);
    assert!(!ended.stdout.contains(" passes "), "{}", ended.stdout);
    let lines = work.ok(&[&args[..], &["--json", "-q"]].concat()).stdout;
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect();
    assert_eq!(lines.len(), 13);
    assert!(lines.iter().all(|line| line["passed"] == false && line["mistake"].is_string()));
}

#[test]
fn a_mistake_needs_a_name_and_batch_norm() {
    let work = Work::new();
    let (code, error) = work.fails(&["gradcheck", "-c", "config.toml", "--mistake", "typo"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("constant-statistics"), "the names: {error}");
    for mistake in [&["--mistake", "zero-dx"][..], &["--mistakes"]] {
        let plain = ["gradcheck", "-c", "single.toml", "--set", "model.norm=none"];
        let (code, error) = work.fails(&[&plain[..], mistake].concat());
        assert_eq!(code, Some(2));
        assert!(error.contains("has a batch_norm layer"), "{error}");
    }
}
