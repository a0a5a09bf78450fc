-- The billing desk: drafts that people edit, credit notes, refunds, payment methods, statements and the books.

alter table invoices add column credited_minor bigint not null default 0;
alter table invoices add column returned_minor bigint not null default 0;
alter table invoices add column version bigint not null default 1;
alter table invoices add column due_days integer not null default 7;
alter table invoices add column sent_at timestamp;
alter table invoices add column original_taken_at timestamp;
alter table invoices add column document_sha256 text;
alter table invoices add column search_text text not null default '';

insert into number_series (name, last_number) values ('credit_note', 0);
insert into number_series (name, last_number) values ('ledger', 0);

create table credit_notes (
    id text primary key not null,
    account_id text not null references accounts (id),
    invoice_id text not null references invoices (id),
    number text not null unique,
    reason text not null,
    currency text not null,
    net_minor bigint not null,
    vat_minor bigint not null,
    total_minor bigint not null,
    -- What became the customer's credit, because it had been paid.
    to_credit_minor bigint not null,
    document_sha256 text not null,
    issued_at timestamp not null,
    original_taken_at timestamp,
    check (total_minor = net_minor + vat_minor and total_minor > 0),
    check (to_credit_minor >= 0 and to_credit_minor <= total_minor)
);
create index credit_notes_invoice_id on credit_notes (invoice_id, issued_at, id);
create index credit_notes_account_id on credit_notes (account_id, issued_at, id);
create index credit_notes_issued_at on credit_notes (issued_at, id);

create table payment_methods (
    id text primary key not null,
    account_id text not null references accounts (id),
    kind text not null,
    status text not null,
    label text not null,
    last_four text,
    expires_year integer,
    expires_month integer,
    is_default boolean not null default false,
    -- Sealed; PayFast's token charges the card.
    token text,
    token_hash text unique,
    -- The expiry that its owner was warned of.
    warned_for text,
    created_by text references users (id),
    created_at timestamp not null,
    updated_at timestamp not null,
    expires_at timestamp,
    revoked_at timestamp
);
create index payment_methods_account_id on payment_methods (account_id, created_at, id);
create index payment_methods_created_by on payment_methods (created_by);
create index payment_methods_expiry on payment_methods (status, expires_year, expires_month);
create unique index payment_methods_default on payment_methods (account_id) where is_default;

alter table payments add column method text not null default 'redirect';
alter table payments add column payment_method_id text references payment_methods (id);
alter table payments add column refunded_minor bigint not null default 0;
alter table payments add column reversed_at timestamp;
alter table payments add column next_check_at timestamp;
alter table payments add column search_text text not null default '';
create index payments_payment_method_id on payments (payment_method_id);
create index payments_next_check_at on payments (status, next_check_at);
create index payments_provider_reference on payments (provider_reference);

create table refunds (
    id text primary key not null,
    payment_id text not null references payments (id),
    account_id text not null references accounts (id),
    credit_note_id text references credit_notes (id),
    status text not null,
    currency text not null,
    amount_minor bigint not null,
    -- Part of the amount that came from the customer's credit rather than from a credit note.
    from_credit_minor bigint not null,
    reason text not null,
    method text,
    -- Sealed JSON of the account that a bank payout goes to; cleared when the refund has ended.
    bank_details text,
    provider_message text not null,
    requested_by text references users (id),
    created_at timestamp not null,
    updated_at timestamp not null,
    submitted_at timestamp,
    completed_at timestamp,
    attempts integer not null,
    next_check_at timestamp,
    lease_until timestamp,
    check (amount_minor > 0)
);
create index refunds_payment_id on refunds (payment_id, created_at, id);
create index refunds_account_id on refunds (account_id, created_at, id);
create index refunds_created_at on refunds (created_at, id);
create index refunds_due on refunds (status, next_check_at);
create index refunds_credit_note_id on refunds (credit_note_id);
create index refunds_requested_by on refunds (requested_by);

