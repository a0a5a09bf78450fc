//! What each invariant asks the database, as text that both databases understand.
//!
//! A question answers with the rows that break a promise: an id, what one side says, what the other side says, and a
//! word about where. One statement sees one state of the database, however long it takes.

/// One question.
pub struct Question {
    /// What the id names: `invoice`, `payment`, `account`, `transaction`, `refund`, `statement`.
    pub kind: &'static str,
    /// Selects `id, left_minor, right_minor, word`.
    pub sql: &'static str,
    /// What is wrong, with `{left}`, `{right}` as money, `{l}`, `{r}` as numbers and `{word}`.
    pub message: &'static str,
}

pub const ENTRIES: &str = "select count(*) as counted from ledger_transactions";
pub const ACCOUNTS: &str = "select count(*) as counted from accounts";
pub const INVOICES: &str = "select count(*) as counted from invoices";
pub const REFUNDS_AND_NOTES: &str =
    "select (select count(*) from refunds) + (select count(*) from credit_notes) as counted";
pub const MOVEMENTS: &str = "select (select count(*) from invoices where number is not null)
    + (select count(*) from payments where status = 'succeeded')
    + (select count(*) from credit_notes) + (select count(*) from refunds) as counted";
pub const GRANTS: &str = "select count(*) as counted from plan_grants";
pub const STATEMENT_LINES: &str = "select count(*) as counted from statement_lines l
    join reconciliations r on r.id = l.reconciliation_id where r.status <> 'running' and l.verdict <> 'missing'";

pub const I1: &[Question] = &[Question {
    kind: "transaction",
    sql: "select t.id as id, cast(coalesce(sum(p.amount_minor), 0) as bigint) as left_minor,
            count(p.position) as right_minor, t.kind as word
        from ledger_transactions t left join ledger_postings p on p.transaction_id = t.id
        group by t.id, t.kind
        having coalesce(sum(p.amount_minor), 0) <> 0 or count(p.position) < 2
        order by t.id limit 20",
    message: "the {r} legs of this {word} add up to {left}, not to nothing",
}];

pub const I2: &[Question] = &[
    Question {
        kind: "account",
        sql: "with booked as (select account_id, sum(amount_minor) as minor from ledger_postings
                where ledger_account = 'receivable' group by account_id),
            owed as (select account_id,
                sum(total_minor - amount_paid_minor - credited_minor + returned_minor) as minor from invoices
                where status = 'open' group by account_id)
            select a.id as id, cast(coalesce(b.minor, 0) as bigint) as left_minor,
                cast(coalesce(o.minor, 0) as bigint) as right_minor, '' as word
            from accounts a left join booked b on b.account_id = a.id left join owed o on o.account_id = a.id
            where coalesce(b.minor, 0) <> coalesce(o.minor, 0) order by a.id limit 20",
        message: "the receivable is {left}, the open balances are {right}",
    },
    Question {
        kind: "account",
        sql: "with booked as (select account_id, -sum(amount_minor) as minor from ledger_postings
                where ledger_account = 'customer_credit' group by account_id),
            kept as (select account_id, sum(amount_minor) as minor from customer_credits group by account_id)
            select a.id as id, cast(coalesce(b.minor, 0) as bigint) as left_minor,
                cast(coalesce(k.minor, 0) as bigint) as right_minor, '' as word
            from accounts a left join booked b on b.account_id = a.id left join kept k on k.account_id = a.id
            where coalesce(b.minor, 0) <> coalesce(k.minor, 0) or coalesce(k.minor, 0) < 0 order by a.id limit 20",
        message: "the books hold {left} of credit for this customer, their credit comes to {right}",
    },
    Question {
        kind: "transaction",
        sql:
            "select t.id as id, p.amount_minor as left_minor, cast(0 as bigint) as right_minor, p.ledger_account as word
            from ledger_postings p join ledger_transactions t on t.id = p.transaction_id
            where p.account_id is null and p.ledger_account in ('receivable', 'customer_credit')
            order by t.id limit 20",
        message: "{left} stands on {word} for nobody",
    },
];

