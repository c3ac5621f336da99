//! The operators that bntrain writes, as ONNX defines them.

use ndarray::{Array2, Axis, Zip, concatenate};

use crate::export::interpreter::tensor::Tensor;
use crate::export::layers::softmax;
use crate::export::proto::{DataType, NodeProto};

/// The result of a node; none if bntrain does not write it or it does not fit its operands.
pub(crate) fn apply(node: &NodeProto, operands: &[&Tensor]) -> Option<Tensor> {
    match (node.op_type.as_str(), operands) {
        ("Identity", [x]) => Some((*x).clone()),
        ("Relu", [x]) => map(x, |x| if x < 0.0 { 0.0 } else { x }),
        ("LeakyRelu", [x]) => {
            let alpha = f64::from(float(node, "alpha")?);
            map(x, |x| if x < 0.0 { alpha * x } else { x })
        }
        ("Sigmoid", [x]) => map(x, |x| 1.0 / (1.0 + (-x).exp())),
        ("Tanh", [x]) => map(x, f64::tanh),
        ("Neg", [x]) => map(x, |x| -x),
        ("Sqrt", [x]) => map(x, f64::sqrt),
        ("Log", [x]) => map(x, f64::ln),
        ("Add", [a, b]) => zip(a, b, |a, b| a + b),
        ("Sub", [a, b]) => zip(a, b, |a, b| a - b),
        ("Mul", [a, b]) => zip(a, b, |a, b| a * b),
        ("Div", [a, b]) => zip(a, b, |a, b| a / b),
        ("Min", [a, b]) => zip(a, b, |a, b| if a < b || a.is_nan() { a } else { b }),
        // NaN passes through, unlike with `f64::max`.
        ("Max", [a, b]) => zip(a, b, |a, b| if a > b || a.is_nan() { a } else { b }),
        ("Gemm", [x, weight]) => matmul(x, weight),
        ("Gemm", [x, weight, bias]) => zip(&matmul(x, weight)?, bias, |y, bias| y + bias),
        ("BatchNormalization", [x, gamma, beta, mean, var]) if int(node, "training_mode")? == 0 => {
            let eps = f64::from(float(node, "epsilon")?);
            let factor = zip(gamma, var, |gamma, var| gamma / (var + eps).sqrt())?;
            let offset =
                zip(beta, &zip(mean, &factor, |mean, factor| mean * factor)?, |beta, mean| beta - mean)?;
            zip(&zip(x, &factor, |x, factor| x * factor)?, &offset, |y, offset| y + offset)
        }
        ("Softmax", [Tensor::Numbers { values, is_single }]) if int(node, "axis")? == 1 => {
            Some(Tensor::rounded(softmax(values.clone()), *is_single))
        }
        ("IsNaN", [Tensor::Numbers { values, .. }]) => Some(Tensor::Truths(values.mapv(f64::is_nan))),
        ("Equal", [Tensor::Texts(a), Tensor::Texts(b)]) => {
            Some(Tensor::Truths(broadcast(a, b, |a, b| a == b)?))
        }
        (
            "Greater",
            [Tensor::Numbers { values: a, is_single }, Tensor::Numbers { values: b, is_single: same }],
        ) => {
            (is_single == same).then_some(())?;
            Some(Tensor::Truths(broadcast(a, b, |a, b| a > b)?))
        }
        ("Where", [Tensor::Truths(truths), a, b]) => choose(truths, a, b),
        ("Cast", [x]) => cast(x, DataType::try_from(i32::try_from(int(node, "to")?).ok()?).ok()?),
        ("Gather", [x, Tensor::Indices(columns)]) if int(node, "axis")? == 1 => gather(x, columns),
        ("ReduceSum", [Tensor::Numbers { values, is_single }, Tensor::Indices(axes)])
            if axes[..] == [1] && int(node, "keepdims")? == 1 =>
        {
            Some(Tensor::rounded(values.sum_axis(Axis(1)).insert_axis(Axis(1)), *is_single))
        }
        // To any number of rows, which is written as -1.
        ("Reshape", [Tensor::Numbers { values, is_single }, Tensor::Indices(shape)]) => {
            let [usize::MAX, width] = shape[..] else { return None };
            let shape = (values.len() / width, width);
            let values = Array2::from_shape_vec(shape, values.iter().copied().collect()).ok()?;
            Some(Tensor::rounded(values, *is_single))
        }
        ("Concat", parts) if int(node, "axis")? == 1 => join(parts),
        _ => None,
    }
}

fn int(node: &NodeProto, name: &str) -> Option<i64> {
    node.attribute.iter().find(|attribute| attribute.name == name)?.i
}

