//! What sets norms apart.

use bntrain::gradcheck::{GradcheckSettings, check_layer, check_network, table};
use bntrain::nn::{
    AffineSpec, BatchRenormSpec, Bias, LayerSpec, Network, Norm, RunningStart, affine, batch_norm,
    build_layers, output_affine, softmax_loss, tanh, twin,
};

use crate::support::work::Work;
use crate::support::{bits, forward, labels, pass, uniform};

/// At their limits `r` and `d` are constant, as the backward pass takes them.
#[test]
fn batch_renorm_at_its_limits_passes() {
    let spec = BatchRenormSpec {
        max_ratio: 1.5,
        max_offset: 0.25,
        warmup: 0.0,
        ratio_at: 0.0,
        offset_at: 0.0,
        running_start: RunningStart::Standard,
        ..BatchRenormSpec::default()
    };
    for n in [3, 5, 8] {
        let mut layer = build_layers::<f64>(&[spec.clone().into()], 4, 3, 1).pop().expect("one layer");
        for param in layer.params_mut().iter_mut().filter(|param| !param.is_trained()) {
            // Far from the moments of the batch.
            param.value.fill(if param.name.ends_with("mean") { 10.0 } else { 100.0 });
        }
        let x = 2.0 * uniform((n, 4), 9);
        let report = check_layer(&mut *layer, &pass(1, &[]), &x, &GradcheckSettings::for_layer());
        assert!(report.passed(), "n = {n}\n{}", table(&report));
    }
}

/// With `running_start = "first_batch"` there is nothing to correct towards at first.
#[test]
fn batch_renorm_corrects_from_the_first_batch_that_has_statistics() {
    let x = 2.0 * uniform((6, 4), 3) + 1.0;
    let y = |spec: LayerSpec, step| {
        let mut layer = build_layers::<f64>(&[spec], 4, 3, 1).pop().expect("one layer");
        bits(&forward(&mut *layer, &pass(step, &[]), &x))
    };
    for (running_start, step, is_corrected) in [
        (RunningStart::FirstBatch, 1, false),
        (RunningStart::FirstBatch, 2, true),
        (RunningStart::Standard, 1, true),
        (RunningStart::Standard, 2, true),
    ] {
        let renorm =
            BatchRenormSpec { warmup: 0.0, ratio_at: 0.0, running_start, ..BatchRenormSpec::default() };
        let is_other = y(renorm.into(), step) != y(batch_norm(), step);
        assert_eq!(is_other, is_corrected, "{running_start:?} {step}");
    }
}

#[test]
fn a_norm_has_the_running_statistics_that_it_uses() {
    for norm in Norm::ALL {
        let layers = twin(&[affine(6), batch_norm(), tanh(), output_affine(), softmax_loss()], norm);
        let network = Network::<f32>::build(&layers, 5, 3, 1);
        let running = network.params().filter_map(|param| param.name.split_once(".running_"));
        let running: Vec<&str> = running.map(|(_, name)| name).collect();
        let expected = match norm {
            Norm::BatchNorm | Norm::GhostBatchNorm | Norm::BatchRenorm => &["mean", "var"][..],
            Norm::MeanOnly | Norm::WeightNormMeanOnly => &["mean"],
            Norm::VarianceOnly => &["var"],
            _ => &[],
        };
        assert_eq!(running, expected, "{}", norm.name());
    }
}

/// Only a norm that subtracts the mean over the batch cancels a bias.
#[test]
fn a_bias_before_a_norm_has_a_gradient_unless_the_norm_cancels_it() {
    let labels = labels(8, 3);
    let pass = pass(1, &labels);
    let biased = |units| LayerSpec::Affine(AffineSpec { units, bias: Bias::On, ..AffineSpec::default() });
    let hidden = [affine(6), batch_norm(), tanh(), output_affine(), softmax_loss()];
    let before_loss = [output_affine(), batch_norm(), softmax_loss()];
    let both = [(&hidden[..], biased(Some(6))), (&before_loss[..], biased(None))];
    for (norm, (layers, biased)) in
        Norm::ALL.into_iter().flat_map(|norm| both.clone().map(|with| (norm, with)))
    {
        let automatic = twin(layers, norm);
        let has_bias = {
            let network = Network::<f64>::build(&automatic, 5, 3, 1);
            network.params().any(|param| param.name == "affine_1.bias")
        };
        let mut specs = automatic.clone();
        let LayerSpec::Affine(AffineSpec { weights, .. }) = automatic[0] else { panic!("an affine layer") };
        if let (LayerSpec::Affine(first), LayerSpec::Affine(biased)) = (&mut specs[0], biased) {
            *first = AffineSpec { weights, ..biased };
        }
        let mut network = Network::build(&specs, 5, 3, 1);
        let settings = GradcheckSettings::for_network();
        let report = check_network(&mut network, &pass, &uniform((8, 5), 2), 0.0, &settings);
        let bias = report.tensors.iter().find(|tensor| tensor.name == "affine_1.bias").expect("a bias");
        assert!(report.passed(), "{}\n{}", norm.name(), table(&report));
        let is_flat = bias.largest_derivative <= report.resolution();
        assert_eq!(is_flat, !has_bias, "{}: {:e}", norm.name(), bias.largest_derivative);
    }
}

