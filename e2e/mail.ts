// Mails that the server has written as .eml files, read back as a person would read them.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** The link to `path` in the newest mail to `address` that has one, waited for. */
export async function newestLinkTo(folder: string, address: string, path: string): Promise<string> {
  const link = new RegExp(`https?://\\S*${path}\\?token=[^\\s"<>]+`);
  const deadline = Date.now() + 15_000;
  for (;;) {
    const mails = (await mailsIn(folder)).filter((mail) => mail.to.toLowerCase().includes(address.toLowerCase()));
    const found = mails.map((mail) => link.exec(mail.text)?.[0]).filter((text) => text !== undefined).at(-1);
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`no mail to ${address} with a link to ${path} in ${folder}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The subjects of all mails to `address`, oldest first. */
export async function subjectsTo(folder: string, address: string): Promise<string[]> {
  const mails = await mailsIn(folder);
  return mails.filter((mail) => mail.to.toLowerCase().includes(address.toLowerCase())).map((mail) => mail.subject);
}

/** All mails, oldest first: the file names begin with the time, or at least sort by it. */
async function mailsIn(folder: string): Promise<Mail[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".eml")).sort();
  return Promise.all(names.map(async (name) => parse(await readFile(join(folder, name), "utf8"))));
}

function parse(raw: string): Mail {
  const [head, body] = split(raw.replaceAll("\r\n", "\n"));
  return { to: head("to"), subject: head("subject"), text: texts(head, body) };
}

type Head = (name: string) => string;

function split(part: string): [Head, string] {
  const end = part.indexOf("\n\n");
  const head = (end < 0 ? part : part.slice(0, end)).replace(/\n[ \t]+/g, " ");
  const header = (name: string) => new RegExp(`^${name}:(.*)$`, "im").exec(head)?.[1]?.trim() ?? "";
  return [header, end < 0 ? "" : part.slice(end + 2)];
}

function texts(head: Head, body: string): string {
  const boundary = /boundary="?([^";]+)"?/i.exec(head("content-type"))?.[1];
  if (boundary) {
    const parts = body.split(`--${boundary}`).slice(1, -1);
    return parts.map((part) => texts(...split(part.replace(/^\n/, "")))).join("\n");
  }
  switch (head("content-transfer-encoding").toLowerCase()) {
    case "quoted-printable":
      return quotedPrintable(body);
    case "base64":
      return Buffer.from(body, "base64").toString("utf8");
    default:
      return body;
  }
}

/** RFC 2045 section 6.7. */
function quotedPrintable(text: string): string {
  const bytes = text.replace(/=\n/g, "").replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
