//! A million rows as a business of some years has them: a few large customers, most money paid, what is open is new.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    apt,
    failure::{Failure, OrFail, Outcome},
    postgres::Postgres,
    workspace::which,
};

/// Customers.
const ACCOUNTS: u32 = 20_000;

/// The statements; the databases differ in how they count, cut time and draw numbers.
///
/// Documents and money have entries in the books, without postings: else a start would write them all, which is another
/// measurement.
///
/// Numbers are drawn by arithmetic modulo a prime, so that every run writes the same rows. The accounts are skewed:
/// the cube of an even draw gives the first of them 37 000 rows in a million, and the last ones 17.
fn statements(rows: u32, is_postgres: bool) -> String {
    let series = |count: u32| {
        if is_postgres {
            format!("generate_series(cast(1 as bigint), {count}) as n (i)")
        } else {
            format!(
                "(with recursive c (i) as (select 1 union all select i + 1 from c where i < {count}) select i from c) as n"
            )
        }
    };
    // Three years that end now, one row after another.
    let at = |seconds: &str| {
        if is_postgres {
            format!("(date_trunc('second', now() at time zone 'utc') - make_interval(secs => {seconds}))")
        } else {
            format!("strftime('%Y-%m-%d %H:%M:%S', 'now', '-' || ({seconds}) || ' seconds')")
        }
    };
    let id = |kind: &str, number: &str| {
        if is_postgres {
            format!(
                "('0192{kind}-' || substr(lpad(to_hex({number}), 12, '0'), 1, 4) || '-7000-8000-' || lpad(to_hex({number}), 12, '0'))"
            )
        } else {
            format!("printf('0192{kind}-%s-7000-8000-%012x', substr(printf('%012x', {number}), 1, 4), {number})")
        }
    };
    let draw =
        |salt: u64, below: u64| format!("((i * i * {salt} + i * 104729 + {salt} * 15485863) % 1299709 % {below})");
    let age = format!("(({rows} - i) * (94608000.0 / {rows}))");
    let age = if is_postgres {
        age
    } else {
        format!("cast({age} as integer)")
    };
    let share = format!("({} / 1000000.0)", draw(1, 1_000_000));
    let account_number = format!(
        "(1 + cast(floor({share} * {share} * {share} * {}) as integer))",
        ACCOUNTS - 1
    );
    // What is younger than two months is open more often; of the old nearly all is settled.
    let status = format!(
        "case when {d} < 3 then 'void' when {d} < 5 then 'uncollectible' when {d} < 8 then 'draft' \
         when i > {young} and {d} < 60 then 'open' when {d} < 9 then 'open' else 'paid' end",
        d = draw(3, 100),
        young = rows - rows / 20,
    );
    let price = format!(
        "(case {} when 0 then 46000 when 1 then 46000 when 2 then 433913 when 3 then 156435 else ({} + 1) * 1000 end)",
        draw(4, 6),
        draw(5, 2000)
    );
    let word = |salt: u64| {
        format!(
            "(case {} when 0 then 'Consulting' when 1 then 'Consulting' when 2 then 'Maintenance' when 3 then 'Hosting' \
             when 4 then 'Training' when 5 then 'Licence' when 6 then 'Support' else 'Pro, monthly' end)",
            draw(salt, 8)
        )
    };
    let town = |number: &str| {
        format!(
            "(case {number} % 10 when 0 then 'Karoo' when 1 then 'Overberg' when 2 then 'Swartland' when 3 then 'Cederberg' \
             when 4 then 'Winelands' when 5 then 'Garden Route' when 6 then 'Helderberg' when 7 then 'Boland' \
             when 8 then 'Namaqua' else 'Kalahari' end)"
        )
    };
    let company = |number: &str| format!("({} || ' Trading ' || {number})", town(number));
    // The demo has the first numbers.
    let number = if is_postgres {
        "'INV-' || lpad(cast(i + 100 as text), greatest(6, length(cast(i + 100 as text))), '0')"
    } else {
        "printf('INV-%06d', i + 100)"
    };
    // Some words stand in a few rows only.
    let rare = "case when i % 9973 = 7 then ' zebrawood' else '' end";

    let begin = if is_postgres {
        "begin;"
    } else {
        "pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -400000; begin;"
    };
    let end = if is_postgres {
        "commit; vacuum analyze;"
    } else {
        "commit; pragma journal_mode = wal;"
    };
    let now = at("0");
    format!(
        "{begin}
insert into accounts (id, company_name, billing_email, created_at)
select {account}, {company_i}, 'a@b.test', {now} from {accounts_series};
insert into memberships (account_id, user_id, role, created_at)
select {first_account}, id, 'owner', {now} from users where email_key = 'owner@demo.test';
delete from memberships where account_id <> {first_account} and user_id = (select id from users where email_key = 'owner@demo.test');

-- The demo's few come before all others, as numbers do.
update invoices set created_at = {at_first}, issued_at = {at_first}, due_at = {at_first} where number is not null;
delete from invoice_days;
insert into invoice_days (day, first_number, last_number, first_created_at, last_due_at)
select date(issued_at), min(number_order), max(number_order), min(created_at), max(coalesce(due_at, issued_at))
from invoices where issued_at is not null group by 1;

create temporary table draws as
select i, account_number, status, price, word, {age} as age, {company_a} as company from (
    select i, {account_number} as account_number, {status} as status, {price} as price, {word} || {rare} as word
    from {rows_series}
) d;

insert into invoices (id, account_id, number, status, title, currency, subtotal_minor, vat_minor, total_minor,
    amount_paid_minor, credited_minor, product_code, description, supplier_name, supplier_address, customer_name, customer_email,
    created_at, updated_at, issued_at, due_at, paid_at, document_sha256, search_text)
select {invoice}, {account_a}, case when status <> 'draft' then {number} end, status, 'Tax invoice', 'ZAR',
    price, price * 15 / 100, price + price * 15 / 100,
    case when status = 'paid' then price + price * 15 / 100 when status = 'open' and i % 8 = 0 then price / 2 else 0 end,
    case when status = 'void' then price + price * 15 / 100 else 0 end,
    case when i % 2 = 0 then 'PRO_MONTHLY' end, word, 'Table Bay Software', '12 Loop Street', company, 'a@b.test',
    {at_age}, {at_age}, case when status <> 'draft' then {at_age} end,
    case when status <> 'draft' then {at_due} end, case when status = 'paid' then {at_age} end,
    case when status <> 'draft' then 'sealed' end, case when status <> 'draft' then lower({number}) || ' ' else '' end || lower(company || ' ' || word)
from draws order by i;

insert into payments (id, account_id, invoice_id, provider, status, description, currency, amount_minor, fee_minor,
    net_minor, credited_minor, provider_reference, created_at, updated_at, succeeded_at, method, search_text)
select {payment}, {account_a}, {invoice}, 'payfast',
    case when status = 'paid' then 'succeeded' else case {pay_draw} when 0 then 'failed' when 1 then 'expired' when 2 then 'canceled'
        when 3 then 'awaiting_customer' when 4 then 'unknown' else 'succeeded' end end,
    word, 'ZAR', price + price * 15 / 100, price / 40, price + price * 15 / 100 - price / 40, 0, cast(1000000 + i as text),
    {at_age}, {at_age}, case when status = 'paid' then {at_age} end,
    case {method_draw} when 0 then 'eft' when 1 then 'saved_card' when 2 then 'saved_card' else 'redirect' end,
    lower({number} || ' ' || company || ' ' || word) || ' ' || cast(1000000 + i as text)
from draws order by i;

insert into ledger_transactions (id, serial, at, kind, source, account_id, invoice_id, description, currency,
    previous_hash, hash)
select {entry}, 1000000 + i, {at_age}, 'invoice_issued', 'invoice:' || {invoice}, {account_a}, {invoice}, word, 'ZAR',
    '', 'issue ' || i
from draws where status <> 'draft' order by i;
insert into ledger_transactions (id, serial, at, kind, source, account_id, invoice_id, description, currency,
    previous_hash, hash)
select {receipt}, 1000000 + {rows} + row_number() over (order by p.id), p.created_at, 'payment_received', 'payment:' || p.id, p.account_id,
    p.invoice_id, p.description, 'ZAR', '', 'receipt ' || p.id
from payments p where p.status = 'succeeded' and p.provider_reference >= '1000001' and length(p.provider_reference) >= 7
    and not exists (select 1 from ledger_transactions t where t.source = 'payment:' || p.id);
drop table draws;
{end}
",
        account = id("0001", "i"),
        company_i = company("i"),
        company_a = company("account_number"),
        accounts_series = series(ACCOUNTS),
        rows_series = series(rows),
        first_account = id("0001", "1"),
        account_a = id("0001", "account_number"),
        invoice = id("0002", "i"),
        payment = id("0003", "i"),
        entry = id("0004", "i"),
        receipt = "'05' || substr(p.id, 3)",
        word = word(6),
        at_first = at("94608000 + 86400"),
        at_age = at("age"),
        at_due = if is_postgres { format!("{} + interval '7 days'", at("age")) } else { at("age - 604800") },
        pay_draw = draw(7, 6),
        method_draw = draw(8, 20),
    )
}

pub fn write_to_sqlite(file: &Path, rows: u32) -> Outcome<()> {
    if which("sqlite3").is_none() {
        apt::install("the shell of SQLite", &["sqlite3"])?;
    }
    let mut command = Command::new("sqlite3");
    command.arg("-bail").arg(file);
    feed(&mut command, "sqlite3", &statements(rows, false))
}

pub fn write_to_postgres(postgres: &Postgres, rows: u32) -> Outcome<()> {
    let mut command = postgres.psql("bench");
    command.args(["-q", "-v", "ON_ERROR_STOP=1"]);
    feed(&mut command, "psql", &statements(rows, true))
}

fn feed(command: &mut Command, name: &str, text: &str) -> Outcome<()> {
    let advice = "read its message above";
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .or_fail(name, "is it installed?")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes()).or_fail(name, advice)?;
    }
    let status = child.wait().or_fail(name, advice)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{name} ended with {status}"), advice))
    }
}
