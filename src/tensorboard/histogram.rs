//! Histograms of tensors.

use ndarray::Array2;

use crate::kernel::real::Real;
use crate::tensorboard::proto::Histogram;

/// As many as TensorBoard shows.
const BUCKETS: usize = 30;

/// Buckets of equal width from the smallest value to the largest, or one if all are equal; none without values, or if
/// one is not finite.
pub(crate) fn histogram<F: Real>(values: &Array2<F>) -> Option<Histogram> {
    let numbers = || values.iter().map(|&value| Real::to_f64(value));
    let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut sum, mut sum_squares) = (0.0, 0.0);
    for value in numbers() {
        (min, max) = (min.min(value), max.max(value));
        sum += value;
        sum_squares += value * value;
    }
    let width = (max - min) / BUCKETS as f64;
    // A NaN is in the sum; of none at all, the smallest is infinite.
    if !(sum.is_finite() && sum_squares.is_finite() && width.is_finite() && min.is_finite()) {
        return None;
    }
    let count = if width > 0.0 { BUCKETS } else { 1 };
    let mut bucket = vec![0.0; count];
    for value in numbers() {
        // Rounding may lead past the last one, and 0 / 0 is the first one.
        bucket[(((value - min) / width) as usize).min(count - 1)] += 1.0;
    }
    let bucket_limit = (1..=count).map(|index| if index == count { max } else { min + width * index as f64 });
    let num = values.len() as f64;
    Some(Histogram { min, max, num, sum, sum_squares, bucket_limit: bucket_limit.collect(), bucket })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn values_are_counted_between_the_smallest_and_the_largest() {
        let found = histogram(&array![[-1.0, 2.0], [2.0, 0.49]]).expect("a histogram");
        assert_eq!((found.min, found.max, found.num), (-1.0, 2.0, 4.0));
        assert_eq!((found.sum, found.sum_squares), (3.49, 9.2401));
        assert_eq!((found.bucket.len(), found.bucket_limit.len()), (30, 30));
        assert_eq!((found.bucket[0], found.bucket[14], found.bucket[29]), (1.0, 1.0, 2.0));
        assert_eq!(found.bucket.iter().sum::<f64>(), 4.0);
        assert!((found.bucket_limit[14] - 0.5).abs() < 1e-12);
        assert_eq!(found.bucket_limit[29], 2.0);
    }

    #[test]
    fn equal_values_are_in_one_bucket() {
        let found = histogram(&array![[1.0_f32, 1.0]]).expect("a histogram");
        assert_eq!((found.bucket_limit, found.bucket), (vec![1.0], vec![2.0]));
    }

    #[test]
    fn there_is_none_of_numbers_that_are_not_finite() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
            assert_eq!(histogram(&array![[0.0, bad]]), None, "{bad}");
        }
        assert_eq!(histogram(&Array2::<f32>::zeros((0, 3))), None);
    }
}
