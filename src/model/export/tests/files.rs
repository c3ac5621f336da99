//! What is in the files.

use ndarray::ArrayView1;
use prost::Message;

use crate::model::export::ir::{Stage, Step, stages};
use crate::model::export::onnx::proto::{Extent, ModelProto};
use crate::model::export::tests::*;
use crate::model::export::{Sample, compare, tolerance};

fn decode(file: &[u8]) -> ModelProto {
    ModelProto::decode(file).expect("an ONNX file")
}

fn operators(file: &[u8]) -> String {
    let nodes = decode(file).graph.expect("a graph").node;
    nodes.iter().map(|node| node.op_type.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_format_agrees_with_the_model_in_both_precisions() {
    for (_, model) in cases() {
        let dtype = model.plan.training.dtype;
        let sample = Sample::made_up(&model);
        for format in [FOLDED, KEPT, Format::Safetensors, Format::Json] {
            let file = export(&model, format);
            let exported = Exported::read(&file, &model, format).expect("the file that was written");
            let agreement = compare(&model, &exported, &sample).expect("answers");
            assert_eq!((agreement.rows, agreement.other_class), (1000, Some(0)), "{format:?}");
            assert!(agreement.largest_difference <= tolerance(dtype), "{format:?}: {agreement:?}");
            // Equal to the last digit would mean that one was compared with itself.
            assert!(agreement.largest_difference > 0.0, "{format:?}");
        }
    }
}

#[test]
fn the_answers_of_another_network_are_seen() {
    let [[(_, model), _], [(_, mut other), _]] = [cases(), cases()];
    let AnyNetwork::F32(network) = &mut other.network else { panic!("it is in single precision") };
    let last = network.params_mut().filter(|param| param.name.starts_with("affine_4."));
    last.for_each(|param| param.value.mapv_inplace(|number| -number));
    let sample = Sample::made_up(&model);
    let files = [&model, &other].map(|model| export(model, Format::Json));
    let [own, others] = files.each_ref().map(|file| answers(&model, Format::Json, file, &sample));
    let class = |row: ArrayView1<'_, f64>| (0..3).max_by(|&a, &b| row[a].total_cmp(&row[b]));
    let differ = own.rows().into_iter().zip(others.rows()).filter(|(a, b)| class(*a) != class(*b)).count();
    assert!(differ > 0);
    let exported = Exported::read(&files[1], &model, Format::Json).expect("the file that was written");
    let agreement = compare(&model, &exported, &sample).expect("answers");
    assert_eq!(agreement.other_class, Some(differ));
    assert!((agreement.largest_difference - distance(&own, &others)).abs() <= tolerance(Dtype::F32));
}

/// The graph has the attribute in single precision, in which 0.3 is another number.
#[test]
fn eps_is_whole_in_a_graph_of_double_precision() {
    let layers = r#"[{ type = "batch_norm", eps = 0.3 }, { type = "affine" }, { type = "softmax_loss" }]"#;
    let mut model = model(layers, Dtype::F64, encoding());
    let AnyNetwork::F64(network) = &mut model.network else { panic!("it is in double precision") };
    let var = network.params_mut().filter(|param| param.name.ends_with(".running_var"));
    var.for_each(|param| param.value.fill(0.0));
    let exported = Exported::read(&export(&model, KEPT), &model, KEPT).expect("the file that was written");
    let agreement = compare(&model, &exported, &Sample::made_up(&model)).expect("answers");
    assert!(agreement.largest_difference <= tolerance(Dtype::F64), "{agreement:?}");
}

#[test]
fn a_slope_is_the_one_that_the_layer_multiplies_by() {
    let [(_, model), _] = cases();
    let AnyNetwork::F32(network) = &model.network else { panic!("it is in single precision") };
    let stages = stages(&model.plan.layers, network);
    let is_leaky = |stage: &Stage| stage.step == Step::LeakyRelu { slope: f64::from(0.1_f32) };
    assert_eq!(stages.iter().filter(|stage| is_leaky(stage)).count(), 1);
}

#[test]
fn values_come_out_in_the_unit_of_the_file() {
    for (loss, dtype) in [("squared_loss", Dtype::F32), ("huber_loss", Dtype::F64)] {
        let model = values_model(loss, dtype);
        let sample = Sample::made_up(&model);
        for format in [FOLDED, KEPT, Format::Safetensors, Format::Json] {
            let exported = Exported::read(&export(&model, format), &model, format).expect("a file");
            let agreement = compare(&model, &exported, &sample).expect("answers");
            assert_eq!((agreement.rows, agreement.other_class), (1000, None), "{format:?}");
            assert!(agreement.largest_difference <= tolerance(dtype), "{format:?}: {agreement:?}");
        }
        let file = decode(&export(&model, FOLDED));
        let outputs: Vec<_> =
            file.graph.expect("a graph").output.into_iter().map(|value| value.name).collect();
        assert_eq!(outputs, ["values", "scores"]);
        let names = file.metadata_props.iter().find(|entry| entry.key == "targets").expect("names");
        assert_eq!(names.value, r#"["price","rent"]"#);
    }
}

#[test]
fn folded_and_kept_give_the_same_labels() {
    let layers = r#"[
        { type = "affine", units = 8 },
        { type = "batch_norm" },
        { type = "relu" },
        { type = "affine" },
        { type = "softmax_loss" },
    ]"#;
    let model = model(layers, Dtype::F32, encoding());
    let sample = Sample::made_up(&model);
    let [folded, kept] =
        [FOLDED, KEPT].map(|format| answers(&model, format, &export(&model, format), &sample));
    let label = |row: ndarray::ArrayView1<'_, f64>| {
        (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).expect("classes")
    };
    let labels = |answers: &Array2<f64>| answers.rows().into_iter().map(label).collect::<Vec<_>>();
    assert_eq!(labels(&folded), labels(&kept));
    // The rows are not all of one class.
    assert!(labels(&folded).iter().any(|&class| class != labels(&folded)[0]));
}

#[test]
fn folding_leaves_norms_only_where_no_affine_layer_is_beside_them() {
    let model = model(EVERY_LAYER, Dtype::F32, encoding());
    let layers = |format| {
        let operators = operators(&export(&model, format));
        operators.split_once("Concat Gather ").expect("the encoding comes first").1.to_owned()
    };
    // The second norm stands between two activations.
    assert_eq!(
        layers(FOLDED),
        "Gemm LeakyRelu Sub Mul Add Sigmoid Gemm Relu Gemm Tanh Gemm Identity Softmax"
    );
    assert_eq!(
        layers(KEPT),
        "BatchNormalization Gemm BatchNormalization LeakyRelu Sub Add Sigmoid Gemm Sub Add Relu Gemm Tanh \
         BatchNormalization Gemm Identity Softmax"
    );
}

#[test]
fn batch_norm_is_kept_in_its_inference_form_with_one_output() {
    for dtype in [Dtype::F32, Dtype::F64] {
        let file = export(&model(EVERY_LAYER, dtype, encoding()), KEPT);
        let nodes = decode(&file).graph.expect("a graph").node;
        let norms: Vec<_> = nodes.iter().filter(|node| node.op_type == "BatchNormalization").collect();
        assert_eq!(norms.len(), 3);
        for (norm, eps) in norms.iter().zip([1e-5, 1e-3, 1e-5]) {
            let find = |name: &str| norm.attribute.iter().find(|attribute| attribute.name == name);
            // Written out although 0 is the default: it is the mistake of many exporters.
            assert_eq!(find("training_mode").and_then(|attribute| attribute.i), Some(0));
            let found = find("epsilon").and_then(|attribute| attribute.f).expect("a number");
            assert!(f64::from(found) <= eps && f64::from(found) > eps * (1.0 - 1e-7), "{found:e}");
            assert_eq!(norm.output.len(), 1);
        }
    }
}

#[test]
fn rows_are_free_and_names_are_in_the_file() {
    let model = model(EVERY_LAYER, Dtype::F32, encoding());
    let file = decode(&export(&model, FOLDED));
    let graph = file.graph.expect("a graph");
    let values = graph.input.iter().chain(&graph.output).map(|value| {
        let tensor = value.kind.as_ref().and_then(|kind| kind.tensor_type.as_ref()).expect("a tensor");
        let dims = &tensor.shape.as_ref().expect("a shape").dim;
        let extent = |dim: &crate::model::export::onnx::proto::Dimension| match dim.extent.as_ref() {
            Some(Extent::Value(value)) => value.to_string(),
            Some(Extent::Param(name)) => name.clone(),
            None => "?".to_owned(),
        };
        format!(
            "{} {} {}",
            value.name,
            tensor.elem_type,
            dims.iter().map(extent).collect::<Vec<_>>().join("x")
        )
    });
    // 11 is double, 8 is string, 1 is float.
    assert_eq!(
        values.collect::<Vec<_>>(),
        ["numbers 11 rowsx3", "texts 8 rowsx2", "probabilities 1 rowsx3", "scores 1 rowsx3"]
    );
    let entries: Vec<_> =
        file.metadata_props.iter().map(|entry| format!("{}: {}", entry.key, entry.value)).collect();
    assert_eq!(
        entries[..3],
        [
            r#"numbers: ["length","age","is new"]"#,
            r#"texts: ["colour","ort"]"#,
            r#"classes: ["one","two","three"]"#
        ]
    );
}

#[test]
fn single_inputs_lose_what_single_precision_cannot_hold() {
    let model = model(EVERY_LAYER, Dtype::F32, encoding());
    let sample = Sample::made_up(&model);
    let agreement = |format| {
        let exported = Exported::read(&export(&model, format), &model, format).expect("a file");
        compare(&model, &exported, &sample).expect("answers")
    };
    assert!(agreement(FOLDED).largest_difference < 1e-5);
    // A column is 1.7e9 with a spread of 0.25.
    assert!(agreement(SINGLE).largest_difference > 1e-3);
}

#[test]
fn a_damaged_graph_is_an_error_and_not_a_panic() {
    let model = model(EVERY_LAYER, Dtype::F32, encoding());
    let sample = head(&Sample::made_up(&model), 3);
    let file = export(&model, FOLDED);
    for place in (0..file.len()).step_by(7) {
        let mut damaged = file.clone();
        damaged[place] ^= 0x15;
        // Whatever comes of it, it comes as a value.
        let answers = Exported::read(&damaged, &model, FOLDED).and_then(|exported| exported.answers(&sample));
        drop(answers);
        drop(Exported::read(&file[..place], &model, FOLDED));
    }
}

#[test]
fn json_numbers_are_read_back_exactly_and_matrices_are_lines() {
    let model = model(r#"[{ type = "affine" }, { type = "softmax_loss" }]"#, Dtype::F32, encoding());
    let text = String::from_utf8(export(&model, Format::Json)).expect("text");
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let layer = &document["layers"][0];
    assert_eq!(layer["formula"], "y = x weight + bias");
    let AnyNetwork::F32(network) = &model.network else { panic!("double precision") };
    let weight = &network.layers()[0].params()[0].value;
    let row: Vec<String> = weight.row(1).iter().map(f32::to_string).collect();
    assert!(text.contains(&format!("\n        [{}],\n", row.join(", "))), "{text}");
    let values = layer["weight"].as_array().into_iter().flatten().flat_map(|row| row.as_array()).flatten();
    let found: Vec<f32> = values.filter_map(serde_json::Value::as_f64).map(|value| value as f32).collect();
    assert_eq!(found, weight.iter().copied().collect::<Vec<_>>());
}
