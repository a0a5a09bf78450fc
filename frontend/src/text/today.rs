//! The staff's list of what waits for them.

texts! {
    Today {
        title: "Today",
        list: "What waits for you",
        overdue: "Overdue invoices",
        overdue_text: "Past their due date and not paid in full.",
        held: "Notifications held for review",
        held_text: "PayFast told us something odd. A person must look.",
        unknown: "Payments that we do not know about",
        unknown_text: "Money may have moved. We keep asking PayFast.",
        bank: "Refunds that need bank details",
        bank_text: "PayFast pays these to a bank account, and nobody has told which.",
        refunds: "Refunds that we do not know about",
        refunds_text: "PayFast has not said whether it took them.",
        books: "Promises of the books that do not hold",
        books_text: "Nothing else matters before this is explained.",
        differences: "Differences to PayFast’s statement",
        differences_text: "In the newest reconciliation.",
        done_title: "All done",
        done: "Nothing is late, held, unknown or out of balance.",
        failed: "We could not count this. Nothing was changed.",
        for_money: "Notifications, refunds and books are work for colleagues with the role Billing.",
        more_than: "more than 10 000",
    }
}