fn float(node: &NodeProto, name: &str) -> Option<f32> {
    node.attribute.iter().find(|attribute| attribute.name == name)?.f
}

fn map(x: &Tensor, function: impl Fn(f64) -> f64) -> Option<Tensor> {
    let Tensor::Numbers { values, is_single } = x else { return None };
    Some(Tensor::rounded(values.mapv(function), *is_single))
}

/// `function` of two matrices of numbers of one type.
fn zip(a: &Tensor, b: &Tensor, function: impl Fn(f64, f64) -> f64) -> Option<Tensor> {
    let (Tensor::Numbers { values: a, is_single }, Tensor::Numbers { values: b, is_single: same }) = (a, b)
    else {
        return None;
    };
    (is_single == same).then_some(())?;
    Some(Tensor::rounded(broadcast(a, b, |&a, &b| function(a, b))?, *is_single))
}

/// `function` of two matrices, the smaller of which is repeated.
fn broadcast<A, C: Default + Clone>(
    a: &Array2<A>,
    b: &Array2<A>,
    function: impl Fn(&A, &A) -> C,
) -> Option<Array2<C>> {
    let shape = (a.nrows().max(b.nrows()), a.ncols().max(b.ncols()));
    let (a, b) = (a.broadcast(shape)?, b.broadcast(shape)?);
    let mut result = Array2::default(shape);
    Zip::from(&mut result).and(a).and(b).for_each(|result, a, b| *result = function(a, b));
    Some(result)
}

fn matmul(x: &Tensor, weight: &Tensor) -> Option<Tensor> {
    let (Tensor::Numbers { values: x, is_single }, Tensor::Numbers { values: weight, is_single: same }) =
        (x, weight)
    else {
        return None;
    };
    (is_single == same && x.ncols() == weight.nrows()).then_some(())?;
    Some(Tensor::rounded(x.dot(weight), *is_single))
}

fn choose(truths: &Array2<bool>, a: &Tensor, b: &Tensor) -> Option<Tensor> {
    /// `a` where it is true, else `b`.
    fn pick<T: Clone + Default>(truths: &Array2<bool>, a: &Array2<T>, b: &Array2<T>) -> Option<Array2<T>> {
        let (a, b) = (a.broadcast(truths.dim())?, b.broadcast(truths.dim())?);
        let mut result = Array2::default(truths.dim());
        Zip::from(&mut result)
            .and(truths)
            .and(a)
            .and(b)
            .for_each(|result, &truth, a, b| *result = if truth { a.clone() } else { b.clone() });
        Some(result)
    }
    match (a, b) {
        (Tensor::Numbers { values: a, is_single }, Tensor::Numbers { values: b, is_single: same })
            if is_single == same =>
        {
            Some(Tensor::Numbers { values: pick(truths, a, b)?, is_single: *is_single })
        }
        (Tensor::Texts(a), Tensor::Texts(b)) => Some(Tensor::Texts(pick(truths, a, b)?)),
        _ => None,
    }
}

fn cast(x: &Tensor, to: DataType) -> Option<Tensor> {
    let values = match x {
        Tensor::Numbers { values, .. } => values.clone(),
        Tensor::Truths(truths) => truths.mapv(|truth| f64::from(u8::from(truth))),
        Tensor::Texts(_) | Tensor::Indices(_) => return None,
    };
    match to {
        DataType::Float => Some(Tensor::rounded(values, true)),
        DataType::Double => Some(Tensor::rounded(values, false)),
        // Indices of classes, which doubles hold exactly.
        DataType::Int64 => Some(Tensor::rounded(values, false)),
        DataType::String | DataType::Undefined => None,
    }
}

fn gather(x: &Tensor, columns: &[usize]) -> Option<Tensor> {
    let fits = |width: usize| columns.iter().all(|&column| column < width).then_some(());
    match x {
        Tensor::Numbers { values, is_single } => {
            fits(values.ncols())?;
            Some(Tensor::Numbers { values: values.select(Axis(1), columns), is_single: *is_single })
        }
        Tensor::Texts(texts) => {
            fits(texts.ncols())?;
            Some(Tensor::Texts(texts.select(Axis(1), columns)))
        }
        Tensor::Truths(_) | Tensor::Indices(_) => None,
    }
}

fn join(parts: &[&Tensor]) -> Option<Tensor> {
    let mut is_single = None;
    let mut views = Vec::with_capacity(parts.len());
    for part in parts {
        let Tensor::Numbers { values, is_single: single } = part else { return None };
        (*is_single.get_or_insert(*single) == *single).then_some(())?;
        views.push(values.view());
    }
    Some(Tensor::Numbers { values: concatenate(Axis(1), &views).ok()?, is_single: is_single? })
}
