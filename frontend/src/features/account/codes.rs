//! Recovery codes on the one occasion that they are shown: copy, download, print, and keep.

use common::{FieldError, mfa::RecoveryCodes};
use leptos::prelude::*;

use super::two_step::{HEADING, Page, Stage};
use crate::{
    browser,
    components::{
        badge::Tone,
        button::{Kind, PlainButton},
        copy::CopyButton,
        field::{Checkbox, Errors},
        icon::icon_16,
        notice::Notice,
    },
    session::{Who, use_session},
    text::t,
};

/// Why there are codes to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    TurnedOn,
    Renewed,
}

pub fn kept_codes(page: Page, codes: RecoveryCodes, origin: Origin) -> AnyView {
    let texts = t().security;
    let address = use_session().who.with_untracked(|who| match who {
        Who::Somebody(signed_in) => signed_in.user.email.clone(),
        Who::Asking | Who::Nobody | Who::Unreachable(_) => String::new(),
    });
    let codes = codes.recovery_codes;
    let listed = codes.join("\n");
    let file = format!("{}\n{address}\n\n{listed}\n", texts.codes_file);
    let href = format!("data:text/plain;charset=utf-8,{}", browser::encode(&file));
    let is_kept = RwSignal::new(false);
    let errors = Errors::new();
    let print = Callback::new(|()| browser::print());
    let finish = Callback::new(move |()| {
        if is_kept.get_untracked() {
            page.go_to(Stage::Status);
        } else {
            errors.show(vec![FieldError::required("is_kept", texts.codes_keep_first)]);
        }
    });
    let told = match origin {
        Origin::TurnedOn => texts.codes_on,
        Origin::Renewed => texts.codes_renewed,
    };
    let items = codes
        .into_iter()
        .map(|code| view! { <li class="mono">{code}</li> }.into_any())
        .collect_view();
    view! {
        <section class="card">
            <div class="card-part stack">
                <div class="no-print"><Notice tone=Tone::Positive icon_name="check" title=told/></div>
                <h2 id=HEADING tabindex="-1">{texts.codes_title}</h2>
                <p class="soft">{texts.codes_text}</p>
                <p class="small muted">{address}</p>
                <ul class="codes" aria-label=texts.codes_name>{items}</ul>
                <div class="row no-print">
                    <CopyButton label=texts.copy_codes text=listed/>
                    <a class="btn btn-secondary" href=href download="capecontrol-recovery-codes.txt" rel="external">
                        {icon_16("download")}
                        {texts.download_codes}
                    </a>
                    <PlainButton label=texts.print_codes on_press=print kind=Kind::Secondary icon="print"/>
                </div>
                <div class="no-print">
                    <Checkbox name="is_kept" value=is_kept errors>{texts.codes_kept}</Checkbox>
                </div>
                <div class="row no-print"><PlainButton label=texts.done on_press=finish/></div>
            </div>
        </section>
    }
    .into_any()
}
