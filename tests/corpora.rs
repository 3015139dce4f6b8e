//! Runs the fuzz targets on the committed inputs, which were written by hand or found by the fuzzer.

#[path = "../fuzz/targets/body.rs"]
mod body;
#[path = "../fuzz/targets/client_frame.rs"]
mod client_frame;
#[path = "../fuzz/targets/markdown.rs"]
mod markdown;
#[path = "../fuzz/targets/mention.rs"]
mod mention;
#[path = "../fuzz/targets/nickname.rs"]
mod nickname;
#[path = "../fuzz/targets/server_frame.rs"]
mod server_frame;
#[path = "../fuzz/targets/simple_frame.rs"]
mod simple_frame;
#[path = "../fuzz/targets/websocket.rs"]
mod websocket;

use std::{fs, path::Path};

fn hold(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in fs::read_dir(folder).expect("a corpus") {
        let path = entry.expect("an entry").path();
        // When a check fails, its message says why, and this line says for which input.
        println!("{}", path.display());
        check(&fs::read(path).expect("an input"));
        inputs += 1;
    }
    assert!(inputs > 0, "no inputs for {target}");
}

#[test]
fn the_body_corpus_passes() {
    hold("body", body::check);
}

#[test]
fn the_client_frame_corpus_passes() {
    hold("client_frame", client_frame::check);
}

#[test]
fn the_markdown_corpus_passes() {
    hold("markdown", markdown::check);
}

#[test]
fn the_mention_corpus_passes() {
    hold("mention", mention::check);
}

#[test]
fn the_nickname_corpus_passes() {
    hold("nickname", nickname::check);
}

#[test]
fn the_simple_frame_corpus_passes() {
    hold("simple_frame", simple_frame::check);
}

#[test]
fn the_server_frame_corpus_passes() {
    hold("server_frame", server_frame::check);
}

#[test]
fn the_websocket_corpus_passes() {
    hold("websocket", websocket::check);
}
