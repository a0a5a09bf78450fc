//! Roles: what they are called, what they may do, and whom to ask.

texts! {
    Roles {
        viewer: "Viewer",
        member: "Member",
        owner: "Owner",
        viewer_may: "Reads invoices, payments and billing details. Changes nothing.",
        member_may: "Also pays, cancels payments and changes the billing details.",
        owner_may: "Also decides who belongs to the company, makes API keys and reads the audit log.",
        what_roles_may: "What each role may do",
        pay: "pay",
        pay_invoice: "pay this invoice",
        settle_payment: "finish or cancel this payment",
        choose_plan: "choose a plan",
        start_again: "start this payment again",
        change_details: "change these details",
        manage_members: "invite people or change roles",
        keep_cards: "add, change or remove saved cards",
        make_keys: "make API keys",
        read_log: "show you the audit log",
        cannot_pay_title: "Your role cannot pay",
        this_company: "your company",
        no_account_title: "You belong to no company yet",
        no_account_next: "Your own sign-in and its settings stay as they are.",
        own_settings: "Open your settings",
        switch_company: "Change company",
        companies: "Your companies",
        desk: "Billing desk",
        all_accounts: "All accounts",
        not_staff_title: "This page is for our staff",
        not_staff: "Your own invoices and payments are under Home.",
    }
    phrases {
        ask_owner(company, deed): "Ask an owner of {company} to {deed}.",
        ask_billing(deed): "Ask a colleague with the role Billing to {deed}.",
        you_are(role): "Your role here is {role}.",
        ask_for_invitation(email): "Nobody has invited {email} so far, or an owner has removed you. Ask an owner of the company to send you an invitation.",
    }
}
