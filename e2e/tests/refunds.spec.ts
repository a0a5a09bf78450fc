// Refunds: a part or all of it, asked about, once; and the bank account that PayFast needs.
import { answer, DESK, expectUsable, ID, PAYMENT, REFUND, type Answer } from "../desk.ts";
import { expect, test } from "../fixtures.ts";

const waiting: Record<string, Answer> = { ...DESK, [`GET /payments/${ID(1)}`]: { ...PAYMENT, refunds: [REFUND] } };

test("payments and refunds can be used by everybody, in both colours", async ({ page }) => {
  test.setTimeout(120_000);
  await answer(page, waiting);
  await expectUsable(page, ["/payments", `/payments/${ID(1)}`]);
});

test("a part is refunded after a question, with one key", async ({ page }) => {
  const sent = await answer(page, { ...DESK, [`POST /payments/${ID(1)}/refunds`]: { ...REFUND, status: "submitted" } });
  await page.goto(`/payments/${ID(1)}`);
  await page.getByRole("radio", { name: "A part" }).check();
  await page.getByLabel(/^Amount/).fill("600");
  await page.getByLabel("Reason").fill("Wrong plan");
  await page.getByRole("button", { name: /^Refund R/ }).click();
  await expect(page.getByText("That is more than can be refunded.")).toBeVisible();
  await page.getByLabel(/^Amount/).fill("300");
  await expect(page.getByText("R229.00 stays with you.")).toBeVisible();
  await page.getByRole("button", { name: "Refund R300.00" }).click();
  const dialog = page.getByRole("dialog", { name: "Refund R300.00?" });
  await expect(dialog.getByRole("button", { name: "Keep the payment" })).toBeFocused();
  await dialog.getByRole("button", { name: "Refund R300.00" }).click();
  await expect(page.getByText("The refund is on its way.")).toBeVisible();
  expect(sent).toHaveLength(1);
  expect(sent[0]?.body).toEqual({ amount: { minor: 30_000, currency: "ZAR" }, reason: "Wrong plan" });
  expect(sent[0]?.key).toBeTruthy();
});

test("a large refund asks for the number of the invoice", async ({ page }) => {
  const large = { ...PAYMENT, amount: { minor: 1_719_000, currency: "ZAR" }, refundable: { minor: 1_719_000, currency: "ZAR" } };
  const sent = await answer(page, { ...DESK, [`GET /payments/${ID(1)}`]: large, [`POST /payments/${ID(1)}/refunds`]: REFUND });
  await page.goto(`/payments/${ID(1)}`);
  await page.getByLabel("Reason").fill("Wrong plan");
  await page.getByRole("button", { name: /^Refund R17/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: /^Refund R17/ }).click();
  await expect(dialog).toContainText("Type the number as it stands here.");
  expect(sent).toHaveLength(0);
  await dialog.getByLabel("Invoice").fill("INV-001062");
  await dialog.getByRole("button", { name: /^Refund R17/ }).click();
  await expect(page.getByText("The refund is on its way.")).toBeVisible();
  expect(sent[0]?.body).toEqual({ reason: "Wrong plan" });
});

test("a refund that needs a bank account asks for it", async ({ page }) => {
  const sent = await answer(page, { ...waiting, [`POST /refunds/${ID(4)}/bank-details`]: { ...REFUND, status: "submitted" } });
  await page.goto(`/payments/${ID(1)}`);
  await page.getByRole("button", { name: "Send bank details" }).click();
  await expect(page.getByText("Fill this in.").first()).toBeVisible();
  await page.getByLabel("Account holder").fill("Karoo Kiln Studio");
  await page.getByLabel("Bank", { exact: true }).fill("Nedbank");
  await page.getByLabel("Branch code").fill("198 765");
  await page.getByLabel("Account number").fill("1234 5678 9012");
  await page.getByRole("button", { name: "Send bank details" }).click();
  await expect(page.getByText("The bank details were sent to PayFast.")).toBeVisible();
  expect(sent[0]?.body).toMatchObject({ branch_code: "198765", account_number: "123456789012", account_type: "current" });
});
