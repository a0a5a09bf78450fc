// The desk with answers of the contract in place of the server's: what the pages of the staff do with them.
// Money that moves is proved by the server's own tests; these journeys look at what people see and press.
import type { Page, Route } from "@playwright/test";

import { expect, expectAccessible } from "./fixtures.ts";

export const ID = (number: number): string => `01929b7e-7c1c-7000-8000-${String(number).padStart(12, "0")}`;
const zar = (minor: number): { minor: number; currency: string } => ({ minor, currency: "ZAR" });
const list = (items: unknown[]): object => ({ items, next_cursor: null, total: items.length });
const at = (day: number): string => `2026-11-${String(day).padStart(2, "0")}T08:00:00Z`;

/** What one address answers: a value, or what a request makes of it. */
export type Answer = object | ((route: Route) => { status?: number; json: object });

const ACCOUNT = {
  id: ID(900),
  company_name: "Karoo Kiln Studio",
  role: "owner",
  plan: { code: "PRO_MONTHLY", name: "Pro", paid_until: at(30) },
};

export const PAYMENT = {
  id: ID(1), status: "succeeded", account_id: ID(900), invoice_id: ID(2), invoice_number: "INV-001062",
  description: "Pro, monthly", amount: zar(52_900), fee: zar(1_852), net: zar(51_048), provider: "payfast",
  method: "redirect", refunded: zar(0), provider_reference: "1089250", created_at: at(20), updated_at: at(20),
  succeeded_at: at(20), expires_at: null, credited: zar(0), product_code: null, payment_method_id: null,
  reversed_at: null, refundable: zar(52_900),
  attempts: [{ id: ID(3), kind: "redirect", amount: zar(52_900), created_at: at(20) }],
  refunds: [] as object[],
  events: [
    { at: at(20), event: "created", from: null, to: "created", note: "" },
    { at: at(20), event: "itn_complete", from: "awaiting_customer", to: "succeeded", note: "" },
  ],
};

export const REFUND = {
  id: ID(4), payment_id: ID(1), status: "awaiting_bank_details", amount: zar(52_900), reason: "Wrong plan",
  credit_note_id: null, provider_message: "PayFast pays this one to a bank account.", created_at: at(21),
  updated_at: at(21), completed_at: null,
};

export const ITN = {
  id: ID(5), status: "quarantined", reason: "the amount differs from the payment.", received_at: at(20), peer: "127.0.0.1",
  pf_payment_id: "1089250", payment_status: "COMPLETE", payment_id: ID(1), amount_gross: "528.00", deliveries: 2,
  raw_body: "m_payment_id=1&pf_payment_id=1089250&payment_status=COMPLETE&amount_gross=528.00&signature=ad8e7f",
  signed_string: "m_payment_id=1&pf_payment_id=1089250&payment_status=COMPLETE&amount_gross=528.00", checked_at: at(20),
  checks: [
    { check: "signature", verdict: "passed", evidence: "ad8e7f, as it must be" },
    { check: "source", verdict: "passed", evidence: "127.0.0.1 is PayFast’s" },
    { check: "contents", verdict: "failed", evidence: "R529.00 asked, R528.00 told" },
    { check: "confirmation", verdict: "not_done", evidence: "" },
  ],
  changes: [],
};

const REPLAY = {
  dry_run: true, status: "applied", reason: "", checks: ITN.checks,
  changes: [
    { entity: "payment", entity_id: ID(1), field: "status", before: "awaiting_customer", after: "succeeded" },
    { entity: "invoice", entity_id: ID(2), field: "status", before: "draft", after: "paid" },
  ],
};

const SENTENCES = [
  "Debits equal credits in every transaction.", "What a customer owes is the sum of the open balances.",
  "Totals are lines and tax, and no balance is below nothing.", "Nothing is refunded that was not captured.",
  "Each source has one set of postings.", "An issued document never changes.", "Numbers have no holes.",
  "Clearing equals PayFast’s statement.", "No period is paid twice.", "Nothing is unknown for too long.", "The chain is whole.",
];
const NAMES = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "chain"];