pub const I3: &[Question] = &[
    Question {
        kind: "invoice",
        sql: "select i.id as id, i.total_minor as left_minor, i.subtotal_minor + i.vat_minor as right_minor,
                coalesce(i.number, 'the draft') as word
            from invoices i where i.total_minor <> i.subtotal_minor + i.vat_minor order by i.id limit 20",
        message: "{word} says a total of {left}, net and VAT come to {right}",
    },
    Question {
        kind: "invoice",
        sql: "select i.id as id, i.total_minor as left_minor, cast(coalesce(l.total, 0) as bigint) as right_minor,
                coalesce(i.number, 'the draft') as word
            from invoices i left join (select invoice_id, sum(net_minor) as net, sum(vat_minor) as vat,
                sum(total_minor) as total from invoice_lines group by invoice_id) l on l.invoice_id = i.id
            where i.subtotal_minor <> coalesce(l.net, 0) or i.vat_minor <> coalesce(l.vat, 0)
                or i.total_minor <> coalesce(l.total, 0) order by i.id limit 20",
        message: "{word} says a total of {left}, its lines come to {right}, or net and VAT differ",
    },
    Question {
        kind: "invoice",
        sql: "select id, total_minor - amount_paid_minor - credited_minor + returned_minor as left_minor,
                cast(0 as bigint) as right_minor, status as word
            from invoices
            where (status <> 'void' and total_minor - amount_paid_minor - credited_minor + returned_minor < 0)
                or (status = 'paid' and total_minor - amount_paid_minor - credited_minor + returned_minor <> 0)
                or (status = 'open' and total_minor - amount_paid_minor - credited_minor + returned_minor = 0)
            order by id limit 20",
        message: "the invoice is {word} with a balance of {left}",
    },
    Question {
        kind: "invoice",
        sql:
            "select i.id as id, i.amount_paid_minor as left_minor, cast(coalesce(b.minor, 0) as bigint) as right_minor,
                coalesce(i.number, 'the draft') as word
            from invoices i left join (select t.invoice_id, -sum(p.amount_minor) as minor
                from ledger_transactions t join ledger_postings p on p.transaction_id = t.id
                where t.kind in ('payment_received', 'credit_applied', 'payment_reversed')
                    and p.ledger_account in ('receivable', 'bad_debt', 'vat_output')
                group by t.invoice_id) b on b.invoice_id = i.id
            where i.amount_paid_minor <> coalesce(b.minor, 0) order by i.id limit 20",
        message: "{word} says {left} was paid, the books say {right}",
    },
    Question {
        kind: "invoice",
        sql: "select i.id as id, i.credited_minor - i.returned_minor as left_minor,
                cast(coalesce(n.total - n.returned, 0) as bigint) as right_minor,
                coalesce(i.number, 'the draft') as word
            from invoices i left join (select invoice_id, sum(total_minor) as total, sum(to_credit_minor) as returned
                from credit_notes group by invoice_id) n on n.invoice_id = i.id
            where i.credited_minor <> coalesce(n.total, 0) or i.returned_minor <> coalesce(n.returned, 0)
            order by i.id limit 20",
        message: "{word} says credit notes took {left} off what is owed, they took {right}, or their sums differ",
    },
];

