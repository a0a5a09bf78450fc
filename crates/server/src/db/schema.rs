//! The one schema of both databases, in the order of the migrations; kept by hand and compared by a test.

mod chat;

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

pub use self::chat::{
    chat_accounts, chat_blocks, chat_events, chat_items, chat_leases, chat_members, chat_seen, chat_sends,
    chat_settings, chat_threads, chat_user_events, chat_user_logs,
};

table! {
    users (id) {
        id -> Text,
        email -> Text,
        email_key -> Text,
        password_hash -> Text,
        first_name -> Text,
        last_name -> Text,
        staff_role -> Nullable<Text>,
        totp_secret -> Nullable<Text>,
        totp_last_step -> BigInt,
        created_at -> Timestamp,
        totp_pending_secret -> Nullable<Text>,
        totp_enabled_at -> Nullable<Timestamp>,
        password_changed_at -> Nullable<Timestamp>,
    }
}

table! {
    registrations (id) {
        id -> Text,
        email -> Text,
        email_key -> Text,
        password_hash -> Text,
        first_name -> Text,
        last_name -> Text,
        company_name -> Text,
        token_hash -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        browser_hash -> Nullable<Text>,
    }
}

table! {
    accounts (id) {
        id -> Text,
        company_name -> Text,
        vat_number -> Nullable<Text>,
        address_line1 -> Nullable<Text>,
        address_line2 -> Nullable<Text>,
        address_city -> Nullable<Text>,
        address_postal_code -> Nullable<Text>,
        address_country -> Nullable<Text>,
        billing_email -> Text,
        created_at -> Timestamp,
    }
}

table! {
    memberships (account_id, user_id) {
        account_id -> Text,
        user_id -> Text,
        role -> Text,
        created_at -> Timestamp,
    }
}

table! {
    sessions (id) {
        id -> Text,
        token_hash -> Text,
        user_id -> Text,
        user_agent -> Text,
        peer -> Text,
        created_at -> Timestamp,
        last_seen_at -> Timestamp,
        expires_at -> Timestamp,
        has_second_factor -> Bool,
        last_peer -> Text,
    }
}

table! {
    invoices (id) {
        id -> Text,
        account_id -> Text,
        number -> Nullable<Text>,
        status -> Text,
        title -> Text,
        currency -> Text,
        subtotal_minor -> BigInt,
        vat_minor -> BigInt,
        total_minor -> BigInt,
        amount_paid_minor -> BigInt,
        product_code -> Nullable<Text>,
        description -> Text,
        supplier_name -> Text,
        supplier_address -> Text,
        supplier_vat_number -> Nullable<Text>,
        customer_name -> Text,
        customer_address -> Nullable<Text>,
        customer_vat_number -> Nullable<Text>,
        customer_email -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        issued_at -> Nullable<Timestamp>,
        due_at -> Nullable<Timestamp>,
        paid_at -> Nullable<Timestamp>,
        credited_minor -> BigInt,
        returned_minor -> BigInt,
        version -> BigInt,
        due_days -> Integer,
        sent_at -> Nullable<Timestamp>,
        original_taken_at -> Nullable<Timestamp>,
        document_sha256 -> Nullable<Text>,
        search_text -> Text,
    }
}

table! {
    invoice_lines (id) {
        id -> Text,
        invoice_id -> Text,
        position -> Integer,
        description -> Text,
        quantity -> Text,
        unit_price_minor -> BigInt,
        vat_rate -> Text,
        net_minor -> BigInt,
        vat_minor -> BigInt,
        total_minor -> BigInt,
    }
}

table! {
    number_series (name) {
        name -> Text,
        last_number -> BigInt,
    }
}

table! {
    payments (id) {
        id -> Text,
        account_id -> Text,
        invoice_id -> Text,
        provider -> Text,
        status -> Text,
        product_code -> Nullable<Text>,
        description -> Text,
        currency -> Text,
        amount_minor -> BigInt,
        fee_minor -> Nullable<BigInt>,
        net_minor -> Nullable<BigInt>,
        credited_minor -> BigInt,
        provider_reference -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        succeeded_at -> Nullable<Timestamp>,
        expires_at -> Nullable<Timestamp>,
        method -> Text,
        payment_method_id -> Nullable<Text>,
        refunded_minor -> BigInt,
        reversed_at -> Nullable<Timestamp>,
        next_check_at -> Nullable<Timestamp>,
        search_text -> Text,
    }
}

