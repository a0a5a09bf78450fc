//! What a notification says: its fields in PayFast's order, the fee, and the variants for the faults.

use crate::state::Payment;
use chrono::{DateTime, FixedOffset, Utc};
use payfast::form::{Pair, trim};
use payfast::{Amount, Passphrase, PaymentStatus, checkout, itn};

/// PayFast's buyer in the public sandbox, named where the form gives no address.
const SANDBOX_BUYER: &str = "sbtu01@payfast.co.za";

/// The fields of a notification, unsigned, in the order in which PayFast sends them.
///
/// `custom_str` stand before `custom_int`, the reverse of the form; blank ones are included.
pub fn fields(payment: &Payment, status: &PaymentStatus, gross: Amount) -> Vec<Pair> {
    let form = |name: &str| trim(checkout::value_of(&payment.form, name)).to_vec();
    let fee = fee(gross);
    let net = Amount::from_cents(gross.cents() + fee.cents());
    let token = payment.token.map(|token| token.to_string().into_bytes());
    let mut fields: Vec<(String, Vec<u8>)> = vec![("m_payment_id".into(), form("m_payment_id"))];
    // A charge has its token here and no billing date; the first payment of an agreement has both at the end.
    fields.extend(
        token
            .clone()
            .filter(|_| payment.is_charge)
            .map(|token| ("token".into(), token)),
    );
    fields.extend([
        ("pf_payment_id".into(), payment.pf_payment_id.clone().into_bytes()),
        ("payment_status".into(), status.as_str().into()),
        ("item_name".into(), form("item_name")),
        ("item_description".into(), form("item_description")),
        ("amount_gross".into(), gross.to_string().into_bytes()),
        ("amount_fee".into(), fee.to_string().into_bytes()),
        ("amount_net".into(), net.to_string().into_bytes()),
    ]);
    // Nothing was taken when an agreement ends.
    fields.retain(|(name, _)| *status != PaymentStatus::Cancelled || !name.starts_with("amount_"));
    let custom = ["custom_str", "custom_int"]
        .into_iter()
        .flat_map(|kind| (1..=5).map(move |n| format!("{kind}{n}")));
    fields.extend(custom.map(|name| (name.clone(), form(&name))));
    let email = Some(form("email_address")).filter(|email| !email.is_empty());
    fields.extend([
        ("name_first".into(), form("name_first")),
        ("name_last".into(), form("name_last")),
        ("email_address".into(), email.unwrap_or_else(|| SANDBOX_BUYER.into())),
        ("merchant_id".into(), form("merchant_id")),
    ]);
    if let Some(token) = token.filter(|_| !payment.is_charge) {
        let billing_date = Some(form("billing_date")).filter(|date| !date.is_empty());
        fields.push(("token".into(), token));
        fields.push((
            "billing_date".into(),
            billing_date.unwrap_or_else(|| day(payment.at).into_bytes()),
        ));
    }
    fields
        .into_iter()
        .map(|(name, value)| (name.into_bytes(), value))
        .collect()
}

/// The amount that the form asks for.
pub fn gross(payment: &Payment) -> Amount {
    // The form was validated when it was accepted.
    Amount::parse(trim(checkout::value_of(&payment.form, "amount"))).unwrap_or_default()
}

/// A gross that differs by R1.00, for the fault of that name.
pub fn wrong_gross(payment: &Payment) -> Amount {
    let cents = gross(payment).cents();
    Amount::from_cents(if cents > 100 { cents - 100 } else { cents + 100 })
}

/// Signs fields as PayFast does and writes the body.
pub fn body(fields: &[Pair], passphrase: Option<&Passphrase>) -> String {
    // `itn::sign` writes form encoding, which is ASCII.
    String::from_utf8_lossy(&itn::sign(fields, passphrase)).into_owned()
}

/// What a forger would write who does not know the passphrase.
pub fn forged_body(fields: &[Pair]) -> String {
    body(fields, Some(&Passphrase::new("not the merchant's passphrase")))
}

/// 2.3 %, at least R2.30, as a negative number; this fits all samples that PayFast published.
pub fn fee(gross: Amount) -> Amount {
    let cents = gross.cents();
    if cents == 0 {
        return gross;
    }
    let share = i64::try_from((i128::from(cents) * 23 + 500) / 1000).unwrap_or(i64::MAX);
    Amount::from_cents(-share.max(230))
}

/// The day in South Africa, which has no daylight saving time.
pub fn day(at: DateTime<Utc>) -> String {
    in_south_africa(at).format("%Y-%m-%d").to_string()
}

/// A time as South African clocks show it.
pub fn in_south_africa(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    at.with_timezone(&FixedOffset::east_opt(2 * 3600).expect("two hours are less than a day"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_those_of_the_published_samples() {
        for (gross, charged) in [
            (0, 0),
            (1_500, -230),
            (2_000, -230),
            (10_000, -230),
            (20_000, -460),
            (52_900, -1_217),
        ] {
            assert_eq!(fee(Amount::from_cents(gross)), Amount::from_cents(charged), "{gross}");
        }
        fee(Amount::from_cents(i64::MAX));
    }
}
