//! Writing a model file and reading it.

use crate::model::ModelErrorKind::{Io, Model as Content};
use crate::model::result_hash;
use crate::model::tests::*;
use crate::nn::LayerSpec;

#[test]
fn models_of_format_4_keep_their_groups_also_when_written_again() {
    let plan = with_group_norm();
    let groups = |model: &Model| {
        model.plan.layers.iter().find_map(|layer| match layer {
            LayerSpec::GroupNorm(norm) => Some(norm.groups),
            _ => None,
        })
    };
    for (format, expected) in [(4, Some(8)), (FORMAT, None)] {
        let description = Description { format, ..description(&plan) };
        let bytes = to_bytes(&network::<f32>(&plan), &description).expect("a file");
        let model = Model::from_bytes(&bytes).expect("a model");
        assert_eq!(groups(&model), Some(expected), "format {format}");
        let again = Model::from_bytes(&model.to_bytes().expect("a file")).expect("a model");
        assert_eq!(groups(&again), Some(expected), "format {format}");
    }
}

#[test]
fn a_model_comes_back_bit_for_bit() {
    let plan = plan(&[]);
    let (network, description) = (network::<f32>(&plan), description(&plan));
    let model = Model::from_bytes(&to_bytes(&network, &description).expect("a file")).expect("a model");
    assert_eq!(model.description, description);
    assert_eq!((&model.plan.layers, &model.plan.training), (&plan.layers, &plan.training));
    assert_eq!(model.plan.data, plan.data);
    assert_eq!(result_hash(&single(model)), result_hash(&network));
}

#[test]
fn double_precision_comes_back_bit_for_bit() {
    let plan = plan(&[("training.dtype", "f64")]);
    let mut network = network::<f64>(&plan);
    let first = network.params_mut().next().expect("a tensor");
    (first.value[[0, 0]], first.value[[0, 1]]) = (-0.0, f64::from_bits(1));
    let model =
        Model::from_bytes(&to_bytes(&network, &description(&plan)).expect("a file")).expect("a model");
    match model.network {
        AnyNetwork::F64(read) => assert_eq!(result_hash(&read), result_hash(&network)),
        AnyNetwork::F32(_) => panic!("single precision"),
    }
}

#[test]
fn the_same_model_gives_the_same_file() {
    assert!(file() == file());
}

#[test]
fn other_safetensors_readers_find_the_metadata() {
    let file = file();
    let model = Model::from_bytes(&file).expect("a model");
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&file).expect("safetensors");
    let entries = metadata.metadata().as_ref().expect("metadata");
    let document: serde_json::Value = serde_json::from_str(&entries["bntrain"]).expect("JSON");
    assert_eq!(document["model"]["encoding"]["targets"]["classes"]["names"][0], "one");
    assert_eq!(document["sha256"].as_str().map(str::len), Some(64));
    assert_ne!(document["sha256"], model.sha256.as_str(), "the checksum inside does not cover itself");
}

#[test]
fn paths_in_the_config_are_not_opened() {
    let model = Model::from_bytes(&file()).expect("a model");
    assert_eq!(model.plan.data.path, "/somewhere/d.csv".into());
    assert!(!model.plan.data.path.name().exists());
}

#[test]
fn errors_have_the_category_of_their_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let load = |name: &str| {
        let error = Model::load(&folder.path().join(name)).err().expect("an error");
        (error.kind(), error.fault().to_string())
    };
    assert_eq!(load("absent"), (Io, "not found".to_owned()));
    assert_eq!(load(""), (Io, "is a directory; give the model.safetensors in it".to_owned()));
    std::fs::write(folder.path().join("empty"), "").expect("a file");
    assert_eq!(load("empty"), (Content, "too short for a model file (0 bytes)".to_owned()));
    std::fs::write(folder.path().join("whole"), file()).expect("a file");
    assert!(Model::load(&folder.path().join("whole")).is_ok());
}
