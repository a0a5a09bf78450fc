// What every journey needs: a page that must not complain, and a person who can sign up and pay.
import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Locator, type Page } from "@playwright/test";

import { newestLinkTo, subjectsTo } from "./mail.ts";

export { expect };

export const SANDBOX_URL = setting("SANDBOX_URL");
const MAIL_DIR = setting("MAIL_DIR");

/** What can go wrong with a notification; the emulator's select has these values. */
export type Fault = "none" | "duplicate" | "late" | "lost" | "forged_signature" | "wrong_amount" | "repeat";

/** Somebody with an address of their own, so that tests never meet. */
export interface Person {
  email: string;
  password: string;
  company: string;
}

interface Fixtures {
  person: Person;
  /** What the browser may say in this test: it reports every refusal that a page asks for as an error. */
  expectedComplaints: RegExp[];
  complaints: string[];
}

export const test = base.extend<Fixtures>({
  person: async ({}, use, info) => {
    const unique = `${info.testId.slice(-12)}-${Date.now().toString(36)}`;
    await use({ email: `thandi+${unique}@example.test`, password: "koppie sunrise 42", company: `Karoo Kiln ${unique}` });
  },

  expectedComplaints: [[], { option: true }],

  // A page that works but fills the console has a fault that nobody has noticed yet. Blocked resources of the
  // content security policy are reported there too.
  complaints: [
    async ({ context, baseURL, expectedComplaints }, use) => {
      const complaints: string[] = [];
      context.on("console", (message) => {
        const isOurs = message.location().url === "" || message.location().url.startsWith(baseURL ?? "http");
        if (message.type() === "error" && isOurs) complaints.push(`${message.text()} (${message.location().url})`);
      });
      context.on("weberror", (error) => complaints.push(String(error.error())));
      await use(complaints);
      const unexpected = complaints.filter((complaint) => !expectedComplaints.some((expected) => expected.test(complaint)));
      expect(unexpected, "the console must stay empty").toEqual([]);
    },
    { auto: true },
  ],
});

/** Signs up, opens the link of the mail, confirms, signs in, and stands where `start` leads. */
export async function signUp(page: Page, person: Person, start = "/register"): Promise<void> {
  await page.goto(start);
  await register(page, person);
  await confirmAddress(page, person);
  await signIn(page, person);
}

export async function register(page: Page, person: Person): Promise<void> {
  await page.getByLabel("First name").fill("Thandi");
  await page.getByLabel("Last name").fill("Mokoena");
  await page.getByLabel("Company name (optional)").fill(person.company);
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByRole("textbox", { name: "Password" }).fill(person.password);
  await page.getByRole("checkbox", { name: /I accept the/ }).check();
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "Check your mail" })).toBeVisible();
}

/** Opens the link of the mail, confirms, and stands on the page to sign in. */
export async function confirmAddress(page: Page, person: Person): Promise<void> {
  await page.goto(await mailedLink(person.email, "/verify-email"));
  await page.getByRole("button", { name: "Confirm my e-mail address" }).click();
  await page.getByRole("link", { name: "Sign in" }).last().click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
}

/** The newest link to `path` that was mailed to `address`. */
export function mailedLink(address: string, path: string): Promise<string> {
  return newestLinkTo(MAIL_DIR, address, path);
}

/** What was mailed to `address`, by subject. */
export function mailedSubjects(address: string): Promise<string[]> {
  return subjectsTo(MAIL_DIR, address);
}

export async function signIn(page: Page, person: Person): Promise<void> {
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByRole("textbox", { name: "Password" }).fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).not.toHaveURL(/\/sign-in/);
}

/** Gives the billing details that an invoice must carry, and stands on the review of the order. */
export async function fillDetails(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { name: "Your billing details" })).toBeVisible();
  await page.getByLabel("Street address").fill("14 Loopstraat");
  await page.getByLabel("City or town").fill("Cape Town");
  await page.getByLabel("Postal code").fill("8001");
  await page.getByRole("button", { name: "Continue to review" }).click();
  await expect(page.getByRole("heading", { name: "Check your order" })).toBeVisible();
}

/** A signed-in person who looks at the review of Pro, monthly. */
export async function reviewPro(page: Page, person: Person): Promise<void> {
  await signUp(page, person);
  await page.goto("/checkout?plan=PRO_MONTHLY");
  await fillDetails(page);
}

export function payButton(page: Page): Locator {
  return page.getByRole("button", { name: "Pay R529.00 with PayFast" });
}

/** Leaves for PayFast and stands on its payment page. */
export async function goToPayfast(page: Page): Promise<void> {
  await payButton(page).click();
  await expect(page).toHaveURL(new RegExp(`^${SANDBOX_URL}/`));
}

/** Pays on PayFast's page, with a fault in the notification. */
export async function payInEmulator(page: Page, fault: Fault = "none"): Promise<void> {
  await page.getByLabel("Fault to practise").selectOption(fault);
  await page.getByRole("button", { name: /^Pay/ }).click();
  await expect(page).toHaveURL(/\/payments\/[^/]+\/return/);
}

export function paidBadge(page: Page): Locator {
  return page.getByText("Paid, confirmed by PayFast", { exact: true });
}

/** The payment that the address names. */
export function paymentId(page: Page): string {
  const id = /\/payments\/([^/]+)/.exec(page.url())?.[1];
  if (!id) throw new Error(`no payment in ${page.url()}`);
  return id;
}

/** Asks the API with the cookies of the page. */
export async function api<T>(page: Page, path: string): Promise<T> {
  const response = await page.request.get(`/api/v1${path}`);
  expect(response.ok(), `GET ${path}: ${response.status()}`).toBe(true);
  return (await response.json()) as T;
}

/** What the server says to a call that a script of the page makes, with the page's session and its CSRF token. */
export async function statusOf(page: Page, method: string, path: string, body?: unknown): Promise<number> {
  return page.evaluate(
    async ({ method, path, body }) => {
      const token = (await (await fetch("/api/v1/auth/csrf")).json()) as { csrf_token: string };
      const response = await fetch(`/api/v1${path}`, {
        method,
        headers: {
          "X-CSRF-Token": token.csrf_token,
          "Idempotency-Key": crypto.randomUUID(),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return response.status;
    },
    { method, path, body },
  );
}

/** The first account of whoever is signed in. */
export async function accountId(page: Page): Promise<string> {
  const me = await api<{ accounts: { id: string }[] }>(page, "/auth/me");
  const id = me.accounts[0]?.id;
  if (!id) throw new Error("whoever is signed in belongs to no account");
  return id;
}

export interface List<T> {
  items: T[];
}

export interface PaymentSummary {
  id: string;
  status: string;
}

export interface InvoiceSummary {
  id: string;
  number: string | null;
  status: string;
}

/** axe-core finds nothing on the page, which has come to rest; `where` names it in the report. */
export async function expectAccessible(page: Page, where = page.url()): Promise<void> {
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  // In the page itself: the other way opens and closes a blank page each time, and Chromium now and then never ends
  // closing one. It would only be needed for frames of other sites, which we have none of.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`), where).toEqual([]);
  await expectNoSidewaysScroll(page);
}

/** Nothing may be wider than the screen. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(excess, `${page.url()} scrolls sideways`).toBeLessThanOrEqual(0);
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run \`cargo xtask e2e\``);
  return value;
}
