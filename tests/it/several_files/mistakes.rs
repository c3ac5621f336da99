//! Mistakes in one of several files, and in the paths of them.

use std::fs;
use std::os::unix::fs::symlink;

use crate::several_files::{parts, refused};

#[test]
fn mistakes_name_the_file_and_its_line() {
    let work = parts();
    let train =
        |path: &str| refused(&work, &["many.toml", "-o", "run", "--set", &format!("data.path={path}")]);
    let part = |text: &str| work.write("part-5.csv", text);
    let columns = "files that are read as one table need the same columns in the same order";
    for (text, message) in [
        ("", "part-5.csv: empty"),
        ("\n\n", "part-5.csv: empty"),
        (
            "id,color,y,day,kind\n",
            &format!(
                "part-5.csv:1, column \"x\" (index 2): the name here is \"y\", and \"x\" in part-1.csv; {columns}"
            ),
        ),
        (
            "id,x,color,day,kind\n",
            &format!(
                "part-5.csv:1, column \"color\" (index 1): the name here is \"x\", and \"color\" in part-1.csv; {columns} (these are the same in another order)"
            ),
        ),
        (
            "id,color,x,day\n",
            &format!(
                "part-5.csv:1, column \"kind\" (index 4): no column \"kind\", which part-1.csv has at index 4; {columns}"
            ),
        ),
        (
            "id,color,x,day,kind,z\n",
            &format!("part-5.csv:1: column \"z\" at index 5, which part-1.csv does not have; {columns}"),
        ),
        ("id;color;x;day;kind\n", "part-5.csv:1: 1 column found; is the delimiter ';'? set data.delimiter"),
        (
            "Report\nof May\nid,color,x,day,kind\ng,red,1,2,up\n",
            "part-5.csv:1: the table seems to begin in line 3, and earlier in the first file; remove the lines above it",
        ),
        (
            "sep=,\nid,color,x,day,kind\ng,red,1,2,up\n",
            "part-5.csv:1: the table seems to begin in line 2, and earlier in the first file; remove the lines above it",
        ),
        (
            "id,color,x,day,kind\ng,red,1,2,up\ng,red,1,2\n",
            "part-5.csv:3:9: expected 5 fields as in line 1, found 4",
        ),
        (
            "id,color,x,day,kind\ng,red,1,2,up\n\ng,red,1,2,up\n",
            "part-5.csv:3: blank line; remove it (only the end of the file may have blank lines)",
        ),
        (
            "id,color,x,day,kind\ng,red,1,2,up\ng,\"red,1,2,up\n",
            "part-5.csv:3:3: the quote that opens here is never closed",
        ),
        (
            "id,color,x,day,kind\ng,red,1,2,up\ng,red,1,2,\n",
            "part-5.csv:3, column \"kind\" (index 4): missing value",
        ),
    ] {
        part(text);
        let (code, found) = train("part-*");
        assert!(
            found.starts_with(&format!("error: {message}")) && code == Some(3),
            "{text:?}\n{message}\n{found}"
        );
    }
    part("id,color,x,day,kind\ng,red,oops,2,up\n");
    let (code, found) = refused(&work, &["many.toml", "-o", "run", "--set", "data.columns.x=numeric"]);
    assert!(
        found.starts_with("error: part-5.csv:2, column \"x\" (index 2): \"oops\" is not a number: ")
            && code == Some(3),
        "{found}"
    );
    fs::write(work.path("part-5.csv"), "id,color,x,day,kind\nü,red,1,2,up\n\u{e4}").expect("written");
    fs::write(work.path("part-5.csv"), b"id,color,x,day,kind\ng,red,1,2,up\ng,r\xe4d,1,2,up\n")
        .expect("written");
    let (_, found) = train("part-*");
    assert!(
        found.starts_with("error: part-5.csv:3: not UTF-8: byte 0xE4 at byte 36 of the file; "),
        "{found}"
    );
    // Only the names: no rows, but nothing is wrong.
    part("id,color,x,day,kind\n");
    work.ok(&["many.toml", "-o", "run"]);
    for name in ["part-1.csv", "part-2.csv.gz", "part-10.csv"] {
        fs::remove_file(work.path(name)).expect("it is there");
    }
    part("id,color,x,day,kind");
    work.write("part-6.csv", "id,color,x,day,kind\n\n");
    assert_eq!(train("part-*"), (Some(3), "error: part-*: no data rows in any of its 2 files".to_owned()));
    work.write("part-6.csv", "id,color,x,day,kind\ng,red,1,2,up\nh,red,1,2,up\n");
    let one_class = "error: part-*: only one class, \"up\", in 2 rows; at least 2 are needed";
    assert_eq!(train("part-*"), (Some(3), one_class.to_owned()));
}