table! {
    payment_attempts (id) {
        id -> Text,
        payment_id -> Text,
        kind -> Text,
        amount_minor -> BigInt,
        created_at -> Timestamp,
    }
}

table! {
    payment_events (id) {
        id -> Text,
        payment_id -> Text,
        at -> Timestamp,
        event -> Text,
        from_status -> Nullable<Text>,
        to_status -> Text,
        note -> Text,
    }
}

table! {
    customer_credits (id) {
        id -> Text,
        account_id -> Text,
        payment_id -> Nullable<Text>,
        source -> Text,
        currency -> Text,
        amount_minor -> BigInt,
        reason -> Text,
        created_at -> Timestamp,
        invoice_id -> Nullable<Text>,
    }
}

table! {
    plan_grants (id) {
        id -> Text,
        account_id -> Text,
        payment_id -> Text,
        product_code -> Text,
        starts_at -> Timestamp,
        ends_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

table! {
    itns (id) {
        id -> Text,
        body_sha256 -> Text,
        raw_body -> Binary,
        peer -> Text,
        received_at -> Timestamp,
        deliveries -> Integer,
        status -> Text,
        reason -> Text,
        pf_payment_id -> Nullable<Text>,
        payment_status -> Nullable<Text>,
        payment_id -> Nullable<Text>,
        amount_gross -> Nullable<Text>,
        attempts -> Integer,
        next_check_at -> Nullable<Timestamp>,
        lease_until -> Nullable<Timestamp>,
        checked_at -> Nullable<Timestamp>,
        checks -> Text,
        changes -> Text,
    }
}

table! {
    verified_itns (provider, pf_payment_id, payment_status) {
        provider -> Text,
        pf_payment_id -> Text,
        payment_status -> Text,
        itn_id -> Text,
    }
}

table! {
    jobs (id) {
        id -> Text,
        kind -> Text,
        payload -> Text,
        status -> Text,
        attempts -> Integer,
        run_at -> Timestamp,
        lease_until -> Nullable<Timestamp>,
        last_error -> Text,
        created_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
    }
}

table! {
    idempotency_keys (id) {
        id -> Text,
        account_id -> Text,
        user_id -> Text,
        route -> Text,
        idempotency_key -> Text,
        request_sha256 -> Text,
        response_status -> Integer,
        response_body -> Text,
        created_at -> Timestamp,
    }
}

table! {
    password_resets (token_hash) {
        token_hash -> Text,
        user_id -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

table! {
    recovery_codes (id) {
        id -> Text,
        user_id -> Text,
        code_hash -> Text,
        created_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

table! {
    invitations (id) {
        id -> Text,
        account_id -> Text,
        email -> Text,
        email_key -> Text,
        role -> Text,
        token_hash -> Text,
        invited_by -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

table! {
    api_keys (id) {
        id -> Text,
        account_id -> Text,
        name -> Text,
        scopes -> Text,
        prefix -> Text,
        secret_hash -> Text,
        old_secret_hash -> Nullable<Text>,
        old_secret_until -> Nullable<Timestamp>,
        created_by -> Text,
        created_at -> Timestamp,
        life_days -> Integer,
        expires_at -> Timestamp,
        last_used_at -> Nullable<Timestamp>,
        last_used_from -> Nullable<Text>,
        revoked_at -> Nullable<Timestamp>,
    }
}

table! {
    audit_entries (id) {
        id -> Text,
        at -> Timestamp,
        action -> Text,
        actor_kind -> Text,
        actor -> Text,
        user_id -> Nullable<Text>,
        api_key_id -> Nullable<Text>,
        account_id -> Nullable<Text>,
        subject_kind -> Text,
        subject_id -> Nullable<Text>,
        subject -> Text,
        changes -> Text,
        peer -> Nullable<Text>,
        request_id -> Nullable<Text>,
    }
}

table! {
    socket_tickets (token_hash) {
        token_hash -> Text,
        session_id -> Text,
        expires_at -> Timestamp,
    }
}

table! {
    credit_notes (id) {
        id -> Text,
        account_id -> Text,
        invoice_id -> Text,
        number -> Text,
        reason -> Text,
        currency -> Text,
        net_minor -> BigInt,
        vat_minor -> BigInt,
        total_minor -> BigInt,
        to_credit_minor -> BigInt,
        document_sha256 -> Text,
        issued_at -> Timestamp,
        original_taken_at -> Nullable<Timestamp>,
    }
}

table! {
    payment_methods (id) {
        id -> Text,
        account_id -> Text,
        kind -> Text,
        status -> Text,
        label -> Text,
        last_four -> Nullable<Text>,
        expires_year -> Nullable<Integer>,
        expires_month -> Nullable<Integer>,
        is_default -> Bool,
        token -> Nullable<Text>,
        token_hash -> Nullable<Text>,
        warned_for -> Nullable<Text>,
        created_by -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
    }
}

table! {
    refunds (id) {
        id -> Text,
        payment_id -> Text,
        account_id -> Text,
        credit_note_id -> Nullable<Text>,
        status -> Text,
        currency -> Text,
        amount_minor -> BigInt,
        from_credit_minor -> BigInt,
        reason -> Text,
        method -> Nullable<Text>,
        bank_details -> Nullable<Text>,
        provider_message -> Text,
        requested_by -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        submitted_at -> Nullable<Timestamp>,
        completed_at -> Nullable<Timestamp>,
        attempts -> Integer,
        next_check_at -> Nullable<Timestamp>,
        lease_until -> Nullable<Timestamp>,
    }
}

table! {
    reconciliations (id) {
        id -> Text,
        from_day -> Date,
        to_day -> Date,
        status -> Text,
        reason -> Text,
        lines -> BigInt,
        matched -> BigInt,
        healed -> BigInt,
        differences -> BigInt,
        requested_by -> Nullable<Text>,
        created_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        attempts -> Integer,
        next_try_at -> Nullable<Timestamp>,
        lease_until -> Nullable<Timestamp>,
    }
}

table! {
    statement_lines (id) {
        id -> Text,
        line_sha256 -> Text,
        reconciliation_id -> Text,
        at -> Timestamp,
        kind -> Text,
        name -> Text,
        description -> Text,
        currency -> Text,
        gross_minor -> BigInt,
        fee_minor -> BigInt,
        net_minor -> BigInt,
        balance_minor -> Nullable<BigInt>,
        m_payment_id -> Nullable<Text>,
        pf_payment_id -> Nullable<Text>,
        verdict -> Text,
        note -> Text,
        payment_id -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

table! {
    ledger_transactions (id) {
        id -> Text,
        serial -> BigInt,
        at -> Timestamp,
        kind -> Text,
        source -> Text,
        account_id -> Nullable<Text>,
        invoice_id -> Nullable<Text>,
        description -> Text,
        currency -> Text,
        previous_hash -> Text,
        hash -> Text,
    }
}

table! {
    ledger_postings (transaction_id, position) {
        transaction_id -> Text,
        position -> Integer,
        ledger_account -> Text,
        account_id -> Nullable<Text>,
        amount_minor -> BigInt,
    }
}

table! {
    book_checks (invariant) {
        invariant -> Text,
        holds -> Bool,
        checked -> BigInt,
        findings -> Text,
        checked_at -> Timestamp,
    }
}

joinable!(memberships -> accounts (account_id));
joinable!(memberships -> users (user_id));
joinable!(sessions -> users (user_id));
joinable!(socket_tickets -> sessions (session_id));
joinable!(invitations -> accounts (account_id));
joinable!(invitations -> users (invited_by));
joinable!(api_keys -> users (created_by));
joinable!(invoice_lines -> invoices (invoice_id));
joinable!(payments -> invoices (invoice_id));
joinable!(payment_attempts -> payments (payment_id));
joinable!(payment_events -> payments (payment_id));
joinable!(credit_notes -> invoices (invoice_id));
joinable!(refunds -> payments (payment_id));
joinable!(statement_lines -> reconciliations (reconciliation_id));
joinable!(ledger_postings -> ledger_transactions (transaction_id));
joinable!(chat_threads -> accounts (account_id));

allow_tables_to_appear_in_same_query!(
    users,
    registrations,
    accounts,
    memberships,
    sessions,
    invoices,
    invoice_lines,
    number_series,
    payments,
    payment_attempts,
    payment_events,
    customer_credits,
    plan_grants,
    itns,
    verified_itns,
    jobs,
    idempotency_keys,
    password_resets,
    recovery_codes,
    invitations,
    api_keys,
    audit_entries,
    socket_tickets,
    chat_threads,
    chat_members,
    chat_events,
    chat_items,
    chat_sends,
    chat_user_logs,
    chat_user_events,
    chat_settings,
    chat_blocks,
    chat_accounts,
    chat_leases,
    chat_seen,
    credit_notes,
    payment_methods,
    refunds,
    reconciliations,
    statement_lines,
    ledger_transactions,
    ledger_postings,
    book_checks
);
