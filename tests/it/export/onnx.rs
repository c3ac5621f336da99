//! The graphs in exported ONNX files.

use prost::Message;

use crate::export::interpreter::Interpreter;
use crate::export::proto::{DataType, Extent, GraphProto, ModelProto, ValueInfoProto};
use crate::export::{Rows, export, golden_path, largest_difference};
use crate::support::work::Work;

fn decode(file: &[u8]) -> (ModelProto, GraphProto) {
    let mut model = ModelProto::decode(file).expect("an ONNX file");
    let graph = model.graph.take().expect("a graph");
    (model, graph)
}

/// Inputs, outputs, metadata and operators as text.
fn describe(file: &[u8]) -> String {
    let (model, graph) = decode(file);
    let value = |kind: &str, value: &ValueInfoProto| {
        let tensor = value.kind.as_ref().and_then(|kind| kind.tensor_type.as_ref()).expect("a tensor");
        let dims = tensor.shape.as_ref().expect("a shape").dim.iter().map(|dim| match &dim.extent {
            Some(Extent::Value(value)) => value.to_string(),
            Some(Extent::Param(name)) => name.clone(),
            None => "?".to_owned(),
        });
        let dims = dims.collect::<Vec<_>>().join(" x ");
        let dtype = DataType::try_from(tensor.elem_type).expect("a type");
        format!("{kind} {}: {dtype:?} {dims}, {}\n", value.name, value.doc_string)
    };
    let mut text = format!("{}\n", model.doc_string);
    text.extend(graph.input.iter().map(|input| value("input", input)));
    text.extend(graph.output.iter().map(|output| value("output", output)));
    let metadata = model.metadata_props.iter().filter(|entry| !entry.key.ends_with("sha256"));
    text.extend(metadata.map(|entry| format!("metadata {}: {}\n", entry.key, entry.value)));
    text.extend(graph.node.iter().map(|node| {
        let inputs = node.input.join(", ");
        let attributes = node.attribute.iter().map(|attribute| {
            let number = attribute.f.map_or_else(String::new, |f| f.to_string());
            format!(" {}={number}{}", attribute.name, attribute.i.map_or_else(String::new, |i| i.to_string()))
        });
        format!("{} = {}({inputs}){}\n", node.output.join(", "), node.op_type, attributes.collect::<String>())
    }));
    text
}

#[test]
fn norms_are_folded_except_between_two_activations() {
    let graph = describe(&export("single", &["onnx"]));
    insta::assert_snapshot!(graph);
}

#[test]
fn unfolded_graphs_have_batch_norm_in_its_inference_form() {
    let graph = describe(&export("single", &["onnx", "--no-fold"]));
    insta::assert_snapshot!(graph);
}

#[test]
fn graphs_in_double_precision_have_no_leaky_relu() {
    let (_, graph) = decode(&export("double", &["onnx", "--no-fold"]));
    let operators: Vec<&str> = graph.node.iter().map(|node| node.op_type.as_str()).collect();
    assert!(operators.contains(&"Max") && !operators.contains(&"LeakyRelu"), "{operators:?}");
}

#[test]
fn values_come_out_in_the_unit_of_the_file() {
    let text = describe(&export("values", &["onnx"]));
    let (_, end) = text.split_once("affine_4 = ").expect("the last layer");
    let (declared, _) = text.split_once("numbers_missing = ").expect("the first node");
    let graph = format!("{declared}...\naffine_4 = {end}");
    insta::assert_snapshot!(graph);
}

#[test]
fn batch_norm_has_one_output_and_an_explicit_training_mode() {
    for case in ["single", "double"] {
        let (_, graph) = decode(&export(case, &["onnx", "--no-fold"]));
        let norms: Vec<_> = graph.node.iter().filter(|node| node.op_type == "BatchNormalization").collect();
        assert_eq!(norms.len(), 3);
        for (norm, eps) in norms.iter().zip([1e-5, 1e-3, 1e-5]) {
            let find = |name: &str| norm.attribute.iter().find(|attribute| attribute.name == name);
            // Written although 0 is the default: many exporters get it wrong.
            assert_eq!(find("training_mode").and_then(|attribute| attribute.i), Some(0));
            let epsilon = f64::from(find("epsilon").and_then(|attribute| attribute.f).expect("a number"));
            assert!(epsilon <= eps && epsilon > eps * (1.0 - 1e-7), "{epsilon:e}");
            assert_eq!(norm.output.len(), 1);
        }
    }
}

#[test]
fn graphs_give_what_bntrain_predict_gives() {
    for (case, limit, scale) in
        [("single", 1e-5, [1.0; 3]), ("double", 1e-9, [1.0; 3]), ("values", 1e-5, [5e4, 0.125, 1.0])]
    {
        let rows = Rows::golden("single");
        let work = Work::new();
        write_csv(&work, &rows);
        let model = golden_path(&format!("{case}.model.safetensors"));
        let predicted = work.ok(&["predict", model.to_str().expect("UTF-8"), "--data", "rows.csv"]).stdout;
        let mut reader = csv::Reader::from_reader(predicted.as_bytes());
        let records: Vec<_> = reader.records().map(|record| record.expect("a record")).collect();
        let first = usize::from(case != "values");
        for options in [&["onnx"][..], &["onnx", "--no-fold"]] {
            let given = Interpreter::new(&export(case, options)).run(&rows);
            let mut expected = given.clone();
            for (mut row, record) in expected.rows_mut().into_iter().zip(&records) {
                row.iter_mut().zip(record.iter().skip(first)).for_each(|(value, cell)| {
                    *value = cell.parse().expect("a number");
                });
            }
            let unit = ndarray::Array1::from_iter(scale.into_iter().take(given.ncols()));
            let difference = largest_difference(&(given / &unit), &(expected / &unit));
            assert!(difference <= limit, "{case} {options:?}: {difference:e}");
        }
    }
}

/// The rows as a CSV file, `rows.csv`.
fn write_csv(work: &Work, rows: &Rows) {
    let mut writer = csv::Writer::from_path(work.path("rows.csv")).expect("a file");
    writer.write_record(["length", "age", "is new", "colour", "ort"]).expect("a record");
    for (numbers, texts) in rows.numbers.rows().into_iter().zip(rows.texts.rows()) {
        let numbers = numbers.iter().map(|x| if x.is_nan() { String::new() } else { x.to_string() });
        writer.write_record(numbers.chain(texts.iter().cloned())).expect("a record");
    }
    writer.flush().expect("the folder can be written");
}

#[test]
fn single_inputs_are_refused_where_they_lose_too_many_digits() {
    let work = Work::new();
    let model = golden_path("single.model.safetensors");
    let arguments =
        ["export", model.to_str().expect("UTF-8"), "--to", "onnx", "-o", "single.onnx", "--single-inputs"];
    // The spread of one column is 0.25, around 1.7e9.
    let (code, error) = work.fails(&arguments);
    assert_eq!(code, Some(1));
    assert!(error.starts_with("error: single.onnx is not written: over 1000 made-up rows"), "{error}");
    work.ok(&[&arguments[..], &["--tolerance", "2"]].concat());
    let file = std::fs::read(work.path("single.onnx")).expect("a file");
    let rows = Rows::golden("single");
    let exact = Interpreter::new(&export("single", &["onnx"])).run(&rows);
    assert!(largest_difference(&Interpreter::new(&file).run(&rows), &exact) > 1e-3);
}
