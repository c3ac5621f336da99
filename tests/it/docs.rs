//! The documentation says what the program does.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::work::Work;

/// The README and every page of `docs/`.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = fs::read_dir("docs")
        .expect("the docs are there")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    paths.extend(["README.md", "CONTRIBUTING.md"].map(PathBuf::from));
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("a page"))).collect()
}

/// The parts of `text` between `open` and `close`.
fn between<'t>(text: &'t str, open: &'t str, close: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split_once(close).map(|(inside, _)| inside))
}

/// The words of a command line; `'...'` is one word.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().expect("there is one").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn the_readme_has_at_most_200_lines() {
    let lines = fs::read_to_string("README.md").expect("the README").lines().count();
    assert!(lines <= 200, "{lines} lines");
}

#[test]
fn links_lead_to_files_and_headings() {
    let anchor = |heading: &str| -> String {
        let kept = heading.to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .collect::<String>()
            .replace(' ', "-")
    };
    for (page, text) in pages() {
        for target in between(&text, "](", ")") {
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').map_or((target, None), |(f, h)| (f, Some(h)));
            let path = if file.is_empty() { page.clone() } else { page.with_file_name("").join(file) };
            assert!(path.exists(), "{} links to {target}", page.display());
            if let Some(heading) = heading {
                let linked = fs::read_to_string(&path).expect("a page");
                let found = linked.lines().filter(|line| line.starts_with('#'));
                let mut anchors = found.map(|line| anchor(line.trim_start_matches('#').trim()));
                assert!(anchors.any(|found| found == heading), "{} links to {target}", page.display());
            }
        }
    }
}

#[test]
fn paths_in_the_pages_exist() {
    let roots = ["src/", "kernel/", "tests/", "scripts/", "configs/", "docs/", "examples/", "benches/"];
    for (page, text) in pages() {
        let quoted = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
        for path in quoted.filter(|path| roots.iter().any(|root| path.starts_with(root))) {
            let is_pattern = path.contains(['<', '*', '{', ' ']);
            assert!(is_pattern || Path::new(path).exists(), "{} names {path}", page.display());
        }
    }
}

/// Every name of a function in the derivation is a function in the file that the line links to, and
/// every name of a test is a test.
#[test]
fn the_derivation_names_functions_and_tests_that_exist() {
    let text = fs::read_to_string("docs/batch-norm.md").expect("the page");
    let is_name =
        |name: &&str| name.contains('_') && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let is_function = |name: &&str| is_name(name) || ["forward", "backward", "infer"].contains(name);
    let (mut functions, mut tests) = (0, 0);
    for item in between(&text, "\n- Code:", "\n- ") {
        let code: String = between(item, "](../", ")")
            .map(|path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}")))
            .collect();
        for name in item.split('`').skip(1).step_by(2).map(|name| name.rsplit("::").next().unwrap_or(name)) {
            if is_function(&name) {
                assert!(
                    code.contains(&format!("fn {name}")),
                    "there is no function {name} in the linked file"
                );
                functions += 1;
            }
        }
    }
    let sources = [all_code("tests"), all_code("src"), all_code("kernel")].concat();
    for item in between(&text, "\n- Test", "\n\n") {
        for name in item.split('`').skip(1).step_by(2).filter(is_name) {
            assert!(sources.contains(&format!("fn {name}(")), "there is no test {name}");
            tests += 1;
        }
    }
    assert!(functions >= 6 && tests >= 8, "{functions} functions, {tests} tests");
}

fn all_code(folder: &str) -> String {
    let mut code = String::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                code.push_str(&fs::read_to_string(path).expect("code"));
            }
        }
    }
    code
}

/// A folder with the configs and data of the repository.
fn repository() -> Work {
    let work = Work::new();
    for folder in ["configs", "data"] {
        fs::create_dir(work.path(folder)).expect("a folder");
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                fs::copy(&path, work.path(&path)).expect("a copy");
            }
        }
    }
    work
}

/// Runs every command of the `sh` blocks of `text` that starts with `bntrain`; the number of them.
fn run_commands(text: &str, work: &Work) -> usize {
    let mut count = 0;
    for line in between(text, "```sh\n", "```").flat_map(str::lines) {
        let command = line.split(" #").next().unwrap_or_default();
        let words = words(command);
        if words.first().is_some_and(|word| word == "bntrain") {
            let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
            work.ok(&arguments);
            count += 1;
        }
    }
    count
}

#[test]
fn the_commands_of_the_readme_run() {
    let text = fs::read_to_string("README.md").expect("the README");
    let count = run_commands(&text, &repository());
    assert!(count >= 6, "{count} commands");
}

#[test]
fn the_config_in_the_readme_is_valid() {
    let text = fs::read_to_string("README.md").expect("the README");
    let work = repository();
    let mut count = 0;
    for config in between(&text, "```toml\n", "```") {
        work.write("readme.toml", config);
        work.ok(&["check", "readme.toml"]);
        count += 1;
    }
    assert!(count > 0, "the README shows a config");
}

#[test]
fn the_table_of_mistakes_is_what_the_command_prints() {
    let text = fs::read_to_string("docs/batch-norm.md").expect("the page");
    let shown = between(&text, "<!-- mistakes:", "<!-- mistakes end -->").next().expect("the table");
    let printed = repository().ok(&["gradcheck", "-c", "configs/smoke.toml", "--mistakes", "-q"]).stdout;
    // Errors are rounded differently on other processors: the verdicts and tensors are compared.
    let verdicts = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.contains(" refuses "));
        lines.map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(verdicts(shown), verdicts(&printed));
    assert_eq!(verdicts(&printed).len(), 13);
}

#[test]
fn the_commands_of_the_derivation_run() {
    let text = fs::read_to_string("docs/batch-norm.md").expect("the page");
    let count = run_commands(&text, &repository());
    assert!(count >= 8, "{count} commands");
}

#[test]
fn every_config_passes_check_and_says_what_to_look_for() {
    let entries = fs::read_dir("configs").expect("the configs").map(|entry| entry.expect("an entry").path());
    // Those in the folder of claims have other tables, too.
    for path in entries.filter(|path| path.is_file()) {
        let path = path.canonicalize().expect("a path");
        Work::new().ok(&["check", "--config", path.to_str().expect("UTF-8")]);
        let text = fs::read_to_string(&path).expect("a config");
        assert!(text.contains("hat to look for"), "{} says what to look for", path.display());
    }
}
