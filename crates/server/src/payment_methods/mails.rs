//! Mails about saved cards.

use common::payment_methods::Expiry;

use crate::mail::{Mail, plain_words};

/// A card that ends soon, 30 or 7 days before.
pub fn expires_soon(to: &str, label: &str, last_four: Option<&str>, expiry: Expiry, url: &str) -> Mail {
    let label = plain_words(label).unwrap_or_else(|| "your card".to_owned());
    let digits = last_four.map(|digits| format!(" ({digits})")).unwrap_or_default();
    let Expiry { year, month } = expiry;
    Mail {
        to: to.to_owned(),
        subject: "A saved card expires soon".to_owned(),
        text: format!(
            "Hello\n\n\
             The card {label}{digits} expires at the end of {month:02}/{year}, as you told us.\n\
             After that it cannot pay your invoices.\n\n\
             Update it, or save another one:\n\n{url}\n\n\
             If the bank has sent you a new card, enter its details at PayFast through Update.\n"
        ),
    }
}
