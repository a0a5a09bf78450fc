//! Members and invitations: who joins, who leaves, and that somebody always owns the account.

use chrono::TimeDelta;
use common::{ErrorCode, accounts::AccountRole, members::NewInvitation};
use futures_util::future;
use reqwest::{Method, header};
use serde_json::{Value, json};
use server::{
    audit::Origin,
    error::ApiError,
    members::{
        invitations,
        service::{self, Actor},
    },
};

use crate::support::{
    Client, Reply, TestApp,
    app::{Customer, PASSWORD},
    client::send,
};

fn members_path(customer: &Customer) -> String {
    format!("/accounts/{}/members", customer.account_id)
}

fn member_path(customer: &Customer, who: &Customer) -> String {
    format!("/accounts/{}/members/{}", customer.account_id, who.user_id)
}

async fn invite(owner: &Customer, email: &str, role: AccountRole) -> Reply {
    let path = format!("/accounts/{}/invitations", owner.account_id);
    owner.client.post(&path, json!({ "email": email, "role": role })).await
}

/// The token of an invitation in the mails of an address, but for those that are known `before`.
async fn token_for(app: &TestApp, email: &str, before: &[String]) -> String {
    app.run_jobs().await;
    let mails = app.mails_to(email);
    let mut tokens = mails.iter().filter_map(|mail| {
        let token = mail.split("/invitation?token=").nth(1)?;
        Some(token.split_whitespace().next()?.to_owned())
    });
    tokens.find(|token| !before.contains(token)).unwrap()
}

fn registration(token: &str) -> Value {
    json!({ "token": token, "password": PASSWORD, "first_name": "Lerato", "last_name": "Dlamini",
        "terms_accepted": true })
}

async fn roles(owner: &Customer) -> Vec<(String, String)> {
    let page = owner.client.get(&members_path(owner)).await.expect(200).value();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| (text(&item["email"]), text(&item["role"])))
        .collect()
}

app_test!(
    an_invited_stranger_becomes_a_member_without_an_account_of_their_own,
    |app| {
        let owner = app.customer("owner@karoo.test").await;
        let invited = invite(&owner, "Lerato@Kalkbay.test", AccountRole::Member)
            .await
            .expect(201)
            .value();
        assert_eq!(invited["invited_by"], "Nomsa van Wyk");
        assert_eq!(invited["is_expired"], false);
        let token = token_for(app, "Lerato@Kalkbay.test", &[]).await;
        let mail = &app.mails_to("Lerato@Kalkbay.test")[0];
        assert!(mail.contains("Nomsa van Wyk invites you to the account"), "{mail}");

        let stranger = app.client();
        let preview = stranger
            .post("/invitations/preview", json!({ "token": token }))
            .await
            .expect(200)
            .value();
        assert_eq!(preview["company_name"], "Karoo Kiln Studio");
        assert_eq!(preview["email"], "Lerato@Kalkbay.test");
        assert_eq!(
            (&preview["role"], &preview["is_registered"]),
            (&json!("member"), &json!(false))
        );

        stranger
            .post("/invitations/register", registration(&token))
            .await
            .expect(201);
        let signed_in = stranger
            .sign_in("lerato@kalkbay.test", PASSWORD)
            .await
            .expect(200)
            .value();
        assert_eq!(signed_in["accounts"].as_array().unwrap().len(), 1);
        assert_eq!(signed_in["accounts"][0]["role"], "member");
        assert_eq!(signed_in["accounts"][0]["id"], owner.account_id.as_str());
        stranger.get("/invoices").await.expect(200);
        assert_eq!(
            roles(&owner).await,
            [
                ("owner@karoo.test".to_owned(), "owner".to_owned()),
                ("Lerato@Kalkbay.test".to_owned(), "member".to_owned()),
            ]
        );
        let again = app.client().post("/invitations/register", registration(&token)).await;
        assert_eq!(again.problem(), "422 token_invalid");
    }
);

