//! What must hold for any bytes at all.

use payfast::{Amount, Itn, Passphrase, checkout, fields::FIELDS, form, itn};
use proptest::collection::vec;
use proptest::prelude::*;

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// Names that differ from each other and hold any bytes that a name may.
fn notification() -> impl Strategy<Value = Pairs> {
    vec(("[A-Za-z0-9_.-]{0,12}", vec(any::<u8>(), 0..24)), 1..12).prop_map(|pairs| {
        let numbered = pairs.into_iter().enumerate();
        numbered
            .map(|(index, (name, value))| (format!("{name}{index}").into_bytes(), value))
            .collect()
    })
}

/// Values of the checkout form whose ends PHP would keep.
fn checkout_form() -> impl Strategy<Value = Pairs> {
    vec((0..FIELDS.len(), vec(any::<u8>(), 1..24)), 1..12).prop_map(|pairs| {
        let untrimmed = |value: &Vec<u8>| form::trim(value).len() == value.len();
        let named = pairs.into_iter().filter(|(_, value)| untrimmed(value));
        named
            .map(|(index, value)| (FIELDS[index].name.as_bytes().to_vec(), value))
            .collect()
    })
}

fn passphrases() -> impl Strategy<Value = Option<Passphrase>> {
    proptest::option::of(any::<String>().prop_map(Passphrase::new))
}

/// Re-encodes pairs as they are, a stale signature included.
fn body(pairs: &Pairs) -> Vec<u8> {
    form::body(pairs).into_bytes()
}

