//! Access to the chunk `emoji`.

use crate::{
    domain::UserId,
    ui::{
        emoji::{
            catalog::NamedEmoji,
            picker::{PickerUse, picker},
            remembered::RememberedEmoji,
            search::search,
        },
        i18n::{Language, texts},
        kit::{
            boxed::Boxed,
            lazy::{Lazy, lazy},
        },
    },
};

/// An emoji that a name has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EmojiMatch {
    /// The emoji, in the user's skin tone.
    pub(crate) emoji: String,
    /// Its name.
    pub(crate) name: &'static str,
}

/// The functions of the chunk.
#[derive(Clone, Copy)]
pub(crate) struct EmojiFunctions {
    /// The picker.
    pub(crate) picker: fn(PickerUse) -> Boxed,
    /// The emoji whose names a text finds, the best first, at most this many, in the skin tone of this user and with names in
    /// this language.
    pub(crate) find: fn(&str, usize, UserId, Language) -> Vec<EmojiMatch>,
}

const FUNCTIONS: EmojiFunctions = EmojiFunctions { picker, find };

lazy!(emoji: EMOJI_FUNCTIONS, load_emoji_functions, fill_emoji_functions, EmojiFunctions = FUNCTIONS, styles "emoji.css");

/// The chunk. A handle: copies share the same state.
#[derive(Clone, Copy)]
pub(crate) struct LazyEmoji(Lazy<EmojiFunctions>);

impl LazyEmoji {
    pub(crate) fn new() -> Self {
        Self(Lazy::on_demand(&EMOJI_FUNCTIONS, load_emoji_functions))
    }

    /// Fetches the chunk, because it is needed now.
    pub(crate) fn load(self) {
        self.0.load();
    }

    /// The picker, once the chunk is loaded.
    pub(crate) fn picker(self, use_of_it: PickerUse) -> Boxed {
        self.0.view(texts(), |functions| (functions.picker)(use_of_it))
    }
}

/// The functions, fetched if need be; `None` if they could not be.
pub(crate) async fn emoji_functions() -> Option<EmojiFunctions> {
    if EMOJI_FUNCTIONS.get().is_none() {
        load_emoji_functions().await.ok()?;
    }
    EMOJI_FUNCTIONS.get().copied()
}

fn find(text: &str, limit: usize, user: UserId, language: Language) -> Vec<EmojiMatch> {
    let remembered = RememberedEmoji::load(user);
    let found = |emoji: &NamedEmoji| EmojiMatch { emoji: emoji.in_tone(remembered.tone), name: emoji.name(language) };
    search(text).into_iter().take(limit).map(found).collect()
}
