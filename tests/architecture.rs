//! The floors of the code: what may import what. `docs/architecture.md` describes them; here they are held.
//!
//! Every `use` and every path is followed to the file that defines the name, over `pub use` as well. An import fails
//! that goes up a floor, that lies on a circle of files, or that takes something from a parent module.

#[path = "architecture/imports.rs"]
mod imports;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use imports::{Import, Program, circles};
use tempfile::TempDir;

/// Which modules of a folder each module may import. Those that are not named may import nothing of the folder.
type Modules<'a> = &'a [(&'a str, &'a [&'a str])];

/// The modules of `src`. Two programs grow on one ground: the browser's half and the server's.
const SOURCES: Modules = &[
    ("domain", &[]),
    ("protocol", &["domain"]),
    ("markdown", &[]),
    ("state", &["domain", "protocol"]),
    ("client", &["domain", "protocol", "state"]),
    ("ui", &["domain", "protocol", "markdown", "state", "client"]),
    ("server", &["domain", "protocol"]),
    ("pages", &["domain", "protocol", "markdown", "state", "client", "ui", "server"]),
    ("browser", &["ui"]),
    ("log", &[]),
    ("progress", &[]),
    ("main", &["domain", "protocol", "pages", "server", "log", "progress"]),
];

/// A folder and its floors, from the ground up. A module may import from the floors below its own. `*` is the floor of
/// those that are not named; they may also import each other.
type Floors<'a> = (&'a str, &'a [&'a [&'a str]]);

const FLOORS: &[Floors] = &[
    ("src/client", &[&["timeline_id"], &["api", "browser", "clock", "connection_status", "small_map"], &["*"]]),
    (
        "src/ui",
        &[
            &["i18n"],
            &["kit"],
            &["context"],
            &["changes", "emoji", "markdown", "rooms", "settings", "sign_in"],
            &["chat"],
            &["root"],
        ],
    ),
    (
        "src/ui/chat",
        &[
            &["companion", "conversation_menu", "message_view", "pins", "quote", "recipient"],
            &["composer", "sidebar"],
            &["timeline"],
            &["mentions", "thread"],
            &["conversation"],
            &["screen"],
        ],
    ),
    (
        "src/server",
        &[
            // The rules know values only: no time but what they are given, no address of a connection.
            &["byte_size", "clock", "net", "rules", "websocket"],
            &["config"],
            &["store"],
            &["bus", "error", "open_store"],
            &["hub", "problem"],
            &["chat"],
            &["housekeeping", "readiness", "sign_in", "sign_in_permits"],
            &["state"],
            &["admin", "http", "pages_api", "socket"],
            &["router"],
            &["edge"],
            &["run"],
        ],
    ),
    (
        "src/server/rules",
        &[
            &["context", "refusal", "values"],
            &["entry", "facts"],
            &["mutation", "undecided"],
            &["decision"],
            &["command", "permissions", "read_marks", "sanctions"],
            &["write_access"],
            &["*"],
        ],
    ),
    ("src/server/store", &[&["*"], &["store_trait"], &["early_ack", "postgres", "sqlite"]]),
    (
        "src/server/store/sqlite",
        &[
            &["error", "numbers", "private", "schema", "sql_types"],
            &["cache", "queries"],
            &["tables", "upgrade"],
            &["apply", "facts", "open"],
            &["backup", "log_reader", "quota", "readers", "verify", "wal_checkpoints"],
            &["writer"],
            &["sqlite_store"],
        ],
    ),
    (
        "src/server/store/postgres",
        &[
            &["columns", "error", "notifications", "questions"],
            &["connect", "known_facts", "migrations", "statement"],
            &["pool", "working_set"],
            &["apply", "claims", "listener", "reads"],
            &["facts"],
            &["writer"],
            &["postgres_store"],
        ],
    ),
    (
        "src/server/store/postgres/writer",
        &[&["connection", "retried_ids"], &["answers"], &["rehearsal"], &["transaction"], &["commit_loop"]],
    ),
    (
        "src/pages",
        &[
            &["content_encoding", "content_security_policy", "form", "icon", "preferences", "send_failed"],
            &["asset_files", "render", "response"],
            &["assets", "page"],
            &["admin", "sign_in"],
            &["conversation"],
            &["routes"],
        ],
    ),
    ("src/pages/admin", &[&["time_left"], &["i18n"], &["views"], &["request"], &["*"], &["routes"]]),
    ("benches/abuse", &[&["failure", "kind"], &["*"], &["attack", "report"]]),
    ("benches/faults", &[&["failure", "history"], &["checker"], &["*"], &["world"]]),
    ("benches/speed", &[&["failure", "settings"], &["*"], &["workloads"], &["report"]]),
];

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The library, and everything that is built on it and has files of its own.
fn teahouse() -> Program {
    let mut program = Program::new(folder());
    program.add_library("teahouse", "src/lib.rs");
    for root in [
        "src/main.rs",
        "src/browser/lib.rs",
        "benches/abuse/main.rs",
        "benches/faults/main.rs",
        "benches/speed/main.rs",
    ] {
        program.add_crate(root);
    }
    program
}

/// The first part of `file` below `folder`, without `.rs`.
fn entry<'a>(file: &'a Path, folder: &str) -> Option<&'a str> {
    let part = file.strip_prefix(folder).ok()?.iter().next()?.to_str()?;
    Some(part.strip_suffix(".rs").unwrap_or(part))
}

/// The imports that `SOURCES` and `FLOORS`, or others like them, do not allow, and the files that they do not know.
fn broken_floors(
    files: &BTreeSet<&Path>,
    imports: &BTreeSet<Import>,
    sources: Modules,
    floors: &[Floors],
) -> Vec<String> {
    let mut broken = Vec::new();
    let mut check = |folder: &str, knows: &dyn Fn(&str) -> bool, may_import: &dyn Fn(&str, &str) -> bool| {
        let unknown = files.iter().filter(|file| entry(file, folder).is_some_and(|entry| !knows(entry)));
        broken.extend(unknown.map(|file| format!("{} stands on no floor of {folder}", file.display())));
        for Import { from, to, name, .. } in imports {
            let (Some(importing), Some(imported)) = (entry(from, folder), entry(to, folder)) else { continue };
            if importing != imported && !may_import(importing, imported) {
                broken.push(format!("{} imports {name} of {}", from.display(), to.display()));
            }
        }
    };
    let named = |name: &str| sources.iter().find(|(module, _)| *module == name);
    check("src", &|name| name == "lib" || named(name).is_some(), &|importing, imported| {
        named(importing).is_some_and(|(_, may)| may.contains(&imported))
    });
    for (folder, floors) in floors {
        let position = |name: &str| floors.iter().position(|floor| floor.contains(&name));
        let floor = |name: &str| match name {
            // The face of a folder stands above all that is in it.
            "mod" | "main" => Some(floors.len()),
            name => position(name).or_else(|| position("*")),
        };
        let is_rest = |name: &str| position(name).is_none() && !["mod", "main"].contains(&name);
        check(folder, &|name| floor(name).is_some(), &|importing, imported| {
            floor(importing) > floor(imported) || is_rest(importing) && is_rest(imported)
        });
    }
    broken
}

#[test]
fn imports_go_down_the_floors() {
    let program = teahouse();
    let broken = broken_floors(&program.files(), &program.imports(), SOURCES, FLOORS);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let imports = teahouse().imports();
    let circles = circles(&imports);
    let lines = circles.iter().map(|((from, to), names)| format!("{} -> {}: {names:?}", from.display(), to.display()));
    assert!(circles.is_empty(), "{}", lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn no_file_imports_from_a_module_that_contains_it() {
    let imports = teahouse().imports();
    let from_parent = imports.iter().filter(|import| import.from_parent);
    let lines = from_parent.map(|import| format!("{} imports {}", import.from.display(), import.name));
    let lines = lines.collect::<Vec<_>>();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

#[test]
fn modules_below_the_page_do_not_use_leptos() {
    for file in teahouse().files() {
        if ["src/domain", "src/protocol", "src/state", "src/server"].iter().any(|module| file.starts_with(module)) {
            let source = fs::read_to_string(folder().join(file)).expect("a source");
            assert!(!source.contains("leptos::"), "{} uses Leptos", file.display());
        }
    }
}

/// What the server decides depends on nothing but values.
#[test]
fn rules_import_nothing_but_the_domain() {
    let rules = Path::new("src/server/rules");
    let imports = teahouse().imports();
    let of_rules = imports.iter().filter(|import| import.from.starts_with(rules));
    let others = of_rules.filter(|import| !import.to.starts_with(rules) && !import.to.starts_with("src/domain"));
    let lines = others.map(|import| format!("{} imports {}", import.from.display(), import.name)).collect::<Vec<_>>();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    for file in teahouse().files().into_iter().filter(|file| file.starts_with(rules)) {
        let source = fs::read_to_string(folder().join(file)).expect("a source");
        let uses = source.lines().filter_map(|line| line.trim_start().strip_prefix("use "));
        let others = uses.filter(|name| {
            !["crate::", "super::", "std::", "ipnet::", "serde::"].iter().any(|may| name.starts_with(may))
        });
        assert_eq!(others.collect::<Vec<_>>(), Vec::<&str>::new(), "{}", file.display());
    }
}

/// Rendering a page takes milliseconds: on a thread that delivers messages, they would wait for it.
#[test]
fn pages_are_rendered_in_one_place_away_from_the_threads_that_deliver() {
    let program = teahouse();
    let renders = |file: &&Path| fs::read_to_string(folder().join(file)).expect("a source").contains("to_html()");
    let places = program.files().into_iter().filter(renders).map(Path::to_owned).collect::<Vec<_>>();
    assert_eq!(places, [PathBuf::from("src/pages/render.rs")]);
}

/// The paths in code font of `docs/architecture.md` that begin in a top folder.
#[test]
fn every_path_in_the_architecture_document_exists() {
    let document = fs::read_to_string(folder().join("docs/architecture.md")).expect("the document");
    let tops = ["benches/", "docs/", "end2end/", "script/", "src/", "style/", "tests/"];
    let names = document.split('`').skip(1).step_by(2);
    let paths = names.filter(|name| tops.iter().any(|top| name.starts_with(top))).collect::<BTreeSet<_>>();
    let missing = paths.iter().filter(|path| !folder().join(path).exists()).collect::<Vec<_>>();
    assert!(missing.is_empty() && paths.len() > 40, "{missing:?}");
}

/// A small program of two modules, `low` and `high`, with `files` in place of its own.
fn small_program(files: &[(&str, &str)]) -> (TempDir, Program) {
    let ground = [
        ("src/lib.rs", "pub mod high; pub mod low;"),
        ("src/low/mod.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
        ("src/low/a.rs", "pub struct A;"),
        ("src/low/b.rs", "pub struct B;"),
        ("src/high/mod.rs", "mod c; mod d; pub use c::C; pub mod nested;"),
        ("src/high/c.rs", "use crate::low::A; pub struct C(A);"),
        ("src/high/d.rs", "pub struct D; impl D { fn d() { crate::low::B; } }"),
        ("src/high/nested.rs", "pub struct Nested;"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (path, source) in ground.iter().chain(files) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, source).expect("a file");
    }
    let mut program = Program::new(folder.path());
    program.add_library("small", "src/lib.rs");
    if files.iter().any(|(path, _)| *path == "src/main.rs") {
        program.add_crate("src/main.rs");
    }
    (folder, program)
}

const SMALL_SOURCES: Modules = &[("low", &[]), ("high", &["low"]), ("main", &["high"])];
const SMALL_FLOORS: &[Floors] = &[("src/high", &[&["c", "nested"], &["d"]])];

/// What each check finds when `files` are put into the small program: floors, circles, imports from a parent.
fn found(files: &[(&str, &str)]) -> (usize, usize, usize) {
    let (_folder, program) = small_program(files);
    let imports = program.imports();
    (
        broken_floors(&program.files(), &imports, SMALL_SOURCES, SMALL_FLOORS).len(),
        circles(&imports).len(),
        imports.iter().filter(|import| import.from_parent).count(),
    )
}

#[test]
fn the_small_program_breaks_no_rule() {
    assert_eq!(found(&[]), (0, 0, 0));
}

#[test]
fn imports_up_a_floor_are_found() {
    for source in [
        "use crate::high::D; pub struct C;",
        "use super::d::{self, D}; pub struct C;",
        "pub struct C; fn c() -> super::d::D { super::d::D }",
        "use super::d; pub struct C; fn c() { d::D; }",
        "use super::d as other; pub struct C; fn c() { println!(\"{:?}\", [other::D]); }",
    ] {
        let face = ("src/high/mod.rs", "mod c; mod d; pub use c::C; pub use d::D; pub mod nested;");
        let (floors, _, _) = found(&[face, ("src/high/c.rs", source)]);
        assert_eq!(floors, 1, "{source}");
    }
    for source in ["use crate::high::C; pub struct A;", "use crate::high::nested::*; pub struct A;"] {
        assert_eq!(found(&[("src/low/a.rs", source)]).0, 1, "{source}");
    }
    assert_eq!(found(&[("src/main.rs", "use small::low::A; fn main() {}")]).0, 1, "from another crate");
    assert_eq!(found(&[("src/main.rs", "use small::high::C; fn main() {}")]).0, 0, "from another crate, and allowed");
}

#[test]
fn files_on_no_floor_are_found() {
    let face = ("src/high/mod.rs", "mod c; mod d; mod e; pub use c::C; pub mod nested;");
    assert_eq!(found(&[face, ("src/high/e.rs", "")]).0, 1);
}

#[test]
fn circles_are_found() {
    let b = ("src/low/b.rs", "use super::a::A; pub struct B(A);");
    for source in [
        "use super::b::B; pub struct A;",
        "use crate::low::b::B as Other; pub struct A;",
        "pub struct A; impl A { fn a() { use super::b::B; } }",
        "pub struct A; mod inside { use crate::low::b::B; }",
    ] {
        assert_eq!(found(&[b, ("src/low/a.rs", source)]).1, 2, "{source}");
    }
    let over_faces = [
        ("src/lib.rs", "pub mod high; pub mod low; pub mod more;"),
        ("src/more.rs", "pub use crate::high::C as Renamed;"),
        ("src/low/a.rs", "use crate::more::Renamed; pub struct A;"),
    ];
    assert_eq!(found(&over_faces).1, 2, "over a chain of `pub use`");
}

#[test]
fn imports_from_a_parent_are_found() {
    for source in [
        "use super::A; pub struct B;",
        "use crate::low::{A, a}; pub struct B;",
        "pub struct B; fn b() -> super::A { todo!() }",
        "use super::*; pub struct B;",
        "pub struct B; mod inside { use super::super::A; }",
        "pub struct B; fn b() { vec![super::A]; }",
    ] {
        assert_eq!(found(&[("src/low/b.rs", source)]).2, 1, "{source}");
    }
}

#[test]
fn a_test_may_import_what_it_likes() {
    let source = "pub struct B; #[cfg(test)] mod tests { use super::super::A; use crate::high::C; }";
    assert_eq!(found(&[("src/low/b.rs", source)]), (0, 0, 0));
}
