//! Messages that users have reported, with those around them.

use leptos::prelude::*;

use crate::{
    domain::{
        Message, Report,
        utc::{for_machines, in_full},
    },
    pages::admin::{
        i18n::Words,
        views::{ActionOutcome, outcome},
    },
    ui::{
        i18n::{sentence, texts},
        kit::user_name::Name,
    },
};

/// Messages that users have reported, and nobody has dealt with yet.
#[derive(Clone, Debug)]
pub(crate) struct Reports {
    /// The one that has waited longest first.
    pub listed: Vec<ReportRow>,
    /// How many there are, listed or not.
    pub open: u64,
    /// The newest of those that are listed: what the reader has seen.
    pub newest: u64,
    /// Whether one was just closed.
    pub closed: bool,
    /// Whether a message was just deleted.
    pub deleted: bool,
    /// What became of what was asked for.
    pub outcome: Option<ActionOutcome>,
}

/// A report, and whether the reader may do something about it.
#[derive(Clone, Debug)]
pub(crate) struct ReportRow {
    /// The report.
    pub report: Report,
    /// Whether the reader may close it, and delete the message.
    pub may_handle: bool,
}

impl Reports {
    pub(crate) fn view(self, w: &'static Words) -> AnyView {
        let Self { listed, open, newest, closed, deleted, outcome: became } = self;
        let done = match (closed, deleted) {
            (true, _) => Some(w.report_closed),
            (_, true) => Some(w.report_deleted),
            _ => None,
        };
        let done = done.map(|words| view! { <p class="outcome done" role="status">{words}</p> });
        let nothing = listed.is_empty().then(|| view! { <p class="quiet">{w.no_reports}</p> });
        let more = (open > listed.len() as u64).then(|| {
            let words = (w.first_reports)(listed.len(), open);
            view! { <p class="quiet small">{words}</p> }
        });
        let rows = listed.into_iter().map(|reported| reported.row(newest, w)).collect_view();
        view! {
            <h1>{w.reports}</h1>
            <p class="quiet">{w.reports_mean}</p>
            {outcome(became, w)}
            {done}
            <ol class="list reports">{rows}</ol>
            {nothing}
            {more}
        }
        .into_any()
    }
}

impl ReportRow {
    fn row(self, newest: u64, w: &'static Words) -> AnyView {
        let Self { report, may_handle } = self;
        let heading = format!("report-{}", report.id);
        let author = report.reported().map(|message| message.author.clone());
        let Report { id, at, reporter, reason, direct, seq, deleted, messages, .. } = report;
        let place = if direct { w.in_a_direct } else { w.in_the_lobby };
        let reason = if reason.is_empty() {
            view! { <p class="quiet small">{w.no_reason}</p> }.into_any()
        } else {
            view! { <p class="reason" dir="auto">{reason.as_str().to_owned()}</p> }.into_any()
        };
        let lines = messages.into_iter().map(|message| line(message, seq, w)).collect_view();
        let is_gone = deleted.then(|| view! { <p class="quiet small">{w.message_deleted}</p> });
        let act = |action: &'static str, class: &'static str, words: &'static str| {
            view! {
                <form method="post" action=format!("/admin/reports/{id}")>
                    <input type="hidden" name="action" value=action/>
                    <input type="hidden" name="up_to" value=newest.to_string()/>
                    <button type="submit" class=class aria-describedby=heading.clone()>{words}</button>
                </form>
            }
            .into_any()
        };
        let delete = (may_handle && !deleted).then(|| act("delete", "button danger", w.delete_reported));
        let close = may_handle.then(|| act("close", "button", w.close_report));
        let person = author.map(|author| {
            let words = (w.about_author)(texts().name_in(&author.nickname));
            view! { <a class="button secondary" href=format!("/admin/users/{}", author.id)>{sentence(&words)}</a> }
        });
        let not_yours = (!may_handle).then(|| view! { <p class="quiet small">{w.owners_handle}</p> });
        view! {
            <li class="report">
                <h2 id=heading.clone()>
                    <Name user=reporter/> " " {w.has_reported}
                    " "
                    <small class="quiet">
                        {place} " · " <time datetime=for_machines(at)>{in_full(at)}</time>
                    </small>
                </h2>
                {reason}
                <ol class="excerpt" aria-label=w.excerpt>{lines}</ol>
                {is_gone}
                {not_yours}
                <div class="action-buttons">{delete} {person} {close}</div>
            </li>
        }
        .into_any()
    }
}

/// A message as it was; the one that was reported stands out.
fn line(message: Message, reported: crate::domain::Seq, w: &'static Words) -> AnyView {
    let Message { seq, at, author, body, edited_at, deleted, .. } = message;
    let text = if deleted { w.message_deleted.to_owned() } else { body.as_str().to_owned() };
    let is_it = seq == reported;
    let mark = is_it.then(|| view! { <strong class="visually-hidden">{w.this_one}</strong> });
    let edited = edited_at.map(|_| view! { <small class="quiet">{w.edited}</small> });
    view! {
        <li class=if is_it { "reported" } else { "" }>
            {mark}
            <p class="small">
                <b><Name user=author/></b>
                " "
                <time class="quiet" datetime=for_machines(at)>{in_full(at)}</time>
                " "
                {edited}
            </p>
            <p class="text" dir="auto">{text}</p>
        </li>
    }
    .into_any()
}
