-- Words, states and accounts are intersected in one index. As `pg_trgm`, the extension is trusted.
create extension if not exists btree_gin;
drop index invoices_search;
create index invoices_search on invoices using gin (search_text gin_trgm_ops, status, account_id);
drop index payments_search;
create index payments_search on payments using gin (search_text gin_trgm_ops, status, account_id);

-- Walks in an order that pass over other days do so without a look at the row.
drop index invoices_due;
create index invoices_due on invoices (due_order, id) include (dated_at);
drop index invoices_status_due;
create index invoices_status_due on invoices (status, due_order, id) include (dated_at);
drop index invoices_total;
create index invoices_total on invoices (total_minor, id) include (dated_at);
drop index invoices_status_total;
create index invoices_status_total on invoices (status, total_minor, id) include (dated_at);
drop index invoices_number_order;
create index invoices_number_order on invoices (number_order, id) include (dated_at);
drop index invoices_status_number_order;
create index invoices_status_number_order on invoices (status, number_order, id) include (dated_at);

-- What was issued on each day (UTC): between which numbers, since which creation, until which due date. A walk in one
-- of these orders begins there when it asks for a range of days.
create table invoice_days (
    day date primary key,
    first_number bigint not null,
    last_number bigint not null,
    first_created_at timestamp not null,
    last_due_at timestamp not null
);
insert into invoice_days (day, first_number, last_number, first_created_at, last_due_at)
select date(issued_at), min(number_order), max(number_order), min(created_at),
    max(coalesce(due_at, issued_at))
from invoices where issued_at is not null group by 1;

create function note_invoice_day() returns trigger language plpgsql as $$
begin
    insert into invoice_days as known (day, first_number, last_number, first_created_at, last_due_at)
    values (date(new.issued_at), new.number_order, new.number_order, new.created_at,
        coalesce(new.due_at, new.issued_at))
    on conflict (day) do update set
        first_number = least(known.first_number, excluded.first_number),
        last_number = greatest(known.last_number, excluded.last_number),
        first_created_at = least(known.first_created_at, excluded.first_created_at),
        last_due_at = greatest(known.last_due_at, excluded.last_due_at);
    return null;
end $$;

create trigger invoice_days_insert after insert on invoices
for each row when (new.issued_at is not null) execute function note_invoice_day();
-- Only when one of them changes: a whole row is written back when money comes in, too, and must not wait for its day.
create trigger invoice_days_update after update of issued_at, due_at, number on invoices
for each row when (
    new.issued_at is not null
    and (new.issued_at, new.due_at, new.number) is distinct from (old.issued_at, old.due_at, old.number)
) execute function note_invoice_day();
