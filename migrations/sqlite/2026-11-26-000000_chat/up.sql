-- Threads, the log of what happens in each, and what is written in them.

create table chat_threads (
    id text primary key not null,
    account_id text not null references accounts (id),
    title text not null,
    placement text not null,
    -- The log: `head` counts its events, those up to `floor` are gone, and another epoch is another log.
    epoch text not null,
    head bigint not null,
    floor bigint not null,
    created_by text references users (id),
    created_at timestamp not null,
    active_at timestamp not null
);
create index chat_threads_account_id on chat_threads (account_id, active_at, id);
create index chat_threads_active_at on chat_threads (active_at, id);

create table chat_members (
    thread_id text not null references chat_threads (id),
    user_id text not null references users (id),
    is_staff boolean not null,
    joined_at timestamp not null,
    left_at timestamp,
    -- Up to where the person has read.
    read_seq bigint not null,
    primary key (thread_id, user_id)
);
create index chat_members_user_id on chat_members (user_id, thread_id);

-- One row for each number of a thread's log; the data of deleted and purged bodies is taken out of it.
create table chat_events (
    thread_id text not null references chat_threads (id),
    seq bigint not null,
    kind text not null,
    at timestamp not null,
    by_user text,
    cid text,
    item_id text,
    data text not null,
    primary key (thread_id, seq)
);
create index chat_events_item_id on chat_events (item_id);

-- What stands in a thread now.
create table chat_items (
    id text primary key not null,
    thread_id text not null references chat_threads (id),
    seq bigint not null,
    by_user text,
    cid text,
    reply_to text,
    status text not null,
    body text,
    at timestamp not null,
    edited_at timestamp
);
create unique index chat_items_thread_id on chat_items (thread_id, seq);
create index chat_items_by_user on chat_items (by_user, id);

-- What each sender's own ids have done (`kind` is the event's), so that sending again has no second effect; outlives the outbox of a client.
create table chat_sends (
    sender_id text not null references users (id),
    cid text not null,
    kind text not null,
    thread_id text not null references chat_threads (id),
    item_id text not null,
    seq bigint not null,
    at timestamp not null,
    primary key (sender_id, cid)
);
create index chat_sends_at on chat_sends (at);

-- A person's own stream: what happened to them, whatever thread is open.
create table chat_user_logs (
    user_id text primary key not null references users (id),
    epoch text not null,
    head bigint not null
);

create table chat_user_events (
    user_id text not null references users (id),
    seq bigint not null,
    kind text not null,
    at timestamp not null,
    data text not null,
    primary key (user_id, seq)
);
create index chat_user_events_at on chat_user_events (at);

-- What people let others see; who has no row shows everything and keeps it for ever.
create table chat_settings (
    user_id text primary key not null references users (id),
    shows_presence boolean not null,
    shows_last_seen boolean not null,
    shows_typing boolean not null,
    shows_reading boolean not null,
    is_discoverable boolean not null,
    retention_days integer
);
create index chat_settings_retention_days on chat_settings (retention_days);

create table chat_blocks (
    user_id text not null references users (id),
    blocked_id text not null references users (id),
    primary key (user_id, blocked_id)
);
create index chat_blocks_blocked_id on chat_blocks (blocked_id);

-- How long companies keep their threads; where the law holds them, nothing is purged.
create table chat_accounts (
    account_id text primary key not null references accounts (id),
    retention_days integer,
    is_held boolean not null
);

-- Open sockets and what their people let be seen; one that its node does not renew counts for nothing.
create table chat_leases (
    connection_id text primary key not null,
    user_id text not null references users (id),
    state text not null,
    expires_at timestamp not null
);
create index chat_leases_user_id on chat_leases (user_id);
create index chat_leases_expires_at on chat_leases (expires_at);

-- When people were last here where others may see it.
create table chat_seen (
    user_id text primary key not null references users (id),
    at timestamp not null
);