app_test!(somebody_with_a_sign_in_accepts_with_it, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let other = app.customer("other@kalkbay.test").await;
    let third = app.customer("third@kalkbay.test").await;
    invite(&owner, "OTHER@kalkbay.test", AccountRole::Viewer)
        .await
        .expect(201);
    let token = token_for(app, "OTHER@kalkbay.test", &[]).await;
    let body = json!({ "token": token });
    let preview = app
        .client()
        .post("/invitations/preview", body.clone())
        .await
        .expect(200)
        .value();
    assert_eq!(preview["is_registered"], true);
    let register = app.client().post("/invitations/register", registration(&token)).await;
    assert_eq!(register.problem(), "409 email_taken");
    let wrong = third.client.post("/invitations/accept", body.clone()).await;
    assert_eq!(wrong.problem(), "403 invitation_for_another_address");

    let joined = other
        .client
        .post("/invitations/accept", body.clone())
        .await
        .expect(200)
        .value();
    assert_eq!(
        (&joined["id"], &joined["role"]),
        (&json!(owner.account_id), &json!("viewer"))
    );
    let again = other.client.post("/invitations/accept", body).await;
    assert_eq!(again.problem(), "422 token_invalid");
    let known = invite(&owner, "other@kalkbay.test", AccountRole::Owner).await;
    assert!(
        known.value()["detail"]
            .as_str()
            .unwrap()
            .contains("belongs to this account already")
    );
    assert_eq!(known.problem(), "409 conflict");
});

app_test!(a_link_ends_when_it_is_replaced_withdrawn_or_old, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let email = "lerato@kalkbay.test";
    let preview = async |token: &str| {
        app.client()
            .post("/invitations/preview", json!({ "token": token }))
            .await
    };
    invite(&owner, email, AccountRole::Viewer).await.expect(201);
    let first = token_for(app, email, &[]).await;
    let second_id = invite(&owner, "Lerato@kalkbay.test", AccountRole::Owner)
        .await
        .expect(201)
        .value()["id"]
        .clone();
    let second = token_for(app, "Lerato@kalkbay.test", &[]).await;
    assert_ne!(first, second);
    assert_eq!(preview(&first).await.problem(), "422 token_invalid");
    assert_eq!(preview(&second).await.expect(200).value()["role"], "owner");

    let path = format!("/accounts/{}/invitations", owner.account_id);
    let listed = owner.client.get(&path).await.expect(200).value();
    assert_eq!(listed["total"], 1);
    let one = format!("{path}/{}", second_id.as_str().unwrap());
    owner.client.delete(&one).await.expect(200);
    assert_eq!(owner.client.delete(&one).await.problem(), "404 not_found");
    assert_eq!(preview(&second).await.problem(), "422 token_invalid");

    invite(&owner, email, AccountRole::Viewer).await.expect(201);
    let third = token_for(app, email, &[first]).await;
    app.advance(TimeDelta::days(7));
    assert_eq!(preview(&third).await.problem(), "422 token_invalid");
    let late = app.client().post("/invitations/register", registration(&third)).await;
    assert_eq!(late.problem(), "422 token_invalid");
    owner.client.sign_in(&owner.email, PASSWORD).await.expect(200);
    let listed = owner.client.get(&path).await.expect(200).value();
    assert_eq!(listed["items"][0]["is_expired"], true);
    app.advance(TimeDelta::days(31));
    server::worker::keep_house(&app.app).await.unwrap();
    owner.client.sign_in(&owner.email, PASSWORD).await.expect(200);
    assert_eq!(owner.client.get(&path).await.expect(200).value()["total"], 0);
});

app_test!(one_link_used_twenty_times_at_once_joins_once, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let other = app.customer("other@kalkbay.test").await;
    invite(&owner, &other.email, AccountRole::Member).await.expect(201);
    let token = token_for(app, &other.email, &[]).await;
    other.client.refresh_csrf().await;
    let accept = || other.client.post("/invitations/accept", json!({ "token": token }));
    let replies = future::join_all((0..20).map(|_| accept())).await;
    let mut joined = 0;
    for reply in replies {
        match reply.status.as_u16() {
            200 => joined += 1,
            _ => assert_eq!(reply.problem(), "422 token_invalid"),
        }
    }
    assert!(joined >= 1);
    assert_eq!(roles(&owner).await.len(), 2);
    invite(&owner, "new@kalkbay.test", AccountRole::Member)
        .await
        .expect(201);
    let token = token_for(app, "new@kalkbay.test", &[]).await;
    let strangers: Vec<Client> = future::join_all((0..5).map(|_| async {
        let client = app.client();
        client.refresh_csrf().await;
        client
    }))
    .await;
    let register = strangers
        .iter()
        .map(|client| client.post("/invitations/register", registration(&token)));
    let created = future::join_all(register).await;
    let created = created.iter().filter(|reply| reply.status.as_u16() == 201).count();
    assert_eq!(created, 1);
    assert_eq!(roles(&owner).await.len(), 3);
});

app_test!(an_invited_registration_names_every_field_that_is_wrong, |app| {
    let body =
        json!({ "token": "x", "password": "short", "first_name": " ", "last_name": "", "terms_accepted": false });
    let reply = app.client().post("/invitations/register", body).await;
    let problem: common::Problem = reply.expect(422).json();
    let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["password", "first_name", "last_name", "terms_accepted"]);
    let owner = app.customer("owner@karoo.test").await;
    for email in ["", "nonsense", "a@b.co\r\nBcc: x@y.zz"] {
        let reply = invite(&owner, email, AccountRole::Viewer).await.expect(422);
        assert_eq!(reply.value()["errors"][0]["field"], "email");
    }
});

