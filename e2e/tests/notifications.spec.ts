// PayFast's notification is late, doubled, forged, wrong or lost; the page says what is true.
import {
  api, expect, goToPayfast, paidBadge, payInEmulator, paymentId, reviewPro, test,
  type InvoiceSummary, type List, type PaymentSummary,
} from "../fixtures.ts";

test("a late notification: the page waits, then says paid by itself", async ({ page, person }) => {
  await reviewPro(page, person);
  await goToPayfast(page);
  await payInEmulator(page, "late");

  await expect(page.getByRole("heading", { name: "Waiting for PayFast" })).toBeVisible();
  await expect(paidBadge(page)).toBeVisible({ timeout: 30_000 });
});

for (const fault of ["duplicate", "repeat"] as const) {
  test(`a ${fault} notification: one payment, one paid invoice`, async ({ page, person }) => {
    await reviewPro(page, person);
    await goToPayfast(page);
    await payInEmulator(page, fault);
    await expect(paidBadge(page)).toBeVisible();
    // The repeated ones follow each second.
    if (fault === "repeat") await page.waitForTimeout(2_500);

    const payments = await api<List<PaymentSummary>>(page, "/payments");
    expect(payments.items.map((payment) => payment.status)).toEqual(["succeeded"]);
    const invoices = await api<List<InvoiceSummary>>(page, "/invoices");
    expect(invoices.items.map((invoice) => invoice.status)).toEqual(["paid"]);
  });
}

for (const fault of ["forged_signature", "wrong_amount"] as const) {
  test(`a notification with ${fault.replace("_", " ")} never counts as paid`, async ({ page, person }) => {
    await page.clock.install();
    await reviewPro(page, person);
    await goToPayfast(page);
    await payInEmulator(page, fault);
    await expect(page.getByRole("heading", { name: "Waiting for PayFast" })).toBeVisible();

    await page.clock.fastForward("01:05");
    await expect(page.getByRole("heading", { name: "PayFast has not answered yet" })).toBeVisible();
    await expect(page.getByText("Do not pay again.")).toBeVisible();
    await page.getByRole("button", { name: "Check now" }).click();
    await expect(page.getByRole("heading", { name: "PayFast has not answered yet" })).toBeVisible();
    await expect(paidBadge(page)).toHaveCount(0);

    const payment = await api<PaymentSummary>(page, `/payments/${paymentId(page)}`);
    expect(payment.status).toBe("awaiting_customer");
    const invoices = await api<List<InvoiceSummary>>(page, "/invoices");
    expect(invoices.items.filter((invoice) => invoice.status === "paid")).toEqual([]);
  });
}

test("a lost notification that is sent again later still settles the payment", async ({ page, person }) => {
  await reviewPro(page, person);
  await goToPayfast(page);
  await payInEmulator(page, "lost");
  await expect(page.getByRole("heading", { name: "Waiting for PayFast" })).toBeVisible();
  await expect(paidBadge(page)).toHaveCount(0);

  const reference = paymentId(page);
  const emulator = await page.context().newPage();
  await emulator.goto(process.env["SANDBOX_URL"] ?? "");
  const card = emulator.getByRole("article").filter({ hasText: reference });
  await card.getByRole("button", { name: /^Send now/ }).click();
  // The page is left open: Chromium sometimes never ends closing one that a form just led on.
  await expect(paidBadge(page)).toBeVisible({ timeout: 30_000 });
});
