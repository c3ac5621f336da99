//! Files whose checksum is right, but whose content is not.

use serde_json::{Value, json};

use crate::model::checksum::seal;
use crate::model::tests::*;

/// The small model's file after `change` of its safetensors header, its document and its numbers.
fn forged(change: impl FnOnce(&mut Value, &mut Value, &mut Vec<u8>)) -> Vec<u8> {
    let file = file();
    let (length, rest) = file.split_first_chunk().expect("a head");
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let mut header: Value = serde_json::from_slice(header).expect("JSON");
    let document = header["__metadata__"]["bntrain"].as_str().expect("a text");
    let mut document: Value = serde_json::from_str(document).expect("JSON");
    let mut data = data.to_vec();
    change(&mut header, &mut document, &mut data);
    header["__metadata__"]["bntrain"] = json!(document.to_string());
    sealed(&header.to_string(), &data)
}

fn sealed(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(data);
    assert!(seal(&mut file), "the head stays");
    file
}

/// Why the file is refused after a change of its document.
fn document(change: impl FnOnce(&mut Value)) -> String {
    refusal(&forged(|_, document, _| change(&mut document["model"])))
}

/// Why the file is refused after a change of its header.
fn header(change: impl FnOnce(&mut Value)) -> String {
    refusal(&forged(|header, _, _| change(header)))
}

/// Puts a number over the first one of a tensor.
fn overwrite(name: &'static str, value: f32) -> String {
    refusal(&forged(|header, _, data| {
        let start = header[name]["data_offsets"][0].as_u64().expect("an offset") as usize;
        data[start..start + 4].copy_from_slice(&value.to_le_bytes());
    }))
}

#[test]
fn the_forge_makes_good_files_when_nothing_is_changed() {
    assert!(Model::from_bytes(&forged(|_, _, _| ())).is_ok());
}

#[test]
fn newer_formats_are_named() {
    let newer = "written by a newer bntrain (format 2); this one reads format 1";
    assert_eq!(document(|model| *model = json!({ "format": 2, "whatever": [] })), newer);
    assert_eq!(
        document(|model| model["format"] = json!(0)),
        "its description contradicts itself: no version wrote format 0"
    );
}

#[test]
fn descriptions_must_be_whole_and_fit_themselves() {
    assert_eq!(
        document(|model| model["extra"] = json!(1)).split(", expected").next(),
        Some("its description cannot be read: unknown field `extra`")
    );
    assert_eq!(
        document(|model| {
            model["encoding"]["columns"][0]["feature"]["values"]["numeric"]["scaling"]["divisor"] =
                json!(0.0);
        }),
        "its description contradicts itself: a scaling has no finite offset or no positive divisor"
    );
    assert_eq!(
        document(|model| model["encoding"]["inputs"] = json!(["a"])),
        "its description contradicts itself: the inputs are not those of the columns"
    );
    assert_eq!(
        document(|model| model["encoding"]["targets"]["classes"]["names"] = json!(["a"])),
        "its description contradicts itself: there are not two classes with their counts"
    );
}

#[test]
fn configs_are_checked_like_any_other() {
    let refused = document(|model| {
        let config = model["config"].as_str().expect("a text").replace("eps = 1e-5", "eps = -1.0");
        model["config"] = json!(config);
    });
    let places = refused.split(['(', ')']).collect::<Vec<_>>();
    assert_eq!(
        [places[0], places[2]],
        [
            "its config cannot be read: config.toml has 1 problem\n  layers[1].eps ",
            ": -1.0 is not allowed; it must be finite and greater than 0"
        ]
    );
    let one_score = document(|model| {
        let config = model["config"].as_str().expect("a text").replace("softmax_loss", "logistic_loss");
        model["config"] = json!(config);
    });
    assert_eq!(one_score, "its description contradicts itself: a logistic loss without two classes");
    let huge = document(|model| {
        let config = model["config"].as_str().expect("a text").replace("units = 3", "units = 1000000000000");
        model["config"] = json!(config);
    });
    assert!(huge.contains("the network needs"), "{huge}");
}

