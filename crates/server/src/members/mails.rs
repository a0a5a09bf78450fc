//! Mails about membership; names go through [`plain_words`], since strangers get them.

use common::accounts::AccountRole;

use crate::mail::{Mail, plain_words};

/// What an invitation's mail tells.
pub struct InvitationMail<'a> {
    pub to: &'a str,
    pub company_name: &'a str,
    pub inviter: &'a str,
    pub role: AccountRole,
    pub url: &'a str,
}

/// To somebody who may never have heard of us: no names in the subject, no links but ours.
pub fn invitation(told: &InvitationMail<'_>) -> Mail {
    let inviter = plain_words(told.inviter).unwrap_or_else(|| "Somebody".to_owned());
    let (company, role, url) = (company(told.company_name), told.role, told.url);
    Mail {
        to: told.to.to_owned(),
        subject: "You are invited to an account at CapeControl".to_owned(),
        text: format!(
            "Hello\n\n\
             {inviter} invites you to {company} at CapeControl, with the role {role}: {}.\n\n\
             Open this link to read the invitation and decide:\n\n{url}\n\n\
             The link works once, for 7 days. Only you got it; do not pass it on.\n\
             If you do not know who this is, ignore this mail: nothing happens without you.\n",
            may(role)
        ),
    }
}

pub fn role_changed(to: &str, company_name: &str, before: AccountRole, after: AccountRole) -> Mail {
    let company = company(company_name);
    Mail {
        to: to.to_owned(),
        subject: "Your role was changed".to_owned(),
        text: format!(
            "Hello\n\n\
             An owner changed your role in {company} at CapeControl from {before} to {after}: {}.\n\n\
             It holds from now on. If you did not expect this, ask an owner of the account.\n",
            may(after)
        ),
    }
}

pub fn removed(to: &str, company_name: &str) -> Mail {
    let company = company(company_name);
    Mail {
        to: to.to_owned(),
        subject: "You were removed from an account".to_owned(),
        text: format!(
            "Hello\n\n\
             An owner removed you from {company} at CapeControl. You can no longer see its invoices and payments.\n\n\
             You can still sign in. If you did not expect this, ask an owner of the account.\n"
        ),
    }
}

fn company(name: &str) -> String {
    plain_words(name).map_or_else(|| "an account".to_owned(), |name| format!("the account “{name}”"))
}

fn may(role: AccountRole) -> &'static str {
    match role {
        AccountRole::Viewer => "you can read everything",
        AccountRole::Member => "you can read everything and pay",
        AccountRole::Owner => "you can read everything, pay, and manage people and API keys",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_carries_no_link_but_ours() {
        let mail = invitation(&InvitationMail {
            to: "a@b.co",
            company_name: "Prize: https://evil.example",
            inviter: "www.evil.example\u{2028}Click here",
            role: AccountRole::Member,
            url: "https://pay.example/invitation?token=1",
        });
        assert_eq!(mail.text.matches("://").count(), 1);
        assert!(
            !mail.text.contains("evil.") && !mail.text.contains("www."),
            "{}",
            mail.text
        );
        assert!(!mail.text.contains('\u{2028}'));
    }
}
