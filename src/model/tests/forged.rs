//! Files with a valid checksum and invalid content.

use serde_json::{Value, json};

use crate::model::checksum::seal;
use crate::model::tests::*;

/// The file of the small model after `change` of its safetensors header, its document and its numbers.
fn forged(change: impl FnOnce(&mut Value, &mut Value, &mut Vec<u8>)) -> Vec<u8> {
    let file = file();
    let (length, rest) = file.split_first_chunk().expect("a head");
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let mut header: Value = serde_json::from_slice(header).expect("JSON");
    let document = header["__metadata__"]["bntrain"].as_str().expect("a string");
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
    seal(&mut file).expect("the start of the file is unchanged");
    file
}

/// The message after a change of the description.
fn edited_description(change: impl FnOnce(&mut Value)) -> String {
    refusal(&forged(|_, document, _| change(&mut document["model"])))
}

/// The message after a replacement in the config.
fn edited_config(from: &str, to: &str) -> String {
    edited_description(|model| {
        let config = model["config"].as_str().expect("a string").replace(from, to);
        model["config"] = json!(config);
    })
}

/// The message after a change of the header.
fn edited_header(change: impl FnOnce(&mut Value)) -> String {
    refusal(&forged(|header, _, _| change(header)))
}

/// The message after a replacement of the first number of a tensor.
fn overwrite(name: &'static str, value: f32) -> String {
    refusal(&forged(|header, _, data| {
        let start = header[name]["data_offsets"][0].as_u64().expect("an offset") as usize;
        data[start..start + 4].copy_from_slice(&value.to_le_bytes());
    }))
}

/// Each case with its message, in which positions and sizes are `N`.
fn table(cases: &[(&str, String)]) -> String {
    let line = |(case, message): &(&str, String)| {
        let mut message = message.clone();
        for before in ["line ", "column ", "index ", "needs "] {
            let mut parts = message.split(before);
            let mut masked = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let rest = part.trim_start_matches(|char: char| char.is_ascii_digit());
                masked += &format!("{before}{}{rest}", if rest.len() < part.len() { "N" } else { "" });
            }
            message = masked;
        }
        format!("{case}:\n    {}\n", message.replace('\n', "\n    "))
    };
    cases.iter().map(line).collect()
}

#[test]
fn a_file_without_changes_is_accepted() {
    assert!(Model::from_bytes(&forged(|_, _, _| ())).is_ok());
}

#[test]
fn an_inconsistent_description_is_refused() {
    let divisor = "/encoding/columns/0/feature/values/numeric/scaling/divisor";
    let replace = |path: &str, value: Value| {
        edited_description(|model| *model.pointer_mut(path).expect("a value") = value)
    };
    let calibrated = |scores: Value| {
        edited_description(|model| model["calibration"] = json!({ "chose_epoch": false, "scores": scores }))
    };
    let table = table(&[
        ("format 2", edited_description(|model| *model = json!({ "format": 2, "more": [] }))),
        ("format 0", replace("/format", json!(0))),
        ("an unknown key", edited_description(|model| model["extra"] = json!(1))),
        ("a key that a terminal would act on", edited_description(|model| model["\u{1b}[2J"] = json!(1))),
        ("a long key", edited_description(|model| model["x".repeat(1000)] = json!(1))),
        ("a divisor of 0", replace(divisor, json!(0.0))),
        ("fewer inputs than columns have", replace("/encoding/inputs", json!(["a"]))),
        ("a single class", replace("/encoding/targets/classes/names", json!(["a"]))),
        ("equal classes", replace("/encoding/targets/classes/names", json!(["a", "b", "a"]))),
        ("equal columns", replace("/encoding/columns/1/name", json!("größe"))),
        ("a threshold between three classes", {
            edited_description(|model| model["encoding"]["targets"]["classes"]["threshold"] = json!(0.5))
        }),
        ("calibration scores of two of three classes", calibrated(json!({ "classes": [[0.5], [0.5]] }))),
        ("calibration scores of values", calibrated(json!({ "values": [[0.5]] }))),
        ("calibration scores out of order", calibrated(json!({ "classes": [[0.5, 0.1], [], []] }))),
        ("a calibration score that is not a probability", calibrated(json!({ "classes": [[1.5], [], []] }))),
        ("deep nesting", replace("/history", (0..200).fold(json!(1), |deep, _| json!([deep])))),
    ]);
    insta::assert_snapshot!(table);
}

