// Reloads, double clicks and Back do no harm.
import {
  api, confirmAddress, expect, goToPayfast, paidBadge, payButton, payInEmulator, paymentId, register, reviewPro, signIn,
  signUp, test, type List, type PaymentSummary,
} from "../fixtures.ts";

test("a reload keeps the order, what was typed, and the result", async ({ page, person }) => {
  await signUp(page, person);
  await page.goto("/checkout?plan=PRO_MONTHLY");
  await page.getByLabel("Street address").fill("14 Loopstraat");
  await page.reload();
  await expect(page.getByLabel("Street address")).toHaveValue("14 Loopstraat");
  await page.getByLabel("City or town").fill("Cape Town");
  await page.getByLabel("Postal code").fill("8001");
  await page.getByRole("button", { name: "Continue to review" }).click();
  await expect(page.getByRole("heading", { name: "Check your order" })).toBeVisible();

  await page.reload();
  await expect(page.getByRole("heading", { name: "Check your order" })).toBeVisible();
  await goToPayfast(page);
  await payInEmulator(page, "late");
  await expect(page.getByRole("heading", { name: "Waiting for PayFast" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Waiting for PayFast" })).toBeVisible();
  await expect(paidBadge(page)).toBeVisible({ timeout: 30_000 });
  await page.reload();
  await expect(paidBadge(page)).toBeVisible();
});

test("a double click on Pay makes one payment", async ({ page, person }) => {
  await reviewPro(page, person);
  await payButton(page).dblclick();
  await expect(page).toHaveURL(new RegExp(`^${process.env["SANDBOX_URL"]}/`));
  await payInEmulator(page);
  await expect(paidBadge(page)).toBeVisible();
  const payments = await api<List<PaymentSummary>>(page, "/payments");
  expect(payments.items).toHaveLength(1);
});

test("Back from PayFast and Pay again is the same payment", async ({ page, person }) => {
  await reviewPro(page, person);
  await goToPayfast(page);
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Check your order" })).toBeVisible();
  await goToPayfast(page);
  await payInEmulator(page);
  await expect(paidBadge(page)).toBeVisible();
  const payments = await api<List<PaymentSummary>>(page, "/payments");
  expect(payments.items.map((payment) => payment.id)).toEqual([paymentId(page)]);
});

test.describe("a page whose code does not come", () => {
  test.use({ expectedComplaints: [/Failed to (load resource|fetch)/] });

  test("says so in its place, and comes when it is tried again", async ({ page }) => {
    await page.goto("/plans");
    await page.route("**/split_auth.wasm", (route) => route.abort());
    await page.getByRole("link", { name: "Sign in" }).click();
    await expect(page.getByText("We could not load this page.")).toBeVisible();
    await page.unroute("**/split_auth.wasm");
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  });
});

test.describe("a refused sign-in", () => {
  test.use({ expectedComplaints: [/status of 401 .*\/auth\/login/] });

  test("a wrong password says so and keeps the address", async ({ page, person }) => {
    await page.goto("/register");
    await register(page, person);
    await confirmAddress(page, person);
    await page.getByLabel("E-mail address").fill(person.email);
    await page.getByRole("textbox", { name: "Password" }).fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByText("E-mail or password is wrong.")).toBeVisible();
    await expect(page.getByLabel("E-mail address")).toHaveValue(person.email);
    await signIn(page, person);
    await expect(page.getByRole("heading", { level: 1, name: "Home" })).toBeVisible();
    await expect(page.getByText("Choose a plan to start.")).toBeVisible();
  });
});
