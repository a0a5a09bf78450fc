drop index payments_without_search_text;
drop index payments_search;
drop index invoices_without_search_text;
drop index invoices_search;
