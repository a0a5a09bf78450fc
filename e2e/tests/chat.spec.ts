// People write to each other: live, without a network, in two tabs; nothing is lost and nothing comes twice.
import type { Page } from "@playwright/test";

import { expect, expectAccessible, signUp, test, type Person } from "../fixtures.ts";
import { staffPage } from "../staff.ts";

const WIDTHS = [360, 1280];
const SCHEMES = ["light", "dark"] as const;

/** Signs up, opens a conversation, and gives back its address. */
async function openConversation(page: Page, person: Person): Promise<string> {
  await signUp(page, person);
  await page.goto("/chat");
  await expect(page.getByText("No conversations yet.")).toBeVisible();
  await page.getByRole("button", { name: "New conversation" }).click();
  await expect(page).toHaveURL(/\/chat\/[0-9a-f-]{36}$/);
  await expect(page.getByRole("heading", { level: 1, name: "Support" })).toBeVisible();
  return new URL(page.url()).pathname;
}

async function write(page: Page, words: string): Promise<void> {
  await page.getByLabel("Write a message").fill(words);
  await page.getByRole("button", { name: "Send" }).click();
}

/** What was said, in the order of the page, without what waits. */
async function said(page: Page): Promise<string[]> {
  return page.locator(".chat-items .chat-bubble").allInnerTexts();
}

function waiting(page: Page) {
  return page.locator(".chat-waiting .chat-bubble");
}

test("a customer and our staff see each other write", async ({ page, person, browser, baseURL }) => {
  test.slow();
  const path = await openConversation(page, person);
  await write(page, "Hello, can you help me?");
  await expect(page.getByText("Sent", { exact: true })).toBeVisible();

  const staff = await staffPage(browser, baseURL);
  const desk = staff.page;
  await desk.goto("/today");
  await desk.getByRole("link", { name: "Chat" }).click();
  await desk.getByRole("link", { name: new RegExp(person.company) }).click();
  await expect(desk).toHaveURL(new RegExp(`${path}$`));
  await expect(desk.getByRole("heading", { level: 1, name: person.company })).toBeVisible();
  await expect.poll(() => said(desk)).toEqual(["Hello, can you help me?"]);

  await desk.getByLabel("Write a message").pressSequentially("Good mor");
  await expect(page.getByText(/is typing$/)).toBeVisible();
  await desk.getByLabel("Write a message").pressSequentially("ning.");
  await desk.getByRole("button", { name: "Send" }).click();
  await expect.poll(() => said(page)).toEqual(["Hello, can you help me?", "Good morning."]);
  await expect(page.getByText(/is typing$/)).toHaveCount(0);

  await page.getByLabel("Write a message").pressSequentially("Than");
  await expect(desk.getByText("Thandi Mokoena is typing").last()).toBeVisible();
  await page.getByLabel("Write a message").pressSequentially("ks");
  await page.getByRole("button", { name: "Send" }).click();
  await expect.poll(() => said(desk)).toEqual(["Hello, can you help me?", "Good morning.", "Thanks"]);
  await expect(desk.getByText("Thandi Mokoena is typing")).toHaveCount(0);

  await page.goto("/chat");
  await write(desk, "Anything else?");
  await expect(page.getByRole("link", { name: /Support.*Anything else\?.*1 unread/ })).toBeVisible();
  await page.getByRole("link", { name: /Support/ }).click();
  await expect(page.getByText(/^New since \d\d:\d\d$/)).toBeVisible();
  await expect(desk.getByText("Read", { exact: true }).last(), "who has read is told").toBeVisible();
  await staff.context.close();
});

test.describe("without a network", () => {
  test.use({ expectedComplaints: [/ERR_INTERNET_DISCONNECTED|ERR_FAILED|WebSocket connection to/] });

  test("what was written waits, survives a reload, and is sent once and in order", async ({ page, person, context }) => {
    test.slow();
    const path = await openConversation(page, person);
    await write(page, "Before");
    await expect.poll(() => said(page)).toEqual(["Before"]);

    await page.route("**/api/v1/chat/ticket", (route) => route.abort());
    await context.setOffline(true);
    await expect(page.locator(".chat-banner").getByText("You are offline")).toBeVisible();
    const words = ["One", "Two", "Three", "Four", "Five"];
    for (const word of words) await write(page, word);
    await expect(waiting(page)).toHaveText(words);
    await expect(page.getByText("5 waiting to send")).toBeVisible();

    const row = (word: string) => page.locator(".chat-waiting li").filter({ hasText: word });
    await row("Two").getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Write a message").fill("Two, corrected");
    await page.getByRole("button", { name: "Save message" }).click();
    await row("Four").getByRole("button", { name: "Delete" }).click();
    const left = ["One", "Two, corrected", "Three", "Five"];
    await expect(waiting(page)).toHaveText(left);

    // The page itself needs the network to be read; the chat still finds none.
    await context.setOffline(false);
    await page.reload();
    await expect(waiting(page)).toHaveText(left);
    await expect(page.getByText("4 messages are safe on this device.")).toBeVisible();
    await page.unroute("**/api/v1/chat/ticket");
    await page.getByRole("button", { name: "Try now" }).click();
    await expect.poll(() => said(page)).toEqual(["Before", ...left]);
    await expect(waiting(page)).toHaveCount(0);

    await page.reload();
    await expect.poll(() => said(page)).toEqual(["Before", ...left]);
    const answer = await page.request.get(`/api/v1${path.replace("/chat/", "/chat/threads/")}/items`);
    const { items } = (await answer.json()) as { items: { body: { text: string } }[] };
    expect(items.map((item) => item.body.text).reverse(), "each is stored once").toEqual(["Before", ...left]);
  });
});

