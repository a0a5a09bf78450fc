//! Judging a notification again: first without changes, then for real.

use common::{
    auth::StaffRole,
    ids::ItnId,
    itn::{Itn, ItnReplay, ItnStatus, ReplayItn},
};
use leptos::{prelude::*, task::spawn_local};

use super::notification::{changes, checks};
use crate::{
    api,
    asking::{Asking, Plea},
    components::{
        badge::{Tone, badge},
        button::{Button, Kind, PlainButton},
        dynamic::dynamic,
        notice::Notice,
        problem::problem_banner,
        toast::Toast,
    },
    explain::could_not,
    remote::Remote,
    roles::allowed_staff,
    status,
    text::payfast,
};

pub fn replay(id: ItnId, status: ItnStatus, shown: Remote<Option<Itn>>) -> AnyView {
    let texts = payfast();
    view! {
        <section class="stack no-print">
            <div class="stack-tight">
                <h2>{texts.replay}</h2>
                <p class="soft">{texts.replay_text}</p>
            </div>
            {allowed_staff(StaffRole::Billing, texts.replay_deed, move || buttons(id, status, shown))}
        </section>
    }
    .into_any()
}

fn buttons(id: ItnId, status: ItnStatus, shown: Remote<Option<Itn>>) -> AnyView {
    let texts = payfast();
    let asking = Asking::new();
    let toast: Toast = expect_context();
    let is_busy = RwSignal::new(false);
    let problem = RwSignal::new(None);
    let outcome = RwSignal::new(None::<ItnReplay>);
    let dry = Callback::new(move |()| {
        is_busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let answer = api::call_with::<ReplayItn>(&[id.as_str()], "dry_run=true", &()).await;
            is_busy.try_set(false);
            match answer {
                Ok(replay) => drop(outcome.try_set(Some(replay))),
                Err(failure) => drop(problem.try_set(Some(could_not(&failure, texts.replay_failed)))),
            }
        });
    });
    let real = Callback::new(move |()| {
        let deed = move || async move {
            api::call::<ReplayItn>(&[id.as_str()], &())
                .await
                .map_err(|failure| could_not(&failure, texts.replay_failed))?;
            outcome.try_set(None);
            toast.say(texts.replayed);
            shown.retry().run(());
            Ok(())
        };
        asking.ask(Plea {
            title: texts.real_title.to_owned(),
            text: texts.real_text.to_owned(),
            keep: texts.real_keep,
            act: texts.real,
            acting: texts.replaying,
            kind: Kind::Primary,
            deed: Callback::new(move |()| Box::pin(deed()) as _),
            focus: None,
        });
    });
    // What was applied stays applied; only what was refused or held can become something else.
    let can_change = matches!(
        status,
        ItnStatus::Quarantined | ItnStatus::Rejected | ItnStatus::Received
    );
    view! {
        {problem_banner(problem)}
        <div class="row">
            <Button label=texts.dry busy_label=texts.drying is_busy on_press=dry kind=Kind::Secondary/>
            {can_change.then(|| view! { <PlainButton label=texts.real on_press=real kind=Kind::Secondary/> }.into_any())}
        </div>
        {dynamic(move || outcome.get().map(|replay| shown_outcome(&replay)))}
        {asking.view()}
    }
    .into_any()
}

fn shown_outcome(replay: &ItnReplay) -> AnyView {
    let texts = payfast();
    let reason = Some(replay.reason.clone()).filter(|reason| !reason.is_empty());
    view! {
        <div class="stack">
            <Notice tone=Tone::Info icon_name="info" title=texts.dry_title/>
            <p class="row"><span>{texts.would_be} ":"</span> {badge(status::notification(replay.status))} <span class="soft">{reason}</span></p>
            {checks(&replay.checks)}
            <h3>{texts.would_change}</h3>
            {changes(&replay.changes, texts.would_change, texts.would_change_nothing)}
        </div>
    }
    .into_any()
}
