//! How the connection is: one word in the list, a banner in the thread when somebody should know.

use common::chat::{ConnectionHealth, ConnectionState, ErrorState};
use leptos::prelude::*;

use crate::{
    browser,
    components::{
        badge::Tone,
        button::{ButtonLink, Kind, PlainButton},
        dynamic::dynamic,
        icon::{icon, icon_16},
    },
    next,
    realtime::ChatSocket,
    text,
};

/// What a banner offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offer {
    Nothing,
    TryNow,
    UseHere,
    SignIn,
    Reload,
}

/// A banner; what is not compared with words does not speak again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Banner {
    tone: Tone,
    icon: &'static str,
    title: &'static str,
    text: String,
    offer: Offer,
}

/// One word and an icon, for the head of the list.
pub fn word(socket: ChatSocket) -> AnyView {
    let word = Memo::new(move |_| socket.health.with(|health| health.as_ref().map(word_of)));
    let content = move || {
        word.get()
            .flatten()
            .map(|(name, word)| view! { {icon_16(name)} <span>{word}</span> }.into_any())
    };
    view! { <p class="chat-health small muted" role="status">{dynamic(content)}</p> }.into_any()
}

fn word_of(health: &ConnectionHealth) -> Option<(&'static str, &'static str)> {
    let texts = text::chat();
    match health.state {
        ConnectionState::Open => Some(("check", texts.connected)),
        ConnectionState::Degraded => Some(("clock", texts.connected)),
        _ if !health.needs_banner() => None,
        ConnectionState::Idle | ConnectionState::Connecting => Some(("clock", texts.connecting)),
        ConnectionState::Reconnecting => Some(("arrows", texts.reconnecting)),
        ConnectionState::Offline => Some(("slash", texts.offline)),
        ConnectionState::Failed => Some(("triangle", texts.reconnecting)),
    }
}

/// The banner above a thread; each change of words is read out once.
pub fn banner(socket: ChatSocket) -> AnyView {
    let banner = Memo::new(move |_| {
        let queued = socket.queued();
        socket
            .health
            .with(|health| health.as_ref().and_then(|health| banner_of(health, queued)))
    });
    // It counts down, for the eyes only.
    let seconds = Memo::new(move |_| {
        socket.health.with(|health| {
            let health = health
                .as_ref()
                .filter(|health| health.state == ConnectionState::Reconnecting)?;
            health.retry_in_ms.map(|ms| ms.div_ceil(1_000))
        })
    });
    let content = move || banner.get().map(|banner| draw(banner, seconds, socket));
    view! { <div class="chat-banner" role="status">{dynamic(content)}</div> }.into_any()
}

fn draw(banner: Banner, seconds: Memo<Option<u64>>, socket: ChatSocket) -> AnyView {
    let texts = text::chat();
    let press = Callback::new(move |()| socket.try_now());
    let offer = match banner.offer {
        Offer::Nothing => ().into_any(),
        Offer::TryNow => view! { <PlainButton label=texts.try_now on_press=press kind=Kind::Quiet/> }.into_any(),
        Offer::UseHere => view! { <PlainButton label=texts.use_here on_press=press kind=Kind::Quiet/> }.into_any(),
        Offer::SignIn => {
            let here = leptos::prelude::window().location().pathname().unwrap_or_default();
            view! { <ButtonLink href=next::link("/sign-in", &here) label=texts.sign_in kind=Kind::Secondary/> }
                .into_any()
        }
        Offer::Reload => {
            let reload = Callback::new(|()| browser::reload());
            view! { <PlainButton label=texts.reload on_press=reload kind=Kind::Secondary/> }.into_any()
        }
    };
    let countdown = dynamic(move || {
        seconds.get().map(|seconds| {
            view! { <span aria-hidden="true">", " {texts.next_try(&seconds.to_string())}</span> }.into_any()
        })
    });
    view! {
        <div class=format!("banner {}", banner.tone.class())>
            {icon(banner.icon)}
            <div class="banner-words">
                <p>{banner.title} {countdown}</p>
                {(!banner.text.is_empty()).then(|| view! { <p>{banner.text}</p> }.into_any())}
            </div>
            {offer}
        </div>
    }
    .into_any()
}

