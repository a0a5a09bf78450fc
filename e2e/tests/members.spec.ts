// An owner lets others in, and everybody does only what their role allows.
import type { Page } from "@playwright/test";

import { accountId, expect, mailedLink, signUp, statusOf, test, type Person } from "../fixtures.ts";

/** The owner stands on the members page and sends an invitation. */
async function invite(page: Page, email: string, role: "Viewer" | "Member" | "Owner"): Promise<void> {
  await page.goto("/account/members");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("radio", { name: new RegExp(`^${role}`) }).check();
  await page.getByRole("button", { name: "Send invitation" }).click();
  await expect(page.getByText(`Invitation sent to ${email}.`)).toBeVisible();
}

/** Opens the link of the mail as a stranger, signs up, and stands on the home page. */
async function joinByLink(page: Page, guest: Person): Promise<void> {
  await page.goto(await mailedLink(guest.email, "/invitation"));
  await expect(page.getByRole("heading", { level: 1, name: `Join ${guest.company}` })).toBeVisible();
  await expect(page, "the token leaves the address bar").toHaveURL(/\/invitation$/);
  await page.getByLabel("First name").fill("Lerato");
  await page.getByLabel("Last name").fill("Dlamini");
  await page.getByRole("textbox", { name: "Password" }).fill(guest.password);
  await page.getByRole("checkbox", { name: /I accept the/ }).check();
  await page.getByRole("button", { name: "Create sign-in and join" }).click();
  await expect(page.getByText(`You joined ${guest.company}.`)).toBeVisible();
  await expect(page.getByRole("heading", { level: 1, name: "Home" })).toBeVisible();
}

function guestOf(person: Person): Person {
  return { ...person, email: person.email.replace("thandi", "lerato") };
}

test("a viewer joins by mail, and may only look until an owner says more", async ({ page, person, browser }) => {
  test.slow();
  const guest = guestOf(person);
  await signUp(page, person);
  await invite(page, guest.email, "Viewer");

  const context = await browser.newContext();
  const viewer = await context.newPage();
  await joinByLink(viewer, guest);

  const ask = (deed: string) => viewer.getByText(`Ask an owner of ${person.company} to ${deed}.`).first();
  await expect(ask("choose a plan")).toBeVisible();
  await expect(viewer.getByRole("link", { name: "Choose a plan" })).toHaveCount(0);
  await viewer.goto("/plans");
  await expect(ask("choose a plan")).toBeVisible();
  await expect(viewer.getByRole("link", { name: /^Choose Pro/ })).toHaveCount(0);
  await viewer.goto("/checkout?plan=PRO_MONTHLY");
  await expect(viewer.getByRole("heading", { name: "Your role cannot pay" })).toBeVisible();
  await viewer.goto("/account/company");
  await expect(ask("change these details")).toBeVisible();
  await expect(viewer.getByRole("button", { name: "Save billing details" })).toHaveCount(0);
  await viewer.goto("/account/members");
  await expect(ask("invite people or change roles")).toBeVisible();
  await expect(viewer.getByRole("button", { name: /Send invitation|Remove/ })).toHaveCount(0);
  await expect(viewer.getByRole("combobox")).toHaveCount(0);
  await viewer.goto("/account/keys");
  await expect(ask("make API keys")).toBeVisible();
  await expect(viewer.getByRole("button", { name: "Make API key" })).toHaveCount(0);
  await viewer.goto("/account/audit");
  await expect(viewer.getByText(/Ask an owner of .* audit log/)).toBeVisible();

  // The same deeds, past the pages: the server refuses each.
  const account = await accountId(viewer);
  const deeds: [string, string, unknown?][] = [
    ["POST", "/checkout", { product_code: "PRO_MONTHLY" }],
    ["PATCH", `/accounts/${account}`, { company_name: "Taken over" }],
    ["POST", `/accounts/${account}/invitations`, { email: "friend@example.test", role: "owner" }],
    ["GET", `/accounts/${account}/invitations`],
    ["POST", "/api-keys", { name: "Quiet key", scopes: ["invoices:read"] }],
    ["GET", "/audit"],
  ];
  for (const [method, path, body] of deeds) {
    expect(await statusOf(viewer, method, path, body), `${method} ${path}`).toBe(403);
  }

  await page.reload();
  await page.getByRole("combobox", { name: "Role of Lerato Dlamini" }).selectOption("Member");
  await page.getByRole("button", { name: "Save role" }).click();
  await expect(page.getByText("Role saved.")).toBeVisible();
  expect(await statusOf(viewer, "PATCH", `/accounts/${account}`, { vat_number: "4000000001" })).toBe(200);

  await page.goto("/account/audit?action=member.role_changed");
  const line = page.getByRole("row").filter({ hasText: guest.email });
  await expect(line).toContainText("Role changed");
  await expect(line).toContainText("Viewer");
  await expect(line).toContainText("Member");
  await expect(line).toContainText(person.email);
  await context.close();
});

