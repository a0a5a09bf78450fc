// A program gets a key, uses it, and loses it.
import { expect, signUp, test } from "../fixtures.ts";

test("a key is shown once, works, gets a new secret, and ends", async ({ page, person, playwright, baseURL }) => {
  await signUp(page, person);
  await page.goto("/account/keys");
  await expect(page.getByRole("region", { name: "Example of a request" })).toContainText(`${baseURL}/api/v1/invoices`);
  await page.getByLabel("Name", { exact: true }).fill("Bookkeeping");
  await page.getByRole("checkbox", { name: /^Read invoices/ }).check();
  await page.getByRole("button", { name: "Make API key" }).click();

  const secret = page.getByRole("region", { name: "Secret", exact: true });
  await expect(secret).toContainText(/^ck_/);
  const first = (await secret.textContent()) ?? "";
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText("Tick this when the secret is in a safe place.")).toBeVisible();
  await page.getByRole("checkbox", { name: "I kept it in a safe place" }).check();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(secret).toHaveCount(0);
  await page.reload();
  await expect(page.getByText("Bookkeeping", { exact: true })).toBeVisible();
  await expect(page.getByText(first)).toHaveCount(0);

  const program = await playwright.request.newContext({ baseURL });
  const ask = async (key: string, path: string) =>
    (await program.get(`/api/v1${path}`, { headers: { Authorization: `Bearer ${key}` } })).status();
  expect(await ask(first, "/invoices")).toBe(200);
  expect(await ask(first, "/payments"), "a scope that the key does not have").toBe(403);

  await page.getByRole("button", { name: "New secret for Bookkeeping" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Make new secret" }).click();
  await expect(secret).toContainText(/^ck_/);
  const second = (await secret.textContent()) ?? "";
  expect(second).not.toBe(first);
  await expect(page.getByText("Works until")).toBeVisible();
  expect(await ask(first, "/invoices"), "the secret before still works").toBe(200);
  expect(await ask(second, "/invoices")).toBe(200);

  await page.getByRole("button", { name: "Revoke Bookkeeping" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke key" }).click();
  await expect(page.getByText("Key revoked.")).toBeVisible();
  expect([await ask(first, "/invoices"), await ask(second, "/invoices")]).toEqual([401, 401]);
  await program.dispose();
});
