//! Networks that end in each of the losses, as their users meet them.

use crate::support::work::Work;

#[test]
fn two_classes_can_share_a_score() {
    let work = Work::new();
    let logistic = ["-c", "single.toml", "--set", "model.loss=logistic_loss"];
    work.ok(&[&logistic[..], &["-o", "run", "--epochs", "8", "--require", "valid_accuracy > 0.9"]].concat());
    let config = work.read("run/config.toml");
    assert!(config.ends_with("[[layers]]\ntype = \"logistic_loss\"\n"), "{config}");
    assert!(work.ok(&[&["gradcheck"], &logistic[..]].concat()).stdout.contains("passed"));
}

#[test]
fn three_classes_cannot() {
    let work = Work::new();
    work.write("data.csv", &(work.read("data.csv") + "0.5,0.5,sideways\n0.4,0.4,sideways\n"));
    assert_eq!(
        work.fails(&["-c", "single.toml", "--set", "model.loss=logistic_loss"]),
        (Some(2), "error: logistic_loss is for 2 classes, but the label has 3; use softmax_loss".to_owned())
    );
}