#[test]
fn tensors_must_be_those_of_the_layers() {
    assert_eq!(
        header(|header| {
            let map = header.as_object_mut().expect("a map");
            let tensor = map.remove("batch_norm_1.gamma").expect("a tensor");
            map.insert("batch_norm_1.gama".to_owned(), tensor);
        }),
        "tensor \"batch_norm_1.gamma\" is missing"
    );
    assert_eq!(
        refusal(&forged(|header, _, data| {
            let end = data.len();
            header["more"] = json!({ "dtype": "F32", "shape": [1], "data_offsets": [end, end + 4] });
            data.extend([0; 4]);
        })),
        "tensor \"more\" belongs to no layer"
    );
    assert_eq!(
        header(|header| header["affine_2.weight"]["shape"] = json!([3, 4])),
        "tensor \"affine_2.weight\" is 3 x 4; the layer before it and the config make it 4 x 3"
    );
    assert_eq!(
        header(|header| header["affine_1.bias"]["shape"] = json!([4])),
        "tensor \"affine_1.bias\" is 4; the layer before it and the config make it 1 x 4"
    );
    assert_eq!(
        header(|header| header["affine_1.bias"]["dtype"] = json!("I32")),
        "tensor \"affine_1.bias\" is I32; the config asks for f32"
    );
}

#[test]
fn numbers_must_be_finite_and_variances_not_negative() {
    assert_eq!(
        overwrite("affine_3.weight", f32::NAN),
        "tensor \"affine_3.weight\" has NaN at [0, 0]; only finite numbers can be computed with"
    );
    assert_eq!(
        overwrite("batch_norm_1.running_mean", f32::INFINITY),
        "tensor \"batch_norm_1.running_mean\" has inf at [0, 0]; only finite numbers can be computed with"
    );
    assert_eq!(
        overwrite("batch_norm_1.running_var", -0.5),
        "tensor \"batch_norm_1.running_var\" has the variance -0.5 at [0]; none is negative"
    );
}

#[test]
fn places_of_tensors_must_fill_the_file() {
    let not_covered = "no valid safetensors file: incomplete metadata, file not fully covered";
    assert_eq!(refusal(&forged(|_, _, data| data.extend([0; 8]))), not_covered);
    let moved = |offsets: [u64; 2]| header(|header| header["affine_1.bias"]["data_offsets"] = json!(offsets));
    for offsets in [[4, 20], [16, 0], [0, 12], [u64::MAX - 16, u64::MAX]] {
        let refused = moved(offsets);
        assert!(refused.starts_with("no valid safetensors file: invalid "), "{refused}");
    }
    let shape = header(|header| header["affine_1.bias"]["shape"] = json!([u64::MAX, 2]));
    assert!(shape.starts_with("no valid safetensors file: "), "{shape}");
}

#[test]
fn headers_that_are_no_json_or_too_deep_are_refused() {
    let good = forged(|_, _, _| ());
    let start = String::from_utf8(good[8..200].to_vec()).expect("ASCII so far");
    for (rest, why) in [
        ("\"}}".to_owned(), "its description cannot be read: EOF"),
        ("\"".to_owned(), "no valid safetensors file: invalid JSON in header: EOF"),
        (format!("\"}},\"x\":{}", "[".repeat(10_000)), "no valid safetensors file: invalid JSON in header: "),
    ] {
        let refused = refusal(&sealed(&format!("{start}{rest}"), &[]));
        assert!(refused.starts_with(why), "{refused}");
    }
    let deep = document(|model| model["history"] = (0..200).fold(json!(1), |deep, _| json!([deep])));
    assert!(deep.starts_with("its description cannot be read: invalid type"), "{deep}");
    let mut not_text = good;
    let end = 8 + u64::from_le_bytes(*not_text.first_chunk().expect("a head")) as usize;
    not_text[end - 1] = 0xff;
    assert!(seal(&mut not_text));
    let refused = refusal(&not_text);
    assert!(refused.starts_with("no valid safetensors file: invalid UTF-8 in header"), "{refused}");
}
