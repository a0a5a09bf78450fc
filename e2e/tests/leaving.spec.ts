// Somebody leaves PayFast's page without paying.
import { api, expect, goToPayfast, paidBadge, payInEmulator, paymentId, reviewPro, test, type PaymentSummary } from "../fixtures.ts";

test("who leaves PayFast goes on where they stopped, and pays once", async ({ page, person }) => {
  await reviewPro(page, person);
  await goToPayfast(page);
  await page.getByRole("button", { name: /^Cancel/ }).click();

  await expect(page.getByRole("heading", { name: "You left before paying" })).toBeVisible();
  const id = paymentId(page);
  await page.getByRole("button", { name: "Continue payment" }).click();
  await payInEmulator(page);

  await expect(paidBadge(page)).toBeVisible();
  expect(paymentId(page), "the same payment goes on").toBe(id);
});

test("who cancels after leaving is charged nothing", async ({ page, person }) => {
  await reviewPro(page, person);
  await goToPayfast(page);
  await page.getByRole("button", { name: /^Cancel/ }).click();
  await page.getByRole("button", { name: "Cancel this payment" }).click();

  await expect(page.getByRole("heading", { name: "Payment cancelled" })).toBeVisible();
  await expect(page.getByText("Nothing was charged.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Choose a plan" })).toBeVisible();
  const payment = await api<PaymentSummary>(page, `/payments/${paymentId(page)}`);
  expect(payment.status).toBe("canceled");
});
