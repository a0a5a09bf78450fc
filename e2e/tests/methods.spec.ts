// Saved cards: what they say, the default, and what pays once one is gone.
import { answer, CUSTOMER, expectUsable, ID } from "../desk.ts";
import { expect, test } from "../fixtures.ts";

test("saved cards can be used by everybody, in both colours", async ({ page }) => {
  test.slow();
  await answer(page, CUSTOMER);
  await expectUsable(page, ["/payment-methods", `/payment-methods/${ID(80)}/return`, "/credit"]);
});

test("a default card that goes names the one that pays from then on", async ({ page }) => {
  const sent = await answer(page, CUSTOMER);
  await page.goto("/payment-methods");
  const cards = page.getByRole("region", { name: "Saved cards" });
  await expect(cards.getByText("Expires 02/2027")).toBeVisible();
  await expect(cards.getByText("Expires soon")).toBeVisible();
  await expect(page.getByText("PayFast keeps the card number; we never see it.", { exact: false })).toBeVisible();
  await page.getByRole("button", { name: "Remove Company card" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Old card becomes the default and pays from then on.");
  await expect(dialog.getByRole("button", { name: "Keep card" })).toBeFocused();
  await dialog.getByRole("button", { name: "Remove card" }).click();
  await expect(page.getByText("The card was removed.")).toBeVisible();
  await expect(cards.getByRole("listitem")).toHaveCount(1);
  expect(sent.map(({ path }) => path)).toEqual([`PATCH /payment-methods/${ID(81)}`, `DELETE /payment-methods/${ID(80)}`]);
});

test("what is typed about a card is checked before it is sent", async ({ page }) => {
  const sent = await answer(page, CUSTOMER);
  await page.goto("/payment-methods");
  await page.getByRole("button", { name: "Edit Company card" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Expires (optional)").fill("13/2027");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(dialog).toContainText("Write month and year, such as 02/2027.");
  await dialog.getByLabel("Expires (optional)").fill("3/28");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  expect(sent).toHaveLength(1);
  expect(sent[0]?.body).toMatchObject({ expires: { year: 2028, month: 3 } });
});
