// The billing desk for real: refunds, saved cards, replays, the doctor, the books and the reports, against the server
// and the emulator. What their pages do with rarer answers is in the specs of their names.
import { createHash } from "node:crypto";

import type { Browser, Page } from "@playwright/test";

import {
  accountId, api, expect, goToPayfast, paidBadge, payInEmulator, paymentId, reviewPro, SANDBOX_URL, signUp, test,
  type InvoiceSummary, type List, type Person,
} from "../fixtures.ts";
import { staffPage } from "../staff.ts";

// A fault of PayFast's API strikes whoever calls next.
test.describe.configure({ mode: "serial" });

interface Refunded {
  refunds: { status: string; amount: { minor: number } }[];
  refunded: { minor: number };
}

interface Reconciliation {
  lines: number;
}

/** Buys Pro, and tells the payment. */
async function buyPro(page: Page, person: Person): Promise<string> {
  await reviewPro(page, person);
  await goToPayfast(page);
  await payInEmulator(page);
  await expect(paidBadge(page)).toBeVisible();
  return paymentId(page);
}

/** Lets the next call of PayFast's API that fits go wrong. */
async function setFault(page: Page, fault: string): Promise<void> {
  const answer = await page.request.post(`${SANDBOX_URL}/api-faults`, { form: { fault } });
  expect(answer.ok()).toBe(true);
}

async function withStaff(browser: Browser, baseURL: string | undefined, act: (desk: Page) => Promise<void>): Promise<void> {
  const staff = await staffPage(browser, baseURL);
  await act(staff.page);
  await staff.context.close();
}

async function askForRefund(desk: Page, payment: string, rand: string | null): Promise<void> {
  await desk.goto(`/payments/${payment}`);
  if (rand !== null) {
    await desk.getByRole("radio", { name: "A part" }).check();
    await desk.getByLabel(/^Amount/).fill(rand);
  }
  await desk.getByLabel("Reason").fill("Wrong plan");
  await desk.getByRole("button", { name: /^Refund R/ }).click();
  await desk.getByRole("dialog").getByRole("button", { name: /^Refund R/ }).click();
  await expect(desk.getByText("The refund is on its way.")).toBeVisible();
}

/** Waits for the only refund of a payment to come this far. */
async function refundBecomes(page: Page, payment: string, status: string): Promise<Refunded> {
  let last: Refunded | undefined;
  await expect
    .poll(async () => {
      last = await api<Refunded>(page, `/payments/${payment}`);
      return last.refunds.map((refund) => refund.status);
    }, { timeout: 30_000 })
    .toEqual([status]);
  return last as Refunded;
}

test("a part is refunded, and the customer sees the money and the credit note", async ({ page, person, browser, baseURL }) => {
  test.slow();
  const payment = await buyPro(page, person);
  await withStaff(browser, baseURL, async (desk) => {
    await askForRefund(desk, payment, "300");
    const { refunded } = await refundBecomes(desk, payment, "succeeded");
    expect(refunded.minor).toBe(30_000);
    await desk.reload();
    await expect(desk.getByText("Refunded", { exact: true }).first()).toBeVisible();
    await expect(desk.getByRole("radio", { name: "All of it, R229.00" }), "what is left").toBeVisible();
  });

  await page.goto(`/payments/${payment}`);
  await expect(page.getByText("R300.00").first()).toBeVisible();
  await expect(page.getByRole("button", { name: /^Refund R/ }), "only staff refund").toHaveCount(0);
  await page.goto("/invoices");
  await page.getByRole("link", { name: /^INV-/ }).first().click();
  await expect(page.getByText(/^CN-\d+/).first()).toBeVisible();
});

test("PayFast wants a bank account, gets it and pays", async ({ page, person, browser, baseURL }) => {
  test.slow();
  const payment = await buyPro(page, person);
  await withStaff(browser, baseURL, async (desk) => {
    await setFault(desk, "refund_bank_payout");
    await askForRefund(desk, payment, null);
    await refundBecomes(desk, payment, "awaiting_bank_details");
    await desk.reload();
    await desk.getByLabel("Account holder").fill("Karoo Kiln Studio");
    await desk.getByLabel("Bank", { exact: true }).fill("Nedbank");
    await desk.getByLabel("Branch code").fill("198765");
    await desk.getByLabel("Account number").fill("123456789012");
    await desk.getByRole("button", { name: "Send bank details" }).click();
    const { refunded } = await refundBecomes(desk, payment, "succeeded");
    expect(refunded.minor).toBe(52_900);
    await desk.reload();
    await expect(desk.getByText("Nothing of this payment can be refunded any more.")).toBeVisible();
  });
});

