use crate::data::tests::*;
use crate::data::{ClipMethod, ConstantInput, ErrorCategory, Prepared, Scaling, ScalingMethod};

fn prepared(content: &str, spec: &DataSpec) -> Prepared<f32> {
    load(content, spec).expect("the table loads").prepare(1, None).expect("the values fit")
}

fn scaled_by(scale: ScalingMethod) -> DataSpec {
    DataSpec { scale, ..spec() }
}

const SMALL: &str = "x,same,kind\n1,0.1,a\n2,0.1,b\n3,0.1,a\n6,0.1,b\n";

#[test]
fn each_scale_matches_a_calculation_by_hand() {
    // x has mean 3, squared distances 4, 1, 0, 9 and so a biased variance of 3.5.
    let deviation = 3.5_f64.sqrt();
    let cases = [
        (
            ScalingMethod::Standardize,
            3.0,
            deviation,
            [-2.0 / deviation, -1.0 / deviation, 0.0, 3.0 / deviation],
        ),
        (ScalingMethod::Center, 3.0, 1.0, [-2.0, -1.0, 0.0, 3.0]),
        (ScalingMethod::MinMax, 1.0, 5.0, [0.0, 0.2, 0.4, 1.0]),
        (ScalingMethod::None, 0.0, 1.0, [1.0, 2.0, 3.0, 6.0]),
    ];
    for (scale, offset, divisor, expected) in cases {
        let data = prepared(SMALL, &scaled_by(scale)).data;
        assert_eq!(scaling(&data, 0), Scaling { offset, divisor }, "{scale:?}");
        assert_eq!(data.train.to_array().column(0).to_vec(), expected.map(|value| value as f32), "{scale:?}");
        assert_eq!(data.train.targets().classes(), [0, 1, 0, 1]);
        assert_eq!((data.valid, data.test), (None, None));
    }
}

#[test]
fn constant_features_become_zero_and_are_noted() {
    for scale in [ScalingMethod::Standardize, ScalingMethod::Center, ScalingMethod::MinMax] {
        let Prepared { data, notes } = prepared(SMALL, &scaled_by(scale));
        assert_eq!(data.train.to_array().column(1).to_vec(), [0.0; 4]);
        assert_eq!(scaling(&data, 1), Scaling { offset: 0.1, divisor: 1.0 });
        assert_eq!(notes, ["feature \"same\" is constant in the training rows, so it has no effect"]);
    }
    let Prepared { data, notes } = prepared(SMALL, &scaled_by(ScalingMethod::None));
    assert_eq!((data.train.to_array()[[0, 1]], notes.len()), (0.0, 1));
    assert_eq!(data.encoding.constant, [ConstantInput { input: 1, value: 0.1 }]);

    let names: Vec<String> = (0..70).map(|index| format!("p{index}")).collect();
    let zeros = "0,".repeat(70);
    let wide = format!("{},x,kind\n{zeros}1,a\n{zeros}2,b\n", names.join(","));
    assert_eq!(
        prepared(&wide, &spec()).notes,
        [
            "features \"p0\", \"p1\", \"p2\", \"p3\", \"p4\", \"p5\", \"p6\", \"p7\", ... (70 in all) are constant in the \
          training rows, so they have no effect"
        ]
    );
}

#[test]
fn a_large_offset_costs_no_precision() {
    let rows: String =
        (0..100).map(|row| format!("{},{}\n", 1_000_000_000 + 2 * (row % 2) - 1, row % 2)).collect();
    let data = prepared(&format!("x,kind\n{rows}"), &spec()).data;
    assert_eq!(scaling(&data, 0), Scaling { offset: 1e9, divisor: 1.0 });
    assert!(
        data.train
            .to_array()
            .iter()
            .zip(data.train.targets().classes())
            .all(|(&x, &label)| x == 2.0 * label as f32 - 1.0)
    );
}

