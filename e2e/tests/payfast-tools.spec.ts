// The staff's day: what waits, notifications, the signature doctor, the books and reconciliation.
import { answer, DESK, expectUsable, ID } from "../desk.ts";
import { expect, test } from "../fixtures.ts";

test("the tools can be used by everybody, in both colours", async ({ page }) => {
  test.setTimeout(240_000);
  await answer(page, DESK);
  await expectUsable(page, [
    "/today", "/payfast/notifications", `/payfast/notifications/${ID(5)}`, "/payfast/signatures", "/payfast/books",
    "/payfast/reconciliations", `/payfast/reconciliations/${ID(6)}`, "/payfast/refunds",
  ]);
});

test("staff land on what waits for them, and each count leads to its list", async ({ page }) => {
  await answer(page, DESK);
  await page.goto("/home");
  await expect(page).toHaveURL(/\/today$/);
  const work = page.getByRole("list", { name: "What waits for you" });
  await expect(work.getByRole("link", { name: /Overdue invoices/ })).toHaveAttribute("href", "/invoices?status=overdue");
  await work.getByRole("link", { name: /Notifications held for review/ }).click();
  await expect(page).toHaveURL(/notifications\?status=quarantined/);
  await expect(page.getByRole("button", { name: "Held for review" })).toHaveAttribute("aria-pressed", "true");
});

test("more of the desk opens as a sheet on a phone, and closes with the page", async ({ page }) => {
  await answer(page, DESK);
  await page.goto("/today");
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("link", { name: "Books", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Books" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Signature doctor" })).toBeHidden();
});

test("a notification is replayed without changes first, and for real only after a question", async ({ page }) => {
  const sent = await answer(page, DESK);
  await page.goto(`/payfast/notifications/${ID(5)}`);
  await expect(page.getByText("Held for review: the amount differs from the payment.")).toBeVisible();
  await expect(page.getByText("R529.00 asked, R528.00 told")).toBeVisible();
  await page.getByRole("tab", { name: "Raw" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("tab", { name: "Signed string" })).toBeFocused();
  await expect(page.getByRole("region", { name: "What was hashed, without the passphrase" })).toBeVisible();
  await page.getByRole("button", { name: "Replay without changes" }).click();
  await expect(page.getByText("Dry run. Nothing was written.")).toBeVisible();
  await expect(page.getByRole("table", { name: "What it would change" }).getByRole("row")).toHaveCount(3);
  await page.getByRole("button", { name: "Replay for real" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Replay for real" }).click();
  await expect(page.getByText("The notification was replayed.")).toBeVisible();
  expect(sent.map(({ path }) => path)).toEqual([`POST /itn/${ID(5)}/replay?dry_run=true`, `POST /itn/${ID(5)}/replay`]);
});

test("the doctor marks the first difference in both strings", async ({ page }) => {
  await answer(page, DESK);
  await page.goto("/payfast/signatures");
  await page.getByRole("button", { name: "Examine signature" }).click();
  await expect(page.getByText("Paste the fields that were signed.")).toBeVisible();
  await page.getByLabel("Fields, as they were sent").fill("merchant_id=10000100\nitem_name=Pro monthly");
  await page.getByRole("textbox", { name: "Passphrase (optional)" }).fill("secret");
  await page.getByRole("button", { name: "Examine signature" }).click();
  await expect(page.getByText("The signatures differ from the 2nd field on.")).toBeVisible();
  await expect(page.getByText("first difference")).toHaveCount(2);
  expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).not.toContain("secret");
});

test("a promise that does not hold is open at what breaks it, until it is verified", async ({ page }) => {
  await answer(page, DESK);
  await page.goto("/payfast/books");
  await expect(page.getByText("the receivable is R529.00, the open balances are R0.00")).toBeVisible();
  await page.getByRole("button", { name: "Verify now" }).click();
  await expect(page.getByText("Every promise of the books holds.")).toBeVisible();
  await expect(page.getByText("the receivable is R529.00, the open balances are R0.00")).toBeHidden();
});
