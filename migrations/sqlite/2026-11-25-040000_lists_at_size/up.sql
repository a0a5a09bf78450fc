-- Words are looked for in the index of a state, an account or a range of days, without a look at the row.
drop index invoices_status;
create index invoices_status on invoices (status, created_at, id, search_text);
drop index invoices_account_id;
create index invoices_account_id on invoices (account_id, created_at, id, status, search_text);
drop index invoices_dated;
create index invoices_dated on invoices (dated_at, id, search_text);
drop index payments_status;
create index payments_status on payments (status, created_at, id, search_text);
drop index payments_account_id;
create index payments_account_id on payments (account_id, created_at, id, search_text);
drop index payments_created_at;
create index payments_created_at on payments (created_at, id, search_text);

-- Walks in an order that pass over other days do so without a look at the row.
drop index invoices_due;
create index invoices_due on invoices (due_order, id, dated_at);
drop index invoices_status_due;
create index invoices_status_due on invoices (status, due_order, id, dated_at);
drop index invoices_total;
create index invoices_total on invoices (total_minor, id, dated_at);
drop index invoices_status_total;
create index invoices_status_total on invoices (status, total_minor, id, dated_at);
drop index invoices_number_order;
create index invoices_number_order on invoices (number_order, id, dated_at);
drop index invoices_status_number_order;
create index invoices_status_number_order on invoices (status, number_order, id, dated_at);

-- What was issued on each day (UTC): between which numbers, since which creation, until which due date. A walk in one
-- of these orders begins there when it asks for a range of days.
create table invoice_days (
    day text primary key not null,
    first_number bigint not null,
    last_number bigint not null,
    first_created_at timestamp not null,
    last_due_at timestamp not null
) without rowid;
insert into invoice_days (day, first_number, last_number, first_created_at, last_due_at)
select date(issued_at), min(number_order), max(number_order), min(created_at),
    max(coalesce(due_at, issued_at))
from invoices where issued_at is not null group by 1;

create trigger invoice_days_insert after insert on invoices
when new.issued_at is not null
begin
    insert into invoice_days (day, first_number, last_number, first_created_at, last_due_at)
    values (date(new.issued_at), new.number_order, new.number_order, new.created_at,
        coalesce(new.due_at, new.issued_at))
    on conflict (day) do update set
        first_number = min(first_number, excluded.first_number),
        last_number = max(last_number, excluded.last_number),
        first_created_at = min(first_created_at, excluded.first_created_at),
        last_due_at = max(last_due_at, excluded.last_due_at);
end;

-- Only when one of them changes: a whole row is written back when money comes in, too.
create trigger invoice_days_update after update of issued_at, due_at, number on invoices
when new.issued_at is not null
    and (new.issued_at is not old.issued_at or new.due_at is not old.due_at or new.number is not old.number)
begin
    insert into invoice_days (day, first_number, last_number, first_created_at, last_due_at)
    values (date(new.issued_at), new.number_order, new.number_order, new.created_at,
        coalesce(new.due_at, new.issued_at))
    on conflict (day) do update set
        first_number = min(first_number, excluded.first_number),
        last_number = max(last_number, excluded.last_number),
        first_created_at = min(first_created_at, excluded.first_created_at),
        last_due_at = max(last_due_at, excluded.last_due_at);
end;