pub const I4: &[Question] = &[
    Question {
        kind: "payment",
        sql: "select p.id as id, cast(r.minor as bigint) as left_minor,
                cast(case when p.status = 'succeeded' then p.amount_minor + coalesce((select sum(c.amount_minor)
                    from customer_credits c where c.payment_id = p.id and c.reason = 'paid again'), 0)
                    else 0 end as bigint) as right_minor, '' as word
            from payments p join (select payment_id, sum(amount_minor) as minor from refunds
                where status <> 'failed' group by payment_id) r on r.payment_id = p.id
            where r.minor > case when p.status = 'succeeded' then p.amount_minor + coalesce((select sum(c.amount_minor)
                from customer_credits c where c.payment_id = p.id and c.reason = 'paid again'), 0) else 0 end
            order by p.id limit 20",
        message: "{left} was refunded, {right} came in",
    },
    Question {
        kind: "payment",
        sql: "select p.id as id, p.refunded_minor as left_minor, cast(coalesce(r.minor, 0) as bigint) as right_minor,
                '' as word
            from payments p left join (select payment_id, sum(amount_minor) as minor from refunds
                where status <> 'failed' group by payment_id) r on r.payment_id = p.id
            where p.refunded_minor <> coalesce(r.minor, 0) order by p.id limit 20",
        message: "the payment says {left} was refunded, its refunds come to {right}",
    },
    Question {
        kind: "invoice",
        sql: "select i.id as id, cast(sum(n.total_minor) as bigint) as left_minor, i.total_minor as right_minor,
                coalesce(i.number, '') as word
            from credit_notes n join invoices i on i.id = n.invoice_id group by i.id, i.total_minor, i.number
            having sum(n.total_minor) > i.total_minor or sum(n.net_minor) > i.subtotal_minor
                or sum(n.vat_minor) > i.vat_minor
            order by i.id limit 20",
        message: "credit notes of {left} on {word}, which is {right}, or more net or VAT than it has",
    },
    Question {
        kind: "account",
        sql: "with booked as (select account_id, -sum(amount_minor) as minor from ledger_postings
                where ledger_account = 'refunds_payable' group by account_id),
            open_refunds as (select account_id, sum(amount_minor) as minor from refunds
                where status not in ('succeeded', 'failed') group by account_id)
            select a.id as id, cast(coalesce(b.minor, 0) as bigint) as left_minor,
                cast(coalesce(r.minor, 0) as bigint) as right_minor, '' as word
            from accounts a left join booked b on b.account_id = a.id
                left join open_refunds r on r.account_id = a.id
            where coalesce(b.minor, 0) <> coalesce(r.minor, 0) order by a.id limit 20",
        message: "the books hold {left} for refunds, the refunds on their way are {right}",
    },
];

