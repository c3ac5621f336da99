//! `bntrain gradcheck --dump` and `--example`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use zip::ZipArchive;

use crate::support::work::Work;

/// Type, shape and numbers of each array of an .npz file.
fn arrays(path: &Path) -> BTreeMap<String, (String, String, Vec<f64>)> {
    let mut zip = ZipArchive::new(File::open(path).expect("the file")).expect("an archive");
    let mut arrays = BTreeMap::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).expect("an entry");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("its bytes");
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!(end % 64, 0, "numbers are aligned");
        let header = std::str::from_utf8(&bytes[10..end]).expect("a text");
        let part = |open: &str, close: &str| {
            header.split_once(open).and_then(|(_, rest)| rest.split_once(close)).expect(header).0.to_owned()
        };
        let (kind, shape) = (part("'descr': '", "'"), part("'shape': (", ")"));
        let numbers = bytes[end..].chunks_exact(8).map(|bytes| {
            let bytes = bytes.try_into().expect("eight bytes");
            if kind == "<i8" { i64::from_le_bytes(bytes) as f64 } else { f64::from_le_bytes(bytes) }
        });
        let numbers = numbers.collect();
        let name = file.name().strip_suffix(".npy").expect("an array").to_owned();
        arrays.insert(name, (kind, shape, numbers));
    }
    arrays
}

#[test]
fn a_dump_has_every_array_of_the_pass() {
    let work = Work::new();
    let ended = work.ok(&["gradcheck", "-c", "config.toml", "--rows", "5", "--dump", "dump"]);
    assert!(
        ended.stdout.contains("\nbackward pass of batch norm: fused; its three forms differ by at most ")
    );
    assert!(!arrays(&work.path("dump/none.npz")).contains_key("batch_norm_1.x"));
    let arrays = arrays(&work.path("dump/batch_norm.npz"));
    let get = |name: &str| &arrays.get(name).unwrap_or_else(|| panic!("{name} in {:?}", arrays.keys())).2;
    assert_eq!(arrays["targets"].0, "<i8");
    assert_eq!((arrays["targets"].1.as_str(), arrays["loss"].1.as_str()), ("5,", ""));
    // A derivation of one's own starts from x, dy and gamma, and arrives at dx.
    let (x, dy, gamma) = (get("batch_norm_1.x"), get("batch_norm_1.dy"), get("batch_norm_1.gamma"));
    let width = gamma.len();
    assert_eq!(arrays["batch_norm_1.x"].1, format!("5,{width},"));
    assert_eq!(arrays["batch_norm_1.inv_std"].1, format!("{width},"));
    for column in 0..width {
        let of = |numbers: &[f64]| (0..5).map(|row| numbers[row * width + column]).collect::<Vec<f64>>();
        let (x, dy) = (of(x), of(dy));
        let mean = x.iter().sum::<f64>() / 5.0;
        let var = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 5.0;
        let inv_std = 1.0 / (var + 1e-5).sqrt();
        let dgamma: f64 = x.iter().zip(&dy).map(|(x, dy)| dy * (x - mean) * inv_std).sum();
        let dbeta: f64 = dy.iter().sum();
        let expected = x.iter().zip(&dy).map(|(x, dy)| {
            gamma[column] * inv_std * (dy - dbeta / 5.0 - (x - mean) * inv_std * dgamma / 5.0)
        });
        for (found, expected) in of(get("batch_norm_1.dx")).into_iter().zip(expected) {
            // Rounding of numbers below 1, times the inverse of a small deviation.
            assert!((found - expected).abs() < 1e-12 * inv_std.max(1.0), "{found} {expected}");
        }
        assert!((get("batch_norm_1.inv_std")[column] - inv_std).abs() < 1e-12 * inv_std);
        assert!((get("batch_norm_1.gamma.grad")[column] - dgamma).abs() < 1e-12);
    }
    assert_eq!(get("affine_1.dy"), get("batch_norm_1.dx"));
}

#[test]
fn a_dump_is_not_replaced_unless_forced() {
    let work = Work::new();
    let dump = ["gradcheck", "-c", "single.toml", "--dump", "dump"];
    work.ok(&dump);
    let (code, error) = work.fails(&dump);
    assert_eq!(code, Some(7));
    assert!(
        error.contains("batch_norm.npz exists; choose another --dump or replace it with --force"),
        "{error}"
    );
    work.ok(&[&dump[..], &["--force"]].concat());
}

#[test]
fn the_worked_example_needs_no_config() {
    let printed = Work::new().ok(&["gradcheck", "--example"]).stdout;
    assert!(printed.starts_with("Batch norm by hand"), "{printed}");
}
