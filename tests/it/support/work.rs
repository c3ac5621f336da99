//! A temporary folder for each test, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A temporary folder that goes away with the test.
pub(crate) struct Work {
    folder: tempfile::TempDir,
}

/// The result of a command.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Work {
    /// A folder with `data.csv`, two separable classes in 60 rows, and `config.toml`, a comparison
    /// of two seeds on it.
    pub(crate) fn new() -> Self {
        let work = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        let rows: String = (0..60)
            .map(|row| {
                let side = if row % 2 == 0 { 1.0 } else { -1.0 };
                let wave = f64::from(row * 7 % 13) / 13.0;
                format!(
                    "{:.3},{:.3},{}\n",
                    side + wave,
                    2.0 * wave - side,
                    if row % 2 == 0 { "up" } else { "down" }
                )
            })
            .collect();
        work.write("data.csv", &format!("a,b,kind\n{rows}"));
        work.write("config.toml", &format!("{}[compare]\nseeds = 2\n", Self::SINGLE));
        work.write("single.toml", Self::SINGLE);
        work
    }

    /// One network on `data.csv`.
    pub(crate) const SINGLE: &'static str = r#"
[data]
path = "data.csv"
label = "kind"
valid = 0.25
[model]
hidden = [20, 17]
norm = "batch_norm"
activation = "relu"
[optimizer]
type = "adam"
learning_rate = 0.01
[training]
epochs = 3
batch_size = 8
"#;

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder can be written");
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The path of the model of the only seed of a norm, such as `run/batch_norm`.
    pub(crate) fn model(&self, of_norm: &str) -> String {
        let mut seeds = fs::read_dir(self.path(of_norm)).expect("a run");
        let seed = seeds.next().expect("a seed").expect("a folder").file_name();
        format!("{of_norm}/{}/model.safetensors", seed.to_string_lossy())
    }

    pub(crate) fn json(&self, name: impl AsRef<Path>) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).expect("JSON")
    }

    /// The program, to be run in the folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bntrain"));
        command.current_dir(self.folder.path()).args(args);
        for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs the program with `args`.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.command(args).output().expect("the program starts").into()
    }

    /// Runs the program with `args`, which must succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> Ended {
        let ended = self.run(args);
        assert_eq!(ended.code, Some(0), "{args:?}\n{}\n{}", ended.stdout, ended.stderr);
        ended
    }

    /// The last error line and the exit code of a run that must fail.
    pub(crate) fn fails(&self, args: &[&str]) -> (Option<i32>, String) {
        let ended = self.run(args);
        assert_ne!(ended.code, Some(0), "{args:?}\n{}\n{}", ended.stdout, ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        let error = ended.stderr.find("error: ").map_or("", |start| &ended.stderr[start..]);
        (ended.code, error.trim_end().to_owned())
    }

    /// The hash of each run in a run directory.
    pub(crate) fn hashes(&self, run: &str) -> Vec<String> {
        let summary = self.json(Path::new(run).join("summary.json"));
        let runs = summary["runs"].as_array().expect("runs").iter();
        runs.map(|run| run["result_hash"].as_str().expect("a hash").to_owned()).collect()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}
