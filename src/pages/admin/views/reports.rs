//! Reported messages, with those around them.

use leptos::prelude::*;

use crate::{
    domain::{
        Message, Report, Seq,
        utc::{for_machines, in_full},
    },
    pages::admin::{
        i18n::AdminTexts,
        views::outcome::{ActionOutcome, outcome},
    },
    ui::{
        i18n::texts,
        kit::{sentence::sentence, user_name::UserName},
    },
};

/// The open reports.
#[derive(Clone, Debug)]
pub(in crate::pages::admin) struct ReportsPage {
    /// The report that has waited longest comes first.
    pub(in crate::pages::admin) listed: Vec<ReportRow>,
    /// How many reports are open, listed or not.
    pub(in crate::pages::admin) open: u64,
    /// The highest id among the listed reports. Closing a report closes those about the same message up to this id, and not
    /// one that arrived after the reader opened the page.
    pub(in crate::pages::admin) newest: u64,
    /// Whether a report was just closed.
    pub(in crate::pages::admin) closed: bool,
    /// Whether a reported message was just deleted.
    pub(in crate::pages::admin) deleted: bool,
    pub(in crate::pages::admin) outcome: Option<ActionOutcome>,
}

/// A report in the list.
#[derive(Clone, Debug)]
pub(in crate::pages::admin) struct ReportRow {
    pub(in crate::pages::admin) report: Report,
    /// Whether the reader may close the report and delete the message.
    pub(in crate::pages::admin) may_handle: bool,
}

impl ReportsPage {
    pub(super) fn view(self, t: &'static AdminTexts) -> AnyView {
        let Self { listed, open, newest, closed, deleted, outcome: result } = self;
        let done = match (closed, deleted) {
            (true, _) => Some(t.report_closed),
            (_, true) => Some(t.reported_message_deleted),
            _ => None,
        };
        let done = done.map(|text| view! { <p class="outcome done" role="status">{text}</p> });
        let empty = listed.is_empty().then(|| view! { <p class="quiet">{t.no_reports}</p> });
        let more = (open > listed.len() as u64).then(|| {
            let text = (t.first_reports)(listed.len(), open);
            view! { <p class="quiet small">{text}</p> }
        });
        let rows = listed.into_iter().map(|row| row.view(newest, t)).collect_view();
        view! {
            <h1>{t.reports}</h1>
            <p class="quiet">{t.reports_intro}</p>
            {outcome(result, t)}
            {done}
            <ol class="list reports">{rows}</ol>
            {empty}
            {more}
        }
        .into_any()
    }
}

impl ReportRow {
    fn view(self, newest: u64, t: &'static AdminTexts) -> AnyView {
        let Self { report, may_handle } = self;
        let heading = format!("report-{}", report.id);
        let author = report.reported().map(|message| message.author.clone());
        let Report { id, at, reporter, reason, direct, seq, deleted, messages, .. } = report;
        let place = if direct { t.in_a_direct } else { t.in_the_lobby };
        let reason = if reason.is_empty() {
            view! { <p class="quiet small">{t.no_reason}</p> }.into_any()
        } else {
            view! { <p class="reason" dir="auto">{reason.as_str().to_owned()}</p> }.into_any()
        };
        let excerpt = messages.into_iter().map(|message| excerpt_row(message, seq, t)).collect_view();
        let deleted_note = deleted.then(|| view! { <p class="quiet small">{t.message_deleted}</p> });
        let act = |action: &'static str, class: &'static str, text: &'static str| {
            view! {
                <form method="post" action=format!("/admin/reports/{id}")>
                    <input type="hidden" name="action" value=action/>
                    <input type="hidden" name="up_to" value=newest.to_string()/>
                    <button type="submit" class=class aria-describedby=heading.clone()>{text}</button>
                </form>
            }
            .into_any()
        };
        let delete = (may_handle && !deleted).then(|| act("delete", "button danger", t.delete_message));
        let close = may_handle.then(|| act("close", "button", t.close_report));
        let author_link = author.map(|author| {
            let text = (t.view_author)(texts().name_in(&author.nickname));
            view! { <a class="button secondary" href=format!("/admin/users/{}", author.id)>{sentence(&text)}</a> }
        });
        let owners_only_note = (!may_handle).then(|| view! { <p class="quiet small">{t.owners_only_report}</p> });
        view! {
            <li class="report">
                <h2 id=heading.clone()>
                    <UserName user=reporter/> " " {t.reported_a_message}
                    " "
                    <small class="quiet">
                        {place} " · " <time datetime=for_machines(at)>{in_full(at)}</time>
                    </small>
                </h2>
                {reason}
                <ol class="excerpt" aria-label=t.excerpt>{excerpt}</ol>
                {deleted_note}
                {owners_only_note}
                <div class="action-buttons">{delete} {author_link} {close}</div>
            </li>
        }
        .into_any()
    }
}

/// A message of a report; the reported one is marked.
fn excerpt_row(message: Message, reported: Seq, t: &'static AdminTexts) -> AnyView {
    let Message { seq, at, author, body, edited_at, deleted, .. } = message;
    let text = if deleted { t.message_deleted.to_owned() } else { body.as_str().to_owned() };
    let is_reported = seq == reported;
    let mark = is_reported.then(|| view! { <strong class="visually-hidden">{t.reported_message}</strong> });
    let edited = edited_at.map(|_| view! { <small class="quiet">{t.edited}</small> });
    view! {
        <li class=if is_reported { "reported" } else { "" }>
            {mark}
            <p class="small">
                <b><UserName user=author/></b>
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
