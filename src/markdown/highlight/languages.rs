//! The languages that are coloured.

/// What the scanner knows of a language.
pub(super) struct CodeLanguage {
    /// What the word after the fence may be, in lower case.
    pub(super) names: &'static [&'static str],
    /// The keywords, separated by spaces.
    pub(super) keywords: &'static str,
    /// What begins a comment that ends with the line.
    pub(super) line_comments: &'static [&'static str],
    /// What begins and ends other comments.
    pub(super) block_comments: &'static [(&'static str, &'static str)],
    pub(super) strings: &'static [Quote],
    /// A word or a string before this character is a name: a key or a property.
    pub(super) after_name: Option<char>,
    pub(super) kind: LanguageKind,
}

/// What begins and ends a string.
pub(super) struct Quote {
    pub(super) mark: &'static str,
    pub(super) kind: QuoteKind,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum QuoteKind {
    /// Ends with the line at the latest. A backslash escapes.
    Line,
    /// May have several lines. A backslash escapes.
    Lines,
    /// May have several lines. A backslash is one.
    Raw,
    /// One character. Otherwise the mark means something else, as in Rust's `'a`.
    Character,
}

/// How a language differs from most.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum LanguageKind {
    Usual,
    /// The letter case of keywords does not matter.
    AnyCase,
    /// A comment begins at the start of a word only.
    Shell,
    /// Tags with attributes.
    Markup,
    /// Lines that were added and removed.
    Diff,
}

const DOUBLE: Quote = Quote { mark: "\"", kind: QuoteKind::Line };
const SINGLE: Quote = Quote { mark: "'", kind: QuoteKind::Line };
const CHARACTER: Quote = Quote { mark: "'", kind: QuoteKind::Character };
const TEMPLATE: Quote = Quote { mark: "`", kind: QuoteKind::Lines };
const TRIPLE_DOUBLE: Quote = Quote { mark: "\"\"\"", kind: QuoteKind::Lines };
const TRIPLE_SINGLE: Quote = Quote { mark: "'''", kind: QuoteKind::Lines };

/// A language whose comments and strings are those of C.
const C_LIKE: CodeLanguage = CodeLanguage {
    names: &[],
    keywords: "",
    line_comments: &["//"],
    block_comments: &[("/*", "*/")],
    strings: &[DOUBLE, SINGLE],
    after_name: None,
    kind: LanguageKind::Usual,
};

/// A language with comments after `#`.
const SCRIPT: CodeLanguage = CodeLanguage { line_comments: &["#"], block_comments: &[], ..C_LIKE };

