drop table book_checks;
drop table ledger_postings;
drop table ledger_transactions;
drop table statement_lines;
drop table reconciliations;
drop table refunds;
drop index payments_provider_reference;
drop index payments_next_check_at;
drop index payments_payment_method_id;
alter table payments drop column search_text;
alter table payments drop column next_check_at;
alter table payments drop column reversed_at;
alter table payments drop column refunded_minor;
alter table payments drop column payment_method_id;
alter table payments drop column method;
drop table payment_methods;
create table customer_credits_old (
    id text primary key not null,
    account_id text not null references accounts (id),
    payment_id text not null references payments (id),
    source text not null unique,
    currency text not null,
    amount_minor bigint not null,
    reason text not null,
    created_at timestamp not null
);
insert into customer_credits_old
select id, account_id, payment_id, source, currency, amount_minor, reason, created_at
from customer_credits where payment_id is not null;
drop table customer_credits;
alter table customer_credits_old rename to customer_credits;
create index customer_credits_payment_id on customer_credits (payment_id);
create index customer_credits_account_id on customer_credits (account_id);
drop table credit_notes;
delete from number_series where name in ('credit_note', 'ledger');
alter table invoices drop column search_text;
alter table invoices drop column document_sha256;
alter table invoices drop column original_taken_at;
alter table invoices drop column sent_at;
alter table invoices drop column due_days;
alter table invoices drop column version;
alter table invoices drop column returned_minor;
alter table invoices drop column credited_minor;