test("PayFast does the refund and its answer is lost: it is looked for, and no second one is sent", async ({ page, person, browser, baseURL }) => {
  test.slow();
  const payment = await buyPro(page, person);
  await withStaff(browser, baseURL, async (desk) => {
    await setFault(desk, "refund_timeout_after");
    await askForRefund(desk, payment, "100");
    await refundBecomes(desk, payment, "submitted");
    await askForRefund(desk, payment, "50");
    // PayFast is asked about the first after a minute; the second waits for that.
    await desk.reload();
    await expect(desk.getByText("Refund on its way")).toHaveCount(2);
    const { refunds } = await api<Refunded>(desk, `/payments/${payment}`);
    expect(refunds.map((refund) => refund.status).sort()).toEqual(["requested", "submitted"]);
  });
});

/** Gives a card to PayFast under a name of one's own. */
async function addCard(page: Page, label: string): Promise<void> {
  await page.goto("/payment-methods");
  await page.getByRole("button", { name: "Add a card" }).click();
  await page.getByLabel("What you call it (optional)").fill(label);
  await page.getByRole("button", { name: "Continue to PayFast" }).click();
  await expect(page).toHaveURL(new RegExp(`^${SANDBOX_URL}/`));
  await page.getByRole("button", { name: /^Pay/ }).click();
  await expect(page).toHaveURL(/\/payment-methods\/[^/]+\/return/);
  await expect(page.getByText("Your card is saved")).toBeVisible();
  await expect(page.getByRole("region", { name: "Saved cards" }).getByText(label)).toBeVisible();
}

/** An open invoice for the company, as staff issue it; tells where it is. */
async function issue(desk: Page, company: string): Promise<string> {
  await desk.goto("/invoices");
  await desk.getByRole("link", { name: "New invoice" }).click();
  await desk.getByRole("combobox", { name: "Customer" }).fill(company.slice(-14));
  await desk.getByRole("option", { name: new RegExp(company) }).click();
  await desk.getByRole("button", { name: "Start the draft" }).click();
  await desk.getByLabel("Description").first().fill("Training");
  await desk.getByLabel("Unit price").first().fill("1000");
  await expect(desk.getByText("R1\u00a0150.00").first()).toBeVisible();
  await desk.getByRole("button", { name: "Finalise invoice" }).click();
  await desk.getByRole("dialog").getByRole("button", { name: "Finalise invoice" }).click();
  await expect(desk.getByRole("heading", { level: 1, name: /^INV-/ })).toBeVisible();
  return new URL(desk.url()).pathname;
}

