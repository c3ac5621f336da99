use std::fs;
use std::path::Path;

use crate::experiment::synthetic::run;
use crate::nn::Norm;
use crate::run_dir::tests::{FINISHED, created, files, folder, names, refused, text};
use crate::run_dir::{DirectoryState, RunDirectory, state_of};

/// A finished run whose config is `text`, in `out`, and a new one begun in its place.
fn replacing(folder: &Path, text: &str) -> RunDirectory {
    let path = folder.join("out");
    let directory = created(&path);
    directory.write("config.toml", text.as_bytes()).expect("it can be written");
    files(&directory, &run(Norm::None, 0, &[1.0])).write_model(b"old").expect("it can be written");
    directory.finish(FINISHED, true).expect("it can be written");
    let new = RunDirectory::create(&path, true, &[]).expect("it can be replaced");
    new.write("config.toml", b"new").expect("it can be written");
    new
}

#[test]
fn an_old_run_is_kept_until_the_new_one_has_finished() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let new = replacing(folder.path(), "old");
    assert_eq!(new.path(), path("out.new"));
    assert_eq!(text(path("out/config.toml")), "old");
    // Killed, and continued.
    drop(new);
    assert_eq!(state_of(&path("out")).ok(), Some(DirectoryState::Finished));
    let waiting = path("out.new");
    assert_eq!(
        refused(&path("out"), false),
        format!(
            "{0} holds a run that has not finished; continue it with `bntrain resume {0}`, choose another --out, or \
             replace it with --force",
            waiting.display()
        )
    );
    for _ in 0..2 {
        let new = RunDirectory::open_for_resume(&path("out.new")).expect("there is one");
        assert_eq!(new.read("config.toml").expect("it can be read").as_deref(), Some(&b"new"[..]));
        // Stopped by a signal.
        let stopped = b"{\"format_version\":1,\"outcome\":\"interrupted\",\"runs\":1}";
        assert_eq!(new.finish(stopped, false).expect("it can be written"), (path("out.new"), None));
        assert_eq!(text(path("out/config.toml")), "old");
    }
    let new = RunDirectory::open_for_resume(&path("out.new")).expect("there is one");
    assert_eq!(new.finish(FINISHED, true).expect("it can be written"), (path("out"), None));
    assert_eq!(names(folder.path()), ["out"]);
    assert_eq!(names(&path("out")), ["config.toml", "run.json"]);
    assert_eq!(text(path("out/config.toml")), "new");
}

#[test]
fn a_new_run_that_was_killed_is_begun_anew() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    drop(replacing(folder.path(), "old"));
    let new = RunDirectory::create(&path("out"), true, &[]).expect("it can be replaced");
    assert_eq!(names(new.path()), ["lock", "replaces"]);
    drop(new);
    // Unless there is something else.
    fs::write(path("out.new/notes.txt"), "mine").expect("a file");
    let foreign = |name: &str| {
        format!("{} is not from a run; move it away, or choose another --out", path(name).display())
    };
    assert_eq!(refused(&path("out"), true), foreign("out.new/notes.txt"));
    fs::remove_dir_all(path("out.new")).expect("a folder");
    fs::create_dir(path("out.new")).expect("a folder");
    fs::write(path("out.new/notes.txt"), "mine").expect("a file");
    assert_eq!(refused(&path("out"), true), foreign("out.new"));
    assert_eq!(names(&path("out.new")), ["notes.txt"]);
    assert_eq!(names(&path("out")), ["config.toml", "none", "run.json"]);
}