app_test!(an_invitation_ends_the_sign_ups_of_its_address, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let squatter = app.client();
    let planted = json!({ "email": "lerato@kalkbay.test", "password": "the attacker knows this", "first_name": "a",
        "last_name": "b", "terms_accepted": true });
    squatter.post("/auth/register", planted).await.expect(202);
    invite(&owner, "lerato@kalkbay.test", AccountRole::Viewer)
        .await
        .expect(201);
    let token = token_for(app, "lerato@kalkbay.test", &[]).await;
    app.client()
        .post("/invitations/register", registration(&token))
        .await
        .expect(201);
    let mails = app.mails_to("lerato@kalkbay.test");
    let planted = mails
        .iter()
        .find_map(|mail| mail.split("/verify-email?token=").nth(1))
        .unwrap();
    let planted = planted.split_whitespace().next().unwrap();
    let late = squatter.post("/auth/verify-email", json!({ "token": planted })).await;
    assert_eq!(late.problem(), "422 token_invalid");
    let stolen = squatter.sign_in("lerato@kalkbay.test", "the attacker knows this").await;
    assert_eq!(stolen.problem(), "401 invalid_credentials");
    app.client().sign_in("lerato@kalkbay.test", PASSWORD).await.expect(200);
});

app_test!(a_name_smuggles_no_link_into_an_invitation, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let name = json!({ "company_name": "You won! https://evil.example/prize www.evil.example" });
    let path = format!("/accounts/{}", owner.account_id);
    owner.client.patch(&path, name).await.expect(200);
    invite(&owner, "lerato@kalkbay.test", AccountRole::Viewer)
        .await
        .expect(201);
    app.run_jobs().await;
    let mail = app.mails_to("lerato@kalkbay.test").remove(0);
    assert!(!mail.contains("evil.example") && !mail.contains("https://"), "{mail}");
    assert_eq!(mail.matches("http").count(), 2, "ours and the word alone: {mail}");
});

app_test!(a_removed_member_has_no_rights_from_the_next_request_on, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let member = app.member(&owner, AccountRole::Member).await;
    let checkout = member.check_out("PRO_MONTHLY").await;
    let path = format!("/payments/{}", checkout.payment_id);
    member.client.get(&path).await.expect(200);
    owner.client.delete(&member_path(&owner, &member)).await.expect(200);
    assert_eq!(member.client.get(&path).await.problem(), "422 account_required");
    let account = format!("/accounts/{}", owner.account_id);
    assert_eq!(member.client.get(&account).await.problem(), "404 not_found");
    assert_eq!(
        member.client.get("/auth/me").await.expect(200).value()["accounts"],
        json!([])
    );
    assert_eq!(
        owner.client.delete(&member_path(&owner, &member)).await.problem(),
        "404 not_found"
    );
    app.run_jobs().await;
    assert!(app.mails_to(&member.email)[0].contains("You were removed from an account"));
});

app_test!(a_role_holds_from_the_next_request_on, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let viewer = app.member(&owner, AccountRole::Viewer).await;
    let buy = || {
        let body = json!({ "product_code": "PRO_MONTHLY" });
        viewer.client.post_with_key("/checkout", "k", body)
    };
    assert_eq!(buy().await.problem(), "403 forbidden");
    let path = member_path(&owner, &viewer);
    let changed = owner
        .client
        .patch(&path, json!({ "role": "member" }))
        .await
        .expect(200)
        .value();
    assert_eq!(
        (&changed["role"], &changed["is_self"]),
        (&json!("member"), &json!(false))
    );
    buy().await.expect(201);
    owner.client.patch(&path, json!({ "role": "member" })).await.expect(200);
    app.run_jobs().await;
    assert_eq!(app.mails_to(&viewer.email).len(), 1, "the same role again says nothing");
    let odd = owner.client.patch(&path, json!({ "role": "admin" })).await;
    assert_eq!(odd.problem(), "422 invalid");
});

