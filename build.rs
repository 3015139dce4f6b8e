//! Puts the page into the program: what `cargo leptos build --release --precompress` has made of it before it builds the
//! server. Any other build has no page in it and reads one from a folder.

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LEPTOS_SITE_ROOT");
    let variable = |name| env::var(name).unwrap_or_default();
    let output = Path::new(&variable("OUT_DIR")).join("embedded_site.rs");
    let is_server = variable("PROFILE") == "release" && env::var_os("CARGO_FEATURE_SSR").is_some();
    // Only cargo-leptos says where it is, and only with this variable is it certain that it belongs to this build.
    let site = env::var_os("LEPTOS_SITE_ROOT").filter(|_| is_server);
    let site = site.map(|site| Path::new(&variable("CARGO_MANIFEST_DIR")).join(site));
    let mut files = Vec::new();
    if let Some(site) = site {
        println!("cargo::rerun-if-changed={}", site.display());
        // Without `--precompress` the page is made at the same time as the server, and what is there may be half of it.
        if site.join("pkg/teahouse.wasm.br").is_file() {
            collect(&site, "", &mut files)?;
        }
    }
    let entry = |(address, file): &(String, String)| format!("    ({address:?}, include_bytes!({file:?})),\n");
    let entries: String = files.iter().map(entry).collect();
    fs::write(output, format!("&[\n{entries}]\n"))
}

/// Adds the address and the path of every file in `folder`.
fn collect(folder: &Path, address: &str, files: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let address = format!("{address}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &address, files)?;
        } else {
            files.push((address, entry.path().display().to_string()));
        }
    }
    // The same files make the same program.
    files.sort();
    Ok(())
}
