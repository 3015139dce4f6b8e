//! The URLs of the files that a document loads.

/// The URLs of the files that a document loads. The server replaces the defaults by URLs that contain a hash of the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetNames {
    /// The style sheet.
    pub stylesheet: String,
    /// The content of the style sheet, for documents to inline. `None` during development, when the file changes.
    pub stylesheet_text: Option<String>,
    /// The style sheet that admin pages load in addition.
    pub admin_stylesheet: String,
    /// The JavaScript that starts the WebAssembly.
    pub script: String,
    /// The WebAssembly.
    pub wasm: String,
}

impl Default for AssetNames {
    /// The file names that `cargo leptos` gives.
    fn default() -> Self {
        Self {
            stylesheet: "/pkg/teahouse.css".into(),
            stylesheet_text: None,
            admin_stylesheet: "/admin.css".into(),
            script: "/pkg/teahouse.js".into(),
            wasm: "/pkg/teahouse.wasm".into(),
        }
    }
}
