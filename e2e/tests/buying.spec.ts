// A stranger becomes a customer with a paid invoice.
import {
  api, confirmAddress, expect, fillDetails, paidBadge, payInEmulator, goToPayfast, register, reviewPro, signIn, test,
  type InvoiceSummary, type List,
} from "../fixtures.ts";

test("a stranger on a phone buys Pro and downloads the invoice", async ({ page, person }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Get paid through PayFast");
  await page.getByRole("link", { name: "Choose Pro, monthly" }).click();

  await expect(page.getByRole("heading", { name: "Create your account" })).toBeVisible();
  await expect(page.getByText("You chose Pro, monthly")).toBeVisible();
  await register(page, person);
  await confirmAddress(page, person);
  await signIn(page, person);

  await fillDetails(page);
  await expect(page.getByText("To pay today")).toBeVisible();
  await goToPayfast(page);
  await expect(page.getByText("R529.00").first()).toBeVisible();
  await payInEmulator(page);

  await expect(paidBadge(page)).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("R529.00");
  await expect(page.getByText("Pro is on.")).toBeVisible();
  await page.getByRole("link", { name: /^INV-\d+$/ }).click();

  await expect(page.getByRole("heading", { level: 1, name: /^INV-\d+$/ })).toBeVisible();
  await expect(page.getByRole("article").getByText(person.company)).toBeVisible();
  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: /^Download (tax )?invoice/ }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/\.pdf$/);
  const bytes = await (await download.createReadStream()).toArray();
  expect(Buffer.concat(bytes).subarray(0, 5).toString("latin1")).toBe("%PDF-");

  const invoices = await api<List<InvoiceSummary>>(page, "/invoices");
  expect(invoices.items.map((invoice) => invoice.status)).toEqual(["paid"]);
});

test("a paid plan stands on the home page", async ({ page, person }) => {
  await reviewPro(page, person);
  await goToPayfast(page);
  await payInEmulator(page);
  await expect(paidBadge(page)).toBeVisible();

  await page.getByRole("link", { name: "Go to home" }).click();
  await expect(page.getByText(/Paid until/)).toBeVisible();
  const invoice = page.getByRole("listitem").filter({ hasText: /INV-\d+/ });
  await expect(invoice).toContainText("R529.00");
  await invoice.getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1, name: /^INV-\d+$/ })).toBeVisible();
});