pub(super) const LANGUAGES: &[CodeLanguage] = &[
    CodeLanguage {
        names: &["rust", "rs"],
        keywords: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type union unsafe use where while bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize",
        strings: &[Quote { mark: "\"", kind: QuoteKind::Lines }, CHARACTER],
        ..C_LIKE
    },
    CodeLanguage {
        names: &["python", "py", "python3"],
        keywords: "and as assert async await break case class continue def del elif else except False finally for from global if import in is lambda match None nonlocal not or pass raise return self True try while with yield",
        strings: &[TRIPLE_DOUBLE, TRIPLE_SINGLE, DOUBLE, SINGLE],
        ..SCRIPT
    },
    CodeLanguage {
        names: &["javascript", "js", "jsx", "mjs", "typescript", "ts", "tsx"],
        keywords: "abstract any as async await boolean break case catch class const continue debugger declare default delete do else enum export extends false finally for from function get if implements import in instanceof interface is keyof let namespace never new null number of private protected public readonly return set static string super switch this throw true try type typeof undefined unknown var void while with yield",
        strings: &[DOUBLE, SINGLE, TEMPLATE],
        ..C_LIKE
    },
    CodeLanguage {
        names: &["java"],
        keywords: "abstract assert boolean break byte case catch char class const continue default do double else enum extends false final finally float for if implements import instanceof int interface long native new null package private protected public record return sealed short static super switch synchronized this throw throws transient true try var void volatile while yield",
        strings: &[TRIPLE_DOUBLE, DOUBLE, SINGLE],
        ..C_LIKE
    },
    CodeLanguage {
        names: &["c", "h", "c++", "cpp", "cc", "cxx", "hpp", "objective-c", "objc"],
        keywords: "#define #elif #else #endif #error #if #ifdef #ifndef #include #pragma #undef alignas alignof auto bool break case catch char class const consteval constexpr continue decltype default delete do double else enum explicit extern false final float for friend goto if inline int long mutable namespace new noexcept nullptr operator override private protected public register restrict return short signed sizeof static static_assert static_cast struct switch template this throw true try typedef typename union unsigned using virtual void volatile while",
        ..C_LIKE
    },
    CodeLanguage {
        names: &["c#", "csharp", "cs"],
        keywords: "abstract as async await base bool break byte case catch char class const continue decimal default delegate do double else enum event explicit extern false finally fixed float for foreach get if implicit in int interface internal is lock long namespace new null object operator out override params private protected public readonly record ref return sbyte sealed set short sizeof static string struct switch this throw true try typeof uint ulong unsafe ushort using var virtual void volatile when where while yield",
        ..C_LIKE
    },
    CodeLanguage {
        names: &["go", "golang"],
        keywords: "any bool break byte case chan const continue default defer else error fallthrough false float32 float64 for func go goto if import int int32 int64 interface iota make map new nil package range return rune select string struct switch true type uint uint8 uint32 uint64 var",
        strings: &[DOUBLE, SINGLE, Quote { mark: "`", kind: QuoteKind::Raw }],
        ..C_LIKE
    },
    CodeLanguage {
        names: &["php"],
        keywords: "abstract and array as break callable case catch class clone const continue declare default do echo else elseif empty enum extends false final finally fn for foreach function global if implements include instanceof interface isset list match namespace new null or print private protected public readonly require require_once return self static string switch this throw trait true try unset use var void while yield",
        line_comments: &["//", "#"],
        ..C_LIKE
    },
    CodeLanguage {
        names: &["ruby", "rb"],
        keywords: "alias and begin break case class def defined do else elsif end ensure extend false for if in include module next nil not or private protected public raise redo require require_relative rescue retry return self super then true undef unless until when while yield",
        ..SCRIPT
    },
    CodeLanguage {
        names: &["swift"],
        keywords: "actor any as associatedtype async await break case catch class continue default defer deinit do else enum extension false fileprivate for func guard if import in init inout internal is let nil open override private protocol public repeat rethrows return self Self some static struct subscript super switch throw throws true try typealias var where while",
        strings: &[TRIPLE_DOUBLE, DOUBLE],
        ..C_LIKE
    },
    CodeLanguage {
        names: &["kotlin", "kt", "kts"],
        keywords: "abstract as break by catch class companion const constructor continue data do else enum false final finally for fun if import in infix init inline interface internal is lateinit null object open operator out override package private protected public return sealed super suspend this throw true try typealias val var vararg when where while",
        strings: &[TRIPLE_DOUBLE, DOUBLE, SINGLE],
        ..C_LIKE
    },
    CodeLanguage {
        names: &["sql", "postgresql", "postgres", "mysql", "sqlite"],
        keywords: "add all alter and any as asc begin between bigint boolean by case cast check column commit constraint count create cross default delete desc distinct drop else end exists false foreign from full group having if in index inner insert int integer into is join key left like limit not null offset on or order outer primary references returning right rollback select set table text then timestamp transaction true truncate union unique update using values varchar view when where with",
        line_comments: &["--"],
        strings: &[Quote { mark: "'", kind: QuoteKind::Raw }, DOUBLE],
        kind: LanguageKind::AnyCase,
        ..C_LIKE
    },
    CodeLanguage {
        names: &["bash", "sh", "shell", "zsh", "console", "dockerfile", "docker", "makefile", "make"],
        keywords: "alias break case cd continue do done echo elif else esac eval exec exit export false fi for function if in local printf read return set shift source sudo then trap true unset until while CMD COPY ENTRYPOINT ENV EXPOSE FROM RUN USER WORKDIR",
        strings: &[Quote { mark: "\"", kind: QuoteKind::Lines }, Quote { mark: "'", kind: QuoteKind::Raw }],
        kind: LanguageKind::Shell,
        ..SCRIPT
    },
    CodeLanguage {
        names: &["html", "xml", "svg", "vue", "xhtml"],
        line_comments: &[],
        block_comments: &[("<!--", "-->")],
        kind: LanguageKind::Markup,
        ..C_LIKE
    },
    CodeLanguage {
        names: &["css", "scss", "less"],
        keywords: "@charset @container @font-face @import @include @keyframes @layer @media @mixin @property @supports @use !important",
        line_comments: &[],
        after_name: Some(':'),
        ..C_LIKE
    },
    CodeLanguage { names: &["json", "jsonc", "json5"], keywords: "true false null", after_name: Some(':'), ..C_LIKE },
    CodeLanguage {
        names: &["yaml", "yml"],
        keywords: "true false null yes no on off",
        after_name: Some(':'),
        kind: LanguageKind::Shell,
        ..SCRIPT
    },
    CodeLanguage {
        names: &["toml", "ini", "properties", "conf"],
        keywords: "true false",
        line_comments: &["#", ";"],
        strings: &[TRIPLE_DOUBLE, TRIPLE_SINGLE, DOUBLE, SINGLE],
        after_name: Some('='),
        kind: LanguageKind::Shell,
        ..SCRIPT
    },
    CodeLanguage {
        names: &["lua"],
        keywords: "and break do else elseif end false for function goto if in local nil not or repeat return then true until while",
        line_comments: &["--"],
        block_comments: &[("--[[", "]]")],
        ..C_LIKE
    },
    CodeLanguage { names: &["diff", "patch"], kind: LanguageKind::Diff, ..SCRIPT },
];
