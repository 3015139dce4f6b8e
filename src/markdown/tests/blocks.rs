//! Quotes, lists, code and tables.

use super::notation::notation;

fn hold(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(notation(text), *expected, "{text}");
    }
}

#[test]
fn quotes_are_the_lines_with_a_mark() {
    hold(&[
        ("> quoted\nmine", "<q><p>quoted</p></q><p>mine</p>"),
        ("before\n> a\n> b\n\nafter", "<p>before</p><q><p>a\nb</p></q><p>after</p>"),
        ("> a\n>\n> b", "<q><p>a\n\nb</p></q>"),
        ("> > inner\n> outer", "<q><q><p>inner</p></q><p>outer</p></q>"),
        ("> - a\n> - b", "<q><ul><li><p>a</p></li><li><p>b</p></li></ul></q>"),
        (">no space", "<p>>no space</p>"),
        (">\n>\n>", "<p>>\n>\n></p>"),
    ]);
}

#[test]
fn headings_need_a_space() {
    hold(&[
        ("# One\ntwo", "<h>One</h><p>two</p>"),
        ("### **C#**", "<h><b>C#</b></h>"),
        ("####### seven", "<p>####### seven</p>"),
        ("#", "<p>#</p>"),
    ]);
}

#[test]
fn lists_have_several_items() {
    hold(&[
        ("- a\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
        (
            "to buy:\n* tea\n* *milk*\nthanks",
            "<p>to buy:</p><ul><li><p>tea</p></li><li><p><i>milk</i></p></li></ul><p>thanks</p>",
        ),
        ("- a\n\n- b\n\nc", "<ul><li><p>a</p></li><li><p>b</p></li></ul><p>c</p>"),
        ("- a\n  - b\n- c", "<ul><li><p>a</p><ul><li><p>b</p></li></ul></li><li><p>c</p></li></ul>"),
        ("- a\n  more\n\n  and more\n- c", "<ul><li><p>a\nmore\n\nand more</p></li><li><p>c</p></li></ul>"),
        ("1. a\n2. b", "<ol 1><li><p>a</p></li><li><p>b</p></li></ol>"),
        ("3) c\n4) d", "<ol 3><li><p>c</p></li><li><p>d</p></li></ol>"),
        (
            "1. a\n   - b\n   - c\n2. d",
            "<ol 1><li><p>a</p><ul><li><p>b</p></li><li><p>c</p></li></ul></li><li><p>d</p></li></ol>",
        ),
        ("1. a\n\t- b", "<ol 1><li><p>a</p><ul><li><p>b</p></li></ul></li></ol>"),
        ("- a\n* b", "<p>- a\n* b</p>"),
        ("1. a\n3. c", "<p>1. a\n3. c</p>"),
        ("1. a\n1. b", "<p>1. a\n1. b</p>"),
        ("2024. a", "<p>2024. a</p>"),
        ("12345678901. a\n12345678902. b", "<p>12345678901. a\n12345678902. b</p>"),
        ("-a\n-b", "<p>-a\n-b</p>"),
        ("- [ ] a\n- [x] b", "<ul><li><p>[ ] a</p></li><li><p>[x] b</p></li></ul>"),
        ("- ```\n  code\n  ```\n- b", "<ul><li><pre>code</pre></li><li><p>b</p></li></ul>"),
    ]);
}

#[test]
fn code_blocks_are_between_fences() {
    hold(&[
        ("```\na *b*\n  c\n```", "<pre>a *b*\n  c</pre>"),
        ("```rust\nfn main() {}\n```\nafter", "<pre rust>fn main() {}</pre><p>after</p>"),
        ("before\n```c++\nx\n```", "<p>before</p><pre c++>x</pre>"),
        ("````\n```\n````", "<pre>```</pre>"),
        ("```let x = 1;\nlet y = 2;```", "<pre>let x = 1;\nlet y = 2;</pre>"),
        ("```\n\na\n\n```", "<pre>\na\n</pre>"),
        ("```\n```", "<pre></pre>"),
        ("> ```\n> a\n> ```", "<q><pre>a</pre></q>"),
        ("```\nnever closed", "<p>```\nnever closed</p>"),
        ("~~~\na\n~~~", "<p>~~~\na\n~~~</p>"),
        ("  ```\n  a\n   b\n  ```", "<pre>a\n b</pre>"),
    ]);
}

#[test]
fn tables_have_a_header_and_a_rule() {
    hold(&[
        ("| a | b |\n|---|:-:|\n| 1 | **2** |\nafter", "<table lc>a|b/1|<b>2</b></table><p>after</p>"),
        ("a | b\n-|-:\n1 | 2", "<table lr>a|b/1|2</table>"),
        ("| a |\n|---|\n| x \\| y |", "<table l>a/x | y</table>"),
        ("| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |", "<table ll>a|b/1/1|2|3</table>"),
        ("| a | b |\n|---|", "<p>| a | b |\n|---|</p>"),
        ("| a | b |\n| c | d |", "<p>| a | b |\n| c | d |</p>"),
        ("a\n---", "<p>a\n---</p>"),
        ("|---|\n|---|", "<table l>---</table>"),
    ]);
}

#[test]
fn blank_lines_within_text_stay() {
    hold(&[
        ("a\n\n\n\nb", "<p>a\n\n\n\nb</p>"),
        ("a\n  \nb", "<p>a\n  \nb</p>"),
        ("*a\n\nb*", "<p>*a\n\nb*</p>"),
        ("    def f():\n        return", "<p>    def f():\n        return</p>"),
    ]);
}
