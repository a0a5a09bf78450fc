//! HTTP of members and invitations.

use actix_web::{HttpResponse, web::Data};
use common::{
    auth::Done,
    ids::{InvitationId, UserId},
    members::{InvitationToken, InvitedRegistration, MemberChange, NewInvitation},
    validate::Email,
};

use super::{
    invitations,
    service::{self, Actor},
};
use crate::{
    app::App,
    audit::Origin,
    auth::service::limits::{self, MailFor},
    error::ApiError,
    http::{Caller, IdPath, Json, peer::Peer},
};

impl Actor {
    fn of(caller: &Caller, origin: Origin) -> Result<Self, ApiError> {
        let (account_id, role) = caller.acts_for()?;
        Ok(Self {
            account_id,
            user_id: caller.user_id,
            role,
            origin,
        })
    }
}

pub async fn list(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(service::list(&app, caller.account_id()?, caller.user_id).await?))
}

pub async fn change(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    target: IdPath<UserId>,
    change: Json<MemberChange>,
) -> Result<HttpResponse, ApiError> {
    let actor = Actor::of(&caller, origin)?;
    Ok(HttpResponse::Ok().json(service::change(&app, actor, target.0, change.0.role).await?))
}

pub async fn remove(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    target: IdPath<UserId>,
) -> Result<HttpResponse, ApiError> {
    service::remove(&app, Actor::of(&caller, origin)?, target.0).await?;
    Ok(HttpResponse::Ok().json(Done {}))
}

pub async fn list_invitations(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(invitations::list(&app, caller.account_id()?).await?))
}

pub async fn invite(
    app: Data<App>,
    caller: Caller,
    peer: Peer,
    origin: Origin,
    new: Json<NewInvitation>,
) -> Result<HttpResponse, ApiError> {
    let email = Email::parse("email", &new.0.email)?;
    limits::before_invitation(&app, caller.account_id()?).await?;
    limits::before_mail(&app, MailFor::Invitation, &email.key(), peer.0).await?;
    let actor = Actor::of(&caller, origin)?;
    Ok(HttpResponse::Created().json(invitations::invite(&app, actor, new.0).await?))
}

pub async fn withdraw(
    app: Data<App>,
    caller: Caller,
    origin: Origin,
    id: IdPath<InvitationId>,
) -> Result<HttpResponse, ApiError> {
    invitations::withdraw(&app, Actor::of(&caller, origin)?, id.0).await?;
    Ok(HttpResponse::Ok().json(Done {}))
}

pub async fn preview(app: Data<App>, peer: Peer, token: Json<InvitationToken>) -> Result<HttpResponse, ApiError> {
    limits::before_mail_token(&app, peer.0).await?;
    Ok(HttpResponse::Ok().json(invitations::preview(&app, &token.0.token).await?))
}

pub async fn accept(
    app: Data<App>,
    caller: Caller,
    peer: Peer,
    origin: Origin,
    token: Json<InvitationToken>,
) -> Result<HttpResponse, ApiError> {
    limits::before_mail_token(&app, peer.0).await?;
    let joined = invitations::accept(&app, caller.user_id, &caller.email, &token.0.token, origin).await?;
    Ok(HttpResponse::Ok().json(joined))
}

pub async fn register(
    app: Data<App>,
    peer: Peer,
    origin: Origin,
    registration: Json<InvitedRegistration>,
) -> Result<HttpResponse, ApiError> {
    limits::before_mail_token(&app, peer.0).await?;
    invitations::register(&app, registration.0, origin).await?;
    Ok(HttpResponse::Created().json(Done {}))
}
