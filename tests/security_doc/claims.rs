//! Claims of `docs/security.md` about the source that no request could show: what is not linked, not called and not
//! listened to.

use super::{read, root};
use std::{fs, path::Path};

/// A source file without its tests and comments.
struct Source {
    name: String,
    code: String,
}

/// Reads the source files in a folder that have one of these endings.
fn sources(folder: &str, endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), endings, &mut found);
    assert!(!found.is_empty(), "{folder}");
    found
}

fn collect(folder: &Path, endings: &[&str], found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            // The contract of the stores is a suite of tests.
            if path.file_name().is_some_and(|name| name != "tests" && name != "contract") {
                collect(&path, endings, found);
            }
        } else if path.file_name().is_some_and(|name| name != "tests.rs")
            && path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted))
        {
            let text = fs::read_to_string(&path).expect("a source");
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            // Comments are not code.
            let code: Vec<_> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            found.push(Source { name: path.display().to_string(), code: code.join("\n") });
        }
    }
}

/// Asserts that no source contains any of these texts.
fn assert_none(sources: &[Source], forbidden: &[&str]) {
    for Source { name, code } in sources {
        for text in forbidden {
            assert!(!code.contains(text), "{text:?} in {name}");
        }
    }
}

/// Counts the occurrences of a text in the sources.
fn count(sources: &[Source], text: &str) -> usize {
    sources.iter().map(|source| source.code.matches(text).count()).sum()
}

/// Returns the package names under a heading of `Cargo.toml`.
fn packages(heading: &str) -> Vec<String> {
    let manifest = read("Cargo.toml");
    let (_, section) = manifest.split_once(&format!("\n[{heading}]\n")).expect(heading);
    let section = section.split("\n[").next().unwrap_or_default();
    let lines = section.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    assert!(read("Cargo.toml").contains("[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"));
    for package in ["Cargo.toml", "src/browser/Cargo.toml"] {
        assert!(read(package).contains("[lints]\nworkspace = true\n"), "{package}");
    }
    assert_none(&sources("src", &["rs"]), &["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe"]);
}

#[test]
fn the_server_starts_no_process() {
    assert_none(&sources("src", &["rs"]), &["Command::new", "process::Command", "fork(", "execv"]);
}

#[test]
fn the_server_opens_no_connection() {
    let clients = ["TcpStream::connect", "TcpSocket", "UdpSocket", "lookup_host", "reqwest", "hyper::client"];
    assert_none(&sources("src/server", &["rs"]), &clients);
    assert_none(&sources("src/pages", &["rs"]), &clients);
    let linked = packages("dependencies");
    for client in ["reqwest", "ureq", "curl", "isahc", "tungstenite", "tokio-tungstenite", "lettre", "trust-dns"] {
        assert!(!linked.iter().any(|name| name == client), "{client}");
    }
    let manifest = read("Cargo.toml");
    let hyper = manifest.lines().filter(|line| line.starts_with("hyper"));
    assert_eq!(hyper.inspect(|line| assert!(!line.contains("\"client"), "{line}")).count(), 2);
}

#[test]
fn the_server_listens_on_one_port_and_one_socket() {
    let program = sources("src", &["rs"]);
    assert_eq!(count(&program, "TcpListener::bind("), 1);
    assert_eq!(count(&program, "BlockingListener::bind("), 1);
    assert_none(&program, &["UdpSocket", "UnixDatagram"]);
}

#[test]
fn text_never_becomes_markup() {
    let page = sources("src", &["rs", "js"]);
    let markup = ["inner_html", "innerHTML", "outer_html", "outerHTML", "insert_adjacent", "insertAdjacent", "srcdoc"];
    assert_none(&page, &markup);
    assert_none(&page, &["DOMParser", "DomParser", "document.write", "create_contextual_fragment"]);
}

#[test]
fn text_never_becomes_script() {
    let page = sources("src", &["rs", "js"]);
    assert_none(
        &page,
        &["eval(", "new Function", "Function::new", "setTimeout(\"", "setTimeout(`", "set_timeout_with_str"],
    );
}

#[test]
fn the_page_accepts_no_messages_from_other_windows() {
    let page = sources("src", &["rs", "js"]);
    assert_none(&page, &["postMessage", "post_message", "onmessage", "ev::message", "Listener(\"message\""]);
    assert_none(&page, &["BroadcastChannel", "window.opener"]);
}

#[test]
fn the_pre_boot_script_never_uses_a_text_as_a_field_name() {
    let script = read("src/ui/chat/pre_boot.js");
    let named: Vec<_> = script.lines().filter(|line| line.contains("] = ")).map(str::trim).collect();
    // The key is a conversation id, which the server generates.
    assert_eq!(named, ["storage[conversation] = field.value;"]);
    assert!(!script.contains("__proto__") && !script.contains("Object.assign"));
}

/// What may replace a `{name}` in a query: constants of the program, never a value.
const QUERY_PLACEHOLDERS: [&str; 8] = ["condition", "order", "kind", "column", "table", "index", "checksum", "of"];

const SQL_KEYWORDS: [&str; 9] =
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "DROP ", "PRAGMA ", " WHERE ", " AND ", "ORDER BY "];

