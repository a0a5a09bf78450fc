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
