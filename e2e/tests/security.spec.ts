// A second step at sign-in, sessions elsewhere, and a forgotten password.
import type { Page } from "@playwright/test";

import { expect, mailedLink, signIn, signUp, test, type Person } from "../fixtures.ts";
import { totp } from "../totp.ts";

async function signOut(page: Page): Promise<void> {
  await page.goto("/account/profile");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();
}

/** Gives address and password, and stands at the question for a code. */
async function signInHalfway(page: Page, person: Person): Promise<void> {
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByRole("textbox", { name: "Password" }).fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Enter your code" })).toBeVisible();
}

/** Turns the second step on; gives the secret and the recovery codes. */
async function turnOn(page: Page): Promise<{ secret: string; recovery: string[] }> {
  await page.goto("/account/two-step");
  await page.getByRole("button", { name: "Turn on two-step sign-in" }).click();
  await expect(page.getByRole("img", { name: /QR code/ })).toBeVisible();
  const shown = await page.getByText(/^[A-Z2-7 ]{20,}$/).first().textContent();
  const secret = (shown ?? "").replaceAll(" ", "");
  await page.getByLabel("6-digit code").fill(totp(secret, Date.now()));
  await page.getByRole("button", { name: "Confirm and turn on" }).click();
  const codes = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await expect(codes.first()).toBeVisible();
  const recovery = await codes.allTextContents();
  expect(recovery.length).toBeGreaterThan(5);
  await page.getByRole("checkbox", { name: "I kept them in a safe place." }).check();
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.getByText("Two-step sign-in is on", { exact: true }).first()).toBeVisible();
  return { secret, recovery };
}

test.describe("a second step", () => {
  // The browser reports each question for a code, and each wrong one.
  test.use({ expectedComplaints: [/status of 401 .*\/auth\/login/] });

  test("signing in takes a code of the app, or a recovery code that works once", async ({ page, person }) => {
    test.slow();
    await signUp(page, person);
    const { secret, recovery } = await turnOn(page);

    await signOut(page);
    await signInHalfway(page, person);
    // The code of now was used to turn it on; a clock may run half a minute ahead.
    await page.getByLabel("Code from your app").fill(totp(secret, Date.now() + 30_000));
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Home" })).toBeVisible();

    const once = recovery[0] ?? "";
    await signOut(page);
    await signInHalfway(page, person);
    await page.getByRole("button", { name: "Use a recovery code" }).click();
    await page.getByLabel("Recovery code").fill(once);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Home" })).toBeVisible();

    await signOut(page);
    await signInHalfway(page, person);
    await page.getByRole("button", { name: "Use a recovery code" }).click();
    await page.getByLabel("Recovery code").fill(once);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByText("This recovery code is wrong or was used already.")).toBeVisible();
    await page.getByLabel("Recovery code").fill(recovery[1] ?? "");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Home" })).toBeVisible();
  });
});

test("a browser that is signed out from elsewhere is out at once", async ({ page, person, browser }) => {
  await signUp(page, person);
  const context = await browser.newContext();
  const elsewhere = await context.newPage();
  await elsewhere.goto("/sign-in");
  await signIn(elsewhere, person);

  await page.goto("/account/sessions");
  const others = page.getByRole("listitem").filter({ hasNotText: "This device" });
  await others.getByRole("button", { name: /^Sign out/ }).last().click();
  await page.getByRole("dialog").getByRole("button", { name: /^Sign out/ }).click();
  await expect(page.getByText("The device is signed out.")).toBeVisible();

  await elsewhere.goto("/invoices");
  await expect(elsewhere).toHaveURL(/\/sign-in/);
  await expect(page.getByRole("heading", { level: 1, name: "Sessions" }), "this one stays").toBeVisible();
  await context.close();
});

test.describe("a forgotten password", () => {
  test.use({ expectedComplaints: [/status of 401 .*\/auth\/login/] });

  test("a link in the mail sets a new one, and the old one is worth nothing", async ({ page, person }) => {
    await signUp(page, person);
    await signOut(page);
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await page.getByLabel("E-mail address").fill(person.email);
    await page.getByRole("button", { name: "Send the link" }).click();
    await expect(page.getByText(`If ${person.email} has an account here`)).toBeVisible();

    const renewed = { ...person, password: "a quiet tern over Kommetjie 9" };
    await page.goto(await mailedLink(person.email, "/reset-password"));
    await expect(page, "the token leaves the address bar").toHaveURL(/\/reset-password$/);
    await page.getByRole("textbox", { name: "New password" }).fill(renewed.password);
    await page.getByRole("button", { name: "Save the new password" }).click();
    await expect(page.getByText("Your new password is set.")).toBeVisible();

    await page.getByLabel("E-mail address").fill(person.email);
    await page.getByRole("textbox", { name: "Password" }).fill(person.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByText("E-mail or password is wrong.")).toBeVisible();
    await signIn(page, renewed);
    await expect(page.getByRole("heading", { level: 1, name: "Home" })).toBeVisible();
  });
});

test("the verdict on a new password moves nothing from under a finger", async ({ page }) => {
  await page.goto("/register");
  const button = page.getByRole("button", { name: "Create account" });
  await expect(page.getByText("Test mode. No real money moves.")).toBeVisible();
  const before = await button.boundingBox();
  await page.getByRole("textbox", { name: "Password" }).fill("koppie sunrise 42");
  await expect(page.locator(".meter-word")).toBeVisible();
  expect(await button.boundingBox()).toEqual(before);
});