#[test]
fn queries_are_constants() {
    let mut seen = 0;
    for Source { name, code } in sources("src/server/store", &["rs"]) {
        for query in code.split("format!(").skip(1) {
            let (_, query) = query.split_once('"').expect("a text");
            let (query, _) = query.split_once('"').expect("the end of the text");
            if !SQL_KEYWORDS.iter().any(|word| query.contains(word)) {
                continue;
            }
            for part in query.split('{').skip(1) {
                let word = part.split('}').next().unwrap_or_default();
                let is_constant = word.starts_with(|c: char| c.is_ascii_uppercase())
                    && !word.contains(|c: char| c.is_ascii_lowercase());
                assert!(is_constant || QUERY_PLACEHOLDERS.contains(&word), "{{{word}}} in {name}");
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn no_interpreter_is_linked() {
    let interpreters = [
        "regex",
        "fancy-regex",
        "handlebars",
        "tera",
        "minijinja",
        "liquid",
        "mustache",
        "rhai",
        "mlua",
        "rquickjs",
        "evalexpr",
        "quick-xml",
        "roxmltree",
        "xml-rs",
        "serde_yaml",
        "bincode",
        "pickle",
        "serde-pickle",
        "ldap3",
        "multipart",
        "multer",
    ];
    let linked = packages("dependencies");
    for name in interpreters {
        assert!(!linked.iter().any(|linked| linked == name), "{name}");
    }
    assert!(!read("Cargo.toml").contains("\"multipart\""), "no forms with files either");
}

#[test]
fn only_documented_cryptography_is_linked() {
    let list = super::DOC.split("### V11").nth(1).and_then(|rest| rest.split("| number |").next()).expect("a list");
    let known = ["argon2", "rand", "rustls-native-certs", "sha1", "sha2", "tokio-postgres-rustls", "tokio-rustls"];
    let of_cryptography = |name: &String| {
        let words =
            ["aes", "argon", "bcrypt", "blake", "chacha", "crypt", "curve", "ed25519", "hmac", "jwt", "md5", "md-5"];
        let more = ["openssl", "pbkdf", "poly1305", "rand", "ring", "rsa", "rustls", "scrypt", "sha", "tls", "x25519"];
        words.iter().chain(&more).any(|word| name.contains(word))
    };
    let linked: Vec<_> = packages("dependencies").into_iter().filter(of_cryptography).collect();
    assert_eq!(linked, known);
    for name in ["argon2", "sha1", "sha2", "rustls"] {
        assert!(list.contains(&format!("`{name}`")), "{name} is not in the document");
    }
}

#[test]
fn every_queue_of_the_server_is_bounded() {
    let unbounded =
        ["unbounded_channel", "mpsc::unbounded", "flume::unbounded", "mpsc::channel()", "async_channel::unbounded"];
    assert_none(&sources("src/server", &["rs"]), &unbounded);
}

#[test]
fn a_release_contains_no_measuring_features() {
    let manifest = read("Cargo.toml");
    assert!(manifest.contains("\nbin-features = [\"ssr\"]\n") && manifest.contains("\nbin-default-features = false\n"));
    assert!(!manifest.contains("\ndefault = ["), "a feature is enabled by default");
    let release = read("script/release") + &read("script/build");
    assert!(release.contains("cargo leptos build --release"));
    assert!(!release.contains("early-ack") && !release.contains("features echo"));
    for feature in ["early-ack", "echo"] {
        let uses = read("Cargo.toml").lines().filter(|line| line.contains(&format!("\"{feature}\""))).count();
        assert_eq!(uses, 0, "{feature} is part of another feature");
    }
}

#[test]
fn every_package_comes_from_its_registry_with_a_checksum() {
    let lock = read("Cargo.lock");
    let packages: Vec<_> = lock.split("[[package]]\n").skip(1).collect();
    assert!(packages.len() > 100);
    // Those in `patches` stand for crates that others link.
    let patches =
        fs::read_dir(root().join("patches")).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let patches: Vec<_> = patches.map(|name| format!("name = \"{}\"", name.display())).collect();
    let has_our_name = |package: &str| {
        package.contains("name = \"teahouse") || patches.iter().any(|name| package.starts_with(name.as_str()))
    };
    for package in packages {
        let is_ours = !package.contains("\nsource = ");
        assert!(
            is_ours || package.contains("\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n"),
            "{package}"
        );
        assert!(is_ours == has_our_name(package) && (is_ours || package.contains("\nchecksum = ")), "{package}");
    }
    let lock: serde_json::Value = serde_json::from_str(&read("end2end/package-lock.json")).expect("JSON");
    let packages = lock["packages"].as_object().expect("packages");
    assert!(packages.len() > 3);
    for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
        let from = package["resolved"].as_str().unwrap_or("https://registry.npmjs.org/");
        assert!(from.starts_with("https://registry.npmjs.org/") && package["integrity"].is_string(), "{name}");
    }
}

#[test]
fn the_time_to_fix_vulnerabilities_is_published() {
    let published = read("SECURITY.md").replace('\n', " ");
    for promise in ["You get an answer within a week", "fixed within a week of our learning of it", "with each release"]
    {
        assert!(published.contains(promise), "{promise}");
    }
}

#[cfg(feature = "ssr")]
#[test]
fn sessions_last_as_long_as_documented() {
    let config = teahouse::server::Config::default();
    for doc in [super::DOC.to_owned(), read("docs/protocol.md")] {
        let doc = doc.replace('\n', " ");
        for words in [
            format!("ends {} days after the password was shown", config.session_days),
            format!("used for {} days", config.idle_days),
        ] {
            assert!(doc.contains(&words), "{words:?}");
        }
    }
    assert!(read("docs/protocol.md").contains(&format!("not here for {} days", config.guest_days)));
    assert_eq!(config.limits.max_connections_per_user, 20, "as V7 says");
}
