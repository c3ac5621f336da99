//! From a precision in a config to generic code.

/// `with_dtype!(dtype, F => expression)` evaluates `expression` with the type `F` that `dtype`
/// names.
macro_rules! with_dtype {
    ($dtype:expr, $F:ident => $body:expr) => {
        match $dtype {
            $crate::train::Dtype::F32 => {
                type $F = f32;
                $body
            }
            $crate::train::Dtype::F64 => {
                type $F = f64;
                $body
            }
        }
    };
}
pub(crate) use with_dtype;
