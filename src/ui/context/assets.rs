//! What a browser loads besides the document.

/// Where the files of the page are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetNames {
    /// The style sheet.
    pub style: String,
    /// What is in it, for documents to carry along; nothing while it is being worked on.
    pub style_text: Option<String>,
    /// The further style sheet of the admin pages.
    pub admin_style: String,
    /// The script that starts the program.
    pub script: String,
    /// The program, compiled to WebAssembly.
    pub program: String,
    /// The script that fetches what is split off from the program, if something is; the first script imports it.
    pub splitter: Option<String>,
}

impl Default for AssetNames {
    /// As they are called in the folder.
    fn default() -> Self {
        Self {
            style: "/pkg/teahouse.css".into(),
            style_text: None,
            admin_style: "/admin.css".into(),
            script: "/pkg/teahouse.js".into(),
            program: "/pkg/teahouse.wasm".into(),
            splitter: None,
        }
    }
}