test("a saved card is declined, then pays; the default changes and goes", async ({ page, person, browser, baseURL }) => {
  test.setTimeout(240_000);
  // The company's details are asked for once, at the checkout.
  await buyPro(page, person);
  await addCard(page, "Company card");
  await addCard(page, "Old card");
  await page.getByRole("button", { name: "Make Old card the default" }).click();
  await expect(page.getByText("The default was changed.")).toBeVisible();
  await page.getByRole("button", { name: "Make Company card the default" }).click();
  await expect(page.getByRole("button", { name: "Make Old card the default" })).toBeVisible();

  let invoice = "";
  await withStaff(browser, baseURL, async (desk) => {
    invoice = await issue(desk, person.company);
    await setFault(desk, "charge_declined");
  });
  const pay = page.getByRole("button", { name: /^Pay R1\s150\.00 with Company card/ });
  await page.goto(invoice);
  await page.getByRole("link", { name: /^Pay R1\s150\.00 with PayFast/ }).click();
  await pay.click();
  await expect(page).toHaveURL(/\/payments\/[^/]+\/return/);
  await expect(page.getByText("Not paid", { exact: false }).first()).toBeVisible({ timeout: 30_000 });
  await page.goto(invoice);
  await page.getByRole("link", { name: /^Pay R1\s150\.00 with PayFast/ }).click();
  await pay.click();
  await expect(paidBadge(page)).toBeVisible({ timeout: 30_000 });
  const paid = await api<InvoiceSummary>(page, invoice);
  expect(paid.status).toBe("paid");

  await page.goto("/payment-methods");
  await page.getByRole("button", { name: "Remove Company card" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Old card becomes the default and pays from then on.");
  await dialog.getByRole("button", { name: "Remove card" }).click();
  await expect(page.getByText("The card was removed.")).toBeVisible();
  const cards = await api<List<{ label: string; is_default: boolean; status: string }>>(page, "/payment-methods");
  expect(cards.items.filter((card) => card.status === "active").map(({ label, is_default }) => [label, is_default])).toEqual([["Old card", true]]);
});

test("a held notification is replayed, first without changes, and stays held", async ({ page, person, browser, baseURL }) => {
  test.slow();
  await reviewPro(page, person);
  await goToPayfast(page);
  await payInEmulator(page, "wrong_amount");
  await expect(page.getByRole("heading", { name: "Waiting for PayFast" })).toBeVisible();
  const payment = paymentId(page);
  await withStaff(browser, baseURL, async (desk) => {
    await desk.goto("/payfast/notifications?status=quarantined");
    const row = desk.getByRole("row").filter({ hasText: "R528.00" }).first();
    await row.getByRole("link").first().click();
    await expect(desk.getByText(/^Held for review: /)).toBeVisible();
    await expect(desk.getByText("Failed", { exact: true })).toHaveCount(1);
    await desk.getByRole("button", { name: "Replay without changes" }).click();
    await expect(desk.getByText("Dry run. Nothing was written.")).toBeVisible();
    await expect(desk.getByText("It would change nothing.")).toBeVisible();
    await desk.getByRole("button", { name: "Replay for real" }).click();
    await desk.getByRole("dialog").getByRole("button", { name: "Replay for real" }).click();
    await expect(desk.getByText("The notification was replayed.")).toBeVisible();
    await expect(desk.getByText(/^Held for review: /)).toBeVisible();
    const { status } = await api<{ status: string }>(desk, `/payments/${payment}`);
    expect(status, "a wrong amount never pays").toBe("awaiting_customer");
  });
});

test("the doctor names the rule that a signature broke", async ({ browser, baseURL }) => {
  await withStaff(browser, baseURL, async (desk) => {
    const text = (space: string): string => `merchant_id=10000100&merchant_key=46f0cd694581a&amount=100.00&item_name=Pro${space}monthly`;
    const signature = createHash("md5").update(`${text("%20")}&passphrase=karoo`).digest("hex");
    await desk.goto("/payfast/signatures");
    await desk.getByLabel("Fields, as they were sent").fill(`${text("+")}&signature=${signature}`);
    await desk.getByRole("textbox", { name: "Passphrase (optional)" }).fill("karoo");
    await desk.getByRole("button", { name: "Examine signature" }).click();
    const verdict = desk.getByRole("region", { name: "Verdict" });
    await expect(verdict).toContainText("%20");
    await expect(verdict).toContainText(createHash("md5").update(`${text("+")}&passphrase=karoo`).digest("hex"));
  });
});

test("the books hold while the desk works, and a statement is compared", async ({ page, person, browser, baseURL }) => {
  test.slow();
  await buyPro(page, person);
  await withStaff(browser, baseURL, async (desk) => {
    await desk.goto("/payfast/books");
    await desk.getByRole("button", { name: "Verify now" }).click();
    await expect(desk.getByText("Every promise of the books holds.")).toBeVisible();
    await expect(desk.getByText("Balanced")).toBeVisible();

    // Not today's: it would settle what other journeys hold back.
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    await desk.goto("/payfast/reconciliations");
    await desk.getByLabel("First day").fill(yesterday);
    await desk.getByLabel("Last day").fill(yesterday);
    await desk.getByRole("button", { name: "Start reconciliation" }).click();
    await expect(desk.getByText("Finished", { exact: true }).first()).toBeVisible({ timeout: 30_000 });
    const runs = await api<List<Reconciliation>>(desk, "/reconciliations");
    expect(runs.items[0]?.lines).toBe(0);
  });
});

test("reports count what was bought, in the table and in the file", async ({ page, person, browser, baseURL }) => {
  test.slow();
  await buyPro(page, person);
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Africa/Johannesburg" }).format(new Date());
  const period = `from=${today}&to=${today}&group=day`;
  await withStaff(browser, baseURL, async (desk) => {
    await desk.goto(`/reports?${period}`);
    await desk.getByRole("button", { name: "Table" }).click();
    const table = desk.getByRole("table", { name: "Revenue with VAT" });
    await expect(table.getByRole("row")).toHaveCount(2);
    const download = desk.waitForEvent("download");
    await desk.getByRole("link", { name: "CSV" }).click();
    expect((await download).suggestedFilename()).toMatch(/^revenue.*\.csv$/);
    const csv = await (await desk.request.get(`/api/v1/reports/revenue.csv?${period}`)).text();
    const { net } = await api<{ net: { minor: number } }>(desk, `/reports/revenue?${period}`);
    expect(net.minor).toBeGreaterThanOrEqual(46_000);
    expect(csv.trim().split("\r\n")).toHaveLength(2);
    await desk.getByRole("link", { name: "Payments", exact: true }).last().click();
    await expect(desk).toHaveURL(/report=payments/);
  });
  expect(await accountId(page)).toBeTruthy();
});

test("a customer sees no tool of the desk", async ({ page, person }) => {
  await signUp(page, person);
  for (const path of ["/today", "/payfast/books", "/payfast/notifications", "/reports"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.getByRole("button", { name: "Verify now" })).toHaveCount(0);
    await expect(page.getByRole("main")).toContainText(/staff/i);
  }
});