test("a draft survives a reload and a long text is stopped before it is sent", async ({ page, person }) => {
  const path = await openConversation(page, person);
  const field = page.getByLabel("Write a message");
  await field.fill("Half a thou");
  await page.reload();
  await expect(field).toHaveValue("Half a thou");
  await page.goto("/chat");
  await page.getByRole("link", { name: /Support/ }).click();
  await expect(field).toHaveValue("Half a thou");

  await field.fill("a".repeat(15_500));
  await expect(page.getByText(/^Room for \d+ more characters$/)).toBeVisible();
  await field.fill("a".repeat(17_000));
  await expect(page.getByText(/characters too long\. Shorten it/)).toBeVisible();
  await page.getByRole("button", { name: "Send" }).click({ force: true });
  await expect(field).toHaveValue("a".repeat(17_000));
  await field.fill("Short");
  await page.getByRole("button", { name: "Send" }).click();
  await expect.poll(() => said(page)).toEqual(["Short"]);
  await expect(field).toHaveValue("");
  await page.reload();
  await expect(field).toHaveValue("");
  expect(new URL(page.url()).pathname).toBe(path);
});

test("two tabs share one connection, and signing out takes everything along", async ({ page, person, context }) => {
  test.slow();
  const path = await openConversation(page, person);
  await write(page, "From the first tab");
  await expect.poll(() => said(page)).toEqual(["From the first tab"]);

  const second = await context.newPage();
  await second.goto(path);
  await expect.poll(() => said(second)).toEqual(["From the first tab"]);
  await write(second, "From the second tab");
  const both = ["From the first tab", "From the second tab"];
  await expect.poll(() => said(second)).toEqual(both);
  await expect.poll(() => said(page)).toEqual(both);
  await second.getByLabel("Write a message").fill("A secret draft");

  // The tab with the connection goes; the other takes over.
  await page.close();
  await write(second, "Alone");
  await expect.poll(() => said(second)).toEqual([...both, "Alone"]);
  await second.getByLabel("Write a message").fill("A secret draft");

  await second.goto("/account/profile");
  await second.getByRole("button", { name: "Sign out" }).click();
  await expect(second).toHaveURL(/\/sign-in/);
  const kept = await second.evaluate(async () => ({
    drafts: Object.keys(localStorage).filter((key) => key.startsWith("capecontrol.drafts")),
    databases: (await indexedDB.databases()).map((database) => database.name),
  }));
  expect(kept).toEqual({ drafts: [], databases: [] });
});

test("history pages backwards without jumping", async ({ page, person }) => {
  test.slow();
  await openConversation(page, person);
  const count = 70;
  for (let number = 1; number <= count; number += 1) await write(page, `Message ${number}`);
  await expect(waiting(page)).toHaveCount(0, { timeout: 60_000 });
  await page.goto("/chat");
  await page.reload();
  await page.getByRole("link", { name: /Support/ }).click();
  await expect(page.getByText(`Message ${count}`, { exact: true })).toBeInViewport();
  await expect(page.getByText("Message 21", { exact: true })).toHaveCount(1);
  await expect(page.getByText("Message 20", { exact: true })).toHaveCount(0);

  const log = page.getByRole("region", { name: "Messages" });
  await log.evaluate((element) => element.scrollTo(0, 300));
  const top = () => page.getByText("Message 25", { exact: true }).evaluate((element) => element.getBoundingClientRect().top);
  const before = await top();
  await log.evaluate((element) => element.scrollTo(0, 200));
  await expect(page.getByText("Message 1", { exact: true })).toHaveCount(1);
  await expect.poll(async () => Math.abs((await top()) - before - 100)).toBeLessThan(3);
});

test.describe("with and without a network", () => {
  test.use({ expectedComplaints: [/ERR_INTERNET_DISCONNECTED|ERR_FAILED|WebSocket connection to/] });

  test("everybody can use the chat", async ({ page, person, context }) => {
    test.slow();
    await page.emulateMedia({ reducedMotion: "reduce" });
    await signUp(page, person);
    const check = async (where: string) => {
      for (const colorScheme of SCHEMES) {
        for (const width of WIDTHS) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 800 });
          await expectAccessible(page, `${where}, ${colorScheme}, ${width}`);
          if (process.env["CHAT_SHOTS"]) await page.screenshot({ path: `${process.env["CHAT_SHOTS"]}/${where}-${colorScheme}-${width}.png` });
        }
      }
      await page.setViewportSize({ width: 320, height: 640 });
      await expectAccessible(page, `${where}, 320`);
    };
    await page.goto("/chat");
    await expect(page.getByText("No conversations yet.")).toBeVisible();
    await check("empty");
    await page.getByRole("button", { name: "New conversation" }).click();
    await expect(page.getByLabel("Write a message")).toBeVisible();
    await write(page, "Good morning. My saved card has expired, so the renewal did not go through.");
    await write(page, `A long word: ${"x".repeat(120)}`);
    await expect(page.getByText("Sent", { exact: true })).toBeVisible();
    await page.getByRole("button", { name: "Message options" }).last().click();
    await check("thread");
    await context.setOffline(true);
    await expect(page.locator(".chat-banner").getByText("You are offline")).toBeVisible();
    await write(page, "I am on the Gautrain, signal is poor");
    await write(page, "Keep the billing date on the 24th");
    await expect(page.getByText("2 waiting to send")).toBeVisible();
    await check("waiting");
    await context.setOffline(false);
    await expect(waiting(page)).toHaveCount(0);
    await page.goto("/chat");
    await expect(page.getByRole("link", { name: /Support/ })).toBeVisible();
    await check("list");
  });
});
