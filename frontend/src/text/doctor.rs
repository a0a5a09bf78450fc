//! The signature doctor.

texts! {
    Doctor {
        title: "Signature doctor",
        intro: "Paste what was signed, and see why PayFast refuses the signature.",
        kind: "What was signed",
        kind_form: "Form",
        kind_itn: "Notification",
        kind_api: "API call",
        paste: "Fields, as they were sent",
        paste_hint: "name=value pairs, one to a line or joined by &, an HTML form, or JSON. At most 16 KiB.",
        paste_needed: "Paste the fields that were signed.",
        passphrase: "Passphrase (optional)",
        passphrase_hint: "Stays in memory, never stored.",
        examine: "Examine signature",
        examining: "Examining…",
        failed: "examine the signature",
        waiting: "The verdict stands here, with both strings and the first difference.",
        verdict: "Verdict",
        hashed: "What was hashed",
        must_be: "What must be hashed",
        hashed_unknown: "No known mistake explains the signature that was sent, so its string cannot be shown.",
        differs: "first difference",
        ends: "ends here",
        sent: "Signature that was sent",
        none_sent: "None was sent.",
        expected: "Right signature",
        copy_signature: "Copy signature",
        copy_string: "Copy string",
        fields: "Fields, in the order that was read",
        hidden: "The passphrase is shown as •••, so the copied string needs it in its place.",
    }
    phrases {
        differs_at(number, name): "The strings part at field {number}, {name}.",
    }
}
