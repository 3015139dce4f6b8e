//! Tests of the colours of code.

use proptest::prelude::*;

use crate::markdown::highlight::{
    languages::LANGUAGES,
    scanner::{Token, highlight},
};

/// The pieces of code that are not plain.
fn coloured<'a>(language: &str, code: &'a str) -> Vec<(Token, &'a str)> {
    let pieces = highlight(language, code).expect("a known language");
    pieces.into_iter().filter(|(token, _)| *token != Token::Plain).collect()
}

#[test]
fn words_comments_strings_and_numbers_are_told_apart() {
    use Token::{Comment, Keyword, Number, String};
    assert_eq!(
        coloured("rust", "fn a<'b>() { let x = 'c'; // \"no\"\n\"y\\\"\" + 0x1f }"),
        [
            (Keyword, "fn"),
            (Keyword, "let"),
            (String, "'c'"),
            (Comment, "// \"no\""),
            (String, "\"y\\\"\""),
            (Number, "0x1f")
        ]
    );
    assert_eq!(
        coloured("py", "def f():\n  \"\"\"a\nb\"\"\"\n  return 'x' # no"),
        [(Keyword, "def"), (String, "\"\"\"a\nb\"\"\""), (Keyword, "return"), (String, "'x'"), (Comment, "# no")]
    );
    assert_eq!(
        coloured("SQL", "SELECT 'it''s' FROM t -- all"),
        [(Keyword, "SELECT"), (String, "'it'"), (String, "'s'"), (Keyword, "FROM"), (Comment, "-- all")]
    );
    assert_eq!(coloured("sh", "echo $# '\\' # end"), [(Keyword, "echo"), (String, "'\\'"), (Comment, "# end")]);
    assert_eq!(coloured("c", "#include <a.h>\n/* x"), [(Keyword, "#include"), (Comment, "/* x")]);
    assert_eq!(coloured("js", "let 变量 = `a\nb`"), [(Keyword, "let"), (String, "`a\nb`")]);
    assert_eq!(coloured("js", "x = 'open\ny"), [(String, "'open")]);
}

#[test]
fn names_stand_before_their_values() {
    use Token::{Keyword, Name, Number, String};
    assert_eq!(
        coloured("json", "{\"a\" : \"b\", \"c\": true}"),
        [(Name, "\"a\""), (String, "\"b\""), (Name, "\"c\""), (Keyword, "true")]
    );
    assert_eq!(coloured("yaml", "a-b: 1"), [(Name, "a-b"), (Number, "1")]);
    assert_eq!(coloured("toml", "a = 'b'"), [(Name, "a"), (String, "'b'")]);
    assert_eq!(coloured("css", "a { margin-top: 2px }"), [(Name, "margin-top"), (Number, "2px")]);
    assert_eq!(
        coloured("html", "<a href=\"b\">it's \"c\"</a>"),
        [(Keyword, "a"), (Name, "href"), (String, "\"b\""), (Keyword, "a")]
    );
}

#[test]
fn changed_lines_are_told_apart() {
    use Token::{Added, Keyword, Removed};
    assert_eq!(coloured("diff", "@@ 1\n a\n-b\n+c"), [(Keyword, "@@ 1\n"), (Removed, "-b\n"), (Added, "+c")]);
}

#[test]
fn an_unknown_language_has_no_colours() {
    assert_eq!(highlight("klingon", "x"), None);
    assert!(highlight("rust,ignore", "x").is_some());
}

#[test]
fn no_name_means_two_languages() {
    let mut names: Vec<_> = LANGUAGES.iter().flat_map(|language| language.names).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

proptest! {
    #[test]
    fn the_pieces_joined_are_the_code(
        language in prop::sample::select(LANGUAGES.iter().map(|language| language.names[0]).collect::<Vec<_>>()),
        code in "([\"'`#/*<>!@=:;-]|--|<!--|-->|\\\\|[a-z]{1,3}|fn|0x1|\n| |茶|é){0,40}",
    ) {
        let pieces = highlight(language, &code).expect("a known language");
        let joined: String = pieces.iter().map(|(_, piece)| *piece).collect();
        prop_assert_eq!(joined, code);
    }
}
