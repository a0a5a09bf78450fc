// axe-core finds nothing on the pages of settings, members, keys, the audit log and sign-in.
import type { Page } from "@playwright/test";

import { expect, expectAccessible, signUp, test } from "../fixtures.ts";

const PUBLIC = ["/sign-in", "/forgot-password", "/reset-password", "/invitation"];
const SIGNED_IN = [
  "/account", "/account/company", "/account/members", "/account/keys", "/account/audit", "/account/audit?search=nobody",
  "/account/profile", "/account/password", "/account/two-step", "/account/sessions", "/account/appearance",
];
const WIDTHS = [360, 1280];
const SCHEMES = ["light", "dark"] as const;

async function check(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expectAccessible(page, path);
}

for (const scheme of SCHEMES) {
  for (const width of WIDTHS) {
    test(`everybody can use the pages: ${scheme}, ${width} pixels`, async ({ page, person }) => {
      test.slow();
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 800 });
      for (const path of PUBLIC) await check(page, path);
      await signUp(page, person);
      for (const path of SIGNED_IN) await check(page, path);
    });
  }
}
