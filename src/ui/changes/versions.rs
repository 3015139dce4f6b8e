//! The texts that a message has had.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    client::{RequestError, message_versions},
    domain::{ConversationId, MessageVersion, Seq},
    ui::{
        i18n::{Language, changes::CHANGES, texts},
        kit::{
            boxed::{Boxed, Boxing as _},
            reactive::{effect, reactive_view},
            skeleton::skeleton,
            time_format,
        },
    },
};

/// The versions of a message, the oldest first.
pub(super) fn versions(conversation: ConversationId, message: Seq) -> Boxed {
    let (t, language) = (CHANGES.current(), expect_context::<RwSignal<Language>>().get_untracked());
    let answer = RwSignal::new(None::<Result<Vec<MessageVersion>, RequestError>>);
    effect(move || {
        spawn_local(async move {
            let versions = message_versions(conversation, message).await;
            answer.try_set(Some(versions));
        });
    });
    let version = move |(index, count, version): (usize, usize, MessageVersion)| -> Boxed {
        let MessageVersion { at, body, .. } = version;
        let label = match index {
            0 => Some(t.first_version),
            last if last + 1 == count => Some(t.present_version),
            _ => None,
        };
        view! {
            <li>
                <p class="quiet small">
                    <time datetime=time_format::iso_8601(at)>{time_format::short_date_and_time(at, language)}</time>
                    {label.map(|label| view! { " · " {label} })}
                </p>
                <p class="version-text" dir="auto">{body.as_str().to_owned()}</p>
            </li>
        }
        .boxed()
    };
    let list = move || match answer.get() {
        None => skeleton(texts().timeline.loading),
        Some(Err(refusal)) => {
            let text = texts().errors.refusal(refusal.code());
            view! { <p class="problem small" role="alert">{text}</p> }.boxed()
        }
        Some(Ok(versions)) => {
            let count = versions.len();
            let items: Vec<Boxed> =
                versions.into_iter().enumerate().map(|(index, it)| version((index, count, it))).collect();
            view! { <ol>{items}</ol> }.boxed()
        }
    };
    view! {
        <div class="versions">
            <h2 class="small" tabindex="-1">{t.versions}</h2>
            {reactive_view(list)}
        </div>
    }
    .boxed()
}
