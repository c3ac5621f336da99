//! The gradients of a network as named arrays.

use ndarray::Array2;

use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{Network, PassContext};
use crate::targets::Targets;

/// The mean loss of a batch, and its gradients.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Gradients<F> {
    /// The mean loss over the rows, in nats for classes, in the unit of the targets for values.
    pub loss: f64,
    /// The gradient of each trained tensor with its name, in the order of the layers. Each has the shape of
    /// its tensor: `(inputs, units)` for the weights of an affine layer, `(1, units)` for vectors.
    pub params: Vec<(String, Array2<F>)>,
    /// The gradient of the input, `(n, inputs)`.
    pub input: Array2<F>,
}

impl<F> Gradients<F> {
    /// The gradient of the tensor `name`, such as `affine_1.weight`.
    pub fn get(&self, name: &str) -> Option<&Array2<F>> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, gradient)| gradient)
    }
}

impl<F: Real> Network<F> {
    /// The mean loss over the rows of `x` and its gradients, in training mode: batch norm uses the
    /// statistics of `x`, dropout the masks of the first step. Weights and running statistics stay.
    ///
    /// Allocates; a training loop uses [`forward`](Self::forward) and [`backward`](Self::backward) with a
    /// workspace instead. A workspace that was made before can no longer be used.
    ///
    /// ```
    /// use bntrain::{Network, Targets, affine, batch_norm, output_affine, relu, softmax_loss};
    /// use ndarray::array;
    ///
    /// let specs = [affine(8), batch_norm(), relu(), output_affine(), softmax_loss()];
    /// let mut network = Network::<f64>::build(&specs, 2, 2, 0);
    /// let x = array![[0.0, 1.0], [1.0, 0.5], [-1.0, 2.0]];
    /// let targets = Targets::classes([0, 1, 0]);
    ///
    /// let gradients = network.gradients(&x, &targets);
    /// assert_eq!(gradients.get("affine_1.weight").map(|gradient| gradient.dim()), Some((2, 8)));
    /// let names: Vec<&str> = gradients.params.iter().map(|(name, _)| name.as_str()).collect();
    /// assert_eq!(names[..3], ["affine_1.weight", "batch_norm_1.gamma", "batch_norm_1.beta"]);
    /// ```
    ///
    /// # Shapes
    ///
    /// `x`: `(n, inputs)`; `targets`: `n` rows.
    ///
    /// # Panics
    ///
    /// If `x` has another number of columns than the network has inputs, there are fewer targets than rows,
    /// or they do not fit the loss.
    pub fn gradients(&mut self, x: &Array2<F>, targets: &Targets<F>) -> Gradients<F> {
        let (columns, inputs) = (x.ncols(), self.num_inputs());
        assert_eq!(columns, inputs, "x has {columns} columns, but the network has {inputs} inputs");
        let pool = ThreadPool::single();
        let pass = PassContext::new(&pool, targets.view());
        let mut workspace = self.allocate(x.nrows());
        let losses = self.forward(&pass, x.view(), &mut workspace);
        let loss = losses.iter().map(|&loss| loss.to_f64()).sum::<f64>() / x.nrows() as f64;
        let mut input = Array2::zeros(x.dim());
        self.backward(&pass, x.view(), &mut workspace, Some(input.view_mut()));
        let trained = self.params().filter(|param| param.is_trained());
        let params = trained.map(|param| (param.name.clone(), param.grad.clone())).collect();
        Gradients { loss, params, input }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_gradient_is_found_by_its_name() {
        let params = vec![("a".to_owned(), array![[1.0]]), ("b".to_owned(), array![[2.0]])];
        let gradients = Gradients { loss: 0.0, params, input: array![[0.0]] };
        assert_eq!(gradients.get("b"), Some(&array![[2.0]]));
        assert_eq!(gradients.get("c"), None);
    }
}
