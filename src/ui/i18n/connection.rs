//! What works and what does not: the connection, the storage, the page itself.

use crate::ui::i18n::translations::Translations;

pub(crate) struct ConnectionTexts {
    pub(crate) connecting: &'static str,
    /// The server shows these three to readers for whom WebAssembly does not run.
    #[cfg(feature = "ssr")]
    pub(crate) needs_javascript: &'static str,
    #[cfg(feature = "ssr")]
    pub(crate) app_failed: &'static str,
    #[cfg(feature = "ssr")]
    pub(crate) reload: &'static str,
    pub(crate) connection_lost: &'static str,
    pub(crate) restarting: &'static str,
    pub(crate) storage_unavailable: &'static str,
    pub(crate) got_it: &'static str,
}

pub(crate) static CONNECTION: Translations<ConnectionTexts> = Translations {
    english: ConnectionTexts {
        connecting: "Connecting …",
        #[cfg(feature = "ssr")]
        needs_javascript: "Without JavaScript, new messages don’t appear by themselves.",
        #[cfg(feature = "ssr")]
        app_failed: "Part of this page failed to load, so new messages don’t appear.",
        #[cfg(feature = "ssr")]
        reload: "Reload",
        connection_lost: "Connection lost. Your messages are kept and sent when it is back.",
        restarting: "The server is restarting. Your messages are kept and sent when it is back.",
        storage_unavailable: "This browser blocks storage for this page. Unsent messages are lost when you close or reload it.",
        got_it: "Got it",
    },
    chinese: ConnectionTexts {
        connecting: "正在连接…",
        #[cfg(feature = "ssr")]
        needs_javascript: "未启用 JavaScript，新消息不会自动显示。",
        #[cfg(feature = "ssr")]
        app_failed: "页面未完整加载，新消息不会显示。",
        #[cfg(feature = "ssr")]
        reload: "重新加载",
        connection_lost: "连接已断开。消息会保留，恢复后自动发送。",
        restarting: "服务器正在重启。消息会保留，恢复后自动发送。",
        storage_unavailable: "浏览器禁止本页保存数据。关闭或刷新页面后，未发送的消息会丢失。",
        got_it: "知道了",
    },
};
