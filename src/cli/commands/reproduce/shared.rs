//! Claims that are dealt out to several processes: each measures some of them by itself.

use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cli::args::all_cores;
use crate::cli::commands::reproduce::network;
use crate::cli::error::CliError;
use crate::lab::{BundledData, Claim, ClaimValues, OtherData, catalog, measure_claim};

/// Which claims are measured, on which data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClaimsOrder {
    claims: Vec<ClaimSource>,
    other: Option<OtherData>,
    threads: Option<u16>,
}

/// Where a claim is found.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum ClaimSource {
    Name(String),
    File(PathBuf),
}

impl ClaimsOrder {
    /// For these claims, with this number of threads in each process, or one for each core.
    pub(crate) fn new(claims: &[&Claim], other: Option<&OtherData>, threads: Option<u16>) -> Self {
        let source = |claim: &&Claim| match &claim.own_file {
            Some(path) => ClaimSource::File(path.clone()),
            None => ClaimSource::Name(claim.name.clone()),
        };
        Self { claims: claims.iter().map(source).collect(), other: other.cloned(), threads }
    }

    /// How many claims there are.
    pub(crate) fn len(&self) -> usize {
        self.claims.len()
    }

    /// The files that must be the same for all processes, each with its SHA-256.
    ///
    /// # Errors
    ///
    /// The first one that cannot be read.
    pub(crate) fn files(&self) -> Result<Vec<(PathBuf, String)>, CliError> {
        let mut paths: Vec<PathBuf> = Vec::new();
        for claim in &self.claims {
            if let ClaimSource::File(path) = claim {
                let plan = Claim::load(path)?.plan(Path::new(""), self.other.as_ref())?.plan;
                paths.push(path.clone());
                paths.extend(plan.data.known_files());
            }
        }
        match &self.other {
            Some(OtherData::Table { path, .. }) => paths.push(path.clone()),
            Some(OtherData::Images(folder)) => {
                let failed = |error: io::Error| CliError::io("read", folder, &error);
                let mut found = Vec::new();
                for entry in folder.read_dir().map_err(failed)? {
                    found.push(entry.map_err(failed)?.path());
                }
                found.retain(|path| path.is_file());
                found.sort();
                paths.append(&mut found);
            }
            None => {}
        }
        paths.into_iter().map(|path| sha256(&path).map(|hash| (path, hash))).collect()
    }

    /// The values of every `count`-th claim, from the one with the index `first` on.
    ///
    /// # Errors
    ///
    /// That of the first claim that cannot be measured.
    pub(crate) fn measure(&self, first: usize, count: usize) -> Result<Vec<ClaimValues>, CliError> {
        let (all, bundled) = (catalog()?, BundledData::write()?);
        let asked = self.threads.and_then(|threads| NonZeroUsize::new(threads.into()));
        let threads = asked.unwrap_or_else(all_cores);
        let mut values = Vec::new();
        for source in self.claims.iter().skip(first).step_by(count) {
            let claim = match source {
                ClaimSource::Name(name) => {
                    all.iter().find(|claim| claim.name == *name).cloned().expect("the same program has it")
                }
                ClaimSource::File(path) => Claim::load(path)?,
            };
            values.push(measure_claim(&claim, &bundled.claims(), self.other.as_ref(), threads, &network)?);
        }
        Ok(values)
    }
}

fn sha256(path: &Path) -> Result<String, CliError> {
    let mut hash = Sha256::new();
    let copied = File::open(path).and_then(|mut file| io::copy(&mut file, &mut hash));
    copied.map_err(|error| CliError::io("read", path, &error))?;
    Ok(format!("{:x}", hash.finalize()))
}
