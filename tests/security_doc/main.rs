//! `docs/security.md` names files and tests: each of them exists, and each requirement that it calls met names a test.
//! `claims` tests what that document says about the source.

mod claims;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const DOC: &str = include_str!("../../docs/security.md");

/// The folders with which paths in the document begin.
const FOLDERS: [&str; 9] = ["benches/", "docs/", "end2end/", "fuzz/", "script/", "src/", "style/", "tests/", ".ci/"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads all files of this kind in a folder and its subfolders.
fn text_in(folder: &str, kind: &str) -> String {
    let mut text = String::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == kind) {
                text.push_str(&fs::read_to_string(&path).expect("a source"));
            }
        }
    }
    text
}

/// Returns the texts between two delimiters, outside of code blocks.
fn between(doc: &str, open: char, close: char) -> BTreeSet<String> {
    let blocks = doc.split("```").step_by(2);
    let mut found = BTreeSet::new();
    for line in blocks.flat_map(str::lines) {
        let mut rest = line;
        while let Some((_, after)) = rest.split_once(open) {
            let Some((inner, behind)) = after.split_once(close) else { break };
            found.insert(inner.to_owned());
            rest = behind;
        }
    }
    found
}

/// Whether this is a name of several words, which only tests have here.
fn is_test(name: &str) -> bool {
    name.matches('_').count() >= 2 && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[test]
fn every_named_file_exists() {
    let named = between(DOC, '`', '`');
    // Commands are named with their options.
    let words = named.iter().filter_map(|name| name.split(' ').next());
    let files: Vec<_> = words.filter(|name| FOLDERS.iter().any(|folder| name.starts_with(folder))).collect();
    assert!(files.len() > 20, "{files:?}");
    let missing: Vec<_> = files.into_iter().filter(|file| !root().join(file).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_named_test_exists() {
    let sources = text_in("tests", "rs") + &text_in("src", "rs");
    let named = between(DOC, '`', '`');
    let tests: Vec<_> = named.iter().filter(|name| is_test(name)).collect();
    assert!(tests.len() > 60, "{tests:?}");
    let missing: Vec<_> = tests.into_iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_named_browser_test_exists() {
    let sources = text_in("end2end/tests", "ts");
    let quoted = between(DOC, '“', '”');
    let tests: Vec<_> = quoted.iter().filter(|quoted| quoted.contains(' ')).collect();
    assert!(tests.len() > 5, "{tests:?}");
    let missing: Vec<_> = tests.into_iter().filter(|test| !sources.contains(&format!("('{test}'"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_link_has_a_target() {
    let links = DOC.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    for target in links.filter(|target| !target.starts_with("https://")) {
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let text = if file.is_empty() { DOC.to_owned() } else { read(Path::new("docs").join(file)) };
        let slug = |title: &str| title.trim().to_lowercase().replace([',', '.', ':', '`'], "").replace(' ', "-");
        let mut titles =
            text.lines().filter(|line| line.starts_with('#')).map(|line| slug(line.trim_start_matches('#')));
        assert!(anchor.is_empty() || titles.any(|title| title == anchor), "{target}");
    }
}

/// Returns the rows of all tables.
fn rows() -> impl Iterator<Item = &'static str> {
    DOC.lines().filter(|line| line.starts_with("| "))
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

/// Sections of the document about what is measured, not asserted by a test.
const MEASURED: [&str; 3] = ["(#fuzzing)", "(#conformance)", "(#abuse)"];

#[test]
fn every_met_requirement_names_a_test() {
    let met: Vec<_> = rows().filter(|row| cells(row).contains(&"met")).collect();
    assert!(met.len() > 100, "{}", met.len());
    for row in met {
        let evidence = cells(row).pop().unwrap_or_default();
        let names_a_test = between(evidence, '`', '`').iter().any(|name| is_test(name))
            || between(evidence, '“', '”').iter().any(|name| name.contains(' '))
            || MEASURED.iter().any(|section| evidence.contains(section));
        assert!(names_a_test, "{row}");
    }
}

#[test]
fn every_requirement_says_whether_it_is_met() {
    for row in rows().filter(|row| row.chars().nth(2).is_some_and(|c| c.is_ascii_digit())) {
        let [numbers, level, _, verdict, _, why] = cells(row)[..] else { panic!("{row}") };
        for number in numbers.split([',', '–']).map(str::trim) {
            let parts: Vec<_> = number.split('.').map(str::parse::<u8>).collect();
            assert!(parts.len() == 3 && parts.iter().all(Result::is_ok), "{row}");
        }
        assert!(level.split(", ").all(|level| ["1", "2"].contains(&level)), "{row}");
        assert!(["met", "partly", "not met"].contains(&verdict), "{row}");
        // A requirement that is not met needs a reason.
        assert!(verdict == "met" || !why.is_empty(), "{row}");
    }
}
