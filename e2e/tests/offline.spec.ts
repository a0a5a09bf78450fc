// Without a network: what was loaded stays and says since when, what needs the server is off, and it comes back by itself.

import {
  accountId, expect, expectAccessible, goToPayfast, paidBadge, payInEmulator, paymentId, reviewPro, test,
} from "../fixtures.ts";
import { staffPage, writeInvoice } from "../staff.ts";

const OFFLINE = /You are offline\. As of \d\d:\d\d\./;

// The browser reports each question that found no network.
test.use({ expectedComplaints: [/ERR_INTERNET_DISCONNECTED/] });

test("lists and pages of one keep what they have", async ({ page, person, browser, baseURL, context }) => {
  test.slow();
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ reducedMotion: "reduce" });
  await reviewPro(page, person);
  await goToPayfast(page);
  await payInEmulator(page);
  await expect(paidBadge(page)).toBeVisible();
  const payment = paymentId(page);
  const staff = await staffPage(browser, baseURL);
  const open = await writeInvoice(staff.page, await accountId(page), 100, "issued");

  await page.goto("/invoices");
  await expect(page.getByRole("link", { name: open.number })).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText(OFFLINE)).toBeVisible();
  await expect(page.getByRole("link", { name: open.number }), "the rows stay").toBeVisible();
  await expect(page.locator("[inert]").getByText("Export CSV")).toBeVisible();
  await expect(page.getByText("This needs a connection.").first()).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: /^Paid/ }).click();
  await expect(page.getByText("We could not load the invoices."), "rows of another question are not its answer").toBeVisible();
  await context.setOffline(false);
  await expect(page.getByRole("link", { name: /^INV-/ })).toHaveCount(1);
  await expect(page.getByText("You are offline.")).toHaveCount(0);

  await page.goto(`/invoices/${open.id}`);
  await expect(page.getByRole("link", { name: "Pay R115.00 with PayFast" })).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText(OFFLINE)).toBeVisible();
  await expect(page.locator("[inert]").getByText("Pay R115.00 with PayFast")).toBeVisible();
  await expect(page.locator("[inert]").getByText("Print")).toHaveCount(0);
  await expect(page.getByRole("article")).toContainText("R115.00");
  await page.setViewportSize({ width: 360, height: 800 });
  await expectAccessible(page);
  await context.setOffline(false);
  await expect(page.getByText("You are offline.")).toHaveCount(0);
  await expect(page.locator("[inert]")).toHaveCount(0);

  await page.goto("/payments");
  await expect(page.getByText("Paid").first()).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText(OFFLINE)).toBeVisible();
  await expectAccessible(page);
  await context.setOffline(false);
  await expect(page.getByText("You are offline.")).toHaveCount(0);

  // What staff have typed stays while the page asks again.
  const desk = staff.page;
  await desk.goto(`/payments/${payment}`);
  await desk.getByLabel("Reason").fill("Wrong plan");
  await staff.context.setOffline(true);
  await expect(desk.getByText(OFFLINE)).toBeVisible();
  await expect(desk.locator("[inert]").getByText("Refund R529.00")).toBeVisible();
  await staff.context.setOffline(false);
  await expect(desk.getByText("You are offline.")).toHaveCount(0);
  await expect(desk.getByLabel("Reason")).toHaveValue("Wrong plan");
  await staff.context.close();
});

test("a page that was opened without a network loads when it is back", async ({ page, person, context }) => {
  await reviewPro(page, person);
  await page.goto("/invoices");
  await expect(page.getByRole("heading", { level: 1, name: "Invoices" })).toBeVisible();
  await page.route("**/api/v1/payments?*", (route) => route.abort("internetdisconnected"));
  await page.getByRole("link", { name: "Payments" }).click();
  await expect(page.getByText("We could not load the payments.")).toBeVisible();
  await expect(page.getByText("You are offline.", { exact: true })).toBeVisible();
  await page.unroute("**/api/v1/payments?*");
  await context.setOffline(true);
  await context.setOffline(false);
  await expect(page.getByText("No payments yet.")).toBeVisible();
});
