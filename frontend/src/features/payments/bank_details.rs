//! The bank account that a refund goes to, when PayFast pays it to one.

use common::{
    FieldError,
    ids::RefundId,
    refunds::{BankDetails, SetBankDetails},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use crate::{
    api,
    components::{
        button::Button,
        field::{Errors, Field, Select},
        problem::problem_banner,
        toast::Toast,
    },
    explain::could_not,
    network::needed,
    text::refunds,
};

/// What is missing or no number.
fn check(details: &BankDetails) -> Vec<FieldError> {
    let texts = refunds();
    let mut errors = Vec::new();
    for (field, value) in [
        ("account_holder", &details.account_holder),
        ("bank_name", &details.bank_name),
        ("branch_code", &details.branch_code),
        ("account_number", &details.account_number),
    ] {
        if value.is_empty() {
            errors.push(FieldError::required(field, texts.needed));
        }
    }
    for (field, value, most) in [
        ("branch_code", &details.branch_code, 6),
        ("account_number", &details.account_number, 12),
    ] {
        let is_number = value.len() <= most && value.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number {
            errors.push(FieldError::new(field, "invalid", texts.digits));
        }
    }
    errors
}

#[component]
pub fn BankForm(id: RefundId, on_done: Callback<()>) -> impl IntoView {
    let texts = refunds();
    let toast: Toast = expect_context();
    let errors = Errors::new();
    let [holder, bank, branch, account] = [(); 4].map(|()| RwSignal::new(String::new()));
    let kind = RwSignal::new("current".to_owned());
    let is_busy = RwSignal::new(false);
    let problem = RwSignal::new(None);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        let digits = |text: String| text.split_whitespace().collect::<String>();
        let details = BankDetails {
            account_holder: holder.get_untracked().trim().to_owned(),
            bank_name: bank.get_untracked().trim().to_owned(),
            branch_code: digits(branch.get_untracked()),
            account_number: digits(account.get_untracked()),
            account_type: kind.get_untracked(),
        };
        let found = check(&details);
        if !found.is_empty() {
            errors.show(found);
            return;
        }
        is_busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let answer = api::call::<SetBankDetails>(&[id.as_str()], &details).await;
            is_busy.try_set(false);
            match answer {
                Ok(_) => {
                    toast.say(texts.bank_done);
                    on_done.try_run(());
                }
                Err(failure) => {
                    let refused = failure
                        .problem()
                        .map(|problem| problem.errors.clone())
                        .unwrap_or_default();
                    match refused.is_empty() {
                        true => drop(problem.try_set(Some(could_not(&failure, texts.bank_failed)))),
                        false => errors.show(refused),
                    }
                }
            }
        });
    };
    let kinds = vec![
        ("current".to_owned(), texts.current.to_owned()),
        ("savings".to_owned(), texts.savings.to_owned()),
    ];
    view! {
        <form class="form no-print" novalidate=true on:submit=submit>
            <div class="stack-tight">
                <h3>{texts.bank_title}</h3>
                <p class="small soft">{texts.bank_text}</p>
            </div>
            {problem_banner(problem)}
            <Field label=texts.holder name="account_holder" value=holder errors/>
            <div class="field-pair">
                <Field label=texts.bank name="bank_name" value=bank errors/>
                <Field label=texts.branch name="branch_code" value=branch errors inputmode="numeric" hint=texts.branch_hint/>
            </div>
            <div class="field-pair">
                <Field label=texts.account name="account_number" value=account errors inputmode="numeric" hint=texts.account_hint/>
                <Select label=texts.kind name="account_type" value=kind errors options=kinds/>
            </div>
            <div class="row">{needed(view! { <Button label=texts.send busy_label=texts.sending is_busy icon="bank"/> }.into_any())}</div>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bank_details_are_complete_and_numbers_are_numbers() {
        let details = |branch: &str, account: &str| BankDetails {
            account_holder: "Karoo Kiln".to_owned(),
            bank_name: "Nedbank".to_owned(),
            branch_code: branch.to_owned(),
            account_number: account.to_owned(),
            account_type: "current".to_owned(),
        };
        let fields = |details| check(&details).into_iter().map(|error| error.field).collect::<Vec<_>>();
        assert!(fields(details("198765", "123456789012")).is_empty());
        assert_eq!(
            fields(details("1987654", "1234567890123")),
            ["branch_code", "account_number"]
        );
        assert_eq!(fields(details("19-87", "")), ["account_number", "branch_code"]);
        assert_eq!(fields(BankDetails::default()).len(), 4);
    }
}