#[test]
fn mistakes_in_paths_say_what_is_there() {
    let work = parts();
    fs::create_dir(work.path("folder")).expect("a folder");
    work.write("folder/a.csv.gz", "");
    let train =
        |path: &str| refused(&work, &["many.toml", "-o", "run", "--set", &format!("data.path={path}")]);
    for (path, code, message) in [
        (
            "folder",
            6,
            "folder: is a directory, not a regular file; to read the files in it, give a pattern: folder/*.csv.gz",
        ),
        (
            "['part-1.csv', 'folder']",
            6,
            "folder: is a directory, not a regular file; to read the files in it, give a pattern: folder/*.csv.gz",
        ),
        ("folder/*.csv", 6, "folder/*.csv: no file matches this pattern; folder has \"a.csv.gz\""),
        ("none/*.csv", 6, "none/*.csv: no file matches this pattern; there is no directory none"),
        ("part-[", 6, "part-[: not a pattern: "),
        ("['part-1.csv', 'part-7.csv']", 6, "part-7.csv: not found"),
        (
            "['part-1.csv', './part-*.csv']",
            2,
            "part-1.csv: is there twice, so that its rows would count twice; name it once",
        ),
        (
            "[]",
            2,
            "many.toml has 1 problem\n  --set data.path=[]: 0 entries are not allowed; there must be at least 1",
        ),
        (
            "['part-1.csv', '-']",
            2,
            "many.toml has 1 problem\n  --set data.path=['part-1.csv', '-']: standard input (\"-\") cannot be one of several files; pipe all of them into it, or none",
        ),
    ] {
        let (found_code, found) = train(path);
        assert!(
            found.starts_with(&format!("error: {message}")) && found_code == Some(code),
            "{path}\n{message}\n{found_code:?} {found}"
        );
    }
    let message = "error: folder is not a finished run directory (no run.json); to read the data files in it, give a pattern: folder/*.csv.gz";
    assert_eq!(refused(&work, &["inspect", "folder"]), (Some(3), message.to_owned()));
}

/// Nothing of a cell is taken for another file's: the line of a skipped row is that in its file.
#[test]
fn skipped_rows_are_named_with_their_file() {
    let work = parts();
    work.ok(&["many.toml", "-o", "run"]);
    work.write("part-3.csv", "id,color,x,day,kind\ng,red,1,2,up\ng,red,1,2,sideways\n");
    let ended = work.ok(&["eval", "run", "--data", "part-*", "--skip-bad-rows"]);
    let note = "note: 1 row of part-* skipped; the first, line 3 of part-3.csv: column \"kind\": \"sideways\" is not a class of the model";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
    let (_, message) = work.fails(&["predict", "run", "-d", "part-1.csv", "-d", "data.csv"]);
    assert!(
        message.starts_with(
            "error: data.csv:1, column \"id\" (index 0): the name here is \"a\", and \"id\" in part-1.csv; "
        ),
        "{message}"
    );
}

/// A file that a pattern names is an input, whether the command or the model has the pattern.
#[test]
fn files_of_patterns_are_not_replaced() {
    let work = parts();
    work.ok(&["many.toml", "-o", "run"]);
    let before = work.read("part-1.csv");
    let predict = ["predict", "run", "-o", "part-1.csv", "--force", "-d"];
    let rows = "id,color,x,day,kind\ng,red,1,2,up\n";
    work.write("new.csv", rows);
    let input = "error: part-1.csv is an input of this command; choose another --out";
    let data = "error: part-1.csv is training data of the model; choose another --out";
    for (args, message) in [
        (&["part-*"][..], input),
        (&["new.csv", "--coverage", "0.9", "--calibrate", "part-1*"], input),
        (&["new.csv"], data),
    ] {
        assert_eq!(refused(&work, &[&predict, args].concat()), (Some(7), message.to_owned()), "{args:?}");
    }
    let export = ["export", "run", "-o", "part-1.csv", "--force", "--to", "json", "--data", "part-1*"];
    assert_eq!(refused(&work, &export), (Some(7), input.to_owned()));
    assert_eq!(work.read("part-1.csv"), before);
    // It is not one of them.
    work.write("other.csv", "");
    work.ok(&["predict", "run", "-d", "new.csv", "-o", "other.csv", "--force"]);
}

/// Whether a link is named or the file that it leads to, by a path or as a member of a pattern.
#[test]
fn training_data_behind_links_are_not_replaced() {
    let work = parts();
    fs::create_dir_all(work.path("store/deep")).expect("a folder");
    fs::rename(work.path("part-10.csv"), work.path("store/deep/real.csv")).expect("it is there");
    for link in ["part-10.csv", "one.csv"] {
        symlink("store/deep/real.csv", work.path(link)).expect("a link");
    }
    symlink("deep", work.path("store/linked")).expect("a link");
    let before = work.read("store/deep/real.csv");
    work.write("new.csv", "id,color,x,day,kind\ng,red,1,2,up\n");
    for (run, data) in [
        ("pattern", "part-*"),
        ("link", "one.csv"),
        ("real", "store/deep/real.csv"),
        ("folders", "store/l*/real.csv"),
    ] {
        work.ok(&["many.toml", "-o", run, "--set", &format!("data.path={data}")]);
        let names: &[&str] = match run {
            // It is not looked for in all folders.
            "folders" => &["store/linked/real.csv"],
            _ => &["one.csv", "part-10.csv", "store/deep/real.csv", "store/linked/real.csv"],
        };
        for name in names {
            let message = format!("error: {name} is training data of the model; choose another --out");
            let predict = ["predict", run, "-d", "new.csv", "-o", name, "--force"];
            assert_eq!(refused(&work, &predict), (Some(7), message), "{run} {name}");
        }
    }
    assert_eq!(work.read("store/deep/real.csv"), before);
}

#[test]
fn standard_input_and_a_file_by_two_names_are_refused_on_the_command_line() {
    let work = parts();
    work.ok(&["many.toml", "-o", "run"]);
    for (other, message) in [
        ("-", "part-1.csv and 1 more: standard input (\"-\") cannot be one of several files; "),
        ("part-1.csv", "part-1.csv: is there twice, so that its rows would count twice; name it once"),
        (
            "../WORK/part-1.csv",
            "../WORK/part-1.csv: is the same file as part-1.csv, so that its rows would count twice; name it once",
        ),
    ] {
        let folder = work.path("");
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a name");
        let [other, message] = [other, message].map(|text| text.replace("WORK", name));
        let (code, found) = work.fails(&["predict", "run", "-d", "part-1.csv", "-d", &other]);
        assert!(code == Some(2) && found.starts_with(&format!("error: {message}")), "{code:?} {found}");
    }
}