export function books(broken: boolean): object {
  return {
    checks: NAMES.map((invariant, index) => {
      const isBroken = broken && invariant === "I2";
      return {
        invariant, sentence: SENTENCES[index], holds: !isBroken, checked: 40 + index, checked_at: at(22),
        findings: isBroken ? [{ kind: "invoice", id: ID(2), message: "the receivable is R529.00, the open balances are R0.00" }] : [],
      };
    }),
    balances: [
      { account: "payfast_clearing", amount: zar(51_048) }, { account: "payfast_fees", amount: zar(1_852) },
      { account: "vat_output", amount: zar(-6_900) }, { account: "revenue", amount: zar(-46_000) },
    ],
    transactions: 4,
  };
}

const RUN = {
  id: ID(6), from: "2026-11-16", to: "2026-11-22", status: "finished", reason: "", lines: 3, matched: 1, healed: 1,
  differences: 1, created_at: at(23), finished_at: at(23),
};
const LINES = ["matched", "healed", "amount_drift"].map((verdict, index) => ({
  id: ID(70 + index), at: at(20), kind: "FUNDS_RECEIVED", name: "Karoo Kiln Studio", description: "INV-001062", gross: zar(52_900),
  fee: zar(-1_852), net: zar(51_048), pf_payment_id: "1089250", payment_id: ID(1), verdict,
  note: verdict === "amount_drift" ? "The statement has R528.00, we have R529.00." : "",
}));

const DIAGNOSIS = {
  is_valid: false, rule: "encoding", verdict: "The signatures differ from the 2nd field on.",
  advice: "PayFast encodes a space as +, not as %20. Encode it so and sign again.", submitted_signature: "0a1b",
  expected_signature: "ad8e7fad8e7fad8e7fad8e7fad8e7fad", expected_string: "merchant_id=10000100&item_name=Pro+monthly&amount=529.00&passphrase=•••",
  submitted_string: "merchant_id=10000100&item_name=Pro%20monthly&amount=529.00&passphrase=•••", first_difference: 34,
  first_field: [2, "item_name"], fields: ["merchant_id", "item_name", "amount"],
};

const MONTHS = Array.from({ length: 12 }, (_, index) => {
  const month = new Date(Date.UTC(2025, 11 + index, 1));
  const last = new Date(Date.UTC(2025, 12 + index, 0));
  return { from: month.toISOString().slice(0, 10), to: last.toISOString().slice(0, 10), is_unfinished: index === 11 };
});
const span = { from: "2025-12-01", to: "2026-11-30", is_unfinished: true };
export const REVENUE = {
  span, net: zar(129_237_400), vat: zar(19_385_600), collected: zar(140_000_000), fees: zar(4_900_000), refunded: zar(52_900),
  periods: MONTHS.map((span, index) => ({
    span, invoices: 180 + index, invoiced: zar(8_400_000 + index * 500_000), credited: zar(0), net: zar(8_400_000 + index * 500_000),
    vat: zar(1_260_000 + index * 75_000), collected: zar(9_000_000), fees: zar(300_000), refunded: zar(0),
  })),
};
const AGES: [number | null, number | null, number, number][] = [
  [null, null, 30, 4_821_000], [1, 30, 20, 3_148_000], [31, 60, 8, 1_195_000], [61, 90, 3, 477_800], [91, null, 0, 0],
];
const RECEIVABLES = {
  on: "2026-11-24", total: zar(9_641_800), overdue: zar(4_820_800),
  ages: AGES.map(([from_days, to_days, invoices, minor]) => ({ from_days, to_days, invoices, balance: zar(minor) })),
  customers: [{ account_id: ID(900), customer_name: "Karoo Kiln Studio", invoices: 2, balance: zar(105_800), ages: [52_900, 52_900, 0, 0, 0].map(zar) }],
};
const VAT = {
  span, payable: zar(18_000_000),
  periods: MONTHS.map((span, index) => ({
    span, standard_rated: zar(8_000_000), zero_rated: zar(0), output_vat: zar(1_260_000 + index * 75_000), credited_vat: zar(6_900),
    bad_debt_vat: zar(0), payable: zar(1_253_100 + index * 75_000),
  })),
};
const PAID = {
  span,
  rows: [
    { method: "redirect", status: "succeeded", count: 1_212, amount: zar(140_000_000), fee: zar(4_900_000), net: zar(135_100_000) },
    { method: "redirect", status: "failed", count: 76, amount: zar(4_000_000), fee: zar(0), net: zar(0) },
    { method: "eft", status: "succeeded", count: 12, amount: zar(9_000_000), fee: zar(0), net: zar(9_000_000) },
  ],
};