pub const I5: &[Question] = &[
    Question {
        kind: "transaction",
        sql: "select min(id) as id, count(*) as left_minor, cast(1 as bigint) as right_minor, kind as word
            from ledger_transactions group by source, kind having count(*) > 1 order by 1 limit 20",
        message: "{l} entries of the kind {word} tell of one movement",
    },
    Question {
        kind: "invoice",
        sql: "select i.id as id, i.total_minor as left_minor, cast(coalesce((select sum(p.amount_minor)
                    from ledger_transactions t join ledger_postings p on p.transaction_id = t.id
                    where t.source = 'invoice:' || i.id and t.kind = 'invoice_issued'
                        and p.ledger_account = 'receivable'), 0) as bigint) as right_minor,
                coalesce(i.number, '') as word
            from invoices i where i.number is not null and (i.total_minor <> coalesce((select sum(p.amount_minor)
                    from ledger_transactions t join ledger_postings p on p.transaction_id = t.id
                    where t.source = 'invoice:' || i.id and t.kind = 'invoice_issued'
                        and p.ledger_account = 'receivable'), 0)
                or i.vat_minor <> coalesce((select -sum(p.amount_minor)
                    from ledger_transactions t join ledger_postings p on p.transaction_id = t.id
                    where t.source = 'invoice:' || i.id and t.kind = 'invoice_issued'
                        and p.ledger_account = 'vat_output'), 0))
            order by i.id limit 20",
        message: "{word} was issued over {left}, its entry is over {right}, or the VAT differs",
    },
    Question {
        kind: "payment",
        sql: "select y.id as id, y.amount_minor as left_minor, y.booked as right_minor, '' as word from (
                select id, amount_minor, cast(coalesce((select -sum(p.amount_minor)
                    from ledger_transactions t join ledger_postings p on p.transaction_id = t.id
                    where t.source = 'payment:' || payments.id and t.kind = 'payment_received'
                        and p.ledger_account in ('receivable', 'bad_debt', 'vat_output', 'customer_credit')), 0)
                    as bigint) as booked
                from payments where status = 'succeeded') y
            where y.amount_minor <> y.booked order by y.id limit 20",
        message: "{left} was received, its entry is over {right}",
    },
    Question {
        kind: "payment",
        sql: "select c.payment_id as id, c.amount_minor as left_minor, cast(0 as bigint) as right_minor,
                c.source as word
            from customer_credits c where c.reason = 'paid again' and c.payment_id is not null
                and not exists (select 1 from ledger_transactions t
                    where t.source = c.source and t.kind = 'paid_again')
            order by c.id limit 20",
        message: "{left} came again as {word}, and the books have no entry of it",
    },
    Question {
        kind: "payment",
        sql: "select id, amount_minor as left_minor, cast(0 as bigint) as right_minor, '' as word from payments
            where reversed_at is not null and not exists (select 1 from ledger_transactions t
                where t.source = 'payment:' || payments.id and t.kind = 'payment_reversed')
            order by id limit 20",
        message: "{left} was reversed, and the books have no entry of it",
    },
    Question {
        kind: "invoice",
        sql: "select i.id as id, i.total_minor as left_minor, cast(0 as bigint) as right_minor,
                coalesce(i.number, '') as word
            from invoices i where i.status = 'uncollectible' and not exists (select 1 from ledger_transactions t
                where t.invoice_id = i.id and t.kind = 'written_off')
            order by i.id limit 20",
        message: "{word} was written off, and the books have no entry of it",
    },
    Question {
        kind: "invoice",
        sql: "select y.id as id, y.net_minor as left_minor, y.booked as right_minor, y.number as word from (
                select n.invoice_id as id, n.number, n.net_minor, cast(coalesce((select sum(p.amount_minor)
                    from ledger_transactions t join ledger_postings p on p.transaction_id = t.id
                    where t.source = 'credit_note:' || n.id and t.kind = 'credit_note_issued'
                        and p.ledger_account = 'revenue'), 0) as bigint) as booked
                from credit_notes n) y
            where y.net_minor <> y.booked order by y.number limit 20",
        message: "{word} takes {left} of revenue back, its entry takes {right}",
    },
    Question {
        kind: "refund",
        sql: "select y.id as id, y.amount_minor as left_minor, y.booked as right_minor, y.status as word from (
                select r.id, r.status, r.amount_minor, cast(coalesce((select -sum(p.amount_minor)
                    from ledger_transactions t join ledger_postings p on p.transaction_id = t.id
                    where t.source = 'refund:' || r.id and t.kind = 'refund_reserved'
                        and p.ledger_account = 'refunds_payable'), 0) as bigint) as booked
                from refunds r) y
            where y.amount_minor <> y.booked order by y.id limit 20",
        message: "{left} is to be refunded, {right} was set aside",
    },
    Question {
        kind: "refund",
        sql: "select r.id as id, r.amount_minor as left_minor, cast(0 as bigint) as right_minor,
                r.status as word
            from refunds r
            where r.status in ('succeeded', 'failed') and not exists (select 1 from ledger_transactions t
                where t.source = 'refund:' || r.id
                    and t.kind = case when r.status = 'succeeded' then 'refund_paid' else 'refund_failed' end)
            order by r.id limit 20",
        message: "the refund of {left} has {word}, and the books have no entry of it",
    },
    Question {
        kind: "transaction",
        sql: "select t.id as id, cast(0 as bigint) as left_minor, cast(0 as bigint) as right_minor,
                t.kind || ' for ' || t.source as word
            from ledger_transactions t
            where (t.source like 'invoice:%' and not exists (select 1 from invoices i
                    where i.id = substr(t.source, 9, 36) and i.number is not null))
                or (t.source like 'payment:%' and not exists (select 1 from payments p
                    where p.id = substr(t.source, 9) and p.status = 'succeeded'))
                or (t.source like 'credit\\_note:%' escape '\\' and not exists (select 1 from credit_notes n
                    where n.id = substr(t.source, 13)))
                or (t.source like 'refund:%' and not exists (select 1 from refunds r
                    where r.id = substr(t.source, 8)))
            order by t.id limit 20",
        message: "the entry {word} tells of something that did not happen",
    },
];

