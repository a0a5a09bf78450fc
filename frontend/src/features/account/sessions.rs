//! Sessions: where one is signed in, and ending what one does not know.

use std::{cmp::Reverse, time::Duration};

use common::sessions::{ListSessions, RevokeOtherSessions, RevokeSession, Session};
use leptos::{prelude::*, task::spawn_local};

use super::frame::settings_frame;
use crate::{
    api, browser,
    components::{
        badge::{Mark, Tone, badge},
        button::{Kind, PlainButton},
        dialog::{Confirm, Question},
        icon::icon,
        skeleton::rows_skeleton,
        time::time_ago,
        toast::Toast,
    },
    explain::could_not,
    remote::{Remote, remote},
    session::use_session,
    text::t,
};

/// What the dialog asks about.
#[derive(Debug, Clone, PartialEq)]
enum Subject {
    /// Ends the session that shows this page.
    Here,
    One(Session),
    Others,
}

#[component]
pub fn SessionsPage() -> impl IntoView {
    let texts = t().security;
    let sessions = remote(|| async { Ok(in_order(api::call::<ListSessions>(&[], &()).await?.items)) });
    let asked = RwSignal::new(None::<Subject>);
    let is_open = RwSignal::new(false);
    let ask = Callback::new(move |subject| {
        asked.set(Some(subject));
        is_open.set(true);
    });
    let list = sessions.show(texts.sessions_failed, rows_skeleton, move |sessions| {
        rows(sessions, ask)
    });
    let content = view! {
        <p class="soft">{texts.sessions_text}</p>
        {list}
        {dialog(asked, is_open, sessions)}
    };
    settings_frame(t().account.sessions, content)
}

/// This device first, then what was used last.
fn in_order(mut sessions: Vec<Session>) -> Vec<Session> {
    sessions.sort_by_key(|session| (!session.is_current, Reverse(session.last_seen_at)));
    sessions
}

fn rows(sessions: Vec<Session>, ask: Callback<Subject>) -> AnyView {
    let texts = t().security;
    let has_others = sessions.iter().any(|session| !session.is_current);
    let rows = sessions.into_iter().map(|session| row(session, ask)).collect_view();
    let others = if has_others {
        let all = Callback::new(move |()| ask.run(Subject::Others));
        view! {
            <div class="row">
                <PlainButton label=texts.sign_out_others on_press=all kind=Kind::Secondary icon="leave"/>
            </div>
        }
        .into_any()
    } else {
        view! { <p class="soft">{texts.only_this}</p> }.into_any()
    };
    view! {
        <ul class="card sessions">{rows}</ul>
        {others}
    }
    .into_any()
}

fn row(session: Session, ask: Callback<Subject>) -> AnyView {
    let texts = t().security;
    let mark = if is_phone(&session.device) { "phone" } else { "device" };
    let subject = if session.is_current {
        Subject::Here
    } else {
        Subject::One(session.clone())
    };
    let badges = view! {
        {session.is_current.then(|| badge(Mark::new(Tone::Positive, "check", texts.this_device)))}
        {session.has_second_factor.then(|| badge(Mark::new(Tone::Neutral, "shield", texts.with_second_step)))}
    };
    // The network changes along the way only on some devices.
    let moved = (session.last_seen_from != session.opened_from).then(|| texts.last_from(&session.last_seen_from));
    let name = texts.sign_out_name(&session.device);
    view! {
        <li class="card-part session">
            {icon(mark)}
            <div class="session-words">
                <p class="session-name"><span class="strong">{session.device}</span> {badges}</p>
                <p class="small muted">
                    {texts.signed_in} " " {time_ago(session.created_at)} " " {texts.first_used(&session.opened_from)}
                </p>
                <p class="small muted">
                    {texts.last_used} " " {time_ago(session.last_seen_at)}
                    {moved.map(|moved| format!(", {moved}"))}
                </p>
            </div>
            <button
                class="btn btn-secondary"
                type="button"
                aria-label=name
                on:click=move |_| ask.run(subject.clone())
            >
                {texts.sign_out}
            </button>
        </li>
    }
    .into_any()
}

fn is_phone(device: &str) -> bool {
    ["Android", "iPhone", "iPad"].iter().any(|name| device.contains(name))
}

