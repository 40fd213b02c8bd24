// The doors of the server. A phone is signed in by the same session as a desk; when it has ended, the password is asked
// for on the sign-in page, and nothing of what waits is lost.

export class Offline extends Error {}
export class SignedOut extends Error {}
const PATIENCE = 60000;
let known = null;

/** Say who is signed in, or null; raises Offline. */
export async function whoami() {
  known = await call("GET", "/field/state.json");
  return known;
}

async function call(method, address, body, type = "application/json") {
  const headers = {};
  if (body !== undefined) {
    headers["Content-Type"] = type;
    headers["X-CSRF-Token"] = known?.csrf || "";
  }
  let answer;
  try {
    answer = await fetch(address, {
      method, headers, body, redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    throw new Offline();
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) throw new SignedOut();
  if (answer.status >= 500) throw new Offline();
  const json = (answer.headers.get("Content-Type") || "").includes("json");
  if (!json) {
    const error = new Error(String(answer.status));
    error.status = answer.status;
    throw error;
  }
  const told = await answer.json();
  if (!answer.ok) told.status = answer.status;
  return told;
}

async function signedIn() {
  if (!known?.account) await whoami();
  if (!known?.account) throw new SignedOut();
}

/** Send JSON as who is signed in; a token that is too old is asked for again, once. */
export async function send(address, value) {
  await signedIn();
  try {
    return await call("POST", address, JSON.stringify(value));
  } catch (error) {
    if (error.status !== 403) throw error;
    known = null;
    await signedIn();
    return call("POST", address, JSON.stringify(value));
  }
}

export async function sendBytes(address, bytes) {
  await signedIn();
  return call("POST", address, bytes, "image/jpeg");
}

export async function ask(address) {
  await signedIn();
  return call("GET", address);
}

/** Ask whether this phone may keep what it carries: by its own secret, signed in or not. */
export async function standing(token, forgotten = false) {
  return (await call("POST", "/field/standing", JSON.stringify({ token, forgotten }))).standing;
}
