// No page scrolls sideways on a small phone.
import {
  expect, expectNoSidewaysScroll, fillDetails, goToPayfast, paidBadge, payInEmulator, paymentId, signUp, test,
} from "../fixtures.ts";

const WIDTHS = [320, 360];
const PUBLIC = ["/", "/plans", "/plans?per=year", "/register", "/check-mail", "/sign-in", "/forgot-password", "/reset-password", "/verify-email", "/invitation", "/terms", "/privacy", "/refunds", "/nowhere"];
const SIGNED_IN = ["/home", "/invoices", "/payments", "/account"];
const SETTINGS = ["company", "members", "keys", "audit", "profile", "password", "two-step", "sessions", "appearance"];

for (const width of WIDTHS) {
  test(`every page fits ${width} pixels`, async ({ page, person }) => {
    test.slow();
    await page.setViewportSize({ width, height: 640 });
    const visit = async (path: string) => {
      await page.goto(path);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expectNoSidewaysScroll(page);
    };
    for (const path of PUBLIC) await visit(path);

    await signUp(page, person);
    await visit("/checkout?plan=PRO_MONTHLY");
    await fillDetails(page);
    await expectNoSidewaysScroll(page);
    await goToPayfast(page);
    await expectNoSidewaysScroll(page);
    await payInEmulator(page, "late");
    await expect(page.getByRole("heading", { name: "Waiting for PayFast" })).toBeVisible();
    await expectNoSidewaysScroll(page);
    await expect(paidBadge(page)).toBeVisible({ timeout: 30_000 });
    await expectNoSidewaysScroll(page);

    const id = paymentId(page);
    await page.getByRole("link", { name: /^INV-\d+$/ }).click();
    await expect(page.getByRole("heading", { level: 1, name: /^INV-\d+$/ })).toBeVisible();
    await expectNoSidewaysScroll(page);
    for (const section of SETTINGS) await visit(`/account/${section}`);
    for (const path of [...SIGNED_IN, `/payments/${id}`, `/payments/${id}/cancelled`]) await visit(path);
  });
}
