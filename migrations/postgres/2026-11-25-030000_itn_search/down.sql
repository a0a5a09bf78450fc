drop index itns_pf_payment_id;
drop index itns_payment_id_received_at;
drop index itns_status_received_at;
alter table itns drop column changes;
alter table itns drop column checks;