proptest! {
    #[test]
    fn encoding_round_trips(value in vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(form::decode(form::encode(&value)), value);
    }

    #[test]
    fn form_values_round_trip(form in checkout_form(), passphrase in passphrases()) {
        let string = checkout::param_string(&form, None);
        let read = form::parse(string.expose());
        for (name, value) in &read {
            let name = std::str::from_utf8(name).unwrap();
            prop_assert_eq!(checkout::value_of(&form, name), value.as_slice());
        }
        let again = checkout::signature(&read, passphrase.as_ref());
        prop_assert_eq!(again, checkout::signature(&form, passphrase.as_ref()));
    }

    #[test]
    fn form_order_does_not_matter(form in checkout_form(), passphrase in passphrases()) {
        let unique: Pairs = form::parse(checkout::param_string(&form, None).expose());
        let reversed: Pairs = unique.iter().rev().cloned().collect();
        let signature = checkout::signature(&unique, passphrase.as_ref());
        prop_assert_eq!(checkout::signature(&reversed, passphrase.as_ref()), signature);
    }

    #[test]
    fn notifications_round_trip(pairs in notification(), passphrase in passphrases()) {
        let sent = itn::sign(&pairs, passphrase.as_ref());
        let itn = Itn::parse(&sent);
        prop_assert_eq!(itn.check(passphrase.as_ref()), Ok(()));
        let read: Pairs = itn.fields().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        prop_assert_eq!(&read[..read.len() - 1], &pairs[..]);
        let confirmed = Itn::parse(&itn.confirmation_body());
        prop_assert!(confirmed.fields().eq(pairs.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))));
    }

    #[test]
    fn changed_values_are_refused(
        pairs in notification(),
        passphrase in passphrases(),
        at in any::<prop::sample::Index>(),
        value in vec(any::<u8>(), 0..24),
    ) {
        let mut read = form::parse(&itn::sign(&pairs, passphrase.as_ref()));
        let at = at.index(read.len());
        prop_assume!(read[at].1 != value);
        read[at].1 = value;
        prop_assert!(!Itn::parse(&body(&read)).verify(passphrase.as_ref()));
    }

    #[test]
    fn one_changed_byte_is_refused(
        pairs in notification(),
        passphrase in passphrases(),
        at in any::<prop::sample::Index>(),
        byte in any::<prop::sample::Index>(),
        with in 1u8..=255,
        in_name in any::<bool>(),
    ) {
        let mut read = form::parse(&itn::sign(&pairs, passphrase.as_ref()));
        let at = at.index(read.len());
        let (name, value) = &mut read[at];
        let part = if in_name { name } else { value };
        prop_assume!(!part.is_empty());
        let byte = byte.index(part.len());
        part[byte] ^= with;
        prop_assert!(!Itn::parse(&body(&read)).verify(passphrase.as_ref()));
    }

    #[test]
    fn changed_names_are_refused(
        pairs in notification(),
        passphrase in passphrases(),
        at in any::<prop::sample::Index>(),
        name in vec(any::<u8>(), 0..24),
    ) {
        let mut read = form::parse(&itn::sign(&pairs, passphrase.as_ref()));
        let at = at.index(read.len());
        prop_assume!(read[at].0 != name);
        read[at].0 = name;
        prop_assert!(!Itn::parse(&body(&read)).verify(passphrase.as_ref()));
    }

    #[test]
    fn added_dropped_and_merged_fields_are_refused(
        pairs in notification(),
        passphrase in passphrases(),
        at in any::<prop::sample::Index>(),
        extra in ("[a-z_]{0,9}", vec(any::<u8>(), 0..9)),
    ) {
        let read = form::parse(&itn::sign(&pairs, passphrase.as_ref()));
        let mut added = read.clone();
        added.insert(at.index(read.len() + 1), (extra.0.into_bytes(), extra.1));
        prop_assert!(!Itn::parse(&body(&added)).verify(passphrase.as_ref()));

        let mut dropped = read.clone();
        dropped.remove(at.index(read.len()));
        prop_assert!(!Itn::parse(&body(&dropped)).verify(passphrase.as_ref()));

        if pairs.len() > 1 {
            let mut merged = read;
            let (name, value) = merged.remove(0);
            let joint = [name, b"=".to_vec(), form::encode(value).into_bytes(), b"&".to_vec(), merged[0].0.clone()];
            merged[0].0 = joint.concat();
            prop_assert!(!Itn::parse(&body(&merged)).verify(passphrase.as_ref()));
        }
    }

    #[test]
    fn parsing_never_panics(bytes in vec(any::<u8>(), 0..300), passphrase in passphrases()) {
        let itn = Itn::parse(&bytes);
        let _ = (itn.check(passphrase.as_ref()), itn.confirmation_body(), itn.amount_gross(), itn.payment_status());
        let _ = format!("{itn:?}");
        let pairs = form::parse(&bytes);
        let _ = (checkout::validate(&pairs), checkout::concerns(&pairs), checkout::verify(&pairs, passphrase.as_ref()));
        let _ = Amount::parse(&bytes);
        for field in FIELDS {
            let _ = field.rule.fault(&bytes);
        }
    }

    #[test]
    fn field_like_bodies_never_panic(text in "([a-z_]{1,8}=[%+0-9a-fA-F-]{0,12}&?){0,12}") {
        let itn = Itn::parse(text.as_bytes());
        let _ = (itn.verify(None), itn.confirmation_body());
    }

    #[test]
    fn amounts_round_trip(cents in -1_000_000_000_000i64..1_000_000_000_000) {
        let amount = Amount::from_cents(cents);
        prop_assert_eq!(Amount::parse(amount.to_string()), Ok(amount));
    }

    #[test]
    fn passphrase_never_shows(secret in "[A-Za-z0-9]{8,32}", pairs in notification()) {
        let passphrase = Passphrase::new(secret.clone());
        let itn = Itn::parse(&body(&pairs));
        let form = checkout::verify(&pairs, Some(&passphrase));
        let shown = format!(
            "{passphrase:?} {:?} {:?} {form:?} {:?}",
            itn.check(Some(&passphrase)),
            itn.param_string(Some(&passphrase)),
            checkout::param_string(&pairs, Some(&passphrase)),
        );
        prop_assert!(!shown.contains(&secret));
    }
}