#[test]
fn values_at_the_ends_of_the_range_are_scaled_finitely() {
    let pairs =
        [("3e38", "-3e38"), ("1e-38", "-1e-38"), ("1e-300", "0"), ("0.10000000001", "0.1"), ("1e9", "0")];
    for (one, other) in pairs {
        let content = format!("x,kind\n{one},a\n{other},b\n");
        let x =
            |scale| prepared(&content, &scaled_by(scale)).data.train.to_array().into_raw_vec_and_offset().0;
        let standard = x(ScalingMethod::Standardize);
        assert!(
            (standard[0] - 1.0).abs() < 1e-5 && (standard[1] + 1.0).abs() < 1e-5,
            "{content:?} {standard:?}"
        );
        assert_eq!(x(ScalingMethod::MinMax), [1.0, 0.0], "{content:?}");
    }
    // A standard deviation that is a subnormal double.
    let tiny = prepared("x,kind\n5e-324,a\n0,b\n", &spec()).data.train.to_array();
    assert!(tiny.iter().all(|x| x.abs() < 1e-15), "{tiny}");
}

#[test]
fn a_value_that_scaling_puts_out_of_range_is_an_error() {
    let files = Files::new();
    let spec = DataSpec {
        path: files.write("t.csv", "z,x,kind\n1,1e-30,a\n2,3e-30,b\n").into(),
        valid_path: Some(files.write("v.csv", "kind,z,x\nb,1,2e-30\nb,1,1e30\n").into()),
        clip: ClipMethod::None,
        ..spec()
    };
    let table = Dataset::load(&spec).expect("the values themselves are in range");
    let error = table.prepare::<f32>(1, None).expect_err("1e60 is outside f32 range");
    assert_eq!(error.category(), ErrorCategory::Data);
    assert_eq!(
        files.message_of(&error),
        "v.csv: feature \"x\": 1e30 in data row 2 becomes 1.000e60 when scaled, which is outside f32 range"
    );
    assert!(table.prepare::<f64>(1, None).is_ok());
    // A bounded value is in any range.
    let bounded = Dataset::load(&DataSpec { clip: ClipMethod::Smooth, ..spec }).expect("it loads");
    let valid = bounded.prepare::<f32>(1, None).expect("it can be bounded").data.valid.expect("two rows");
    assert_eq!(valid.to_array()[[1, 1]], 6.0);
}

#[test]
fn splits_follow_the_seed_and_scaling_sees_training_rows_only() {
    let rows: String = (0..100).map(|row| format!("{row},{}\n", row % 4)).collect();
    let spec = DataSpec { valid: 0.2, test: 0.1, scale: ScalingMethod::MinMax, ..spec() };
    let table = load(format!("x,kind\n{rows}"), &spec).expect("the table loads");
    assert_eq!((table.train_rows(1), table.valid_rows(1), table.test_rows(1)), (70, 20, 10));
    let one: Prepared<f64> = table.prepare(1, None).expect("the values fit");
    assert_eq!(one, table.prepare(1, None).expect("the values fit"));
    assert_ne!(one.data.train, table.prepare(2, None).expect("the values fit").data.train);

    let data = one.data;
    let Scaling { offset, divisor } = scaling(&data, 0);
    let (valid, test) = (data.valid.expect("asked for"), data.test.expect("asked for"));
    assert_eq!((data.train.len(), valid.len(), test.len()), (70, 20, 10));
    let (low, high) =
        data.train.to_array().iter().fold((f64::MAX, f64::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    assert!(low == 0.0 && (high - 1.0).abs() <= f64::EPSILON, "{low} to {high}");
    let raw = |x: f64| x * divisor + offset;
    for rows in [&data.train, &valid, &test] {
        for (x, label) in rows.to_array().iter().zip(rows.targets().classes()) {
            assert_eq!(raw(*x).round() as u32 % 4, *label);
        }
    }
}

#[test]
fn classes_too_rare_for_a_part_are_noted() {
    let rows = "1,a\n".repeat(20);
    let table = load(format!("x,kind\n{rows}2,b\n"), &DataSpec { valid: 0.2, ..spec() });
    let table = table.expect("the table loads");
    assert_eq!(table.notes(), ["classes too rare for a row under data.valid = 0.2: \"b\""]);
}