app_test!(everybody_may_leave_but_the_last_owner, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let viewer = app.member(&owner, AccountRole::Viewer).await;
    assert_eq!(
        viewer.client.delete(&member_path(&owner, &owner)).await.problem(),
        "403 forbidden"
    );
    viewer.client.delete(&member_path(&owner, &viewer)).await.expect(200);
    assert!(app.mails_to(&viewer.email).is_empty(), "whoever leaves knows it");
    let own = member_path(&owner, &owner);
    assert_eq!(owner.client.delete(&own).await.problem(), "409 last_owner");
    assert_eq!(
        owner.client.patch(&own, json!({ "role": "viewer" })).await.problem(),
        "409 last_owner"
    );
    owner.client.patch(&own, json!({ "role": "owner" })).await.expect(200);
    let second = app.member(&owner, AccountRole::Owner).await;
    owner.client.delete(&own).await.expect(200);
    assert_eq!(roles(&second).await.len(), 1);
});

app_test!(two_owners_who_end_each_other_at_once_leave_one, |app| {
    for round in 0..8 {
        let owner = app.customer(&format!("owner{round}@karoo.test")).await;
        let second = app.member(&owner, AccountRole::Owner).await;
        // Behind the guard, which lets both pass when they come at the same moment.
        let actor = |who: &Customer| Actor {
            account_id: owner.account_id,
            user_id: who.user_id,
            role: AccountRole::Owner,
            origin: Origin::operator(),
        };
        let end = async |who: &Customer, target: &Customer| {
            if round % 2 == 0 {
                service::remove(&app.app, actor(who), target.user_id).await
            } else {
                let role = AccountRole::Member;
                let changed = service::change(&app.app, actor(who), target.user_id, role).await;
                changed.map(drop)
            }
        };
        let (left, right) = future::join(end(&owner, &second), end(&second, &owner)).await;
        let (winner, refused) = match (left, right) {
            (Ok(()), Err(refused)) => (&owner, refused),
            (Err(refused), Ok(())) => (&second, refused),
            both => panic!("{both:?}"),
        };
        assert_eq!(code_of(&refused), ErrorCode::LastOwner);
        let owners = roles(winner).await.into_iter().filter(|(_, role)| role == "owner");
        assert_eq!(owners.count(), 1);
    }
});

app_test!(an_owner_who_was_overtaken_changes_nothing_more, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let second = app.member(&owner, AccountRole::Owner).await;
    let viewer = app.member(&owner, AccountRole::Viewer).await;
    let late = Actor {
        account_id: owner.account_id,
        user_id: second.user_id,
        role: AccountRole::Owner,
        origin: Origin::operator(),
    };
    owner.client.delete(&member_path(&owner, &second)).await.expect(200);
    let change = service::change(&app.app, late.clone(), viewer.user_id, AccountRole::Owner).await;
    assert_eq!(code_of(&change.unwrap_err()), ErrorCode::Forbidden);
    let remove = service::remove(&app.app, late.clone(), viewer.user_id).await;
    assert_eq!(code_of(&remove.unwrap_err()), ErrorCode::Forbidden);
    let new = NewInvitation {
        email: "sock@puppet.test".to_owned(),
        role: AccountRole::Owner,
    };
    let invite = invitations::invite(&app.app, late, new).await;
    assert_eq!(code_of(&invite.unwrap_err()), ErrorCode::Forbidden);
});

fn code_of(error: &ApiError) -> ErrorCode {
    match error {
        ApiError::Refused { code, .. } => *code,
        ApiError::Internal(error) => panic!("{error}"),
    }
}

app_test!(a_removed_owner_does_not_come_back_by_their_own_invitation, |app| {
    let owner = app.customer("owner@karoo.test").await;
    let rogue = app.member(&owner, AccountRole::Owner).await;
    invite(&rogue, "sock@puppet.test", AccountRole::Owner).await.expect(201);
    let token = token_for(app, "sock@puppet.test", &[]).await;
    let demote = json!({ "role": "viewer" });
    owner
        .client
        .patch(&member_path(&owner, &rogue), demote)
        .await
        .expect(200);
    let late = app.client().post("/invitations/register", registration(&token)).await;
    assert_eq!(late.problem(), "422 token_invalid");
});

app_test!(reading_an_invitation_by_get_changes_nothing, |app| {
    let owner = app.customer("owner@karoo.test").await;
    invite(&owner, "lerato@kalkbay.test", AccountRole::Viewer)
        .await
        .expect(201);
    let token = token_for(app, "lerato@kalkbay.test", &[]).await;
    // What a mail scanner does with the link.
    for _ in 0..3 {
        send(app.client().at(Method::GET, &format!("/invitation?token={token}"))).await;
        app.client()
            .post("/invitations/preview", json!({ "token": token }))
            .await
            .expect(200);
    }
    let get = app.client().get("/invitations/preview").await;
    assert_eq!(get.headers[header::ALLOW], "POST");
    app.client()
        .post("/invitations/register", registration(&token))
        .await
        .expect(201);
});
