// Where the JSON behind the page lies: the API sits beside the console, under the same prefix.
import { reactive } from "vue";
import { words } from "./words.js";

const root = () => (window.path_prefix ?? "").replace(/\/console$/, "");

export const api = (path) => `${root()}/v1/${path}`;
export const docs = () => `${root()}/docs`;

/** The token for writing, where one is needed; asked for once. */
export const access = reactive({ token: "", needed: false });

/** Ids that nobody else draws; also where a page without TLS has no randomUUID. */
export const drawn = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Ask the API, with JSON or with the fields of a form; resolves to `{ said }` or `{ problem }`, and to `{}` where nobody answers or the question was given up. */
export async function call(path, { body, token, key, signal } = {}) {
  const headers = { "accept-language": words.language };
  const isForm = body instanceof FormData; // says by itself what it is
  if (body && !isForm) headers["content-type"] = "application/json";
  if (token) headers.authorization = `Bearer ${token}`;
  if (key) headers["idempotency-key"] = key;
  try {
    const reply = await fetch(api(path), { method: body ? "POST" : "GET", body: isForm ? body : body && JSON.stringify(body), headers, signal });
    const told = await reply.json();
    return reply.ok ? { said: told } : { problem: told };
  } catch {
    return {};
  }
}
