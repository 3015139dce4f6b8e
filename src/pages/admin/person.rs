//! `/admin/users/{id}`: one user, and what is to be done to them.

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
            AdminRequest, missing,
            people::in_force,
            typed,
            views::{ActionOutcome, Person, PersonActions, Screen, Wish},
        },
        form::{Fields, bad_form},
    },
    server::{ModerationRequest, PageError, PagesApi},
};

type Id = Result<Path<UserId>, PathRejection>;

pub(crate) async fn show(visitor: AdminRequest, id: Id, uri: Uri) -> Response {
    let done = typed(&uri, "done").and_then(|done| action(&done));
    match person(&visitor, id.map(|Path(id)| id)).await {
        Ok(person) => {
            let outcome = done.map(ActionOutcome::Done);
            visitor.render(StatusCode::OK, Screen::Person(Box::new(Person { outcome, ..person }))).await
        }
        Err(refused) => visitor.close(refused).await,
    }
}

/// Does what a form asks for. What is refused stands in the form again, below the reason.
pub(crate) async fn act(visitor: AdminRequest, id: Id, body: Result<Bytes, BytesRejection>) -> Response {
    let Ok(Path(user)) = id else { return visitor.close(missing()).await };
    let asked = Fields::read(body).and_then(|fields| PersonQuery::of(&fields));
    let (refused, wish) = match asked {
        Ok(PersonQuery { id, wish, from_list }) => {
            let Wish { action, everywhere, minutes, role, all_of_address } = wish;
            let room = (!everywhere && action != Action::Appoint).then(|| visitor.house.lobby());
            let measure = ModerationRequest { action, user, room, minutes, role, all_of_address };
            match visitor.house.moderate(&visitor.me, id, measure).await {
                Ok(()) => {
                    let back = if from_list { "/admin".to_owned() } else { format!("/admin/users/{user}") };
                    return Redirect::to(&format!("{back}?done={}", action.name())).into_response();
                }
                Err(refused) => (refused, Some(wish)),
            }
        }
        Err(refused) => (refused, None),
    };
    match person(&visitor, Ok(user)).await {
        Ok(person) => {
            let outcome = Some(ActionOutcome::Refused(refused.code));
            visitor.render(refused.status, Screen::Person(Box::new(Person { outcome, wish, ..person }))).await
        }
        Err(refused) => visitor.close(refused).await,
    }
}

/// What a form asks for.
struct PersonQuery {
    id: CommandId,
    wish: Wish,
    from_list: bool,
}

impl PersonQuery {
    fn of(fields: &Fields) -> Result<Self, PageError> {
        let text = |name| fields.text(name).unwrap_or_default();
        let action = action(&text("action")).ok_or_else(bad_form)?;
        let everywhere = match text("scope").as_str() {
            "server" => true,
            "lobby" => false,
            // A role is the whole house's.
            _ if action == Action::Appoint => true,
            _ => return Err(bad_form()),
        };
        let role = Role::ALL.into_iter().find(|role| role.name() == text("role"));
        let id = text("id").parse().map_err(|_| bad_form())?;
        let all_of_address = fields.raw("address").is_some();
        let wish = Wish { action, everywhere, minutes: fields.number("minutes")?, role, all_of_address };
        Ok(Self { id, wish, from_list: text("from") == "list" })
    }
}

fn action(name: &str) -> Option<Action> {
    Action::ALL.into_iter().find(|action| action.name() == name)
}

async fn person(visitor: &AdminRequest, id: Result<UserId, PathRejection>) -> Result<Person, PageError> {
    let AdminRequest { me, house, .. } = visitor;
    // Whose role does not suffice does not learn what is no user.
    let Ok(id) = id else { return Err(house.sanctions(me).await.err().unwrap_or_else(missing)) };
    let user = house.user(me, id).await?;
    let powers = PagesApi::powers(me, &user);
    Ok(Person {
        here: house.is_here(id),
        is_me: id == me.id,
        powers: PersonActions { mute: powers.mute, remove: powers.remove, ban: powers.ban, appoint: powers.appoint },
        in_force: in_force(visitor, |user| user.id == id).await?,
        user,
        outcome: None,
        wish: None,
    })
}
