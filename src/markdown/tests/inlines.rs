//! Emphasis, code and links.

use super::notation::notation;

/// Asserts the formatting of texts without blocks.
fn hold(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(notation(text), format!("<p>{expected}</p>"), "{text}");
    }
}

fn stay_as_typed(texts: &[&str]) {
    for text in texts {
        assert_eq!(notation(text), format!("<p>{text}</p>"));
    }
}

#[test]
fn marks_emphasize() {
    hold(&[
        ("a **bold** word", "a <b>bold</b> word"),
        ("an *important* _word_", "an <i>important</i> <i>word</i>"),
        ("~~gone~~ here", "<s>gone</s> here"),
        ("***both***", "<i><b>both</b></i>"),
        ("**bold and *italic***", "<b>bold and <i>italic</i></b>"),
        ("***italic* and bold**", "<b><i>italic</i> and bold</b>"),
        ("*a **b** c*", "<i>a <b>b</b> c</i>"),
        ("**~~a~~**", "<b><s>a</s></b>"),
        ("__two words__", "<b>two words</b>"),
        ("(**a**), \"*b*\".", "(<b>a</b>), \"<i>b</i>\"."),
        ("**two\nlines**", "<b>two\nlines</b>"),
        ("**a*", "*<i>a</i>"),
        ("*a **b*", "*a *<i>b</i>"),
    ]);
}

#[test]
fn marks_work_in_scripts_without_spaces() {
    hold(&[
        ("**粗体**中文", "<b>粗体</b>中文"),
        ("**重要：**请看", "<b>重要：</b>请看"),
        ("他说**“你好”**。", "他说<b>“你好”</b>。"),
        ("请看**《茶经》**和*“茶”*。", "请看<b>《茶经》</b>和<i>“茶”</i>。"),
        ("使用**class**关键字", "使用<b>class</b>关键字"),
        ("**关键字**class", "<b>关键字</b>class"),
        ("class**关键字**", "class<b>关键字</b>"),
        ("原价~~100元~~80元", "原价<s>100元</s>80元"),
        ("**（注）**：*见下*！", "<b>（注）</b>：<i>见下</i>！"),
        ("这是***重点***吗？", "这是<i><b>重点</b></i>吗？"),
        ("**굵게**는", "<b>굵게</b>는"),
        ("これは**「太字」**です", "これは<b>「太字」</b>です"),
        ("นี่คือ**ตัวหนา**นะ", "นี่คือ<b>ตัวหนา</b>นะ"),
        ("ה**מילה**הזאת", "ה<b>מילה</b>הזאת"),
        ("看`代码`吧", "看<c>代码</c>吧"),
        ("**茶🍵**好", "<b>茶🍵</b>好"),
    ]);
}

#[test]
fn what_is_no_markup_stays_as_typed() {
    stay_as_typed(&[
        "2*3*4",
        "2**3**4",
        "a * b * c",
        "snake_case_name",
        "变量_名_字",
        "__init__",
        "__init__.py and __main__",
        ":-)*",
        "C:\\path\\*.txt",
        "C:\\*.txt and D:\\*.txt",
        "*.rs, src/*.rs, *.toml",
        "f**k this s**t",
        "*p = *q;",
        "5 * 3 = 15 * 1",
        "~/notes and ~5 minutes~",
        "好的~~~",
        "****",
        "** **",
        "*",
        "_",
        "`",
        "``",
        "a ` b",
        "[",
        "]",
        "[]()",
        "[x]",
        "[ ] to do",
        "a[i](j)",
        "\\*no emphasis\\*",
        "\\`no code\\`",
        "#tag",
        "#1 and #2",
        "1) foo",
        "- alone",
        "-- \nsignature",
        "+1",
        ">_<",
        ">",
        "a\n---",
        "a\n===",
        "---",
        "    indented\n        more",
        "<b>bold</b> &amp; <!-- comment -->",
        "![an image](pictures/tea.png)",
        "[1]: a footnote",
        "a[^1]",
        "|",
        "a | b",
        "one\n\n\ntwo",
    ]);
}