create table reconciliations (
    id text primary key not null,
    from_day date not null,
    to_day date not null,
    status text not null,
    reason text not null,
    lines bigint not null,
    matched bigint not null,
    healed bigint not null,
    differences bigint not null,
    requested_by text references users (id),
    created_at timestamp not null,
    finished_at timestamp,
    attempts integer not null,
    next_try_at timestamp,
    lease_until timestamp
);
create index reconciliations_created_at on reconciliations (created_at, id);
create index reconciliations_due on reconciliations (status, next_try_at);
create index reconciliations_requested_by on reconciliations (requested_by);

create table statement_lines (
    id text primary key not null,
    -- The line as it came, hashed, with its ordinal among equal ones: the same line is stored once.
    line_sha256 text not null unique,
    reconciliation_id text not null references reconciliations (id),
    at timestamp not null,
    kind text not null,
    name text not null,
    description text not null,
    currency text not null,
    gross_minor bigint not null,
    fee_minor bigint not null,
    net_minor bigint not null,
    balance_minor bigint,
    m_payment_id text,
    pf_payment_id text,
    verdict text not null,
    note text not null,
    payment_id text references payments (id),
    created_at timestamp not null
);
create index statement_lines_at on statement_lines (at, id);
create index statement_lines_verdict on statement_lines (verdict, at, id);
create index statement_lines_reconciliation_id on statement_lines (reconciliation_id, at, id);
create index statement_lines_payment_id on statement_lines (payment_id);
create index statement_lines_pf_payment_id on statement_lines (pf_payment_id);

create table ledger_transactions (
    id text primary key not null,
    serial bigint not null unique,
    at timestamp not null,
    -- What the money did: one set of postings for each kind and source.
    kind text not null,
    source text not null,
    account_id text references accounts (id),
    invoice_id text references invoices (id),
    description text not null,
    currency text not null,
    previous_hash text not null,
    hash text not null unique,
    unique (source, kind)
);
create index ledger_transactions_at on ledger_transactions (at, id);
create index ledger_transactions_account_id on ledger_transactions (account_id, at, id);
create index ledger_transactions_invoice_id on ledger_transactions (invoice_id, serial);

create table ledger_postings (
    transaction_id text not null references ledger_transactions (id),
    position integer not null,
    ledger_account text not null,
    account_id text references accounts (id),
    -- Debits are positive, credits negative.
    amount_minor bigint not null,
    primary key (transaction_id, position),
    check (amount_minor <> 0)
);
create index ledger_postings_ledger_account on ledger_postings (ledger_account, account_id);
create index ledger_postings_account_id on ledger_postings (account_id, ledger_account);

create table book_checks (
    invariant text primary key not null,
    holds boolean not null,
    checked bigint not null,
    findings text not null,
    checked_at timestamp not null
);

-- Credit is earned by payments and credit notes, and spent (a negative amount) on invoices and refunds.
create table customer_credits_new (
    id text primary key not null,
    account_id text not null references accounts (id),
    payment_id text references payments (id),
    source text not null unique,
    currency text not null,
    amount_minor bigint not null,
    reason text not null,
    created_at timestamp not null,
    invoice_id text references invoices (id)
);
insert into customer_credits_new (id, account_id, payment_id, source, currency, amount_minor, reason, created_at)
select id, account_id, payment_id, source, currency, amount_minor, reason, created_at from customer_credits;
drop table customer_credits;
alter table customer_credits_new rename to customer_credits;
create index customer_credits_payment_id on customer_credits (payment_id);
create index customer_credits_account_id on customer_credits (account_id, created_at, id);
create index customer_credits_invoice_id on customer_credits (invoice_id);

create trigger ledger_transactions_keep_update before update on ledger_transactions
begin
    select raise(abort, 'the books are append only');
end;

create trigger ledger_transactions_keep_delete before delete on ledger_transactions
begin
    select raise(abort, 'the books are append only');
end;

create trigger ledger_postings_keep_update before update on ledger_postings
begin
    select raise(abort, 'the books are append only');
end;

create trigger ledger_postings_keep_delete before delete on ledger_postings
begin
    select raise(abort, 'the books are append only');
end;