#[test]
fn an_invalid_config_is_refused() {
    let table = table(&[
        ("a negative eps", edited_config("eps = 1e-5", "eps = -1.0")),
        ("a logistic loss with three classes", edited_config("softmax_loss", "logistic_loss")),
        ("a huge layer", edited_config("units = 3", "units = 1000000000000")),
    ]);
    insta::assert_snapshot!(table);
}

#[test]
fn tensors_other_than_those_of_the_layers_are_refused() {
    let rename = |header: &mut Value| {
        let map = header.as_object_mut().expect("a map");
        let tensor = map.remove("batch_norm_1.gamma").expect("a tensor");
        map.insert("batch_norm_1.gama".to_owned(), tensor);
    };
    let extra = forged(|header, _, data| {
        let end = data.len();
        header["more"] = json!({ "dtype": "F32", "shape": [1], "data_offsets": [end, end + 4] });
        data.extend([0; 4]);
    });
    let table = table(&[
        ("a tensor with another name", edited_header(rename)),
        ("one tensor more", refusal(&extra)),
        ("a transposed weight", edited_header(|header| header["affine_2.weight"]["shape"] = json!([3, 4]))),
        ("a bias of one dimension", edited_header(|header| header["affine_1.bias"]["shape"] = json!([4]))),
        ("integers", edited_header(|header| header["affine_1.bias"]["dtype"] = json!("I32"))),
        ("NaN in a weight", overwrite("affine_3.weight", f32::NAN)),
        ("an infinite running mean", overwrite("batch_norm_1.running_mean", f32::INFINITY)),
        ("a negative running variance", overwrite("batch_norm_1.running_var", -0.5)),
    ]);
    insta::assert_snapshot!(table);
}

#[test]
fn headers_that_declare_too_much_are_refused() {
    let good = forged(|_, _, _| ());
    let end = 8 + u64::from_le_bytes(*good.first_chunk().expect("a head")) as usize;
    let header = String::from_utf8(good[8..end].to_vec()).expect("UTF-8");
    let more = |declared: &str| {
        let header = format!("{},{declared}}}", header.trim_end().trim_end_matches('}').to_owned() + "}");
        refusal(&sealed(&header, &good[end..]))
    };
    let tensor =
        |name: &str| format!("\"{name}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}");
    let many: Vec<String> = (0..9000).map(|index| tensor(&format!("t{index}"))).collect();
    let metadata = |entries: &str| {
        refusal(&sealed(&header.replacen("}\"}", &format!("}}\",{entries}}}"), 1), &good[end..]))
    };
    let table = table(&[
        ("a tensor twice", more(&tensor("affine_1.bias"))),
        ("a tensor twice, once with an escape", more(&tensor("affine_1.\\u0062ias"))),
        ("metadata twice", more("\"__metadata__\":{}")),
        ("thousands of tensors", more(&many.join(","))),
        ("more metadata", metadata("\"a\":\"b\"")),
        ("the description twice", metadata("\"bntrain\":\"b\"")),
    ]);
    insta::assert_snapshot!(table);
}

#[test]
fn an_invalid_safetensors_header_is_refused() {
    let moved =
        |offsets: [u64; 2]| edited_header(|header| header["affine_1.bias"]["data_offsets"] = json!(offsets));
    let shape = json!([u64::MAX, 2]);
    let good = forged(|_, _, _| ());
    let start = String::from_utf8(good[8..200].to_vec()).expect("ASCII so far");
    let ending = |rest: &str| refusal(&sealed(&format!("{start}{rest}"), &[]));
    let mut not_text = good;
    let end = 8 + u64::from_le_bytes(*not_text.first_chunk().expect("a head")) as usize;
    not_text[end - 1] = 0xff;
    seal(&mut not_text).expect("the start of the file is unchanged");
    let table = table(&[
        ("bytes after the last tensor", refusal(&forged(|_, _, data| data.extend([0; 8])))),
        ("overlapping tensors", moved([4, 20])),
        ("offsets in reverse", moved([16, 0])),
        ("offsets that do not fit the shape", moved([0, 12])),
        ("offsets after the end", moved([u64::MAX - 16, u64::MAX])),
        ("a shape that overflows", edited_header(|header| header["affine_1.bias"]["shape"] = shape)),
        ("a document that ends early", ending("\"}}")),
        ("a header that ends early", ending("\"")),
        ("a header of deep nesting", ending(&format!("\"}},\"x\":{}", "[".repeat(10_000)))),
        ("a header that is not UTF-8", refusal(&not_text)),
    ]);
    insta::assert_snapshot!(table);
}