/// From training to exports, for classes and for values.
#[test]
fn a_norm_may_stand_before_the_loss() {
    let work = Work::new();
    let rows: String = (0..60)
        .map(|row| {
            let wave = f64::from(row * 7 % 13) / 13.0;
            let kind = ["up", "down", "level"][row as usize % 3];
            format!(
                "{:.3},{wave:.3},{kind},{:.3}\n",
                f64::from(row % 3) + wave,
                2.0 * wave + f64::from(row % 3)
            )
        })
        .collect();
    work.write("three.csv", &format!("a,b,kind,value\n{rows}"));
    let config = |answer: &str, units: &str, norm: &str, loss: &str| {
        format!(
            "[data]\npath = \"three.csv\"\n{answer}\nvalid = 0.25\n[[layers]]\ntype = \"affine\"\nunits = {units}\n\
             [[layers]]\ntype = \"relu\"\n[[layers]]\ntype = \"affine\"\n[[layers]]\ntype = \"{norm}\"\n[[layers]]\n\
             type = \"{loss}\"\n[optimizer]\ntype = \"adam\"\nlearning_rate = 0.05\n[training]\nepochs = 40\n\
             batch_size = 16\n"
        )
    };
    let classes = "label = \"kind\"\nignore = [\"value\"]";
    let values = "target = \"value\"\nignore = [\"kind\"]";
    work.write(
        "classes.toml",
        &format!(
            "{}[compare]\nseeds = 1\nnorms = \"all\"\n",
            config(classes, "8", "batch_norm", "softmax_loss")
        ),
    );
    work.write("values.toml", &config(values, "8", "batch_norm", "squared_loss"));
    for (file, norms) in [("classes", &Norm::ALL[..]), ("values", &[Norm::BatchNorm][..])] {
        let toml = format!("{file}.toml");
        work.ok(&[&toml, "-q", "-o", file]);
        work.ok(&["gradcheck", &toml]);
        for norm in norms {
            let model = work.model(&format!("{file}/{}", norm.name()));
            let predicted = work.ok(&["predict", &model, "--data", "three.csv"]).stdout;
            assert_eq!(predicted.lines().count(), 61, "{}", norm.name());
            // Each export is run and compared with the network.
            for (to, more) in
                [("onnx", None), ("onnx", Some("--no-fold")), ("safetensors", None), ("json", None)]
            {
                let args = ["export", &model, "--to", to, "-o", "exported", "--data", "three.csv", "--force"];
                work.ok(&args.into_iter().chain(more).collect::<Vec<_>>());
            }
        }
    }
    let summary = work.json("values/summary.json");
    let quality = summary["runs"][0]["assessments"][0]["metrics"].to_string();
    assert!(quality.contains("r2"), "{quality}");

    // A single output of a row, less its mean, is 0.
    for (toml, norm) in [("values.toml", "layer_norm"), ("values.toml", "rms_norm")] {
        let set = format!("layers.3.type={norm}");
        let (code, message) = work.fails(&[toml, "--set", &set, "-o", "refused"]);
        let expected = format!("{norm} before the loss normalizes 1 output of each row together");
        assert_eq!(code, Some(2), "{message}");
        assert!(message.contains(&expected), "{message}");
        assert!(!work.path("refused").exists());
    }
}

/// A single weight is its own mean, so that nothing is left of it.
#[test]
fn centered_weights_of_one_input_are_refused() {
    let work = Work::new();
    work.write("one.csv", "a,kind\n1,up\n2,down\n3,up\n4,down\n5,up\n6,down\n");
    let args = ["--set", "data.path=one.csv", "--set", "data.valid=0", "--set", "training.batch_size=6"];
    let norms = ["--set", "compare.norms=[\"none\", \"centered_weight_norm\"]"];
    let (code, message) = work.fails(&[&["config.toml", "-o", "run"], &args[..], &norms].concat());
    assert_eq!(code, Some(2));
    let expected = "centered_weight_norm: layer 0 has one input, but centered_weight_norm needs two or more";
    assert!(message.contains(expected), "{message}");
    assert!(!work.path("run").exists());
    work.ok(&[&["config.toml", "-q", "-o", "run"], &args[..]].concat());
}

#[test]
fn a_group_norm_of_one_group_gets_a_note() {
    let work = Work::new();
    let notes = |hidden: &str| {
        let sets = ["--set", "compare.norms=[\"group_norm\"]", "--set", hidden];
        work.ok(&[&["config.toml", "--dry-run"][..], &sets].concat()).stderr
    };
    let note = "note: group_norm of 7 units has one group, so it is layer norm";
    assert!(notes("model.hidden=[8, 7]").contains(note));
    assert!(!notes("model.hidden=[8, 10]").contains("one group"));
}

#[test]
fn a_norm_over_few_columns_gets_a_note() {
    let work = Work::new();
    let notes = |norm: &str, hidden: &str| {
        let norms = format!("compare.norms=[\"{norm}\"]");
        work.ok(&["config.toml", "--dry-run", "--set", &norms, "--set", hidden]).stderr
    };
    let note = notes("layer_norm", "model.hidden=[8, 2]");
    assert!(note.contains("note: layer_norm of 2 units normalizes 2 units of each row together"), "{note}");
    let note = notes("group_norm", "model.hidden=[1]");
    assert!(note.contains("note: group_norm of 1 unit normalizes 1 unit of each row by itself"), "{note}");
    assert!(!notes("group_norm", "model.hidden=[8, 16]").contains("note: group_norm"));
}

#[test]
fn statistics_of_few_rows_get_a_note() {
    let work = Work::new();
    let notes = |rows: &str, norms: &str| {
        let rows = format!("training.batch_size={rows}");
        let norms = format!("compare.norms={norms}");
        work.ok(&["check", "config.toml", "--set", &rows, "--set", &norms]).stderr
    };
    let note = "note: batch_norm normalizes by the statistics of 7 rows, which are mostly noise";
    let both = "[\"batch_norm\", \"none\"]";
    assert_eq!(notes("7", both).matches(note).count(), 1);
    assert!(!notes("8", both).contains("mostly noise"));
    assert!(!notes("7", "[\"layer_norm\", \"none\"]").contains("mostly noise"));
}
