//! Several invoices by e-mail.

texts! {
    Sending {
        none: "Send nothing",
        sending: "Sending…",
        skipped: "Skipped",
        is_draft: "It has no number yet.",
        is_paid: "Nothing is to be paid.",
        is_void: "It was withdrawn.",
        is_written_off: "It is written off. Send it from its own page.",
        progress: "Invoices sent",
        stop: "Stop",
        stopping: "Stopping…",
        failed: "Not sent",
        send_rest: "Send the rest",
        close: "Close",
        no_answer: "No answer came. Trying again does not mail it twice.",
        sent_one: "1 invoice is on its way by e-mail.",
        do_send: "send it",
    }
    phrases {
        ask_one(amount): "1 invoice is mailed to its customer as a PDF, with how to pay it. {amount} is still to be paid.",
        ask(count, amount): "{count} invoices are mailed to their customers as PDFs, with how to pay them. {amount} is still to be paid.",
        draft_of(customer): "Draft for {customer}",
        sent_of(sent, total): "Sent {sent} of {total}",
        ended(sent, total): "Sent {sent} of {total}.",
        stopped(sent, total): "Stopped. Sent {sent} of {total}.",
        not_tried(count): "{count} not tried yet.",
        all_sent(count): "{count} invoices are on their way by e-mail.",
    }
}
