//! What the largest texts cost. Nothing is timed: a quadratic parser would make these tests last for minutes.

use crate::{domain::MAX_BODY_BYTES, markdown::blocks::parse};

#[test]
fn the_largest_texts_take_linear_time() {
    for pattern in [
        ">",
        "> ",
        "> > ",
        ">\n",
        "> a\n",
        "*",
        "**",
        "* ",
        "*a ",
        "*a",
        "_a ",
        "**a *b ",
        "a**b",
        "***a ",
        "*a_b ",
        "__a",
        "~~a ",
        "[",
        "[a",
        "]",
        "[](",
        "[a](",
        "[a](b",
        "[a](https://a.example",
        "[a](https://a.example)",
        "![",
        "`",
        "`a",
        "``a`",
        "`a``b",
        "\\",
        "\\`",
        "|",
        "|\n",
        "|-",
        "|a|\n|-|\n",
        "a|b\n-|-\n",
        "- ",
        "- a\n",
        "- a\n\n",
        "- a\n  ",
        "1. ",
        "1. a\n",
        "1. a\n\n\n",
        "1. a\n 1. b\n",
        "```\n",
        "```a\n",
        "````\n```\n",
        "# ",
        "#\n",
        "\n",
        " ",
        "\t",
        "(",
        "https://",
        "https://a.example/",
        "https://a.example/*",
        "茶*",
        "**茶**",
        "a_",
        "_*",
        "*_~~",
        "\u{301}",
        "🍵*",
    ] {
        let text = pattern.repeat(MAX_BODY_BYTES / pattern.len());
        assert!(!parse(&text).is_empty() || text.trim().is_empty(), "{pattern:?}");
    }
    // Fences of every length, none of which is closed, and backticks likewise.
    let fences: String = (3..300).rev().map(|length| format!("{}\n", "`".repeat(length))).collect();
    assert!(!parse(&fences).is_empty());
    let backticks: String = (1..300).map(|length| format!("{} ", "`".repeat(length))).collect();
    assert!(!parse(&backticks).is_empty());
    // Each line is deeper than the one before.
    let stairs: String = (0..350).map(|depth| format!("{}- a\n", " ".repeat(depth))).collect();
    assert!(!parse(&stairs).is_empty());
}
