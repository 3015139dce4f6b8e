//! Rules that the compiler doesn't know.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Which modules each module may use: data flows one way, `domain ← protocol ← state ← client ← ui` in the browser
/// and `domain, protocol ← server` on the host.
const MAY_USE: [(&str, &[&str]); 6] = [
    ("domain", &["domain"]),
    ("protocol", &["domain", "protocol"]),
    ("state", &["domain", "protocol", "state"]),
    ("client", &["domain", "protocol", "state", "client"]),
    ("ui", &["domain", "protocol", "state", "client", "ui"]),
    ("server", &["domain", "protocol", "server"]),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of sources").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The modules that a source names behind `crate::`, alone or in a group.
fn used(source: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut used = Vec::new();
    for rest in source.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            used.push(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = 0;
        for (place, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    used.push(name(&group[start..place]));
                    break;
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    used.push(name(&group[start..place]));
                    start = place + 1;
                }
                _ => {}
            }
        }
    }
    used.retain(|name| !name.is_empty());
    used
}

#[test]
fn imports_go_one_way() {
    let modules: Vec<&str> = MAY_USE.iter().map(|(module, _)| *module).collect();
    let mut against = Vec::new();
    for (module, allowed) in MAY_USE {
        for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module)) {
            let source = fs::read_to_string(&path).expect("a source");
            let foreign = used(&source).into_iter().filter(|used| modules.contains(&used.as_str()));
            let foreign = foreign.filter(|used| !allowed.contains(&used.as_str()));
            against.extend(foreign.map(|used| format!("{} uses {used}", path.display())));
        }
    }
    assert!(against.is_empty(), "against the direction of data:\n{}", against.join("\n"));
}

#[test]
fn what_is_below_the_page_knows_no_leptos() {
    for module in ["domain", "protocol", "state", "server"] {
        for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module)) {
            let source = fs::read_to_string(&path).expect("a source");
            assert!(!source.contains("leptos::"), "{} uses Leptos", path.display());
        }
    }
}

#[test]
fn documents_are_made_in_one_place_only_away_from_the_threads_that_deliver() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let renders = |path: &PathBuf| fs::read_to_string(path).expect("a source").contains("to_html()");
    let places: Vec<_> = sources.iter().filter(|path| renders(path)).collect();
    assert!(matches!(&places[..], [place] if place.ends_with("src/pages/render.rs")), "{places:?}");
}

#[test]
fn grouped_imports_are_seen() {
    assert_eq!(used("use crate::{client::{Link, Store}, domain::Me};\nuse crate::ui;"), ["client", "domain", "ui"]);
}
