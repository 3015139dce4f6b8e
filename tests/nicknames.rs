//! No nickname can look like another: each text here is refused or has the key of the nickname that it imitates.

use std::ops::RangeInclusive;

use teahouse::domain::{Nickname, NicknameError};
use unicode_normalization::UnicodeNormalization as _;
use unicode_security::confusable_detection::skeleton;

/// Whether `copy` could be chosen while `name` is taken, as far as their looks are concerned. Reserved names are
/// accepted here, because some of the names are reserved by now.
fn can_coexist(name: &str, copy: &str) -> bool {
    let name = Nickname::parse_existing(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    Nickname::parse_existing(copy).is_ok_and(|copy| copy.key() != name.key())
}

fn assert_taken(pairs: &[(&str, &str)]) {
    let coexisting: Vec<_> = pairs.iter().filter(|(name, copy)| can_coexist(name, copy)).collect();
    assert!(coexisting.is_empty(), "look like another nickname, but do not count as taken: {coexisting:?}");
}

#[test]
fn names_in_all_scripts_are_accepted() {
    let names = [
        "小明",
        "李雷和韩梅梅",
        "臺灣龍",
        "さくら",
        "田中エリ子",
        "ラーメン",
        "민준",
        "김철수",
        "محمد",
        "فاطمة الزهراء",
        "مُحَمَّد",
        "דוד",
        "שָׁלוֹם",
        "नमस्ते",
        "प्रिया",
        "ไทย",
        "น้ำฝน",
        "Nguyễn Thị Hồng",
        "Đặng",
        "Наташа",
        "Сергей Ёлкин",
        "Їжак",
        "Νίκος",
        "Άννα",
        "Ειρήνη",
        "Հայկ",
        "ნინო",
        "தமிழ்",
        "বাংলা",
        "አበበ",
        "Zoë-Ann O’Neil",
        "Zoë-Ann O'Neil",
        "J. 李",
        "Tシャツ",
        "DJ Иван",
        "β-tester",
        "Straße",
        "Þór",
        "İlker",
        "ışık",
        "Łukasz",
        "x_1-2.3",
        "C++",
        "№1",
    ];
    for name in names {
        assert_eq!(Nickname::parse(name).as_ref().map(Nickname::as_str), Ok(name));
    }
}

#[test]
fn names_with_emoji_are_accepted() {
    let names = [
        "🦊",
        "Mei 🍵",
        "👨‍👩‍👧",
        "👨‍👩‍👧‍👦 us",
        "👩🏽‍💻",
        "👋🏽",
        "❤️",
        "❤️‍🔥",
        "🇨🇳",
        "Li 🇨🇦",
        "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
        "🏳️‍🌈",
        "1️⃣",
        "#️⃣",
        "⭐",
        "🔰",
        "🏅",
        "☕",
        "🆗",
        "✨",
    ];
    for name in names {
        assert_eq!(Nickname::parse(name).as_ref().map(Nickname::as_str), Ok(name));
    }
}

#[test]
fn names_that_imitate_others_in_another_alphabet_are_the_same_name() {
    assert_taken(&[
        ("Alice", "\u{410}lice"),
        ("Alice", "Аӏісе"),
        ("scope", "ѕсоре"),
        ("Hope", "Норе"),
        ("BOB", "ВОВ"),
        ("TOM", "ТОМ"),
        ("Eva", "Ενα"),
        ("NINA", "ΝΙΝΑ"),
        ("Kate", "Κατε"),
        ("HANNA", "ΗΑΝΝΑ"),
        ("Νίκος", "Nίκος"),
        ("νίκος", "vίκος"),
        ("Νίκος", "Νίκoς"),
        ("Иван", "Иbан"),
        ("Сергей", "Cepгeй"),
        ("Егор", "Erop"),
        ("TAM", "ᎢᎪᎷ"),
        ("COOL", "ꓚꓳꓳꓡ"),
        ("Sos", "Ѕоѕ"),
        ("Alice", "⍺lice"),
    ]);
}

#[test]
fn styled_letters_are_the_same_name() {
    for copy in [
        "ａｄｍｉｎ",
        "𝐚𝐝𝐦𝐢𝐧",
        "𝒶𝒹𝓂𝒾𝓃",
        "𝖆𝖉𝖒𝖎𝖓",
        "𝕒𝕕𝕞𝕚𝕟",
        "𝚊𝚍𝚖𝚒𝚗",
        "ⓐⓓⓜⓘⓝ",
        "ⒶⒹⓂⒾⓃ",
        "🄰🄳🄼🄸🄽",
        "🅐🅓🅜🅘🅝",
        "🅰🅳🅼🅸🅽",
        "🅰️🅳🅼🅸🅽",
        "🇦🇩🇲🇮🇳",
        "ᴀᴅᴍɪɴ",
        "ᵃᵈᵐⁱⁿ",
        "ADMIN",
        "aDmIn",
        "adrnin",
        "admın",
        "ADMİN",
        "adm1n",
        "admln",
        "ADMlN",
        "adm|n",
    ] {
        assert!(!can_coexist("admin", copy), "{copy}");
    }
}

#[test]
fn case_and_spelling_do_not_make_another_name() {
    assert_taken(&[
        ("straße", "STRASSE"),
        ("straße", "straẞe"),
        ("straße", "straβe"),
        ("Fiona", "ﬁona"),
        ("office", "oﬃce"),
        ("Æsir", "aesir"),
        ("Þór", "ÞÓR"),
        ("Ðóra", "ðóra"),
        ("Đorđe", "ĐORĐE"),
        ("İlker", "ilker"),
        ("ilker", "ılker"),
        ("Zoë", "Zoe\u{308}"),
        ("Наташа", "НАТАША"),
        ("Вера", "вера"),
        ("Егор", "ЕГОР"),
        ("Νίκος", "ΝΊΚΟΣ"),
        ("Ειρήνη", "ειρήνη"),
        ("ειρηνη", "ΕΙΡΗΝΗ"),
        ("Հայկ", "ՀԱՅԿ"),
        ("ნინო", "ᲜᲘᲜᲝ"),
        ("がく", "か\u{3099}く"),
        ("ガク", "ｶﾞｸ"),
        ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
        ("محمد", "محـمد"),
        ("O'Neil", "O’Neil"),
        ("Zoë-Ann", "Zoë‐Ann"),
    ]);
}

#[test]
fn look_alike_digits_and_pairs_are_the_same_name() {
    assert_taken(&[
        ("Bob", "B0b"),
        ("Oleg", "0leg"),
        ("Alice", "A1ice"),
        ("Alice", "AIice"),
        ("Alice", "A|ice"),
        ("mike", "rnike"),
        ("Mike", "rnike"),
        ("walter", "vvalter"),
        ("user1", "user➊"),
        ("user1", "user①"),
        ("user1", "user¹"),
        ("user1", "userl"),
    ]);
}

#[test]
fn invisible_characters_do_not_make_another_name() {
    let hidden = [
        '\u{0}',
        '\u{7f}',
        '\u{ad}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{1160}',
        '\u{17b4}',
        '\u{17b5}',
        '\u{180b}',
        '\u{180e}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{202a}',
        '\u{202b}',
        '\u{202c}',
        '\u{202d}',
        '\u{202e}',
        '\u{2060}',
        '\u{2061}',
        '\u{2064}',
        '\u{2066}',
        '\u{2067}',
        '\u{2068}',
        '\u{2069}',
        '\u{206a}',
        '\u{206f}',
        '\u{2800}',
        '\u{3164}',
        '\u{fe00}',
        '\u{fe0e}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{fffb}',
        '\u{fffc}',
        '\u{fffd}',
        '\u{13441}',
        '\u{16fe4}',
        '\u{1bca0}',
        '\u{1d159}',
        '\u{1d173}',
        '\u{e0001}',
        '\u{e0020}',
        '\u{e0061}',
        '\u{e007f}',
        '\u{e0100}',
        '\u{e01ef}',
        '\u{e000}',
        '\u{f8ff}',
        '\u{20dd}',
        '\u{20e3}',
        '\u{488}',
    ];
    for c in hidden {
        for copy in [format!("{c}admin"), format!("ad{c}min"), format!("admin{c}"), format!("adm{c}{c}in")] {
            assert!(!can_coexist("admin", &copy), "{:04x} in {copy:?}", u32::from(c));
        }
        assert!(Nickname::parse(&c.to_string()).is_err(), "{:04x} alone", u32::from(c));
    }
    // The tatweel stretches letters, and there is none here.
    assert!(Nickname::parse("ـ").is_err());
    // Tag characters after a flag could hide any text.
    assert!(Nickname::parse("🏴\u{e0061}\u{e007f}").is_err());
    assert!(!can_coexist("👨👩", "👨\u{200d}👩"));
}

#[test]
fn all_kinds_of_space_are_the_same() {
    let spaces = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\
        \u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";
    for space in spaces.chars() {
        for copy in [
            format!("{space}Ada Lovelace"),
            format!("Ada{space}Lovelace"),
            format!("Ada {space}{space}Lovelace"),
            format!("Ada Lovelace{space}"),
        ] {
            assert_eq!(Nickname::parse(&copy).expect("a name").as_str(), "Ada Lovelace");
        }
        assert_eq!(Nickname::parse(&space.to_string()), Err(NicknameError::Empty));
    }
}

#[test]
fn piles_of_marks_are_refused() {
    let marks = "\u{301}\u{302}\u{303}\u{304}\u{306}\u{307}\u{308}\u{30a}\u{30b}\u{30c}\u{323}\u{324}";
    for many in 5..12 {
        let pile: String = marks.chars().take(many).collect();
        assert_eq!(Nickname::parse(&format!("a{pile}dmin")), Err(NicknameError::Invisible), "{many}");
    }
    // The second mark is drawn over the first.
    assert_eq!(Nickname::parse("a\u{301}\u{301}dmin"), Err(NicknameError::Invisible));
    // Marks of other scripts can be drawn anywhere.
    assert_eq!(Nickname::parse("a\u{e34}dmin"), Err(NicknameError::Invisible));
    assert_eq!(Nickname::parse("\u{301}admin"), Err(NicknameError::Invisible));
}

#[test]
fn mixed_alphabets_in_a_word_are_refused() {
    for name in ["Aлиса", "Вob", "αlpha", "жν"] {
        assert_eq!(Nickname::parse(name), Err(NicknameError::MixedAlphabets), "{name}");
    }
}

#[test]
fn the_mark_of_registered_users_is_refused_in_names() {
    for mark in "√∛∜⍻⎷☑✅✓✔🗸🗹\u{1fbb1}\u{10102}\u{aa9c}".chars() {
        for copy in [format!("Mei{mark}"), format!("Mei {mark}"), format!("{mark}\u{fe0f}"), format!("{mark} Mei")] {
            assert!(Nickname::parse(&copy).is_err(), "{copy}");
        }
        assert_eq!(Nickname::parse(&format!("Mei {mark}")), Err(NicknameError::CheckMark));
    }
}

#[test]
fn different_names_stay_different() {
    for (one, other) in [
        ("小明", "小红"),
        ("Zoe", "Zoë"),
        ("bob", "rob"),
        ("Nick", "Vick"),
        ("Dave", "Dane"),
        ("Вера", "Вова"),
        ("Νίκος", "Νίνα"),
        ("さくら", "サクラ"),
        ("Anna", "An na"),
        ("🦊", "🐻"),
        ("user1", "user2"),
    ] {
        assert!(can_coexist(one, other), "{one} and {other}");
    }
}

/// Replaces a letter by each code point that UTS #39 lists as confusable with an ASCII letter.
#[test]
fn no_character_imitates_a_letter() {
    let skeleton_of = |text: &str| skeleton(text).collect::<String>();
    let letters: Vec<(char, String)> =
        ('a'..='z').chain('A'..='Z').map(|letter| (letter, skeleton_of(&letter.to_string()))).collect();
    let mut coexisting = Vec::new();
    let mut pair_count = 0;
    for c in '\u{80}'..=char::MAX {
        let imitated = skeleton_of(&c.to_string());
        for (letter, _) in letters.iter().filter(|(_, letter_skeleton)| *letter_skeleton == imitated) {
            pair_count += 1;
            for (before, after) in [("", ""), ("ad", "in"), ("AD", "IN"), ("", "admin"), ("x", "")] {
                let (name, copy) = (format!("{before}{letter}{after}"), format!("{before}{c}{after}"));
                if can_coexist(&name, &copy) {
                    coexisting.push(format!("{copy} (U+{:04X}) for {name}", u32::from(c)));
                }
            }
        }
    }
    assert!(pair_count > 1_000, "only {pair_count} pairs in the tables");
    assert!(coexisting.is_empty(), "{coexisting:?}");
}

/// Upper and lower case are one nickname. Two Greek letters are exceptions: their capitals look like other Latin
/// letters than their small forms, and in a word that looks Latin, looks decide. The other exceptions are obsolete
/// letters.
#[test]
fn no_change_of_case_makes_another_name() {
    const WARANG_CITI: RangeInclusive<char> = '\u{118a0}'..='\u{118df}';
    const EXCEPT: &str = "ν υ ſ ƨ ƽ ɍ ʝ ϭ յ ᲄ ỻ ꝛ ꞵ ꭓ";
    let base = |c: char| c.to_lowercase().nfkd().next().unwrap_or(c);
    let key = |text: String| Nickname::parse(&text).map(|name| name.key().as_str().to_owned()).ok();
    let cased = (' '..=char::MAX).filter(|c| c.is_lowercase() || c.is_uppercase());
    let in_use = cased.filter(|c| !EXCEPT.contains([*c, base(*c)]) && !WARANG_CITI.contains(c));
    let mut differ = Vec::new();
    for c in in_use {
        if let (Some(typed), Some(upper), Some(lower)) =
            (key(c.to_string()), key(c.to_uppercase().to_string()), key(c.to_lowercase().to_string()))
            && (typed != upper || typed != lower)
        {
            differ.push(format!("{c} (U+{:04X}): {typed} {upper} {lower}", u32::from(c)));
        }
    }
    assert!(differ.is_empty(), "{differ:?}");
}