fn banner_of(health: &ConnectionHealth, queued: usize) -> Option<Banner> {
    let texts = text::chat();
    let banner = |tone, icon, title, text: &str, offer| {
        Some(Banner {
            tone,
            icon,
            title,
            text: text.to_owned(),
            offer,
        })
    };
    let error = health.error.filter(|_| health.state != ConnectionState::Offline);
    match error {
        Some(ErrorState::SignedOut) => {
            return banner(
                Tone::Danger,
                "lock",
                texts.signed_out,
                texts.signed_out_text,
                Offer::SignIn,
            );
        }
        Some(ErrorState::Forbidden) => {
            return banner(
                Tone::Danger,
                "refused",
                texts.forbidden,
                texts.forbidden_text,
                Offer::Nothing,
            );
        }
        Some(ErrorState::UpdateNeeded | ErrorState::Rejected) => {
            return banner(Tone::Danger, "arrows", texts.update, texts.update_text, Offer::Reload);
        }
        Some(ErrorState::TooManyTabs) => {
            return banner(Tone::Info, "info", texts.other_tab, "", Offer::UseHere);
        }
        Some(ErrorState::Unreachable | ErrorState::Offline) | None => {}
    }
    if !health.needs_banner() {
        return None;
    }
    let safe = match queued {
        0 => String::new(),
        1 => texts.safe_one.to_owned(),
        _ => texts.safe_many(&queued.to_string()),
    };
    match health.state {
        ConnectionState::Idle | ConnectionState::Open => None,
        ConnectionState::Degraded => banner(Tone::Info, "clock", texts.slow, "", Offer::Nothing),
        ConnectionState::Connecting => banner(Tone::Warning, "arrows", texts.connecting, &safe, Offer::TryNow),
        ConnectionState::Reconnecting => banner(Tone::Warning, "arrows", texts.reconnecting, &safe, Offer::TryNow),
        ConnectionState::Offline => banner(
            Tone::Warning,
            "slash",
            texts.offline,
            texts.offline_text,
            Offer::Nothing,
        ),
        ConnectionState::Failed => banner(
            Tone::Danger,
            "triangle",
            texts.unreachable,
            texts.unreachable_text,
            Offer::TryNow,
        ),
    }
}

#[cfg(test)]
mod tests {
    use common::chat::Quality;

    use super::*;

    fn health(state: ConnectionState, error: Option<ErrorState>, outage_ms: u64) -> ConnectionHealth {
        ConnectionHealth {
            state,
            quality: Quality::Unknown,
            error,
            outage_ms,
            retry_in_ms: None,
            failures: 0,
            srtt_ms: None,
            rttvar_ms: None,
            rtt_min_ms: None,
            rtt_p95_ms: None,
            ack_p95_ms: None,
            pongs_lost: 0,
            reconnects: 0,
            last_frame_age_ms: None,
            clock_offset_ms: 0,
            queued: 0,
            queued_oldest_ms: 0,
            resumed: 0,
            gaps: 0,
        }
    }

    #[test]
    fn a_blink_of_an_outage_shows_nothing() {
        let shown = |outage| banner_of(&health(ConnectionState::Reconnecting, None, outage), 3);
        assert_eq!(shown(1_999), None);
        assert_eq!(shown(2_000).unwrap().text, "3 messages are safe on this device.");
    }

    #[test]
    fn each_end_says_what_to_do() {
        for (error, offer) in [
            (ErrorState::SignedOut, Offer::SignIn),
            (ErrorState::UpdateNeeded, Offer::Reload),
            (ErrorState::Rejected, Offer::Reload),
            (ErrorState::TooManyTabs, Offer::UseHere),
            (ErrorState::Unreachable, Offer::TryNow),
        ] {
            let banner = banner_of(&health(ConnectionState::Failed, Some(error), 0), 0).unwrap();
            assert_eq!(banner.offer, offer, "{error}");
        }
    }
}
