-- Sessions with a second factor, password resets, recovery codes, invitations, API keys and the audit log.

alter table users add column totp_pending_secret text;
alter table users add column totp_enabled_at timestamp;
alter table users add column password_changed_at timestamp;

alter table registrations add column browser_hash text;

alter table sessions add column has_second_factor boolean not null default false;
alter table sessions add column last_peer text not null default '';

create table password_resets (
    token_hash text primary key not null,
    user_id text not null references users (id),
    created_at timestamp not null,
    expires_at timestamp not null
);
create index password_resets_user_id on password_resets (user_id);
create index password_resets_expires_at on password_resets (expires_at);

create table recovery_codes (
    id text primary key not null,
    user_id text not null references users (id),
    code_hash text not null,
    created_at timestamp not null,
    used_at timestamp,
    unique (user_id, code_hash)
);

create table invitations (
    id text primary key not null,
    account_id text not null references accounts (id),
    email text not null,
    email_key text not null,
    role text not null,
    token_hash text not null unique,
    invited_by text not null references users (id),
    created_at timestamp not null,
    expires_at timestamp not null,
    unique (account_id, email_key)
);
create index invitations_invited_by on invitations (invited_by);

create table api_keys (
    id text primary key not null,
    account_id text not null references accounts (id),
    name text not null,
    scopes text not null,
    prefix text not null,
    secret_hash text not null unique,
    old_secret_hash text unique,
    old_secret_until timestamp,
    created_by text not null references users (id),
    created_at timestamp not null,
    life_days integer not null,
    expires_at timestamp not null,
    last_used_at timestamp,
    last_used_from text,
    revoked_at timestamp
);
create index api_keys_account_id on api_keys (account_id, created_at);
create index api_keys_created_by on api_keys (created_by);

create table audit_entries (
    id text primary key not null,
    at timestamp not null,
    action text not null,
    actor_kind text not null,
    actor text not null,
    user_id text,
    api_key_id text,
    account_id text,
    subject_kind text not null,
    subject_id text,
    subject text not null,
    changes text not null,
    peer text,
    request_id text
);
create index audit_entries_at on audit_entries (at, id);
create index audit_entries_account_id on audit_entries (account_id, at, id);
create index audit_entries_user_id on audit_entries (user_id, at, id);
create index audit_entries_subject_id on audit_entries (subject_id, at, id);
create index audit_entries_action on audit_entries (action, at, id);

create function audit_entries_keep() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append only';
end;
$$;
create trigger audit_entries_keep before update or delete or truncate on audit_entries
    for each statement execute function audit_entries_keep();