#[test]
fn what_is_not_from_a_run_is_never_removed() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    drop(replacing(folder.path(), "old"));
    fs::remove_dir_all(path("out.new")).expect("a folder");
    fs::create_dir_all(path("other/seed-0")).expect("a folder");
    fs::write(path("other/seed-0/model.safetensors"), "other").expect("a file");
    for (inside, is_link) in [
        ("notes.txt", false),
        ("none/seed-0/notes.txt", false),
        ("none/seed-00x", false),
        ("none/model.safetensors", false),
        ("batch_norm", true),
        ("none/seed-1", true),
        ("steps.csv", true),
    ] {
        let place = path("out").join(inside);
        match is_link {
            false => fs::write(&place, "mine").expect("a file"),
            true => std::os::unix::fs::symlink(path("other"), &place).expect("a link"),
        }
        let message = format!("{} is not from a run; move it away, or choose another --out", place.display());
        assert_eq!(refused(&path("out"), true), message);
        fs::remove_file(place).expect("a file");
        assert_eq!((text(path("out/config.toml")), path("out.new").exists()), ("old".to_owned(), false));
    }
    std::os::unix::fs::symlink("out", path("link")).expect("a link");
    for name in ["link", "link/"] {
        let message = format!(
            "{} is a link; name the directory itself, or choose another --out",
            path("link").display()
        );
        assert_eq!((refused(&path(name), false), refused(&path(name), true)), (message.clone(), message));
    }
    // What appears while the new run is trained is kept as well.
    let new = RunDirectory::create(&path("out"), true, &[]).expect("it can be replaced");
    fs::write(path("out/notes.txt"), "mine").expect("a file");
    let (place, note) = new.finish(FINISHED, true).expect("it can be written");
    let kept = path("out.new/notes.txt");
    let expected = format!("the run before was not removed completely: {} is not from a run", kept.display());
    assert_eq!((place, note), (path("out"), Some(expected)));
    assert_eq!((text(kept), text(path("out.new/config.toml"))), ("mine".to_owned(), "old".to_owned()));
    assert_eq!(names(&path("out")), ["run.json"]);
    assert_eq!(text(path("other/seed-0/model.safetensors")), "other");
}

/// What a process that was killed may leave, and the next command finds.
#[test]
fn a_half_done_exchange_is_ended() {
    let place = |left: &dyn Fn(&Path)| {
        let folder = folder();
        let path = |name: &str| folder.path().join(name);
        let new = replacing(folder.path(), "old");
        new.write("run.json", FINISHED).expect("it can be written");
        drop(new);
        left(folder.path());
        refused(&path("out"), false);
        assert_eq!(names(folder.path()), ["out"]);
        assert_eq!(text(path("out/config.toml")), "new");
        assert_eq!(state_of(&path("out")).ok(), Some(DirectoryState::Finished));
        assert!(!path("out/replaces").exists());
    };
    let rename = |folder: &Path, from: &str, to: &str| {
        fs::rename(folder.join(from), folder.join(to)).expect("it can be renamed");
    };
    let replaced = |folder: &Path| fs::write(folder.join("out/replaced"), "out\n").expect("a file");
    // Before the exchange, without and with the mark of the old run.
    place(&|_| {});
    place(&replaced);
    // Where it is done by two renames: after the first, and after the second.
    place(&|folder| {
        replaced(folder);
        rename(folder, "out", "out.old");
    });
    place(&|folder| {
        replaced(folder);
        rename(folder, "out", "out.old");
        rename(folder, "out.new", "out");
    });
    // After the exchange, before the old run is removed and while it is.
    let exchanged = |folder: &Path| {
        replaced(folder);
        rename(folder, "out", "away");
        rename(folder, "out.new", "out");
        rename(folder, "away", "out.new");
    };
    place(&exchanged);
    place(&|folder| {
        exchanged(folder);
        fs::remove_file(folder.join("out.new/run.json")).expect("a file");
    });
}

#[test]
fn a_new_run_stays_where_it_is_if_its_place_is_taken() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let new = replacing(folder.path(), "old");
    fs::remove_dir_all(path("out")).expect("a folder");
    fs::write(path("out"), "mine").expect("a file");
    let error = new.finish(FINISHED, true).expect_err("the place is taken").to_string();
    let (waiting, out) = (path("out.new"), path("out"));
    assert_eq!(
        error,
        format!(
            "the new run is complete in {}, but could not take the place of {out}: {out} is not from a run; move it \
             away, or choose another --out",
            waiting.display(),
            out = out.display()
        )
    );
    assert_eq!(text(&out), "mine");
    // With nothing there it is a rename.
    fs::remove_file(&out).expect("a file");
    refused(&out, false);
    assert_eq!(
        (names(folder.path()), text(out.join("config.toml"))),
        (vec!["out".to_owned()], "new".to_owned())
    );
}

#[test]
fn files_that_the_new_run_reads_are_not_replaced() {
    let folder = folder();
    let out = folder.path().join("out");
    drop(replacing(folder.path(), "old"));
    let source = out.join("config.toml");
    let error = RunDirectory::create(&out, true, &[&source]).expect_err("it is refused").to_string();
    assert_eq!(
        error,
        format!("{} would be removed with {}; choose another --out", source.display(), out.display())
    );
    let source = folder.path().join("out.new/config.toml");
    assert!(RunDirectory::create(&out, true, &[&source]).is_err() && source.exists());
}
