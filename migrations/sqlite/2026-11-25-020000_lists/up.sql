-- What lists are ordered and narrowed by.
-- An invoice without a number or a due date comes after all that have one; it is dated by its creation.
alter table invoices add column dated_at timestamp
    generated always as (coalesce(issued_at, created_at)) virtual;
alter table invoices add column due_order timestamp
    generated always as (coalesce(due_at, '9999-12-31 00:00:00')) virtual;
-- By the digits: INV-1000000 comes after INV-999999.
alter table invoices add column number_order bigint
    generated always as (coalesce(cast(substr(number, 5) as integer), 9223372036854775807)) virtual;

create index invoices_dated on invoices (dated_at, id);
create index invoices_account_dated on invoices (account_id, dated_at, id);
create index invoices_status_dated on invoices (status, dated_at, id);
create index invoices_due on invoices (due_order, id);
create index invoices_account_due on invoices (account_id, due_order, id);
create index invoices_status_due on invoices (status, due_order, id);
create index invoices_total on invoices (total_minor, id);
create index invoices_account_total on invoices (account_id, total_minor, id);
create index invoices_status_total on invoices (status, total_minor, id);
create index invoices_number_order on invoices (number_order, id);
create index invoices_account_number_order on invoices (account_id, number_order, id);
create index invoices_status_number_order on invoices (status, number_order, id);
create index invoices_partly_paid on invoices (created_at, id) where status = 'open' and amount_paid_minor > 0;
create index payments_amount on payments (amount_minor, id);
create index payments_account_amount on payments (account_id, amount_minor, id);
create index payments_status_amount on payments (status, amount_minor, id);
create index payments_method_amount on payments (method, amount_minor, id);
create index payments_method on payments (method, created_at, id);
create index payments_currency on payments (currency, created_at, id);
create index payments_succeeded_at on payments (succeeded_at, method, status);
create index payments_reversed_at on payments (reversed_at) where reversed_at is not null;
create index refunds_completed_at on refunds (completed_at, id);