#[test]
fn code_is_as_typed() {
    hold(&[
        ("`**a**`", "<c>**a**</c>"),
        ("``a ` b``", "<c>a ` b</c>"),
        ("`` `a` ``", "<c>`a`</c>"),
        ("` `", "<c> </c>"),
        ("`C:\\*`", "<c>C:\\*</c>"),
        ("`https://example.org/`", "<c>https://example.org/</c>"),
        ("```one line```", "<c>one line</c>"),
        ("`a``b`", "<c>a``b</c>"),
        ("``a`", "``a`"),
        ("**`a`**", "<b><c>a</c></b>"),
    ]);
}

#[test]
fn addresses_are_links_and_keep_their_characters() {
    hold(&[
        ("see https://example.org/a_b_c.", "see <a>https://example.org/a_b_c</a>."),
        ("https://example.org/*a*/b", "<a>https://example.org/*a*/b</a>"),
        ("**https://example.org/**", "<b><a>https://example.org/</a></b>"),
        ("*see https://example.org*", "<i>see <a>https://example.org</a></i>"),
        ("~~https://example.org~~", "<s><a>https://example.org</a></s>"),
        ("看https://example.org/茶，好", "看<a>https://example.org/</a>茶，好"),
        ("<https://example.org/>", "<<a>https://example.org/</a>>"),
        ("![tea](https://example.org/tea.png)", "![tea](<a>https://example.org/tea.png</a>)"),
        ("[1]: https://example.org/", "[1]: <a>https://example.org/</a>"),
    ]);
}

#[test]
fn a_link_with_a_text_shows_where_it_leads() {
    hold(&[
        ("[docs](https://example.org/a)", "<a https://example.org/a>docs</a> (example.org)"),
        ("[example.org](https://example.org/a)", "<a https://example.org/a>example.org</a>"),
        ("[https://Example.org/x](https://example.org/a)", "<a https://example.org/a>https://Example.org/x</a>"),
        (
            "[https://bank.example](https://evil.example/)",
            "<a https://evil.example/>https://bank.example</a> (evil.example)",
        ),
        ("[bank.example@x](https://evil.example/)", "<a https://evil.example/>bank.example@x</a> (evil.example)"),
        ("[**a** `b`](https://a.example:81)", "<a https://a.example:81><b>a</b> <c>b</c></a> (a.example:81)"),
        ("[茶](https://zh.wikipedia.org/wiki/茶)好", "<a https://zh.wikipedia.org/wiki/茶>茶</a> (zh.wikipedia.org)好"),
        (
            "[tea](https://en.wikipedia.org/wiki/Tea_(drink)).",
            "<a https://en.wikipedia.org/wiki/Tea_(drink)>tea</a> (en.wikipedia.org).",
        ),
        ("[write](mailto:tea@example.org)", "<a mailto:tea@example.org>write</a> (tea@example.org)"),
        ("[tea@example.org](mailto:tea@example.org)", "<a mailto:tea@example.org>tea@example.org</a>"),
        ("**[a](https://b.example)**", "<b><a https://b.example>a</a> (b.example)</b>"),
        (
            "[a [b](https://b.example) c](https://d.example)",
            "[a <a https://b.example>b</a> (b.example) c](<a>https://d.example</a>)",
        ),
        ("[a*b](https://c.example) d*", "<a https://c.example>a*b</a> (c.example) d*"),
    ]);
}

#[test]
fn a_link_with_another_target_is_text() {
    stay_as_typed(&[
        "[a](javascript:alert(1))",
        "[a](JavaScript:alert(1))",
        "[a](data:text/html,x)",
        "[a](vbscript:x)",
        "[a](/talk/lobby)",
        "[a](//example.org)",
        "[a](example.org)",
        "[a](ftp://example.org)",
        "[a](mailto:a@b.example?body=x)",
        "[a](mailto:)",
        "[a](https://bank.example@evil.example/)",
        "[a](https://evil.example\\.bank.example/)",
        "[a](https://bank%2eexample/)",
        "[a](https://bаnk.example/)",
    ]);
    hold(&[
        ("[a](https://example.org \"title\")", "[a](<a>https://example.org</a> \"title\")"),
        ("[a] (https://example.org)", "[a] (<a>https://example.org</a>)"),
        ("[a](\u{1}https://a.example)", "[a](\u{1}<a>https://a.example</a>)"),
        ("[a](https://example.org", "[a](<a>https://example.org</a>"),
        ("[](https://example.org)", "[](<a>https://example.org</a>)"),
        ("[a](https://example.org茶/)", "[a](<a>https://example.org</a>茶/)"),
    ]);
}