fn dialog(asked: RwSignal<Option<Subject>>, is_open: RwSignal<bool>, sessions: Remote<Vec<Session>>) -> AnyView {
    let session = use_session();
    let toast: Toast = expect_context();
    let texts = t().security;
    let is_busy = RwSignal::new(false);
    let problem = RwSignal::new(None);
    let title = Signal::derive(move || match asked.get() {
        Some(Subject::One(session)) => texts.sign_out_title(&session.device),
        Some(Subject::Others) => texts.sign_out_others_title.to_owned(),
        Some(Subject::Here) | None => texts.sign_out_here_title.to_owned(),
    });
    let text = Signal::derive(move || match asked.get() {
        Some(Subject::Others) => texts.sign_out_others_text,
        Some(Subject::Here) => texts.sign_out_here_text,
        Some(Subject::One(_)) | None => texts.sign_out_text,
    });
    let act = Callback::new(move |()| {
        let Some(subject) = asked.get_untracked() else {
            return;
        };
        is_busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let answer = match &subject {
                Subject::Here => session.sign_out().await,
                Subject::One(one) => api::call::<RevokeSession>(&[one.id.as_str()], &()).await.map(|_| ()),
                Subject::Others => api::call::<RevokeOtherSessions>(&[], &()).await.map(|_| ()),
            };
            if subject == Subject::Here && answer.is_ok() {
                // The browser is leaving.
                return;
            }
            if is_busy.try_set(false).is_some() {
                return;
            }
            // Somebody else has ended it already.
            let is_gone = answer.as_ref().is_err_and(|failure| failure.is_not_found());
            match answer {
                Err(failure) if !is_gone => problem.set(Some(could_not(&failure, texts.sign_out_failed))),
                Ok(()) | Err(_) => {
                    is_open.set(false);
                    // The button that opened the dialog leaves with its row, once the dialog gave it the keyboard.
                    set_timeout(browser::focus_heading, Duration::from_millis(100));
                    sessions.update(|sessions| sessions.retain(|session| remains(session, &subject)));
                    toast.say(match subject {
                        Subject::Others => texts.signed_out_others,
                        Subject::Here | Subject::One(_) => texts.signed_out,
                    });
                }
            }
        });
    });
    let question = Question {
        text: Signal::derive(move || text.get().to_owned()),
        keep: texts.stay,
        act: texts.sign_out,
        acting: texts.signing_out,
        kind: Kind::Primary,
    };
    view! { <Confirm is_open title question is_busy problem on_confirm=act/> }.into_any()
}

fn remains(session: &Session, ended: &Subject) -> bool {
    match ended {
        Subject::Here => true,
        Subject::One(one) => session.id != one.id,
        Subject::Others => session.is_current,
    }
}

#[cfg(test)]
mod tests {
    use common::ids::SessionId;

    use super::*;

    fn session(number: u8, is_current: bool, last_seen: &str) -> Session {
        Session {
            id: SessionId::parse(&format!("01929b7e-7c1c-7000-8000-00000000000{number}")).unwrap(),
            is_current,
            device: "Firefox on Android".to_owned(),
            opened_from: "196.25.1.1".to_owned(),
            last_seen_from: "196.25.1.1".to_owned(),
            created_at: "2026-11-01T08:00:00Z".parse().unwrap(),
            last_seen_at: last_seen.parse().unwrap(),
            expires_at: "2026-12-01T08:00:00Z".parse().unwrap(),
            has_second_factor: false,
        }
    }

    fn numbers(sessions: &[Session]) -> String {
        sessions
            .iter()
            .filter_map(|session| session.id.as_str().chars().last())
            .collect()
    }

    #[test]
    fn this_device_comes_first_then_the_newest() {
        let sessions = in_order(vec![
            session(1, false, "2026-11-20T08:00:00Z"),
            session(2, false, "2026-11-24T08:00:00Z"),
            session(3, true, "2026-11-10T08:00:00Z"),
        ]);
        assert_eq!(numbers(&sessions), "321");
    }

    #[test]
    fn what_was_ended_leaves_the_list() {
        let all = [
            session(1, true, "2026-11-24T08:00:00Z"),
            session(2, false, "2026-11-24T08:00:00Z"),
            session(3, false, "2026-11-20T08:00:00Z"),
        ];
        let left = |ended: &Subject| {
            let rest: Vec<_> = all.iter().filter(|session| remains(session, ended)).cloned().collect();
            numbers(&rest)
        };
        assert_eq!(left(&Subject::One(all[1].clone())), "13");
        assert_eq!(left(&Subject::Others), "1");
    }

    #[test]
    fn phones_are_known_by_their_system() {
        assert!(is_phone("Firefox on Android"));
        assert!(is_phone("Safari on iPhone"));
        assert!(!is_phone("Firefox on Linux"));
        assert!(!is_phone("Unknown device"));
    }
}
