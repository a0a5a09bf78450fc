//! Names and values of records in words.

use common::payments::PaymentStatus;

use crate::status;

/// A value as people read it; one that this client does not know stays as it is.
pub fn value_words(entity: &str, field: &str, value: &str) -> String {
    if field == "status" {
        return match PaymentStatus::parse(value).filter(|_| entity == "payment") {
            Some(state) => status::payment_for_staff(state).words,
            None => field_words(value),
        };
    }
    value.to_owned()
}

/// `provider_reference` as `Provider reference`.
pub fn field_words(name: &str) -> String {
    let spaced = name.replace('_', " ");
    let mut letters = spaced.chars();
    let first = letters.next();
    first.into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_speak_in_words() {
        assert_eq!(value_words("payment", "status", "succeeded"), "Paid");
        assert_eq!(value_words("invoice", "status", "paid"), "Paid");
        assert_eq!(value_words("payment", "fee", "R14.20"), "R14.20");
        assert_eq!(field_words("provider_reference"), "Provider reference");
        assert_eq!(field_words(""), "");
    }
}
