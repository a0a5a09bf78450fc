-- Search: a trigram index over the folded text of invoices and payments.
-- Since PostgreSQL 13 the extension is trusted: whoever owns the database may create it.
create extension if not exists pg_trgm;

create index invoices_search on invoices using gin (search_text gin_trgm_ops);
-- Rows whose text is still to be written.
create index invoices_without_search_text on invoices (id) where search_text = '';

create index payments_search on payments using gin (search_text gin_trgm_ops);
-- Rows whose text is still to be written.
create index payments_without_search_text on payments (id) where search_text = '';
