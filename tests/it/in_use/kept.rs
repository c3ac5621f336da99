//! The epoch whose weights are saved.

use crate::in_use::{Work, config, noise};

/// Early stopping by `metric`.
fn stopping(metric: &str, patience: u32) -> String {
    format!("[training.early_stopping]\nmetric = \"{metric}\"\npatience = {patience}\n")
}

#[test]
fn an_untrained_network_is_kept_with_a_warning() {
    let work = Work::new();
    // The classes of the validation rows are the opposite ones, so that training makes their loss worse.
    for (name, classes) in [("t", ["yes", "no"]), ("v", ["no", "yes"])] {
        let row =
            |row: usize| format!("{:.3},{}\n", noise(row, 0), classes[usize::from(noise(row, 0) > 0.0)]);
        work.write(&format!("{name}.csv"), &format!("a,y\n{}", (0..60).map(row).collect::<String>()));
    }
    let data = config("path = \"t.csv\"\nlabel = \"y\"\nvalid_path = \"v.csv\"", "batch_norm", 30);
    work.write("t.toml", &format!("{data}{}", stopping("valid_loss", 1000)));
    let ended = work.ok(&["-c", "t.toml", "-o", "run"]);
    assert!(
        ended.stdout.contains("saved weights: epoch 0 of 30, from before training\n"),
        "{}",
        ended.stdout
    );
    let warning = "warning: 1 of 1 run of batch_norm saved the weights of epoch 0, which is the network before training: no \
                   later epoch was better\n";
    assert!(ended.stderr.contains(warning), "{}", ended.stderr);
    assert_eq!(work.json("run/summary.json")["runs"][0]["kept_epoch"], 0);
}

#[test]
fn the_saved_epoch_is_always_named() {
    let work = Work::new();
    let text = work.ok(&["-c", "config.toml", "-o", "run"]).stdout;
    assert!(text.contains("\nsaved weights: epoch 3, the last one\n"), "{text}");
    work.write("stop.toml", &format!("{}{}", Work::SINGLE, stopping("train_loss", 1)));
    let text = work.ok(&["-c", "stop.toml", "-o", "stopped"]).stdout;
    assert!(text.contains("saved weights: epoch "), "{text}");
}

/// R2 has no value on a single row, nor on several with the same target.
#[test]
fn a_metric_without_a_value_selects_nothing() {
    let work = Work::new();
    let row = |row: usize| {
        format!("{:.3},{:.3},{:.3}\n", noise(row, 0), noise(row, 1), noise(row, 0) + 2.0 * noise(row, 1))
    };
    work.write("t.csv", &format!("a,b,t\n{}", (0..40).map(row).collect::<String>()));
    for (rows, count) in
        [("1,1,3\n", "1 validation row"), ("1,1,0.1\n0,1,0.1\n1,0,0.1\n", "3 validation rows")]
    {
        work.write("v.csv", &format!("a,b,t\n{rows}"));
        let data = config("path = \"t.csv\"\ntarget = \"t\"\nvalid_path = \"v.csv\"", "none", 12);
        work.write("t.toml", &format!("{data}{}", stopping("valid_r2", 3)));
        let ended = work.ok(&["-c", "t.toml", "-o", "run", "--force"]);
        let before = format!(
            "note: training.early_stopping.metric: valid_r2 has no value, since a target is the same in {count}; the weights \
             of the last epoch will be kept; use valid_loss, or other validation rows\n"
        );
        assert!(ended.stderr.contains(&before), "{}", ended.stderr);
        let after = "warning: none seed 1 had no valid_r2 in any epoch, so early stopping could not select one: its model file \
                     has the weights of epoch 12, the last one\n";
        assert!(ended.stderr.contains(after), "{}", ended.stderr);
        let run = &work.json("run/summary.json")["runs"][0];
        assert_eq!((&run["kept_epoch"], &run["last_epoch"]), (&12.into(), &12.into()));
    }
}
