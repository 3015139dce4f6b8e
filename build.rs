//! Embeds the browser's files into the server, in a build by `cargo leptos build --release --precompress`, which makes them
//! before it builds the server. Any other build embeds nothing and reads the files from a folder.

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LEPTOS_SITE_ROOT");
    let variable = |name| env::var(name).unwrap_or_default();
    let output = Path::new(&variable("OUT_DIR")).join("embedded_site.rs");
    let is_server = variable("PROFILE") == "release" && env::var_os("CARGO_FEATURE_SSR").is_some();
    // Only cargo-leptos sets this variable. Without it, the files could belong to another build.
    let site = env::var_os("LEPTOS_SITE_ROOT").filter(|_| is_server);
    let site = site.map(|site| Path::new(&variable("CARGO_MANIFEST_DIR")).join(site));
    let mut files = Vec::new();
    if let Some(site) = site {
        println!("cargo::rerun-if-changed={}", site.display());
        // Without `--precompress`, cargo-leptos makes the files at the same time as the server, and they may be incomplete.
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
    // A fixed order keeps the build reproducible.
    files.sort();
    Ok(())
}
