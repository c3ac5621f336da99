//! The data of all runs: each file read once, each split prepared once and shared by the runs that
//! are on it.

use std::any::Any;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::config::Plan;
use crate::data::{ClassWeights, DataError, DataSpec, Dataset, Prepared, PreparedData, SplitKey};
use crate::experiment::RunError;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::model::InitialTensors;
use crate::nn::Network;
use crate::train::build_network;

/// Tables by their `[data]`, files of initial weights, and the prepared data in use by precision and seed.
pub struct DataSets {
    tables: Vec<(DataSpec, Dataset)>,
    /// Files of initial weights by their paths.
    initial: Vec<(PathBuf, InitialTensors)>,
    shared: Mutex<Shared>,
}

/// What runs share.
#[derive(Default)]
struct Shared {
    entries: Vec<Entry>,
    /// The last one that was prepared: its next run is about to ask for it.
    recent: Option<Arc<dyn Any + Send + Sync>>,
}

/// Data that live as long as a run holds them.
struct Entry {
    table: usize,
    split: SplitKey,
    class_weights: Option<ClassWeights>,
    data: Weak<dyn Any + Send + Sync>,
}

impl DataSets {
    /// Reads the files of every plan, each once and on at most `threads` threads. Those for which `data.memory`
    /// leaves no room beside the ones before go to the disk.
    ///
    /// # Errors
    ///
    /// The first problem of a file; also if it was changed since another plan read it.
    pub fn load<'p>(
        plans: impl IntoIterator<Item = &'p Plan>,
        threads: NonZeroUsize,
    ) -> Result<Self, DataError> {
        let mut tables: Vec<(DataSpec, Dataset)> = Vec::new();
        for plan in plans {
            if !tables.iter().any(|(spec, _)| *spec == plan.data) {
                let used = tables.iter().map(|(_, table)| table.bytes()).sum();
                let table = Dataset::load_beside(&plan.data, used, threads)?;
                for (_, other) in &tables {
                    table.expect_same_files(other)?;
                }
                tables.push((plan.data.clone(), table));
            }
        }
        Ok(Self { tables, initial: Vec::new(), shared: Mutex::default() })
    }

    /// Reads the files of initial weights of every plan, each once.
    ///
    /// # Errors
    ///
    /// The first problem of a file.
    pub fn load_initial<'p>(&mut self, plans: impl IntoIterator<Item = &'p Plan>) -> Result<(), RunError> {
        for path in plans.into_iter().filter_map(|plan| plan.training.init_from.as_ref()) {
            if !self.initial.iter().any(|(known, _)| known == path) {
                self.initial.push((path.clone(), InitialTensors::load(path)?));
            }
        }
        Ok(())
    }

    /// The file of initial weights of `plan`, if it has one.
    ///
    /// # Panics
    ///
    /// If it was not [loaded](Self::load_initial).
    pub fn initial_tensors(&self, plan: &Plan) -> Option<&InitialTensors> {
        let path = plan.training.init_from.as_ref()?;
        let found = self.initial.iter().find(|(known, _)| known == path);
        Some(&found.expect("the initial weights of every plan were loaded").1)
    }

    /// The network that a run of `plan` begins with.
    ///
    /// # Errors
    ///
    /// If the file of initial weights does not fit.
    pub fn initial_network<F: Real>(
        &self,
        plan: &Plan,
        data: &PreparedData<F>,
        pool: &ThreadPool,
    ) -> Result<Network<F>, RunError> {
        let sizes = (data.encoding.inputs.len(), data.encoding.outputs());
        match self.initial_tensors(plan) {
            None => Ok(build_network(&plan.layers, &plan.training, data, pool)),
            Some(tensors) => Ok(tensors.network(&plan.layers, sizes, &plan.training)?.network),
        }
    }

    /// The table of `spec`.
    ///
    /// # Panics
    ///
    /// If no plan that was loaded has this `[data]`.
    pub fn table(&self, spec: &DataSpec) -> &Dataset {
        &self.tables[self.place(spec)].1
    }

    /// All tables.
    pub fn tables(&self) -> impl Iterator<Item = &Dataset> {
        self.tables.iter().map(|(_, table)| table)
    }

    /// The data of `plan`, split by its key, scaled and weighted; shared with the other runs that use the
    /// same.
    ///
    /// # Errors
    ///
    /// If a scaled value is out of range, or a class is weighted that there is none of.
    pub fn prepared<F: Real>(&self, plan: &Plan) -> Result<Arc<Prepared<F>>, DataError> {
        let (table, split) = (self.place(&plan.data), plan.training.split_key());
        let class_weights = &plan.training.class_weights;
        // One thread prepares, the others wait and share; a panic elsewhere spoils nothing here.
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.entries.retain(|entry| entry.data.strong_count() > 0);
        let is_same = |entry: &&Entry| {
            (entry.table, entry.split, &entry.class_weights) == (table, split, class_weights)
        };
        let same = shared.entries.iter().filter(is_same);
        if let Some(data) = same.filter_map(|entry| entry.data.upgrade()?.downcast().ok()).next() {
            return Ok(data);
        }
        let data = Arc::new(self.tables[table].1.prepare::<F>(split, class_weights.as_ref())?);
        let recent: Arc<dyn Any + Send + Sync> = data.clone();
        shared.entries.push(Entry {
            table,
            split,
            class_weights: class_weights.clone(),
            data: Arc::downgrade(&recent),
        });
        shared.recent = Some(recent);
        Ok(data)
    }

    fn place(&self, spec: &DataSpec) -> usize {
        self.tables.iter().position(|(other, _)| other == spec).expect("the data of every plan were loaded")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::experiment::{check_models, final_job};

    #[test]
    fn each_plan_has_its_own_table() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let plan = |rows: usize| {
            let name = format!("{rows}.csv");
            let text: String = (0..rows).map(|row| format!("{row},{}\n", row % 2)).collect();
            std::fs::write(folder.path().join(&name), format!("x,y\n{text}")).expect("it can be written");
            let config = format!(
                "[data]\npath = '{name}'\nlabel = 'y'\n[model]\nhidden = [4]\n[optimizer]\ntype = 'sgd'\n"
            );
            parse(&config, &folder.path().join("c.toml"), &[]).unwrap_or_else(|error| panic!("{error}"))
        };
        let plans = [plan(10), plan(20), plan(30)];
        let sets = DataSets::load(&plans, NonZeroUsize::MIN).expect("the tables load");
        let rows = plans.each_ref().map(|plan| sets.table(&plan.data).rows());
        assert_eq!(rows, [10, 20, 30]);
        let mut jobs = plans.map(|plan| final_job(&plan));
        assert!(check_models(&jobs, &sets).is_ok());
        jobs[2].plan.training.class_weights = Some(ClassWeights::ByName([("2".to_owned(), 1.0)].into()));
        assert!(check_models(&jobs, &sets).is_err(), "there is no class 2");
    }
}
