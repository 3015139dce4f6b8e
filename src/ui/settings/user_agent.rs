//! Names a browser or another client by its `User-Agent` header (RFC 9110 §10.1.5).

use crate::domain::find_substring;

/// The longest name of an unknown program, in characters. Longer ones are cut.
const MAX_NAME_CHARACTERS: usize = 40;

/// Substrings of the header, and the browsers that send them. Browsers also send those of others, so the first match wins.
const BROWSERS: [(&str, &str); 10] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("HeadlessChrome/", "Chromium"),
    ("Chromium/", "Chromium"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Substrings of the header, and the systems that send them.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// A client program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClientProgram {
    /// The program's name; empty if the header was empty.
    pub(super) name: String,
    /// The operating system or device, for known browsers.
    pub(super) system: Option<&'static str>,
}

impl ClientProgram {
    /// Finds the program in the value of a `User-Agent` header.
    pub(super) fn from_user_agent(agent: &str) -> Self {
        let agent = agent.trim();
        let find = |signs: &[(&str, &'static str)]| {
            signs.iter().find(|(sign, _)| find_substring(sign, agent).is_some()).map(|(_, name)| *name)
        };
        let is_browser = agent.starts_with("Mozilla/");
        match find(&BROWSERS).filter(|_| is_browser) {
            Some(browser) => Self { name: browser.to_owned(), system: find(&SYSTEMS) },
            None => Self { name: shortened(if is_browser { agent } else { product(agent) }), system: None },
        }
    }
}

/// The first product in the header, without its version.
fn product(agent: &str) -> &str {
    agent.split(['/', ' ']).next().filter(|product| !product.is_empty()).unwrap_or(agent)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_NAME_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn parse(agent: &str) -> (String, Option<&'static str>) {
        let ClientProgram { name, system } = ClientProgram::from_user_agent(agent);
        (name, system)
    }

    #[test]
    fn browsers_are_recognized() {
        const WEBKIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (agent, name, system) in [
            (format!("Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36"), "Chrome", "Linux"),
            (format!("Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/141.0 Safari/537.36"), "Chromium", "Linux"),
            (format!("Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chromium/99 Chrome/99 Safari/537.36"), "Chromium", "Linux"),
            (format!("Mozilla/5.0 (Windows NT 10.0; Win64) {WEBKIT} Chrome/141 Safari/537.36 Edg/141"), "Edge", "Windows"),
            (format!("Mozilla/5.0 (Linux; Android 15) {WEBKIT} Chrome/141 Mobile Safari/537.36"), "Chrome", "Android"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0".into(), "Firefox", "macOS"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 \
                 Safari/604.1"
                    .into(),
                "Safari",
                "iPhone",
            ),
        ] {
            assert_eq!(parse(&agent), (name.to_owned(), Some(system)), "{agent}");
        }
    }

    #[test]
    fn other_programs_keep_their_own_names() {
        assert_eq!(parse("curl/8.5.0"), ("curl".into(), None));
        assert_eq!(parse("python-requests/2.31 Linux"), ("python-requests".into(), None));
        assert_eq!(parse("茶馆机器人"), ("茶馆机器人".into(), None));
        assert_eq!(parse("  "), (String::new(), None));
        assert_eq!(parse("Mozilla/5.0 (of my own)"), ("Mozilla/5.0 (of my own)".into(), None));
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let (name, _) = parse(&"茶".repeat(200));
        assert_eq!(name, format!("{}…", "茶".repeat(MAX_NAME_CHARACTERS)));
        assert_eq!(parse(&"x".repeat(MAX_NAME_CHARACTERS)).0, "x".repeat(MAX_NAME_CHARACTERS));
    }
}
