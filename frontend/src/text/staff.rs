//! What the platform's own staff read.

texts! {
    Staff {
        notifications: "Notifications",
        notification: "Notification",
        caption: "PayFast notifications, newest first",
        received: "Received",
        payfast_id: "PayFast id",
        says: "PayFast says",
        amount: "Amount",
        verdict: "Verdict",
        from: "Sent from",
        deliveries: "Times delivered",
        reason: "Why",
        payment: "Payment",
        see_payment: "See the payment",
        raw: "Raw",
        signed: "Signed string, without the passphrase",
        checked: "Checked",
        not_checked: "Not checked yet",
        none: "None",
        empty: "PayFast has not sent anything yet.",
        list_failed: "the notifications",
        load_failed: "this notification",
        not_found: "This notification does not exist.",
        not_allowed: "Only billing staff can see PayFast’s notifications.",
    }
}
