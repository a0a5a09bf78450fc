drop trigger invoice_days_update on invoices;
drop trigger invoice_days_insert on invoices;
drop function note_invoice_day;
drop table invoice_days;
drop index payments_search;
create index payments_search on payments using gin (search_text gin_trgm_ops);
drop index invoices_search;
create index invoices_search on invoices using gin (search_text gin_trgm_ops);
