-- What each check of a notification found, what it changed, and the ways in which people look for one.

alter table itns add column checks text not null default '';
alter table itns add column changes text not null default '';
create index itns_status_received_at on itns (status, received_at, id);
create index itns_payment_id_received_at on itns (payment_id, received_at, id);
create index itns_pf_payment_id on itns (pf_payment_id collate nocase);
