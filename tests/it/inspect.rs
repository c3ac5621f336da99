//! `bntrain inspect` on models and runs.

use crate::support::work::Work;

#[test]
fn a_model_is_shown_in_80_columns_and_as_json() {
    let work = Work::new();
    work.ok(&["-c", "single.toml", "-o", "run"]);
    let path = "run/batch_norm/seed-0/model.safetensors";
    let text = work.ok(&["inspect", path]).stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for part in [
        "parameters     490 trainable, f32",
        "    2  batch_norm        20       20          40",
        "layers 2, 5, batch_norm: eps = 1e-5, running_update = 0.1,",
        "batch_norm_1.running_var    1 x 20",
        "training finished; weights of epoch 3 (*)",
        "epoch  train_loss  train_eval_loss  train_accuracy  valid_loss  valid_accuracy",
        "kind    the label",
        "up                23",
    ] {
        assert!(text.contains(part), "{part:?} in:\n{text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&work.ok(&["inspect", path, "--json"]).stdout).expect("JSON");
    assert_eq!(json["parameters"], 490);
    assert_eq!(json["layers"][1]["settings"]["type"], "batch_norm");
    assert_eq!(json["result_hash"], work.hashes("run")[0].as_str());
    assert_eq!(json["tensors"][0]["name"], "affine_1.weight");
    assert_eq!(json["history"]["epochs"].as_array().map(Vec::len), Some(4));
    assert_eq!(json["encoding"]["columns"][2]["role"], "label");
    // The config in it trains the same network again.
    work.write("again.toml", json["config"].as_str().expect("a text"));
    work.ok(&["-c", "again.toml", "-o", "again"]);
    assert_eq!(work.hashes("again"), work.hashes("run"));
}

#[test]
fn a_run_directory_is_shown_with_its_models() {
    let work = Work::new();
    work.ok(&["-c", "config.toml", "-o", "run"]);
    let text = work.ok(&["inspect", "run"]).stdout;
    assert!(text.contains("outcome  finished") && text.contains("60 rows, sha256 "), "{text}");
    let models: Vec<&str> = text.lines().filter(|line| line.contains("model.safetensors")).collect();
    // In three tables, for the width.
    assert_eq!(models.len(), 12, "{text}");
    assert!(models[0].starts_with("batch_norm/seed-0/model.safetensors"), "{text}");
    assert!(models[0].contains("  490      3  "), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80 || line.contains("sha256")), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&work.ok(&["inspect", "run", "--json"]).stdout).expect("JSON");
    assert_eq!(json["models"][3]["path"], "none/seed-1/model.safetensors");
    assert_eq!(json["run"]["runs"], 4);

    std::fs::create_dir(work.path("empty")).expect("a folder");
    let error = work.fails(&["inspect", "empty"]);
    assert_eq!(error, (Some(3), "error: empty is not a finished run directory (no run.json)".to_owned()));
}