const CARD = {
  id: ID(80), kind: "card", label: "Company card", last_four: "4242", expires: { year: 2027, month: 2 }, is_default: true,
  status: "active", created_at: at(1),
};
const OLD_CARD = { ...CARD, id: ID(81), label: "Old card", last_four: null, expires: { year: 2026, month: 12 }, is_default: false, status: "expiring" };

const SITE = { supplier: { name: "CapeControl (Pty) Ltd", address: "1 Long Street, Cape Town", vat_number: "4000000000" }, payfast_mode: "emulator", version: "0" };

const common = (user: object, accounts: object[]): Record<string, Answer> => ({
  "GET /site": SITE,
  "GET /auth/csrf": { csrf_token: "t", signed_in: true },
  "GET /auth/me": { user: { id: ID(99), email: "t.mokoena@example.test", first_name: "Thandi", last_name: "Mokoena", ...user }, accounts },
});

const COUNTS = ["draft", "open", "overdue", "partially_paid", "paid", "void", "uncollectible"];

/** The staff's side of the contract. */
export const DESK: Record<string, Answer> = {
  ...common({ staff_role: "billing" }, []),
  "GET /invoices/totals": { counts: COUNTS.map((state) => ({ state, count: state === "overdue" ? 3 : 0 })), total: zar(0), balance: zar(0) },
  "GET /payments": list([PAYMENT]),
  [`GET /payments/${ID(1)}`]: PAYMENT,
  "GET /itn": list([ITN]),
  [`GET /itn/${ID(5)}`]: ITN,
  [`POST /itn/${ID(5)}/replay`]: REPLAY,
  "GET /refunds": list([REFUND]),
  "GET /books": books(true),
  "POST /books/verify": books(false),
  "GET /reconciliations": list([RUN]),
  "POST /reconciliations": RUN,
  [`GET /reconciliations/${ID(6)}`]: RUN,
  [`GET /reconciliations/${ID(6)}/lines`]: list(LINES),
  "POST /signatures/diagnose": DIAGNOSIS,
  "GET /reports/revenue": REVENUE,
  "GET /reports/receivables": RECEIVABLES,
  "GET /reports/vat": VAT,
  "GET /reports/payments": PAID,
};

/** The customer's side. */
export const CUSTOMER: Record<string, Answer> = {
  ...common({ staff_role: null }, [ACCOUNT]),
  "GET /payment-methods": list([CARD, OLD_CARD]),
  [`PATCH /payment-methods/${ID(81)}`]: { ...OLD_CARD, is_default: true },
  [`PATCH /payment-methods/${ID(80)}`]: { ...CARD, label: "New name" },
  [`DELETE /payment-methods/${ID(80)}`]: {},
  "GET /credit": { balance: zar(52_900), entries: [{ at: at(20), amount: zar(52_900), reason: "Paid twice", payment_id: ID(1), invoice_id: null }] },
  "GET /payments": list([PAYMENT]),
  [`GET /payments/${ID(1)}`]: PAYMENT,
};

/** Lets `answers` answer; gives the requests that change something, as they came. */
export async function answer(page: Page, answers: Record<string, Answer>): Promise<{ path: string; body: unknown; key: string | undefined }[]> {
  const sent: { path: string; body: unknown; key: string | undefined }[] = [];
  await page.route("**/api/v1/**", async (route) => {
    const request = route.request();
    const path = new URL(request.url()).pathname.replace("/api/v1", "");
    const name = `${request.method()} ${path}`;
    if (request.method() !== "GET") {
      // The client's HTTP library ends a query with an ampersand, which means nothing.
      const query = new URL(request.url()).search.replace(/&$/, "");
      sent.push({ path: name + query, body: request.postDataJSON() as unknown, key: request.headers()["idempotency-key"] });
    }
    const found = answers[name];
    if (!found) throw new Error(`nobody answers ${name}`);
    const { status = 200, json } = typeof found === "function" ? found(route) : { json: found };
    await route.fulfill({ status, json });
  });
  return sent;
}

/** Both colours and both widths: nothing for axe, nothing sideways. */
export async function expectUsable(page: Page, paths: string[]): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [360, 1280]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 800 });
      for (const path of paths) {
        await page.goto(path);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await expectAccessible(page, `${path}, ${colorScheme}, ${width} pixels`);
      }
    }
  }
}
