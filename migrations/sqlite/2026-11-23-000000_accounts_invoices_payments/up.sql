-- Accounts, invoices, payments and the stored PayFast notifications of the first version.

create table users (
    id text primary key not null,
    email text not null,
    email_key text not null unique,
    password_hash text not null,
    first_name text not null,
    last_name text not null,
    staff_role text,
    totp_secret text,
    totp_last_step bigint not null,
    created_at timestamp not null
);

create table registrations (
    id text primary key not null,
    email text not null,
    email_key text not null,
    password_hash text not null,
    first_name text not null,
    last_name text not null,
    company_name text not null,
    token_hash text not null unique,
    created_at timestamp not null,
    expires_at timestamp not null
);
create index registrations_email_key on registrations (email_key, created_at);
create index registrations_expires_at on registrations (expires_at);

create table accounts (
    id text primary key not null,
    company_name text not null,
    vat_number text,
    address_line1 text,
    address_line2 text,
    address_city text,
    address_postal_code text,
    address_country text,
    billing_email text not null,
    created_at timestamp not null
);

create table memberships (
    account_id text not null references accounts (id),
    user_id text not null references users (id),
    role text not null,
    created_at timestamp not null,
    primary key (account_id, user_id)
);
create index memberships_user_id on memberships (user_id);

create table sessions (
    id text primary key not null,
    token_hash text not null unique,
    user_id text not null references users (id),
    user_agent text not null,
    peer text not null,
    created_at timestamp not null,
    last_seen_at timestamp not null,
    expires_at timestamp not null
);
create index sessions_user_id on sessions (user_id);
create index sessions_expires_at on sessions (expires_at);

create table invoices (
    id text primary key not null,
    account_id text not null references accounts (id),
    number text unique,
    status text not null,
    title text not null,
    currency text not null,
    subtotal_minor bigint not null,
    vat_minor bigint not null,
    total_minor bigint not null,
    amount_paid_minor bigint not null,
    product_code text,
    description text not null,
    supplier_name text not null,
    supplier_address text not null,
    supplier_vat_number text,
    customer_name text not null,
    customer_address text,
    customer_vat_number text,
    customer_email text not null,
    created_at timestamp not null,
    updated_at timestamp not null,
    issued_at timestamp,
    due_at timestamp,
    paid_at timestamp,
    check (total_minor = subtotal_minor + vat_minor),
    check (amount_paid_minor >= 0 and amount_paid_minor <= total_minor)
);
create index invoices_account_id on invoices (account_id, created_at, id);
create index invoices_created_at on invoices (created_at, id);
create index invoices_status on invoices (status, created_at, id);
create index invoices_account_status on invoices (account_id, status, created_at, id);

create table invoice_lines (
    id text primary key not null,
    invoice_id text not null references invoices (id),
    position integer not null,
    description text not null,
    quantity text not null,
    unit_price_minor bigint not null,
    vat_rate text not null,
    net_minor bigint not null,
    vat_minor bigint not null,
    total_minor bigint not null,
    unique (invoice_id, position)
);

create table number_series (
    name text primary key not null,
    last_number bigint not null
);
insert into number_series (name, last_number) values ('invoice', 0);

create table payments (
    id text primary key not null,
    account_id text not null references accounts (id),
    invoice_id text not null references invoices (id),
    provider text not null,
    status text not null,
    product_code text,
    description text not null,
    currency text not null,
    amount_minor bigint not null,
    fee_minor bigint,
    net_minor bigint,
    credited_minor bigint not null,
    provider_reference text,
    created_at timestamp not null,
    updated_at timestamp not null,
    succeeded_at timestamp,
    expires_at timestamp
);
create index payments_account_id on payments (account_id, created_at, id);
create index payments_created_at on payments (created_at, id);
create index payments_status on payments (status, created_at, id);
create index payments_account_status on payments (account_id, status, created_at, id);
create index payments_invoice_id on payments (invoice_id);
create index payments_expiry on payments (status, expires_at);

create table payment_attempts (
    id text primary key not null,
    payment_id text not null references payments (id),
    kind text not null,
    amount_minor bigint not null,
    created_at timestamp not null
);
create index payment_attempts_payment_id on payment_attempts (payment_id);

create table payment_events (
    id text primary key not null,
    payment_id text not null references payments (id),
    at timestamp not null,
    event text not null,
    from_status text,
    to_status text not null,
    note text not null
);
create index payment_events_payment_id on payment_events (payment_id, id);

create table customer_credits (
    id text primary key not null,
    account_id text not null references accounts (id),
    payment_id text not null references payments (id),
    source text not null unique,
    currency text not null,
    amount_minor bigint not null,
    reason text not null,
    created_at timestamp not null
);
create index customer_credits_payment_id on customer_credits (payment_id);
create index customer_credits_account_id on customer_credits (account_id);

create table plan_grants (
    id text primary key not null,
    account_id text not null references accounts (id),
    payment_id text not null unique references payments (id),
    product_code text not null,
    starts_at timestamp not null,
    ends_at timestamp,
    created_at timestamp not null
);
create index plan_grants_account_id on plan_grants (account_id);

create table itns (
    id text primary key not null,
    body_sha256 text not null unique,
    raw_body blob not null,
    peer text not null,
    received_at timestamp not null,
    deliveries integer not null,
    status text not null,
    reason text not null,
    pf_payment_id text,
    payment_status text,
    payment_id text references payments (id),
    amount_gross text,
    attempts integer not null,
    next_check_at timestamp,
    lease_until timestamp,
    checked_at timestamp
);
create index itns_due on itns (status, next_check_at);
create index itns_received_at on itns (received_at, id);
create index itns_payment_id on itns (payment_id);

create table verified_itns (
    provider text not null,
    pf_payment_id text not null,
    payment_status text not null,
    itn_id text not null references itns (id),
    primary key (provider, pf_payment_id, payment_status)
);
create index verified_itns_itn_id on verified_itns (itn_id);

create table jobs (
    id text primary key not null,
    kind text not null,
    payload text not null,
    status text not null,
    attempts integer not null,
    run_at timestamp not null,
    lease_until timestamp,
    last_error text not null,
    created_at timestamp not null,
    finished_at timestamp
);
create index jobs_due on jobs (status, run_at);

create table idempotency_keys (
    id text primary key not null,
    account_id text not null references accounts (id),
    user_id text not null references users (id),
    route text not null,
    idempotency_key text not null,
    request_sha256 text not null,
    response_status integer not null,
    response_body text not null,
    created_at timestamp not null,
    unique (account_id, user_id, route, idempotency_key)
);
create index idempotency_keys_user_id on idempotency_keys (user_id);
create index idempotency_keys_created_at on idempotency_keys (created_at);