pub const I8: &[Question] = &[
    Question {
        kind: "statement",
        // A line that PayFast wrote anew, with another balance or fee, stands for the one before it.
        sql: "with lines as (select l.pf_payment_id as reference, l.id, l.net_minor, l.verdict, row_number() over (
                    partition by l.pf_payment_id, l.kind, l.at, case when l.net_minor < 0 then 0 else 1 end,
                        case when l.verdict = 'duplicate' then l.id else '' end
                    order by l.created_at desc, l.id desc) as place
                from statement_lines l join reconciliations r on r.id = l.reconciliation_id
                where r.status <> 'running' and l.pf_payment_id is not null
                    and l.verdict not in ('missing', 'refund', 'payout')),
            told as (select reference, min(id) as id, sum(net_minor) as minor from lines
                where place = 1 group by reference),
            moved as (
                select m.provider_reference as reference, t.id as transaction_id
                from payments m join ledger_transactions t
                    on t.source = 'payment:' || m.id and t.kind in ('payment_received', 'fee_corrected')
                where m.provider = 'payfast'
                union all
                select substr(t.source, 9) as reference, t.id as transaction_id
                from ledger_transactions t where t.source like 'payfast:%' and t.kind = 'paid_again'
                union all
                select l.pf_payment_id as reference, t.id as transaction_id
                from statement_lines l join ledger_transactions t
                    on t.source = 'statement_line:' || l.id and t.kind = 'fee_corrected'),
            booked as (select m.reference, sum(p.amount_minor) as minor
                from moved m join ledger_postings p on p.transaction_id = m.transaction_id
                where p.ledger_account = 'payfast_clearing' group by m.reference),
            reversed as (select m.provider_reference as reference, sum(p.amount_minor) as minor
                from payments m join ledger_transactions t
                    on t.source = 'payment:' || m.id and t.kind = 'payment_reversed'
                    join ledger_postings p on p.transaction_id = t.id
                where m.provider = 'payfast' and p.ledger_account = 'payfast_clearing'
                group by m.provider_reference)
            select told.id as id, cast(told.minor as bigint) as left_minor,
                cast(coalesce(booked.minor, 0) as bigint) as right_minor, told.reference as word
            from told left join booked on booked.reference = told.reference
                left join reversed on reversed.reference = told.reference
            where told.minor <> coalesce(booked.minor, 0)
                and told.minor <> coalesce(booked.minor, 0) + coalesce(reversed.minor, 0)
            order by told.id limit 20",
        message: "PayFast's statement has {left} for {word}, the clearing account has {right}",
    },
    Question {
        kind: "statement",
        sql: "select l.id as id, l.net_minor as left_minor, cast(0 as bigint) as right_minor, l.kind as word
            from statement_lines l join reconciliations r on r.id = l.reconciliation_id
            where r.status <> 'running' and l.pf_payment_id is null and l.net_minor <> 0
                and l.verdict not in ('missing', 'refund', 'payout') order by l.id limit 20",
        message: "PayFast's statement has {left} ({word}) without an id of PayFast, the clearing account does not",
    },
    Question {
        kind: "statement",
        // Equal lines that one comparison stored are as many payouts; those of another are the same ones, written anew.
        sql: "with counted as (select l.at, l.kind, l.gross_minor, l.fee_minor, l.net_minor, min(l.id) as id,
                    count(*) as equal
                from statement_lines l join reconciliations r on r.id = l.reconciliation_id
                where r.status <> 'running' and l.verdict = 'payout'
                group by l.at, l.kind, l.gross_minor, l.fee_minor, l.net_minor, l.reconciliation_id),
            told as (select at, kind, gross_minor, fee_minor, net_minor, min(id) as id,
                    net_minor * max(equal) as minor
                from counted group by at, kind, gross_minor, fee_minor, net_minor),
            booked as (select l.at, l.kind, l.gross_minor, l.fee_minor, l.net_minor, sum(p.amount_minor) as minor
                from statement_lines l join ledger_transactions t
                    on t.source = 'statement_line:' || l.id and t.kind = 'payout'
                    join ledger_postings p on p.transaction_id = t.id
                where p.ledger_account = 'payfast_clearing'
                group by l.at, l.kind, l.gross_minor, l.fee_minor, l.net_minor)
            select told.id as id, cast(told.minor as bigint) as left_minor,
                cast(coalesce(booked.minor, 0) as bigint) as right_minor, told.kind as word
            from told left join booked on booked.at = told.at and booked.kind = told.kind
                and booked.gross_minor = told.gross_minor and booked.fee_minor = told.fee_minor
                and booked.net_minor = told.net_minor
            where told.minor <> coalesce(booked.minor, 0) order by told.id limit 20",
        message: "PayFast's statement has {left} ({word}), the clearing account has {right}",
    },
    Question {
        kind: "statement",
        sql: "with counted as (select l.pf_payment_id as reference, l.at, l.kind, l.net_minor, min(l.id) as id,
                    count(*) as equal
                from statement_lines l join reconciliations r on r.id = l.reconciliation_id
                where r.status <> 'running' and l.verdict = 'refund' and l.pf_payment_id is not null
                group by l.pf_payment_id, l.at, l.kind, l.net_minor, l.reconciliation_id),
            each_one as (select reference, min(id) as id, net_minor * max(equal) as minor
                from counted group by reference, at, kind, net_minor),
            told as (select reference, min(id) as id, sum(minor) as minor from each_one group by reference),
            booked as (select m.provider_reference as reference, sum(p.amount_minor) as minor
                from refunds f join payments m on m.id = f.payment_id
                    join ledger_transactions t on t.source = 'refund:' || f.id and t.kind = 'refund_paid'
                    join ledger_postings p on p.transaction_id = t.id
                where p.ledger_account = 'payfast_clearing' group by m.provider_reference)
            select told.id as id, cast(told.minor as bigint) as left_minor,
                cast(coalesce(booked.minor, 0) as bigint) as right_minor, told.reference as word
            from told left join booked on booked.reference = told.reference
            where told.minor <> coalesce(booked.minor, 0) order by told.id limit 20",
        message: "PayFast's statement has refunds of {left} for {word}, the clearing account has {right}",
    },
    Question {
        kind: "payment",
        sql: "select m.id as id, m.amount_minor as left_minor, cast(0 as bigint) as right_minor,
                coalesce(m.provider_reference, '') as word
            from statement_lines l join reconciliations r on r.id = l.reconciliation_id
                join payments m on m.id = l.payment_id
            where r.status <> 'running' and l.verdict = 'missing' and not exists (select 1 from statement_lines o
                where o.pf_payment_id = m.provider_reference and o.verdict <> 'missing')
            order by m.id limit 20",
        message: "{left} came as {word}, and PayFast's statement does not have it",
    },
];

pub const I9: &[Question] = &[Question {
    kind: "payment",
    sql: "select y.payment_id as id, cast(0 as bigint) as left_minor, cast(0 as bigint) as right_minor,
            y.product_code as word
        from (
            select payment_id, product_code, starts_at, lag(ends_at) over (
                partition by account_id, substr(product_code, 1, 3) order by starts_at, id) as earlier_ends_at
            from plan_grants) y
        where y.starts_at < y.earlier_ends_at order by y.payment_id limit 20",
    message: "the time that this payment bought ({word}) begins before the time that is paid already has ended",
}];
