//! What this feature writes to people. A mail that anybody can have sent to any address holds nothing that was typed.

use crate::{
    config::Config,
    mail::{Mail, plain_words},
};

/// The link that confirms an address; a stranger may have asked for it.
pub fn confirm_address(config: &Config, to: &str, token: &str) -> Mail {
    let url = config.http.url(&format!("/verify-email?token={token}"));
    mail(
        to,
        "Confirm your e-mail address",
        &format!(
            "Hello\n\n\
             Open this link and press the button to confirm your e-mail address:\n\n{url}\n\n\
             The link works once, for 24 hours.\n\
             If you did not sign up at CapeControl, ignore this mail: nothing was created."
        ),
    )
}

/// To whoever owns an address that somebody signed up with again.
pub fn address_is_known(config: &Config, to: &str) -> Mail {
    let url = config.http.url("/sign-in");
    mail(
        to,
        "You already have an account",
        &format!(
            "Hello\n\n\
             Somebody, probably you, signed up at CapeControl with this address, which has an account already.\n\
             Nothing was changed. Sign in here:\n\n{url}"
        ),
    )
}

/// The link that sets a new password; a stranger may have asked for it.
pub fn reset_password(config: &Config, to: &str, token: &str) -> Mail {
    let url = reset_url(config, token);
    mail(
        to,
        "Set a new password",
        &format!(
            "Hello\n\n\
             Open this link to set a new password for CapeControl:\n\n{url}\n\n\
             The link works once, for one hour.\n\
             If you did not ask for it, ignore this mail: your password stays as it is."
        ),
    )
}

/// The page of the client that sets a new password.
pub fn reset_url(config: &Config, token: &str) -> String {
    config.http.url(&format!("/reset-password?token={token}"))
}

/// Something about signing in changed; `what` is whole sentences.
fn notice(config: &Config, (to, first_name): (&str, &str), subject: &str, what: &str) -> Mail {
    let url = config.http.url("/sign-in");
    let greeting = plain_words(first_name).map_or_else(|| "Hello".to_owned(), |name| format!("Hello {name}"));
    mail(
        to,
        subject,
        &format!(
            "{greeting}\n\n{what}\n\n\
             If this was not you, set a new password at once: open the page below and choose \"Forgot your \
             password\".\n\n{url}"
        ),
    )
}

/// Nothing that was typed stands in it: strangers may have signed the address up.
pub fn choose_password(config: &Config, to: &str, token: &str) -> Mail {
    let url = reset_url(config, token);
    mail(
        to,
        "Choose your password",
        &format!(
            "Hello\n\nYour address is confirmed. It was signed up more than once, with different passwords, so none of \
             them counts. Open this link to choose the one that does:\n\n{url}\n\nThe link works once, for 1 hour."
        ),
    )
}

pub fn password_changed(config: &Config, person: (&str, &str)) -> Mail {
    let what = "Your password was changed. Everywhere else you were signed out.";
    notice(config, person, "Your password was changed", what)
}

pub fn mfa_enabled(config: &Config, person: (&str, &str)) -> Mail {
    let what = "Two-step sign-in is on: from now on you need a code of your authenticator app to sign in. \
                Everywhere else you were signed out.";
    notice(config, person, "Two-step sign-in is on", what)
}

pub fn mfa_disabled(config: &Config, person: (&str, &str)) -> Mail {
    let what = "Two-step sign-in is off: your password alone signs you in. Your recovery codes no longer work.";
    notice(config, person, "Two-step sign-in is off", what)
}

pub fn recovery_codes_renewed(config: &Config, person: (&str, &str)) -> Mail {
    let what = "You have new recovery codes. The ones before no longer work.";
    notice(config, person, "You have new recovery codes", what)
}

pub fn recovery_code_used(config: &Config, person: (&str, &str), left: u32) -> Mail {
    let left = match left {
        0 => "You have none left: make new ones in your security settings.".to_owned(),
        left => format!("You have {left} left."),
    };
    let what = format!("A recovery code was used in place of your authenticator app. {left}");
    notice(config, person, "A recovery code was used", &what)
}

fn mail(to: &str, subject: &str, text: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: subject.to_owned(),
        text: format!("{text}\n"),
    }
}
