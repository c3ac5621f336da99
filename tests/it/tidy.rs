//! Rules of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// All files below `folder` with one of the `endings`.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "nothing in {folder}");
    found.sort();
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Fails with all findings at once.
fn report(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n{}", findings.join("\n"));
}

#[test]
fn data_files_match_their_checksums() {
    let sums = read(Path::new("data/SHA256SUMS"));
    let mut checked = 0;
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").expect("a sum and a name");
        let bytes = fs::read(Path::new("data").join(name)).expect(name);
        let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, sum, "{name}; see data/README.md");
        checked += 1;
    }
    assert_eq!(checked, files("data", &["csv"]).len(), "every file has a sum");
}

#[test]
fn files_have_at_most_400_lines() {
    let mut findings = Vec::new();
    for path in ["src", "kernel/src", "tests"].into_iter().flat_map(|folder| files(folder, &["rs"])) {
        let lines = read(&path).lines().count();
        if lines > 400 {
            findings.push(format!("{} has {lines}", path.display()));
        }
    }
    report("split what is longer", &findings);
}

#[test]
fn folders_have_at_most_sixteen_entries() {
    let mut findings = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        let entries = entries(&folder);
        let entries: Vec<_> = entries.into_iter().filter(|path| !path.ends_with("snapshots")).collect();
        if entries.len() > 16 && folder != Path::new("src") {
            findings.push(format!("{} has {}", folder.display(), entries.len()));
        }
        folders.extend(entries.into_iter().filter(|path| path.is_dir()));
    }
    report("a reader finds a file by guessing its folder; group what belongs together", &findings);
}

#[test]
fn every_folder_says_what_it_holds() {
    let all = files("src", &["rs"]);
    for path in all.iter().filter(|path| path.ends_with("mod.rs")) {
        assert!(read(path).starts_with("//! "), "{} begins with a sentence", path.display());
    }
}

/// Jumping to a name must lead to one place.
#[test]
fn type_names_are_unique() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // Without the feature `out-of-core`, this file is compiled in place of the types that it names.
    let sources = files("src", &["rs"]).into_iter().chain(files("kernel/src", &["rs"]));
    for path in sources.filter(|path| !path.ends_with("table/no_spill.rs")) {
        for line in read(&path).lines() {
            let line = line.trim_start();
            let Some(item) = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")) else {
                continue;
            };
            let kinds = ["struct ", "enum ", "trait ", "union "];
            if let Some(rest) = kinds.iter().find_map(|kind| item.strip_prefix(kind)) {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                places.entry(name).or_default().push(path.display().to_string());
            }
        }
    }
    let findings: Vec<String> = places
        .into_iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|(name, places)| format!("{name}: {}", places.join(", ")))
        .collect();
    report("two types that are not private have the same name", &findings);
}

/// What each part of the house may use, besides itself. `docs/architecture.md` draws it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("random", &[]),
    ("text", &[]),
    ("kernel", &["random"]),
    ("metrics", &["kernel", "targets"]),
    ("targets", &["kernel"]),
    ("settings", &["text"]),
    ("nn", &["kernel", "metrics", "random", "settings", "targets"]),
    ("data", &["kernel", "random", "settings", "targets", "text"]),
    ("optim", &["kernel", "nn", "settings"]),
    ("train", &["data", "kernel", "nn", "optim", "random", "settings", "targets"]),
    ("gradcheck", &["kernel", "nn", "optim", "random", "targets"]),
    ("probe", &["data", "kernel", "nn", "random", "targets"]),
    ("diagnose", &["data", "kernel", "nn", "optim", "probe", "random", "settings", "targets", "train"]),
    ("eval", &["data", "kernel", "metrics", "nn", "targets", "train"]),
];

#[test]
fn lower_parts_do_not_use_upper_ones() {
    let mut findings = Vec::new();
    for (part, allowed) in MAY_USE {
        let folder = format!("src/{part}");
        let file = PathBuf::from(format!("src/{part}.rs"));
        let sources = if file.exists() {
            vec![file]
        } else if Path::new(&folder).exists() {
            files(&folder, &["rs"])
        } else {
            continue;
        };
        for path in sources {
            // Tests may use what they like.
            let is_test =
                path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
            let text = read(&path);
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            if is_test {
                continue;
            }
            for (number, line) in code.lines().enumerate() {
                if line.trim_start().starts_with("//") {
                    continue;
                }
                for used in line.split("crate::").skip(1) {
                    let used: String =
                        used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    if used != *part && !allowed.contains(&used.as_str()) {
                        findings.push(format!("{}:{} uses {used}", path.display(), number + 1));
                    }
                }
            }
        }
    }
    report("imports only go down", &findings);
}

/// Words that the field does not use, each with what it does use.
const WORDS: &[(&str, &str)] = &[
    ("whoever", "say who"),
    ("nobody", "say it without a person"),
    ("that is none", "is not a ..."),
    ("is no ", "is not a ..."),
    ("what is no", "what is not a ..."),
    ("told", "reported, given, listed"),
    ("of its own", "own, separate"),
    ("so many", "give the number"),
    ("alike", "equal, the same"),
    ("beside it", "next to it"),
    ("behind it", "after it"),
    ("stands", "is"),
];

const COMPARISONS: [&str; 6] = ["larger", "longer", "better", "more", "less", "worse"];

#[test]
fn texts_use_plain_words() {
    let mut findings = Vec::new();
    let sources = [
        ("src", "rs"),
        ("tests", "rs"),
        ("examples", "rs"),
        ("benches", "rs"),
        ("docs", "md"),
        ("configs", "toml"),
    ];
    let mut paths: Vec<PathBuf> = sources
        .iter()
        .filter(|(folder, _)| Path::new(folder).exists())
        .flat_map(|(folder, ending)| files(folder, &[ending]))
        .filter(|path| !path.ends_with("tidy.rs"))
        .collect();
    paths.extend(["README.md", "CONTRIBUTING.md"].map(PathBuf::from));
    for path in paths {
        for (number, line) in read(&path).lines().enumerate() {
            let line = format!("{} ", line.to_lowercase().replace('_', " "));
            for (word, better) in WORDS {
                let found = line.match_indices(word).any(|(at, _)| {
                    // "There is no such file" and "is no larger than" are plain English.
                    let is_plain = *word == "is no "
                        && (line[..at].ends_with("there ")
                            || COMPARISONS.iter().any(|next| line[at + word.len()..].starts_with(next)));
                    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
                    !is_plain
                        && !is_letter(line[..at].chars().next_back())
                        && !is_letter(line[at + word.len()..].chars().next().filter(|_| !word.ends_with(' ')))
                });
                if found {
                    findings.push(format!("{}:{}: `{}` ({better})", path.display(), number + 1, word.trim()));
                }
            }
        }
    }
    report("plain English, and the field's words", &findings);
}

#[test]
fn the_version_is_in_the_changelog() {
    let heading = format!("\n## {}\n", env!("CARGO_PKG_VERSION"));
    assert!(read(Path::new("CHANGELOG.md")).contains(&heading));
}