test("filters of the audit log stand in the address, and Back takes them away", async ({ page, person }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await signUp(page, person);
  await page.goto("/account/audit");
  await expect(page.getByRole("cell", { name: "Signed in", exact: true })).toBeVisible();
  await expect(page.getByRole("cell", { name: "Signed up", exact: true })).toBeVisible();

  await page.getByLabel("What").selectOption("Signed up");
  await page.getByRole("button", { name: "Apply filters" }).click();
  await expect(page).toHaveURL(/action=user\.registered/);
  await expect(page.getByRole("cell", { name: "Signed in", exact: true })).toHaveCount(0);
  await page.reload();
  await expect(page.getByLabel("What")).toHaveValue("user.registered");

  await page.getByRole("searchbox").fill("nobody at all");
  await page.getByRole("button", { name: "Apply filters" }).click();
  await expect(page.getByText("No entry matches these filters.")).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("searchbox")).toHaveValue("");
  await page.getByRole("button", { name: "Clear filters" }).first().click();
  await expect(page.getByRole("cell", { name: "Signed in", exact: true })).toBeVisible();
});

test("who is removed is told so calmly, and the last owner stays", async ({ page, person, browser }) => {
  test.slow();
  const guest = guestOf(person);
  await signUp(page, person);
  await invite(page, guest.email, "Member");
  const context = await browser.newContext();
  const member = await context.newPage();
  await joinByLink(member, guest);

  await page.reload();
  await page.getByRole("button", { name: "Remove Lerato Dlamini" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove Lerato Dlamini?" });
  await expect(dialog.getByRole("button", { name: "Keep" }), "the safe answer has the keyboard").toBeFocused();
  await dialog.getByRole("button", { name: "Remove from the company" }).click();
  await expect(page.getByText("Lerato Dlamini was removed.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Remove Lerato Dlamini" })).toHaveCount(0);

  await member.goto("/invoices");
  await expect(member.getByRole("heading", { name: "You belong to no company yet" })).toBeVisible();
  await context.close();
});

test.describe("a refused change", () => {
  test.use({ expectedComplaints: [/status of 409 .*\/members\//] });

  test("the last owner cannot leave, and is told what to do first", async ({ page, person }) => {
    await signUp(page, person);
    await page.goto("/account/members");
    await page.getByRole("button", { name: `Leave ${person.company}` }).click();
    const dialog = page.getByRole("dialog", { name: `Leave ${person.company}?` });
    await dialog.getByRole("button", { name: "Leave the company" }).click();
    await expect(dialog.getByText("A company keeps at least one owner.")).toBeVisible();
    await dialog.getByRole("button", { name: "Stay" }).click();
    await expect(dialog).toBeHidden();
  });
});

test("whoever belongs to two companies changes between them", async ({ page, person, browser }) => {
  test.slow();
  const guest = { ...guestOf(person), company: `Kalk Bay ${person.company.slice(-12)}` };
  await signUp(page, person);
  await invite(page, guest.email, "Viewer");
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const other = await context.newPage();
  await signUp(other, guest);
  await other.goto(await mailedLink(guest.email, "/invitation"));
  await other.getByRole("button", { name: `Join ${person.company}` }).click();
  await expect(other.getByRole("button", { name: `Change company: ${person.company}` })).toBeVisible();

  await other.getByRole("button", { name: /^Change company/ }).click();
  await other.getByRole("button", { name: new RegExp(`^${guest.company}`) }).click();
  await expect(other.getByRole("button", { name: `Change company: ${guest.company}` })).toBeVisible();
  await expect(other.getByRole("link", { name: "Choose a plan" })).toBeVisible();
  await other.reload();
  await expect(other.getByRole("button", { name: `Change company: ${guest.company}` })).toBeVisible();
  await context.close();
});
