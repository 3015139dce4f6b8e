//! `/admin/users/{id}`: one user, and the forms for moderating them.

use axum::{
    body::Bytes,
    extract::{
        Path,
        rejection::{BytesRejection, PathRejection},
    },
    http::{StatusCode, Uri},
    response::{IntoResponse as _, Redirect, Response},
};

use crate::{
    domain::{Action, CommandId, Role, UserId},
    pages::{
        admin::{
            request::{AdminRequest, not_found, query_value},
            sanctions::active_sanctions,
            views::{
                admin_page::AdminPage,
                outcome::ActionOutcome,
                user::{ModerationForm, UserPage},
            },
        },
        form::{Fields, bad_form},
    },
    server::{ModerationRequest, PageError, PagesApi},
};

type Id = Result<Path<UserId>, PathRejection>;

pub(super) async fn show(request: AdminRequest, id: Id, uri: Uri) -> Response {
    let done = query_value(&uri, "done").and_then(|done| action(&done));
    match user(&request, id.map(|Path(id)| id)).await {
        Ok(page) => {
            let outcome = done.map(ActionOutcome::Done);
            request.render(StatusCode::OK, AdminPage::User(Box::new(UserPage { outcome, ..page }))).await
        }
        Err(error) => request.render_error(error).await,
    }
}

/// Carries out a moderation form. After a refusal, the page shows the reason and the form as it was filled in.
pub(super) async fn moderate(request: AdminRequest, id: Id, body: Result<Bytes, BytesRejection>) -> Response {
    let Ok(Path(user_id)) = id else { return request.render_error(not_found()).await };
    let submitted = Fields::read(body).and_then(|fields| SubmittedForm::parse(&fields));
    let (error, form) = match submitted {
        Ok(SubmittedForm { id, form, from_list }) => {
            let ModerationForm { action, everywhere, minutes, role, all_of_address } = form;
            let room = (!everywhere && action != Action::Appoint).then(|| request.api.lobby());
            let moderation = ModerationRequest { action, user: user_id, room, minutes, role, all_of_address };
            match request.api.moderate(&request.me, request.client_addr, id, moderation).await {
                Ok(()) => {
                    let back = if from_list { "/admin".to_owned() } else { format!("/admin/users/{user_id}") };
                    return Redirect::to(&format!("{back}?done={}", action.name())).into_response();
                }
                Err(error) => (error, Some(form)),
            }
        }
        Err(error) => (error, None),
    };
    match user(&request, Ok(user_id)).await {
        Ok(page) => {
            let outcome = Some(ActionOutcome::Refused(error.code));
            request.render(error.status, AdminPage::User(Box::new(UserPage { outcome, form, ..page }))).await
        }
        Err(error) => request.render_error(error).await,
    }
}

/// A moderation form as it was submitted.
struct SubmittedForm {
    id: CommandId,
    form: ModerationForm,
    /// Whether the form was on the list of users, to which the response then leads back.
    from_list: bool,
}

impl SubmittedForm {
    fn parse(fields: &Fields) -> Result<Self, PageError> {
        let text = |name| fields.text(name).unwrap_or_default();
        let action = action(&text("action")).ok_or_else(bad_form)?;
        let everywhere = match text("scope").as_str() {
            "server" => true,
            "lobby" => false,
            // Roles belong to the whole server, so the form for them has no scope.
            _ if action == Action::Appoint => true,
            _ => return Err(bad_form()),
        };
        let role = Role::ALL.into_iter().find(|role| role.name() == text("role"));
        let id = text("id").parse().map_err(|_| bad_form())?;
        let all_of_address = fields.raw("address").is_some();
        let form = ModerationForm { action, everywhere, minutes: fields.number("minutes")?, role, all_of_address };
        Ok(Self { id, form, from_list: text("from") == "list" })
    }
}

fn action(name: &str) -> Option<Action> {
    Action::ALL.into_iter().find(|action| action.name() == name)
}

async fn user(request: &AdminRequest, id: Result<UserId, PathRejection>) -> Result<UserPage, PageError> {
    let AdminRequest { me, api, .. } = request;
    // An id that cannot be one is "not found" for moderators only; anyone else gets the same refusal as for any user.
    let Ok(id) = id else { return Err(api.sanctions(me).await.err().unwrap_or_else(not_found)) };
    let user = api.user(me, id).await?;
    Ok(UserPage {
        is_online: api.is_online(id),
        is_me: id == me.id,
        allowed: PagesApi::allowed_actions(me, &user),
        sanctions: active_sanctions(request, |user| user.id == id).await?,
        user,
        outcome: None,
        form: None,
    })
}
