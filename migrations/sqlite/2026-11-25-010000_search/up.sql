-- Search: a trigram index over the folded text of invoices and payments, kept by triggers.
-- Its rows carry a key of our own: the rowid of a table with a text key may change when the file is vacuumed.

create table invoice_search_keys (
    key integer primary key,
    invoice_id text not null unique references invoices (id) on delete cascade
);
insert into invoice_search_keys (invoice_id) select id from invoices order by created_at, id;

create virtual table invoice_search using fts5 (
    text, content = '', columnsize = 0, tokenize = 'trigram case_sensitive 1'
);
insert into invoice_search (rowid, text)
select k.key, r.search_text from invoice_search_keys k join invoices r on r.id = k.invoice_id;

create trigger invoices_search_insert after insert on invoices
begin
    insert into invoice_search_keys (invoice_id) values (new.id);
    insert into invoice_search (rowid, text)
    select key, new.search_text from invoice_search_keys where invoice_id = new.id;
end;

create trigger invoices_search_update after update of search_text on invoices
when new.search_text <> old.search_text
begin
    insert into invoice_search (invoice_search, rowid, text)
    select 'delete', key, old.search_text from invoice_search_keys where invoice_id = new.id;
    insert into invoice_search (rowid, text)
    select key, new.search_text from invoice_search_keys where invoice_id = new.id;
end;

create trigger invoices_search_delete before delete on invoices
begin
    insert into invoice_search (invoice_search, rowid, text)
    select 'delete', key, old.search_text from invoice_search_keys where invoice_id = old.id;
    delete from invoice_search_keys where invoice_id = old.id;
end;

-- Rows whose text is still to be written.
create index invoices_without_search_text on invoices (id) where search_text = '';

create table payment_search_keys (
    key integer primary key,
    payment_id text not null unique references payments (id) on delete cascade
);
insert into payment_search_keys (payment_id) select id from payments order by created_at, id;

create virtual table payment_search using fts5 (
    text, content = '', columnsize = 0, tokenize = 'trigram case_sensitive 1'
);
insert into payment_search (rowid, text)
select k.key, r.search_text from payment_search_keys k join payments r on r.id = k.payment_id;

create trigger payments_search_insert after insert on payments
begin
    insert into payment_search_keys (payment_id) values (new.id);
    insert into payment_search (rowid, text)
    select key, new.search_text from payment_search_keys where payment_id = new.id;
end;

create trigger payments_search_update after update of search_text on payments
when new.search_text <> old.search_text
begin
    insert into payment_search (payment_search, rowid, text)
    select 'delete', key, old.search_text from payment_search_keys where payment_id = new.id;
    insert into payment_search (rowid, text)
    select key, new.search_text from payment_search_keys where payment_id = new.id;
end;

create trigger payments_search_delete before delete on payments
begin
    insert into payment_search (payment_search, rowid, text)
    select 'delete', key, old.search_text from payment_search_keys where payment_id = old.id;
    delete from payment_search_keys where payment_id = old.id;
end;

-- Rows whose text is still to be written.
create index payments_without_search_text on payments (id) where search_text = '';
