-- Tickets that open one socket each.

create table socket_tickets (
    token_hash text primary key not null,
    session_id text not null references sessions (id) on delete cascade,
    expires_at timestamp not null
);
create index socket_tickets_session_id on socket_tickets (session_id);
create index socket_tickets_expires_at on socket_tickets (expires_at);
