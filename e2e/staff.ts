// Staff of the demo: their sign-in takes a code, and no code counts twice.
import type { Browser, BrowserContext, Page } from "@playwright/test";

import { expect } from "./fixtures.ts";
import { totp } from "./totp.ts";

interface SignIn {
  password: string;
  secret: string;
}

function staffSignIn(): SignIn {
  const line = /^staff@demo\.test password=(\S+) totp_secret=(\S+)$/m.exec(process.env["SIGN_INS"] ?? "");
  if (!line) throw new Error("SIGN_INS names no staff; run `cargo xtask e2e`");
  return { password: line[1] ?? "", secret: line[2] ?? "" };
}

/** Signs the staff of the demo in, by the API: other tests may have used the code of this half minute. */
async function signInAsStaff(page: Page): Promise<void> {
  const { password, secret } = staffSignIn();
  const tryOnce = async (ahead: number): Promise<number> => {
    const { csrf_token } = (await (await page.request.get("/api/v1/auth/csrf")).json()) as { csrf_token: string };
    const answer = await page.request.post("/api/v1/auth/login", {
      headers: { "X-CSRF-Token": csrf_token },
      data: { email: "staff@demo.test", password, totp: totp(secret, Date.now() + ahead) },
    });
    return answer.status();
  };
  await expect
    .poll(async () => ((await tryOnce(0)) === 200 ? 200 : tryOnce(30_000)), { timeout: 65_000, intervals: [1_000, 5_000, 10_000] })
    .toBe(200);
}

/** The cookies of the one sign-in that all tests of this process share: wrong and repeated codes are counted. */
let signedIn: Promise<Cookies> | undefined;
type Cookies = Awaited<ReturnType<BrowserContext["storageState"]>>;

async function cookies(browser: Browser, baseURL: string): Promise<Cookies> {
  const context = await browser.newContext({ baseURL });
  try {
    await signInAsStaff(await context.newPage());
    return await context.storageState();
  } finally {
    await context.close();
  }
}

/** A page of the staff in a browser of its own. */
export async function staffPage(browser: Browser, baseURL = ""): Promise<{ context: BrowserContext; page: Page }> {
  signedIn ??= cookies(browser, baseURL);
  const storageState = await signedIn;
  const context = await browser.newContext({ baseURL, storageState, viewport: { width: 1280, height: 900 } });
  return { context, page: await context.newPage() };
}

/** An invoice of `account` that the staff of `desk` write by the API: issued, or left a draft. */
export async function writeInvoice(desk: Page, account: string, rand: number, as: "issued" | "draft"): Promise<{ id: string; number: string }> {
  const { csrf_token } = (await (await desk.request.get("/api/v1/auth/csrf")).json()) as { csrf_token: string };
  const post = async (path: string, data?: object): Promise<{ id: string; number: string }> => {
    const answer = await desk.request.post(`/api/v1${path}`, {
      headers: { "X-CSRF-Token": csrf_token, "Idempotency-Key": crypto.randomUUID() },
      ...(data && { data }),
    });
    expect(answer.ok(), `${path}: ${answer.status()}`).toBe(true);
    return (await answer.json()) as { id: string; number: string };
  };
  const unit_price = { minor: rand * 100, currency: "ZAR" };
  const draft = await post("/invoices", {
    account_id: account,
    lines: [{ description: "Training", quantity: "1", unit_price, vat_rate: "15" }],
  });
  return as === "issued" ? post(`/invoices/${draft.id}/finalize`) : draft;
}
